use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// How long a part of the answer to a request is awaited whose client has closed its side. Some clients
/// do so when they have sent all, and still read; most are gone, and the app works for nobody.
const PATIENCE: Duration = Duration::from_secs(5);

/// Withholds the end of what a client sends.
#[derive(Default)]
pub(super) struct HalfClose(Option<Pin<Box<Sleep>>>);

impl HalfClose {
    /// A part of the answer came, and the client took it.
    pub(super) fn goes_on(&mut self) {
        if let Some(end) = &mut self.0 {
            end.as_mut().reset(Instant::now() + PATIENCE);
        }
    }

    /// Whether the end is reported now. Else the task is woken when it is.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let start = || Box::pin(tokio::time::sleep(PATIENCE));
        let over = self.0.get_or_insert_with(start).as_mut().poll(cx);
        matches!(over, Poll::Ready(()))
    }
}
