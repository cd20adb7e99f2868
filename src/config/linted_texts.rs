use crate::words::TextLint;

/// What the texts of a template of a configuration are like.
#[derive(Clone, Debug)]
pub struct LintedTexts {
    /// The key of the template.
    pub key: String,
    /// Whether it is a built-in one.
    pub is_built_in: bool,
    pub lint: TextLint,
}
