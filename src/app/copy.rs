use std::error::Error;
use std::io::Write;

use tokio::runtime::Builder;

use super::error::AppError;
use crate::config::Config;
use crate::store::{self, CopyProgress, Database, SqlStore};

/// Brings the schema of a configuration's database to that of this version.
///
/// # Errors
///
/// When it cannot be opened or migrated.
pub fn migrate(config: &Config) -> Result<String, Box<dyn Error>> {
    let database = &config.store.database;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        SqlStore::open(database).await.map_err(AppError::of_store(database))?.close().await;
        Ok(format!("{database} has the schema of this version\n"))
    })
}

/// Copies what lasts from one database to another, which is created if it is a file, and compares both.
/// `terminal` is shown how far it is.
///
/// # Errors
///
/// When either cannot be opened, the second is in use, or they differ afterwards.
pub fn copy_store(
    from: &Database,
    to: &Database,
    terminal: &mut (dyn Write + Send),
) -> Result<String, Box<dyn Error>> {
    if from == to {
        return Err("a database cannot be copied to itself".into());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let source = SqlStore::open_existing(from).await.map_err(AppError::of_store(from))?;
        let target = SqlStore::open(to).await.map_err(AppError::of_store(to))?;
        let mut bar = ProgressBar(terminal);
        let copied = store::copy(&source, &target, &mut |progress| bar.show(progress)).await;
        bar.end();
        source.close().await;
        target.close().await;
        Ok(format!("{} rows are the same in {from} and {to}\n", copied?))
    })
}

/// One line that is written over.
struct ProgressBar<'a>(&'a mut (dyn Write + Send));

/// Characters.
const WIDTH: u64 = 30;

impl ProgressBar<'_> {
    /// A terminal that is gone is no failure.
    fn show(&mut self, CopyProgress { table, done, all }: CopyProgress) {
        let filled = (done * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
        let full = "#".repeat(usize::try_from(filled).unwrap_or(0));
        let empty = ".".repeat(usize::try_from(WIDTH - filled).unwrap_or(0));
        let _ = write!(self.0, "\r[{full}{empty}] {table} {done} of {all}\x1b[K");
        let _ = self.0.flush();
    }

    fn end(&mut self) {
        let _ = writeln!(self.0);
    }
}
