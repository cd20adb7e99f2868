use super::page::{Head, Page};
use crate::words::{Context, Language, Safe};

/// The last page of every POST that leads out of our pages: `form-action` would stop a redirect, but
/// not a page that moves on by itself. 200.
#[derive(Debug)]
pub struct DonePage<'a> {
    pub resume: &'a str,
}

/// Asks whether to sign out, by a POST. 200.
#[derive(Debug)]
pub struct SignOutPage<'a> {
    /// Where to go afterwards, sealed.
    pub to: Option<&'a str>,
}

/// Says that the user is signed out. 200.
#[derive(Debug)]
pub struct SignedOutPage<'a> {
    /// Where to sign in again.
    pub again: &'a str,
}

impl Page for DonePage<'_> {
    fn template(&self) -> &'static str {
        "done"
    }

    fn head(&self) -> Head {
        let onward = Some(Safe::link(self.resume));
        Head { title: "done_title", onward, ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        context
    }
}

impl Page for SignOutPage<'_> {
    fn template(&self) -> &'static str {
        "sign_out"
    }

    fn head(&self) -> Head {
        Head { title: "sign_out_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let to = self.to.map(|to| format!("?to={to}")).unwrap_or_default();
        context.text("to", Safe::escape(&to))
    }
}

impl Page for SignedOutPage<'_> {
    fn template(&self) -> &'static str {
        "signed_out"
    }

    fn head(&self) -> Head {
        Head { title: "signed_out_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        context.text("again", Safe::link(self.again))
    }
}
