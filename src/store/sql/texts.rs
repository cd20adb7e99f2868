use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::domain::{
    AttemptId, AttemptKey, ClientId, Country, Currency, Host, KeyId, Money, TextChannel, TextStatus,
};
use crate::store::{
    MovedText, SentText, StoreError, TextReceipt, TextRequest, TextStore, TextTotals,
};
use crate::system::Timestamp;

const TABLE: &str = "texts";

/// What a moved text is read from.
macro_rules! moved {
    () => {
        "RETURNING provider, message, attempt, phone, sealed_by, request, at, again, status, failure,
           code, told"
    };
}

#[async_trait]
impl TextStore for SqlStore {
    async fn add_texts(&self, texts: &[SentText]) -> Result<Vec<MovedText>, StoreError> {
        let mut moved = Vec::new();
        let mut tx = self.write.begin().await?;
        for text in texts {
            let (value, sealed_by) = self.contacts.seal_for_attempt(text.attempt, &text.phone)?;
            let country = text.phone.country();
            // A row without an attempt is a receipt that came before.
            let row = query(concat!(
                "INSERT INTO texts (provider, message, attempt, phone, sealed_by, request, country, at,
                   segments, price, currency, again, status, expires)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13)
                 ON CONFLICT (provider, message) DO UPDATE SET attempt = excluded.attempt,
                   phone = excluded.phone, sealed_by = excluded.sealed_by,
                   request = excluded.request, country = excluded.country, at = excluded.at,
                   segments = COALESCE(texts.segments, excluded.segments), price = excluded.price,
                   currency = excluded.currency, again = excluded.again, expires = excluded.expires
                 WHERE texts.attempt IS NULL ",
                moved!()
            ))
            .bind(&text.provider)
            .bind(&text.message)
            .bind(text.attempt.to_string())
            .bind(STANDARD.encode(value))
            .bind(i64::from(sealed_by.0))
            .bind(written(&text.request)?)
            .bind(country.as_ref().map_or("", Country::as_str))
            .bind(text.at.as_millis())
            .bind(i64::from(text.segments))
            .bind(text.price.parts())
            .bind(text.price.currency().as_str())
            .bind(i64::from(text.again))
            .bind(text.expires.as_millis())
            .fetch_optional(&mut tx)
            .await?;
            let row = row.map(|row| self.read_moved(&row)).transpose()?;
            moved.extend(row.filter(|text| text.status > TextStatus::Accepted));
        }
        tx.commit().await?;
        Ok(moved)
    }

    async fn move_text(&self, receipt: &TextReceipt) -> Result<Option<MovedText>, StoreError> {
        let mut tx = self.write.begin().await?;
        let mut moved = None;
        // Between the two statements another server may add the text: then it is moved after all.
        for _ in 0..2 {
            moved = move_forward(receipt).fetch_optional(&mut tx).await?;
            if moved.is_some() || keep(receipt).execute(&mut tx).await? > 0 {
                break;
            }
        }
        tx.commit().await?;
        let moved =
            moved.filter(|row| !matches!(row.try_get::<Option<String>>("attempt"), Ok(None)));
        moved.map(|row| self.read_moved(&row)).transpose()
    }

    async fn has_newer_text(&self, attempt: AttemptId, at: Timestamp) -> Result<bool, StoreError> {
        let newer = query("SELECT 1 AS one FROM texts WHERE attempt = $1 AND at > $2 LIMIT 1")
            .bind(attempt.to_string())
            .bind(at.as_millis())
            .fetch_optional(&self.read)
            .await?;
        Ok(newer.is_some())
    }

    async fn mark_text_used(&self, attempt: AttemptId, at: Timestamp) -> Result<(), StoreError> {
        let used = query(
            "UPDATE texts SET used = $2 WHERE (provider, message) IN (
               SELECT provider, message FROM texts WHERE attempt = $1
               ORDER BY CASE WHEN status = $3 THEN 1 ELSE 0 END, at DESC LIMIT 1)",
        );
        used.bind(attempt.to_string())
            .bind(at.as_millis())
            .bind(TextStatus::Undelivered.rank())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

/// Moves a text forward, whether its row is complete or not.
fn move_forward(receipt: &TextReceipt) -> super::query::Query {
    let update = query(concat!(
        "UPDATE texts SET status = $3, told = $4, failure = $5, code = $6,
           segments = COALESCE($7, segments), told_price = COALESCE($8, told_price),
           told_currency = COALESCE($9, told_currency)
         WHERE provider = $1 AND message = $2 AND status < $3 ",
        moved!()
    ));
    with_values(update, receipt)
}

/// Keeps a receipt whose text is not there yet.
fn keep(receipt: &TextReceipt) -> super::query::Query {
    let insert = query(
        "INSERT INTO texts (provider, message, country, at, segments, price, currency, again, status, told,
           failure, code, told_price, told_currency, expires)
         VALUES ($1, $2, '', $4, $7, 0, '', 0, $3, $4, $5, $6, $8, $9, $10)
         ON CONFLICT (provider, message) DO NOTHING",
    );
    with_values(insert, receipt).bind(receipt.expires.as_millis())
}

/// What a receipt says, as `$1` to `$9`.
fn with_values(statement: super::query::Query, receipt: &TextReceipt) -> super::query::Query {
    let price = receipt.price;
    statement
        .bind(&receipt.provider)
        .bind(&receipt.message)
        .bind(receipt.status.rank())
        .bind(receipt.at.as_millis())
        .bind(&receipt.failure)
        .bind(receipt.code.map(i64::from))
        .bind(receipt.segments.map(i64::from))
        .bind(price.map(Money::parts))
        .bind(price.map(|price| price.currency().as_str().to_owned()))
}

impl SqlStore {
    fn read_moved(&self, row: &SqlRow) -> Result<MovedText, StoreError> {
        let columns = Columns::of(row, TABLE);
        let attempt = columns.parsed("attempt", AttemptId::parse)?;
        let sealed_by: i64 = row.try_get("sealed_by")?;
        let key = KeyId(u32::try_from(sealed_by).map_err(|_| columns.bad("sealed_by"))?);
        let status: i64 = row.try_get("status")?;
        let (again, told): (i64, Option<i64>) = (row.try_get("again")?, row.try_get("told")?);
        let code: Option<i64> = row.try_get("code")?;
        let at = columns.time("at")?;
        Ok(MovedText {
            provider: row.try_get("provider")?,
            message: row.try_get("message")?,
            attempt,
            // A secret may be gone by now, which hides the number and nothing else.
            phone: self.contacts.open_for_attempt(attempt, (key, &columns.bytes("phone")?)).ok(),
            request: columns.parsed("request", read)?,
            at,
            again: again != 0,
            status: TextStatus::of_rank(status).ok_or_else(|| columns.bad("status"))?,
            failure: row.try_get("failure")?,
            code: code.and_then(|code| u32::try_from(code).ok()),
            told: told.map_or(at, Timestamp::from_millis),
        })
    }

    /// The texts since a time, by country, provider and currency.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn text_totals(&self, since: Timestamp) -> Result<Vec<TextTotals>, StoreError> {
        let rows = query(
            "SELECT country, provider, COALESCE(told_currency, currency) AS currency,
               CAST(COUNT(*) AS BIGINT) AS sent,
               CAST(SUM(CASE WHEN status = $2 THEN 1 ELSE 0 END) AS BIGINT) AS delivered,
               CAST(SUM(CASE WHEN status = $3 THEN 1 ELSE 0 END) AS BIGINT) AS undelivered,
               CAST(COUNT(used) AS BIGINT) AS used,
               CAST(SUM(CASE WHEN told_currency IS NULL THEN price ELSE told_price END) AS BIGINT) AS spent
             FROM texts WHERE attempt IS NOT NULL AND at >= $1
             GROUP BY country, provider, COALESCE(told_currency, currency)
             ORDER BY country, provider, COALESCE(told_currency, currency)",
        )
        .bind(since.as_millis())
        .bind(TextStatus::Delivered.rank())
        .bind(TextStatus::Undelivered.rank())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(totals).collect()
    }
}

fn totals(row: &SqlRow) -> Result<TextTotals, StoreError> {
    let columns = Columns::of(row, TABLE);
    let count = |column| -> Result<u64, StoreError> {
        let count: i64 = row.try_get(column)?;
        Ok(u64::try_from(count).unwrap_or_default())
    };
    let country: String = row.try_get("country")?;
    let currency = columns.parsed("currency", Currency::parse)?;
    Ok(TextTotals {
        country: Country::parse(&country).ok(),
        provider: row.try_get("provider")?,
        sent: count("sent")?,
        delivered: count("delivered")?,
        undelivered: count("undelivered")?,
        used: count("used")?,
        spent: Money::of_parts(row.try_get("spent")?, currency),
    })
}

/// A [`TextRequest`] as it is stored.
#[derive(Serialize, Deserialize)]
struct RequestRecord {
    key: String,
    accept_language: Option<String>,
    page_language: Option<String>,
    page_host: Option<String>,
    #[serde(default)]
    client: Option<String>,
    application: Option<String>,
    only_users: bool,
    known: bool,
    #[serde(default)]
    channel: String,
}

fn written(request: &TextRequest) -> Result<String, StoreError> {
    let record = RequestRecord {
        key: HEXLOWER.encode(request.key.as_bytes()),
        accept_language: request.accept_language.clone(),
        page_language: request.page_language.clone(),
        page_host: request.page_host.as_ref().map(ToString::to_string),
        client: request.client.as_ref().map(|id| id.as_str().to_owned()),
        application: request.application.clone(),
        only_users: request.only_users,
        known: request.known,
        channel: request.channel.as_str().to_owned(),
    };
    let bad = |_| StoreError::BadRow { table: TABLE, column: "request" };
    serde_json::to_string(&record).map_err(bad)
}

fn read(text: &str) -> Option<TextRequest> {
    let record: RequestRecord = serde_json::from_str(text).ok()?;
    let host = record.page_host.map(|host| Host::parse(&host)).transpose().ok()?;
    let client = record.client.map(|id| ClientId::parse(&id)).transpose().ok()?;
    let key = HEXLOWER.decode(record.key.as_bytes()).ok()?;
    Some(TextRequest {
        key: AttemptKey::from_bytes(key.try_into().ok()?),
        accept_language: record.accept_language,
        page_language: record.page_language,
        page_host: host,
        client,
        application: record.application,
        only_users: record.only_users,
        known: record.known,
        // Of a former version: missing.
        channel: TextChannel::parse(&record.channel).unwrap_or_default(),
    })
}
