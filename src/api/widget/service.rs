use std::sync::Arc;

use crate::oauth::Clients;
use crate::pages::views::Packed;
use crate::pages::{LoginPages, Shell};

/// `<sms-login>` and the endpoints that it calls.
pub(crate) struct Widget {
    pub(super) shell: Arc<Shell>,
    pub(super) pages: Arc<LoginPages>,
    pub(super) clients: Clients,
    /// The element's script, for this issuer.
    pub(super) script: Packed,
}

impl Widget {
    pub(crate) fn new(shell: Arc<Shell>, pages: Arc<LoginPages>, clients: Clients) -> Self {
        let script = shell.views().element(&shell.map().issuer().url(""));
        Self { shell, pages, clients, script: Packed::new(script.into()) }
    }
}
