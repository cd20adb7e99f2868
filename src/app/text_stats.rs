//! `doorcode sms stats`: the texts that were sent and what became of them, from the database.
use std::error::Error;
use std::fmt::Write as _;

use serde_json::json;

use super::database::on_database;
use super::users::time;
use crate::config::Config;
use crate::domain::{Country, Currency, Money};
use crate::store::TextTotals;
use crate::system::Timestamp;

/// The names of the columns, the first two of which are on the left.
const COLUMNS: [&str; 7] =
    ["country", "provider", "sent", "delivered", "undelivered", "used", "spent"];

/// A table of the texts since a time, by country and provider; `as_json`: an array of the same.
/// Without any a sentence that says so, or an empty array.
///
/// # Errors
///
/// When the database cannot be read.
pub fn text_stats(
    config: &Config,
    (since, as_json): (Timestamp, bool),
) -> Result<String, Box<dyn Error>> {
    on_database(config, async |store| {
        let totals = store.text_totals(since).await?;
        if as_json {
            let rows: Vec<_> = totals.iter().map(object).collect();
            return Ok(format!("{}\n", serde_json::to_string_pretty(&rows)?));
        }
        if totals.is_empty() {
            return Ok(format!("No text was sent since {}.\n", time(since)?));
        }
        Ok(table(&totals)?)
    })
}

fn object(row: &TextTotals) -> serde_json::Value {
    json!({
        "country": row.country.as_ref().map(Country::as_str),
        "provider": row.provider,
        "sent": row.sent,
        "delivered": row.delivered,
        "undelivered": row.undelivered,
        "used": row.used,
        "spent": amount(row.spent),
        "currency": row.spent.currency().as_str(),
    })
}

/// An amount of JSON, with all of its decimals.
fn amount(money: Money) -> String {
    let (whole, part) = (money.parts() / 1_000_000, money.parts() % 1_000_000);
    format!("{whole}.{part:06}")
}

fn table(totals: &[TextTotals]) -> Result<String, std::fmt::Error> {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(totals.iter().map(cells));
    for currency in currencies(totals) {
        let of = totals.iter().filter(|row| row.spent.currency() == currency);
        rows.push(cells(&of.fold(none(currency), added)).map(|cell| cell.replace('-', "all")));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).enumerate();
        let line: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                0 | 1 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        writeln!(text, "{}", line.join("  ").trim_end())?;
    }
    Ok(text)
}

fn cells(row: &TextTotals) -> [String; 7] {
    let TextTotals { country, provider, sent, delivered, undelivered, used, spent } = row;
    let country = country.as_ref().map_or("-", Country::as_str).to_owned();
    let [sent, delivered, undelivered, used] =
        [sent, delivered, undelivered, used].map(ToString::to_string);
    [country, provider.clone(), sent, delivered, undelivered, used, spent.to_string()]
}

/// In the order in which they are met.
fn currencies(totals: &[TextTotals]) -> Vec<Currency> {
    let mut all = Vec::new();
    for row in totals {
        if !all.contains(&row.spent.currency()) {
            all.push(row.spent.currency());
        }
    }
    all
}

fn none(currency: Currency) -> TextTotals {
    TextTotals {
        country: None,
        provider: "-".to_owned(),
        sent: 0,
        delivered: 0,
        undelivered: 0,
        used: 0,
        spent: Money::of_parts(0, currency),
    }
}

fn added(sum: TextTotals, row: &TextTotals) -> TextTotals {
    let spent = Money::of_parts(sum.spent.parts() + row.spent.parts(), sum.spent.currency());
    TextTotals {
        sent: sum.sent + row.sent,
        delivered: sum.delivered + row.delivered,
        undelivered: sum.undelivered + row.undelivered,
        used: sum.used + row.used,
        spent,
        ..sum
    }
}
