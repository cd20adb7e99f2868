use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::store::{
    AddedTotal, Addition, CounterId, CounterMark, CounterTotal, PlacedMark, StoreError, TotalStore,
};
use crate::system::millis;

/// One statement for each step.
#[async_trait]
impl TotalStore for SqlStore {
    async fn total(&self, id: CounterId) -> Result<Option<CounterTotal>, StoreError> {
        let rows = query(
            "SELECT t.began, t.total, t.last, t.newest, t.jitter,
               m.at, m.n, m.given_back, m.after, m.upto
             FROM counter_totals t LEFT JOIN counter_marks m
               ON m.key = t.key AND m.length = t.length AND m.began = t.began
             WHERE t.key = $1 AND t.length = $2 ORDER BY m.at",
        )
        .bind(id.key.to_hex())
        .bind(millis(id.window))
        .fetch_all(&self.read)
        .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut total = read_total(first)?;
        for row in &rows {
            total.marks.extend(read_mark(row)?);
        }
        Ok(Some(total))
    }

    async fn add(&self, id: CounterId, add: &Addition) -> Result<Option<AddedTotal>, StoreError> {
        let row = query(
            "INSERT INTO counter_totals (key, length, began, total, last, newest, jitter)
             VALUES ($1, $2, $3, $4, $5, $5, $6)
             ON CONFLICT (key, length) DO UPDATE SET
               total = counter_totals.total + excluded.total,
               last = CASE WHEN counter_totals.last > excluded.last
                 THEN counter_totals.last ELSE excluded.last END,
               newest = CASE WHEN counter_totals.last > excluded.last
                 THEN counter_totals.last ELSE excluded.last END,
               jitter = excluded.jitter
             WHERE counter_totals.began = excluded.began
               AND counter_totals.total + excluded.total <= $7
             RETURNING total, last",
        )
        .bind(id.key.to_hex())
        .bind(millis(id.window))
        .bind(add.began)
        .bind(add.n)
        .bind(add.at)
        .bind(i64::from(add.jitter))
        .bind(add.most)
        .fetch_optional(&self.write)
        .await?;
        let added = |row: SqlRow| -> Result<_, StoreError> {
            Ok(AddedTotal { total: row.try_get("total")?, at: row.try_get("last")? })
        };
        row.map(added).transpose()
    }

    async fn mark(&self, marks: &[PlacedMark]) -> Result<(), StoreError> {
        let row = |index: usize| {
            let columns: Vec<_> = (1..=8).map(|n| format!("${}", 8 * index + n)).collect();
            format!("({})", columns.join(", "))
        };
        let rows: Vec<_> = (0..marks.len()).map(row).collect();
        let sql = format!(
            "INSERT INTO counter_marks (key, length, began, at, n, given_back, after, upto)
             VALUES {}
             ON CONFLICT (key, length, began, at) DO UPDATE SET
               n = counter_marks.n + excluded.n,
               given_back = counter_marks.given_back + excluded.given_back,
               after = CASE WHEN counter_marks.after < excluded.after
                 THEN counter_marks.after ELSE excluded.after END,
               upto = CASE WHEN counter_marks.upto > excluded.upto
                 THEN counter_marks.upto ELSE excluded.upto END",
            rows.join(", ")
        );
        let mut insert = query(AssertSqlSafe(sql));
        for PlacedMark { id, began, mark } in marks {
            insert = insert
                .bind(id.key.to_hex())
                .bind(millis(id.window))
                .bind(*began)
                .bind(mark.at)
                .bind(mark.n)
                .bind(mark.given_back)
                .bind(mark.after)
                .bind(mark.upto);
        }
        insert.execute(&self.write).await?;
        Ok(())
    }

    async fn give_back(&self, mark: &PlacedMark, n: i64) -> Result<bool, StoreError> {
        let moved = query(
            "UPDATE counter_marks SET n = n - $1, given_back = given_back + $1
             WHERE key = $2 AND length = $3 AND began = $4 AND at = $5 AND n >= $1",
        )
        .bind(n)
        .bind(mark.id.key.to_hex())
        .bind(millis(mark.id.window))
        .bind(mark.began)
        .bind(mark.mark.at)
        .execute(&self.write)
        .await?;
        Ok(moved == 1)
    }

    async fn set_newest(&self, id: CounterId, total: &CounterTotal) -> Result<(), StoreError> {
        query(
            "UPDATE counter_totals SET newest = $1, jitter = $2
             WHERE key = $3 AND length = $4 AND began = $5 AND total = $6",
        )
        .bind(total.newest)
        .bind(i64::from(total.jitter))
        .bind(id.key.to_hex())
        .bind(millis(id.window))
        .bind(total.began)
        .bind(total.total)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}

fn read_total(row: &SqlRow) -> Result<CounterTotal, StoreError> {
    let jitter = i8::try_from(row.try_get::<i64>("jitter")?);
    Ok(CounterTotal {
        began: row.try_get("began")?,
        total: row.try_get("total")?,
        last: row.try_get("last")?,
        newest: row.try_get("newest")?,
        jitter: jitter.map_err(|_| Columns::of(row, "counter_totals").bad("jitter"))?,
        marks: Vec::new(),
    })
}

/// `None`: there is none.
fn read_mark(row: &SqlRow) -> Result<Option<CounterMark>, StoreError> {
    let Some(at) = row.try_get("at")? else { return Ok(None) };
    Ok(Some(CounterMark {
        at,
        n: row.try_get("n")?,
        given_back: row.try_get("given_back")?,
        after: row.try_get("after")?,
        upto: row.try_get("upto")?,
    }))
}
