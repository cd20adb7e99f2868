use std::fmt;

/// HTML that can be inserted into a page unescaped. Liquid does not escape, so this is the only
/// type of text that templates are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safe(String);

/// What `Safe::link` returns for a URL that is not allowed.
const NOWHERE: &str = "#";

impl Safe {
    /// Escapes text for elements and quoted attributes.
    ///
    /// Control characters and bidirectional overrides are removed: in a host name or a number they
    /// only serve to disguise it.
    pub fn escape(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !is_deceptive(*c)) {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                other => out.push(other),
            }
        }
        Self(out)
    }

    /// Escapes the value of a hidden field, which is sent back as it is: nothing is removed, and HTML does
    /// not change its line breaks.
    pub fn hidden_value(text: &str) -> Self {
        let escape = |c: char| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            '\r' => "&#13;".to_owned(),
            other => other.to_string(),
        };
        Self(text.chars().map(escape).collect())
    }

    /// Markup from the source code.
    pub fn from_static(html: &'static str) -> Self {
        Self(html.to_owned())
    }

    pub fn number(number: u64) -> Self {
        Self(number.to_string())
    }

    /// A number or name that is written left to right in every language. An element: not for
    /// attributes or titles.
    pub fn left_to_right(text: &str) -> Self {
        Self(format!("<bdi dir=\"ltr\">{}</bdi>", Self::escape(text).0))
    }

    /// The same in bold, and not broken over two lines.
    pub fn figure(text: &str) -> Self {
        Self(format!("<bdi class=\"num\" dir=\"ltr\">{}</bdi>", Self::escape(text).0))
    }

    /// A URL for `href`, `action` or a refresh: http, https, or a path or query of this host.
    /// Anything else, such as `javascript:` or `//other.example`, becomes `#`.
    pub fn link(address: &str) -> Self {
        let known =
            ["https://", "http://", "/", "?"].iter().any(|start| address.starts_with(start));
        let hidden = address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
        if !known || hidden || address.starts_with("//") {
            return Self::from_static(NOWHERE);
        }
        Self::escape(address)
    }

    /// `false` if `link` did not allow the URL.
    pub fn leads_somewhere(&self) -> bool {
        self.0 != NOWHERE
    }

    /// Concatenates safe parts.
    pub fn concat<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(parts.into_iter().map(Self::as_str).collect())
    }

    pub(super) fn rendered(html: String) -> Self {
        Self(html)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

fn is_deceptive(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
