use crate::words::{Context, Language, Safe};

/// What the layout needs to know of a page.
#[derive(Debug, Default)]
pub struct Head {
    /// The key of its title.
    pub(super) title: &'static str,
    /// What was typed is wrong: the title says so first.
    pub(super) problem: bool,
    /// Where the browser goes without a click.
    pub(super) onward: Option<Safe>,
}

/// A page: its template, and what fills it.
pub trait Page {
    fn template(&self) -> &'static str;
    fn head(&self) -> Head;
    fn fill(&self, language: &Language, context: Context) -> Context;
}
