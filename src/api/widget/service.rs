use std::sync::Arc;

use crate::pages::LoginPages;
use crate::pages::views::Packed;

/// `<sms-login>` and the endpoints that it calls.
pub(crate) struct Widget {
    pub(super) pages: Arc<LoginPages>,
    /// The element's script, for this issuer.
    pub(super) script: Packed,
}

impl Widget {
    pub(crate) fn new(pages: Arc<LoginPages>) -> Self {
        let shell = &pages.shell;
        let script = shell.views().element(&shell.map().issuer().url(""));
        Self { pages, script: Packed::new(script.into()) }
    }
}
