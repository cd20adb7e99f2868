use std::io::Write;

use crate::store::StoreProgress;

/// One line that is written over.
pub(super) struct ProgressBar<'a>(&'a mut (dyn Write + Send));

/// Characters.
const WIDTH: u64 = 30;

impl<'a> ProgressBar<'a> {
    pub(super) fn new(terminal: &'a mut (dyn Write + Send)) -> Self {
        Self(terminal)
    }

    /// A terminal that is gone is no failure.
    pub(super) fn show(&mut self, StoreProgress { table, done, all }: StoreProgress) {
        let filled = (done * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
        let full = "#".repeat(usize::try_from(filled).unwrap_or(0));
        let empty = ".".repeat(usize::try_from(WIDTH - filled).unwrap_or(0));
        let _ = write!(self.0, "\r[{full}{empty}] {table} {done} of {all}\x1b[K");
        let _ = self.0.flush();
    }

    pub(super) fn end(&mut self) {
        let _ = writeln!(self.0);
    }
}
