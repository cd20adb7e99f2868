//! What the operator asks of the running server, by a signal or at the admin listener: to read its
//! configuration anew, or to hand over to a new process.
use tokio::sync::{mpsc, oneshot};

/// What came of it, for the operator.
pub type AdminResult = Result<String, String>;

/// More than are under way and waiting are not needed: each does everything.
const WAITING: usize = 1;

/// A request of the operator.
pub struct AdminRequest(oneshot::Sender<AdminResult>);

impl AdminRequest {
    /// Says what came of it to whoever asked, if they still wait.
    pub fn answer(self, result: AdminResult) {
        // A signal waits for no answer.
        let _ = self.0.send(result);
    }
}

/// Takes requests of one kind to whoever does what they ask.
#[derive(Clone)]
pub struct AdminRequests(mpsc::Sender<AdminRequest>);

impl AdminRequests {
    pub fn new() -> (Self, mpsc::Receiver<AdminRequest>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Asks without waiting. One that waits already is done later than this.
    pub(super) fn ask(&self) {
        let _ = self.0.try_send(AdminRequest(oneshot::channel().0));
    }

    /// Asks, and waits for what comes of it.
    pub(super) async fn result(&self) -> AdminResult {
        let (sender, receiver) = oneshot::channel();
        let sent = self.0.send(AdminRequest(sender)).await;
        let answered = async { receiver.await.ok() };
        let result = if sent.is_ok() { answered.await } else { None };
        result.unwrap_or_else(|| Err("the server is ending, or has handed over already".to_owned()))
    }
}
