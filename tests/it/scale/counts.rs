//! What a database and Redis did meanwhile, and what they hold.
use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::site::Site;
use crate::support::databases::Beside;
use crate::support::metrics::metric;

/// After this time the server's processes have reported what they did (`PGSTAT_IDLE_INTERVAL`).
const REPORTED: Duration = Duration::from_secs(11);

/// By table.
pub(crate) type Rows = BTreeMap<String, i64>;

/// What was done so far.
pub(crate) struct Done {
    pub(crate) statements: f64,
    /// Those of one statement too.
    pub(crate) transactions: f64,
    /// Seconds for which connections were taken.
    pub(crate) taken: f64,
    pub(crate) wal_bytes: f64,
    /// Whole pages in the WAL: of each page its first change after a checkpoint.
    pub(crate) wal_pages: f64,
    pub(crate) redis_calls: f64,
    pub(crate) redis_bytes: f64,
    pub(crate) redis_keys: f64,
    /// How long a key lives from now on, in seconds, as the server samples it.
    pub(crate) redis_lifetime: f64,
}

/// Bytes by table: of the table, of its indexes.
pub(crate) type Sizes = BTreeMap<String, [f64; 2]>;

impl Done {
    /// `None` where there are no engines.
    pub(crate) async fn so_far(site: &Site<'_>, database: &mut Beside) -> Option<Self> {
        let ((_, redis), Beside::Postgresql(database)) = (site.engines.as_ref()?, database) else {
            return None;
        };
        tokio::time::sleep(REPORTED).await;
        let statements = "SELECT CAST(SUM(calls) AS FLOAT8) FROM pg_stat_statements s
            JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()
            AND query !~* '^(BEGIN|COMMIT|ROLLBACK|SET|SHOW|LISTEN)'";
        let taken = "SELECT (active_time + idle_in_transaction_time) / 1000
            FROM pg_stat_database WHERE datname = current_database()";
        let bytes = "SELECT CAST(pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS FLOAT8)";
        let pages = "SELECT CAST(wal_fpi AS FLOAT8) FROM pg_stat_wal";
        let counted = |series: &str| {
            f64::from(u32::try_from(metric(site.program.admin, series)).expect("a count"))
        };
        let of_redis = |section: &str, name: &str| number_after(&redis.tell(section), name);
        Some(Self {
            statements: number(database, statements).await,
            transactions: counted("doorcode_database_calls_total"),
            taken: number(database, taken).await,
            wal_bytes: number(database, bytes).await,
            wal_pages: number(database, pages).await,
            redis_calls: counted("doorcode_redis_calls_total"),
            redis_bytes: of_redis("INFO memory", "used_memory:"),
            redis_keys: of_redis("INFO keyspace", "db0:keys="),
            redis_lifetime: of_redis("INFO keyspace", "avg_ttl=") / 1000.0,
        })
    }

    /// For each of so many, since `before`.
    pub(crate) fn each(&self, before: &Self, count: u32) -> Self {
        let each = |value: fn(&Self) -> f64| (value(self) - value(before)) / f64::from(count);
        Self {
            statements: each(|done| done.statements),
            transactions: each(|done| done.transactions),
            taken: each(|done| done.taken),
            wal_bytes: each(|done| done.wal_bytes),
            wal_pages: each(|done| done.wal_pages),
            redis_calls: each(|done| done.redis_calls),
            redis_bytes: each(|done| done.redis_bytes),
            redis_keys: each(|done| done.redis_keys),
            redis_lifetime: self.redis_lifetime,
        }
    }
}

async fn number(database: &mut PgConnection, sql: &'static str) -> f64 {
    sqlx::query_scalar(sql).fetch_one(database).await.expect(sql)
}

/// Zero where the name is not.
fn number_after(text: &str, name: &str) -> f64 {
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or_default()
}

pub(crate) async fn tables(database: &mut Beside) -> Vec<String> {
    match database {
        Beside::Sqlite(file) => {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'";
            sqlx::query_scalar(sql).fetch_all(file).await.expect("tables")
        }
        Beside::Postgresql(server) => {
            let sql = "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r'
                AND relnamespace = 'public'::regnamespace AND NOT starts_with(relname, '_')";
            sqlx::query_scalar(sql).fetch_all(server).await.expect("tables")
        }
    }
}

/// The columns of the one row of an answer.
async fn numbers(database: &mut Beside, sql: String) -> Vec<i64> {
    let query = AssertSqlSafe(sql);
    match database {
        Beside::Sqlite(file) => {
            let row = sqlx::query(query).fetch_one(file).await.expect("numbers");
            (0..row.len()).map(|at| row.get(at)).collect()
        }
        Beside::Postgresql(server) => {
            let row = sqlx::query(query).fetch_one(server).await.expect("numbers");
            (0..row.len()).map(|at| row.get(at)).collect()
        }
    }
}

pub(crate) async fn rows(database: &mut Beside) -> Rows {
    let mut rows = Rows::new();
    for table in tables(database).await {
        let count = numbers(database, format!("SELECT COUNT(*) FROM {table}")).await;
        rows.insert(table, count[0]);
    }
    rows
}

/// Of a row, by table that has some.
pub(crate) async fn sizes(database: &mut Beside) -> Sizes {
    let mut sizes = Sizes::new();
    for (table, rows) in rows(database).await.into_iter().filter(|(_, rows)| *rows > 0) {
        let sql = match database {
            Beside::Sqlite(_) => format!(
                "SELECT COALESCE(SUM(s.pgsize) FILTER (WHERE m.type = 'table'), 0),
                   COALESCE(SUM(s.pgsize) FILTER (WHERE m.type = 'index'), 0)
                 FROM sqlite_master m JOIN dbstat s ON s.name = m.name WHERE m.tbl_name = '{table}'"
            ),
            Beside::Postgresql(_) => {
                format!("SELECT pg_table_size('{table}'), pg_indexes_size('{table}')")
            }
        };
        let bytes = numbers(database, sql).await;
        sizes.insert(table, [bytes[0], bytes[1]].map(|bytes| float(bytes) / float(rows)));
    }
    sizes
}

/// How often each statement was asked for so far.
pub(crate) async fn calls(database: &mut Beside) -> BTreeMap<String, i64> {
    let Beside::Postgresql(database) = database else { return BTreeMap::new() };
    let sql = "SELECT query, CAST(SUM(calls) AS BIGINT) FROM pg_stat_statements s
        JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() GROUP BY 1";
    let rows = sqlx::query(sql).fetch_all(database).await.expect("statements");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}
