//! What a database and Redis did meanwhile, and what they hold.
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::site::Site;
use crate::support::http::exchange;
use crate::support::tables::connect;

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
}

/// Bytes of a row, by table: of the table, of its indexes.
pub(crate) type Sizes = BTreeMap<String, [f64; 2]>;

impl Done {
    pub(crate) async fn so_far(site: &Site<'_>, database: &mut PgConnection) -> Self {
        tokio::time::sleep(REPORTED).await;
        let statements = "SELECT CAST(SUM(calls) AS FLOAT8) FROM pg_stat_statements s
            JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()
            AND query !~* '^(BEGIN|COMMIT|ROLLBACK|SET|SHOW|LISTEN)'";
        let taken = "SELECT (active_time + idle_in_transaction_time) / 1000
            FROM pg_stat_database WHERE datname = current_database()";
        let bytes = "SELECT CAST(pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS FLOAT8)";
        let pages = "SELECT CAST(wal_fpi AS FLOAT8) FROM pg_stat_wal";
        let (_, redis) = site.engines.as_ref().expect("engines");
        let of_redis = |section: &str, name: &str| number_after(&redis.tell(section), name);
        Self {
            statements: number(database, statements).await,
            transactions: metric(site, "doorcode_database_calls_total "),
            taken: number(database, taken).await,
            wal_bytes: number(database, bytes).await,
            wal_pages: number(database, pages).await,
            redis_calls: metric(site, "doorcode_redis_calls_total "),
            redis_bytes: of_redis("INFO memory", "used_memory:"),
            redis_keys: of_redis("INFO keyspace", "db0:keys="),
        }
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
        }
    }
}

async fn number(database: &mut PgConnection, sql: &'static str) -> f64 {
    sqlx::query_scalar(sql).fetch_one(database).await.expect(sql)
}

fn metric(site: &Site<'_>, name: &str) -> f64 {
    let request = b"GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n";
    let text = exchange(site.program.admin, request).text();
    let line = text.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
    number_after(&line, name)
}

/// Zero where the name is not.
fn number_after(text: &str, name: &str) -> f64 {
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or_default()
}

/// How long a key of Redis lives from now on, in seconds, as the server samples it.
pub(crate) fn redis_lifetime(site: &Site<'_>) -> f64 {
    let (_, redis) = site.engines.as_ref().expect("engines");
    number_after(&redis.tell("INFO keyspace"), "avg_ttl=") / 1000.0
}

/// The commands that Redis ran, those of scripts too, each with how often.
pub(crate) fn redis_commands(site: &Site<'_>) -> BTreeMap<String, f64> {
    let (_, redis) = site.engines.as_ref().expect("engines");
    let text = redis.tell("INFO commandstats");
    let lines = text.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(':'));
    lines.map(|(name, rest)| (name.to_owned(), number_after(rest, "calls="))).collect()
}

pub(crate) async fn tables(database: &mut PgConnection) -> Vec<String> {
    let sql = "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r'
        AND relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_%' ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(database).await.expect("tables")
}

pub(crate) async fn rows(database: &mut PgConnection) -> Rows {
    let mut rows = Rows::new();
    for table in tables(database).await {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count = sqlx::query_scalar(sql).fetch_one(&mut *database).await.expect("a number");
        rows.insert(table, count);
    }
    rows
}

pub(crate) async fn sizes(database: &mut PgConnection) -> Sizes {
    let mut sizes = Sizes::new();
    for (table, count) in rows(database).await {
        let sql = format!("SELECT pg_table_size('{table}'), pg_indexes_size('{table}')");
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *database).await.expect("sizes");
        sizes.insert(table, [row.get(0), row.get(1)].map(|bytes| per_row(bytes, count)));
    }
    sizes
}

/// Of a file.
pub(crate) async fn sizes_of_file(file: &Path) -> Sizes {
    let mut database = connect(file).await;
    let sql = "SELECT m.tbl_name,
          COALESCE(SUM(s.pgsize) FILTER (WHERE m.type = 'table'), 0),
          COALESCE(SUM(s.pgsize) FILTER (WHERE m.type = 'index'), 0)
        FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1";
    let mut sizes = Sizes::new();
    for row in sqlx::query(sql).fetch_all(&mut database).await.expect("sizes") {
        let table: String = row.get(0);
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
        let count = sqlx::query_scalar(sql).fetch_one(&mut database).await.expect("a number");
        sizes.insert(table, [row.get(1), row.get(2)].map(|bytes| per_row(bytes, count)));
    }
    sizes
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_row(bytes: i64, rows: i64) -> f64 {
    bytes as f64 / rows.max(1) as f64
}
