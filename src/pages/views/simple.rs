use std::borrow::Cow;

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

/// Offers to send a form that was kept while its user logged in. 200. No `Debug`: it holds what was
/// typed.
pub struct KeptFormPage<'a> {
    /// The name of the form, for our own address of it.
    pub name: &'a str,
    /// Where it goes.
    pub host: &'a str,
    pub path: &'a str,
    pub fields: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// Where to go instead.
    pub leave: &'a str,
}

impl KeptFormPage<'_> {
    fn hidden_fields(&self) -> Safe {
        let parts = self.fields.iter().flat_map(|(name, value)| {
            [
                Safe::from_static("<input type=\"hidden\" name=\""),
                Safe::hidden_value(name),
                Safe::from_static("\" value=\""),
                Safe::hidden_value(value),
                Safe::from_static("\">"),
            ]
        });
        Safe::concat(&parts.collect::<Vec<_>>())
    }
}

impl Page for KeptFormPage<'_> {
    fn template(&self) -> &'static str {
        "kept_form"
    }

    fn head(&self) -> Head {
        Head { title: "kept_form_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        context
            .text("name", Safe::escape(self.name))
            .text("host", Safe::left_to_right(self.host))
            .text("path", Safe::left_to_right(self.path))
            .text("fields", self.hidden_fields())
            .text("leave", Safe::link(self.leave))
    }
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
