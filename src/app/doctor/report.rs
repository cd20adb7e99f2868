//! What was found, as text: a line each, as it is found, the mistakes counted at the end.
use std::fmt::Write as _;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Fine,
    /// Worth knowing; nothing was found out, perhaps.
    Note,
    /// May be intended.
    Warning,
    Failed,
}

impl Grade {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Warning => "WARN",
            Self::Failed => "FAIL",
        }
    }
}

/// What is found is shown at once.
pub(super) struct Report<'w> {
    show: &'w mut dyn FnMut(&str),
    failed: usize,
    warnings: usize,
}

/// Something that was found.
pub(super) struct Finding {
    pub(super) grade: Grade,
    pub(super) topic: &'static str,
    pub(super) text: String,
}

impl<'w> Report<'w> {
    pub(super) fn new(show: &'w mut dyn FnMut(&str)) -> Self {
        Self { show, failed: 0, warnings: 0 }
    }

    pub(super) fn add(&mut self, grade: Grade, topic: &'static str, text: impl Into<String>) {
        self.tell(&Finding { grade, topic, text: text.into() });
    }

    pub(super) fn tell(&mut self, Finding { grade, topic, text }: &Finding) {
        self.failed += usize::from(*grade == Grade::Failed);
        self.warnings += usize::from(*grade == Grade::Warning);
        let text = printable(text);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let mut shown = format!("{:<5} {topic:<11} {first}\n", grade.in_words());
        for more in lines {
            // Writing to a `String` cannot fail.
            let _ = writeln!(shown, "{:<17} {more}", "");
        }
        (self.show)(&shown);
    }

    pub(super) fn heading(&mut self, text: &str) {
        (self.show)(&format!("\n{}\n", printable(text)));
    }

    /// Counts the mistakes. Whether nothing failed; warnings do not count.
    pub(super) fn end(self) -> bool {
        let s = |count: usize| if count == 1 { "" } else { "s" };
        let Self { show, failed, warnings } = self;
        let (of_failed, of_warnings) = (s(failed), s(warnings));
        show(&format!("\n{failed} failure{of_failed}, {warnings} warning{of_warnings}\n"));
        failed == 0
    }
}

/// Without what a terminal obeys: others wrote a part of it.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}
