use std::time::Duration;

use super::database::SqlStore;
use super::pool::SqlTransaction;
use super::query::query;
use crate::store::StoreError;
use crate::system::Timestamp;

/// Maximum number of rows that each rule deletes in one transaction: writers wait meanwhile.
const BATCH: i64 = 500;
const DAY: Duration = Duration::from_hours(24);
/// How long rows stay that were used up, ended or revoked, which has effect at once. A used code
/// must be remembered for as long as it could be tried again: 25 minutes for a one-time code, a
/// minute for an authorization code.
const RETENTION_AFTER_END: Duration = DAY;
/// How long expired rows stay: a clock that is wrong by days must not delete what has not expired.
const RETENTION_AFTER_EXPIRY: Duration = DAY.saturating_mul(7);

/// The number of rows that a cleanup deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanupCounts {
    /// Authorization codes.
    pub codes: u64,
    pub grants: u64,
    pub session_tokens: u64,
    /// Personal access tokens.
    pub personal_tokens: u64,
    pub sessions: u64,
    /// Spent login attempts.
    pub spent: u64,
    /// Counters.
    pub counts: u64,
    /// What expired by itself.
    pub cells: u64,
    /// Servers that ended without taking their row away.
    pub nodes: u64,
    /// What became of login attempts.
    pub history: u64,
    /// Texts that were sent.
    pub texts: u64,
}

impl CleanupCounts {
    pub const fn all(self) -> u64 {
        let Self { codes, grants, session_tokens, personal_tokens, sessions, .. } = self;
        let Self { spent, counts, cells, nodes, history, texts, .. } = self;
        codes
            + grants
            + session_tokens
            + personal_tokens
            + sessions
            + spent
            + counts
            + cells
            + nodes
            + history
            + texts
    }
}

/// A time that a rule compares with, relative to now.
#[derive(Clone, Copy)]
enum Cutoff {
    /// For the time at which a row was used up, ended or revoked.
    Ended,
    /// For the time at which a row expired.
    Expired,
    Now,
}

impl Cutoff {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ended => now - RETENTION_AFTER_END,
            Self::Expired => now - RETENTION_AFTER_EXPIRY,
            Self::Now => now,
        }
    }
}

/// Which rows of a table are deleted.
struct CleanupRule {
    /// Its parameters are the cutoffs, then the maximum number of rows.
    sql: &'static str,
    cutoffs: &'static [Cutoff],
    count: fn(&mut CleanupCounts) -> &mut u64,
}

const fn rule(
    sql: &'static str,
    cutoffs: &'static [Cutoff],
    count: fn(&mut CleanupCounts) -> &mut u64,
) -> CleanupRule {
    CleanupRule { sql, cutoffs, count }
}

/// Sessions that ended or expired. One that is still referenced stays: a grant may expire later
/// than its session.
macro_rules! deletable_sessions {
    () => {
        "SELECT id FROM sessions WHERE (ended <= $1 OR expires <= $2 OR take_up <= $1)
           AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session_id = sessions.id)
           AND NOT EXISTS (SELECT 1 FROM authorization_codes c WHERE c.session_id = sessions.id)
         ORDER BY id LIMIT $3"
    };
}

/// All cleanup rules, referencing tables before those that they reference. The three rules about
/// sessions select the same ones: the first two delete their tokens, the third the sessions.
const RULES: &[CleanupRule] = &[
    rule(
        "DELETE FROM authorization_codes WHERE digest IN (
           SELECT digest FROM authorization_codes WHERE expires <= $1 LIMIT $2)",
        &[Cutoff::Ended],
        |counts| &mut counts.codes,
    ),
    rule(
        "DELETE FROM grants WHERE id IN (
           SELECT id FROM grants WHERE revoked <= $1
           UNION ALL SELECT id FROM grants WHERE expires <= $2
           UNION ALL SELECT id FROM grants WHERE last_used + idle <= $2
           UNION ALL
           SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id WHERE s.ended <= $1
           LIMIT $3)",
        &[Cutoff::Ended, Cutoff::Expired],
        |counts| &mut counts.grants,
    ),
    rule(
        concat!("DELETE FROM session_tokens WHERE session_id IN (", deletable_sessions!(), ")"),
        &[Cutoff::Ended, Cutoff::Expired],
        |counts| &mut counts.session_tokens,
    ),
    rule(
        concat!(
            "DELETE FROM personal_access_tokens WHERE session_id IN (",
            deletable_sessions!(),
            ")"
        ),
        &[Cutoff::Ended, Cutoff::Expired],
        |counts| &mut counts.personal_tokens,
    ),
    rule(
        concat!("DELETE FROM sessions WHERE id IN (", deletable_sessions!(), ")"),
        &[Cutoff::Ended, Cutoff::Expired],
        |counts| &mut counts.sessions,
    ),
    rule(
        "DELETE FROM spent WHERE attempt IN (SELECT attempt FROM spent WHERE at <= $1 LIMIT $2)",
        &[Cutoff::Ended],
        |counts| &mut counts.spent,
    ),
    rule(
        "DELETE FROM counters WHERE (key, length, at) IN (
           SELECT key, length, at FROM counters WHERE at + length <= $1 OR n <= 0 LIMIT $2)",
        &[Cutoff::Now],
        |counts| &mut counts.counts,
    ),
    rule(
        "DELETE FROM counter_totals WHERE (key, length) IN (
           SELECT key, length FROM counter_totals WHERE last + length <= $1 LIMIT $2)",
        &[Cutoff::Ended],
        |counts| &mut counts.counts,
    ),
    // Of the marks that have left their window the latest stays: it says what has. PostgreSQL would
    // rather read all totals at once for `NOT EXISTS`.
    rule(
        "DELETE FROM counter_marks WHERE (key, length, began, at) IN (
           SELECT m.key, m.length, m.began, m.at FROM counter_marks m WHERE m.at + m.length <= $1
             AND (EXISTS (SELECT 1 FROM counter_marks l WHERE l.key = m.key AND l.length = m.length
                 AND l.began = m.began AND l.at > m.at AND l.at + l.length <= $1 AND l.upto >= m.upto)
               OR COALESCE((SELECT t.began FROM counter_totals t WHERE t.key = m.key
                 AND t.length = m.length), -1) <> m.began) ORDER BY m.at + m.length LIMIT $2)",
        &[Cutoff::Now],
        |counts| &mut counts.counts,
    ),
    rule(
        "DELETE FROM cells WHERE key IN (SELECT key FROM cells WHERE expires <= $1 LIMIT $2)",
        &[Cutoff::Now],
        |counts| &mut counts.cells,
    ),
    rule(
        "DELETE FROM nodes WHERE id IN (SELECT id FROM nodes WHERE seen <= $1 LIMIT $2)",
        &[Cutoff::Ended],
        |counts| &mut counts.nodes,
    ),
    rule(
        "DELETE FROM attempt_history WHERE (attempt, at, n) IN (
           SELECT attempt, at, n FROM attempt_history WHERE expires <= $1 LIMIT $2)",
        &[Cutoff::Now],
        |counts| &mut counts.history,
    ),
    rule(
        "DELETE FROM texts WHERE (provider, message) IN (
           SELECT provider, message FROM texts WHERE expires <= $1 LIMIT $2)",
        &[Cutoff::Now],
        |counts| &mut counts.texts,
    ),
];

impl SqlStore {
    /// Deletes rows that are no longer needed, in batches between which other writers get their
    /// turn.
    ///
    /// # Errors
    ///
    /// If the store fails. The batches before that stay deleted.
    pub async fn clean_up(&self, now: Timestamp) -> Result<CleanupCounts, StoreError> {
        let mut counts = CleanupCounts::default();
        loop {
            let before = counts;
            let mut tx = self.write.begin().await?;
            for rule in RULES {
                *(rule.count)(&mut counts) += delete(&mut tx, rule, now).await?;
            }
            tx.commit().await?;
            if counts == before {
                return Ok(counts);
            }
        }
    }
}

async fn delete(
    tx: &mut SqlTransaction,
    rule: &CleanupRule,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut query = query(rule.sql);
    for cutoff in rule.cutoffs {
        query = query.bind(cutoff.at(now).as_millis());
    }
    let deleted = query.bind(BATCH).execute(&mut *tx).await?;
    Ok(deleted)
}
