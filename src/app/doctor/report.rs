//! What was found, as text: a line each, the mistakes counted at the end.
use std::fmt;

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

#[derive(Debug)]
enum Line {
    Heading(String),
    Finding { grade: Grade, topic: &'static str, text: String },
}

/// The findings in the order in which they were made.
#[derive(Debug, Default)]
pub struct Report(Vec<Line>);

impl Report {
    pub(super) fn add(&mut self, grade: Grade, topic: &'static str, text: impl Into<String>) {
        self.0.push(Line::Finding { grade, topic, text: text.into() });
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.0.push(Line::Heading(text.to_owned()));
    }

    /// Whether nothing failed; warnings do not count.
    pub fn is_fine(&self) -> bool {
        self.count(Grade::Failed) == 0
    }

    fn count(&self, wanted: Grade) -> usize {
        let is_wanted =
            |line: &&Line| matches!(line, Line::Finding { grade, .. } if *grade == wanted);
        self.0.iter().filter(is_wanted).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.0 {
            match line {
                Line::Heading(text) => writeln!(f, "\n{text}")?,
                Line::Finding { grade, topic, text } => {
                    let mut lines = text.lines();
                    let first = lines.next().unwrap_or_default();
                    writeln!(f, "{:<5} {topic:<11} {first}", grade.in_words())?;
                    for more in lines {
                        writeln!(f, "{:<17} {more}", "")?;
                    }
                }
            }
        }
        let (failed, warnings) = (self.count(Grade::Failed), self.count(Grade::Warning));
        let s = |count: usize| if count == 1 { "" } else { "s" };
        writeln!(f, "\n{failed} failure{}, {warnings} warning{}", s(failed), s(warnings))
    }
}
