use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Message, Receipt, SmsProvider};
use crate::delivery::{Failure, SendError};

pub(super) const NAME: &str = "console";

/// The output that texts are printed to.
pub type ConsoleOutput = Arc<Mutex<dyn Write + Send>>;

/// Prints each text on the terminal instead of sending it. The only code that prints one-time
/// codes.
pub struct Console {
    sink: ConsoleOutput,
    printed: AtomicU64,
}

impl Console {
    pub fn stdout() -> Self {
        Self::new(Arc::new(Mutex::new(io::stdout())))
    }

    pub fn new(sink: ConsoleOutput) -> Self {
        Self { sink, printed: AtomicU64::new(0) }
    }

    /// In one write, so that no log line interleaves.
    fn print(&self, page: &str) -> io::Result<()> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write_all(page.as_bytes())?;
        sink.flush()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

#[async_trait]
impl SmsProvider for Console {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        self.print(&page(message)).map_err(|_| SendError::new(NAME, Failure::Broken))?;
        let number = self.printed.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Receipt { provider: NAME, id: format!("console-{number}"), segments: None })
    }
}

/// The text between two rules, to set it apart from log lines.
fn page(message: &Message<'_>) -> String {
    let head = format!("── Text to {} ──", message.to.international());
    let foot = "─".repeat(head.chars().count());
    format!("\n{head}\n{}\n{foot}\n\n", printable(message.text))
}

/// Replaces control characters: parts of the text may come from a request, and terminals interpret
/// them.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
