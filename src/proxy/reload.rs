//! Asking the running server to read its configuration anew: by SIGHUP, or at the admin listener.
use tokio::sync::{mpsc, oneshot};

/// What came of it, for the operator: what is used now, or why nothing changed.
pub type ReloadResult = Result<String, String>;

/// More than are under way and waiting are not needed: each reads the whole file.
const WAITING: usize = 1;

/// A request to read the configuration anew.
pub struct ReloadRequest(oneshot::Sender<ReloadResult>);

impl ReloadRequest {
    /// Says what came of it to whoever asked, if they still wait.
    pub fn answer(self, result: ReloadResult) {
        // A signal waits for no answer.
        let _ = self.0.send(result);
    }
}

/// Takes such requests to whoever reads the configuration.
#[derive(Clone)]
pub struct Reloads(mpsc::Sender<ReloadRequest>);

impl Reloads {
    pub fn new() -> (Self, mpsc::Receiver<ReloadRequest>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Asks without waiting. One that waits already reads the file later than this.
    pub(super) fn ask(&self) {
        let _ = self.0.try_send(ReloadRequest(oneshot::channel().0));
    }

    /// Asks, and waits for what comes of it.
    pub(super) async fn result(&self) -> ReloadResult {
        let (sender, receiver) = oneshot::channel();
        let sent = self.0.send(ReloadRequest(sender)).await;
        let answered = async { receiver.await.ok() };
        let result = if sent.is_ok() { answered.await } else { None };
        result.unwrap_or_else(|| Err("the server is ending".to_owned()))
    }
}
