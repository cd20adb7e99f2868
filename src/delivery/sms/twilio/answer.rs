use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::{NAME, codes};
use crate::delivery::sms::Receipt;
use crate::delivery::{Failure, SendError};

/// The most that is read of an answer, in bytes. Twilio's take about one thousand.
const LONGEST: usize = 64 * 1024;

/// What a 201 holds, as far as it matters here.
#[derive(Deserialize)]
struct Created {
    sid: String,
    status: Option<String>,
    /// A number in quotes; 0 while a Messaging Service has not chosen the sender.
    num_segments: Option<String>,
    error_code: Option<u32>,
}

/// What any other answer holds. Its `message` quotes the number, so it is never read.
#[derive(Deserialize)]
struct Refused {
    code: Option<u32>,
}

pub(super) async fn read(mut response: Response) -> Result<Receipt, SendError> {
    let status = response.status();
    let retry_after = retry_after(&response);
    let body = body(&mut response).await.unwrap_or_default();
    let error = if status == StatusCode::CREATED {
        match created(&body) {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        }
    } else {
        refused(status, &body)
    };
    Err(SendError { status: Some(status.as_u16()), retry_after, ..error })
}

/// A message was made. Only one that is already known to have failed is no success; without a
/// name that can be read it may be anything.
fn created(body: &[u8]) -> Result<Receipt, SendError> {
    let unclear = || SendError::new(NAME, Failure::Unclear);
    let created: Created = serde_json::from_slice(body).map_err(|_| unclear())?;
    if matches!(created.status.as_deref(), Some("failed" | "undelivered" | "canceled")) {
        let failure = created.error_code.and_then(codes::by_code).unwrap_or(Failure::Unexpected);
        return Err(SendError { code: created.error_code, ..SendError::new(NAME, failure) });
    }
    if !codes::is_message_sid(&created.sid) {
        return Err(unclear());
    }
    let segments = created.num_segments.and_then(|n| n.parse().ok()).filter(|n| *n > 0);
    Ok(Receipt { provider: NAME, id: created.sid, segments })
}

/// The code says most; the status says something even when the body is not Twilio's.
fn refused(status: StatusCode, body: &[u8]) -> SendError {
    let code = serde_json::from_slice::<Refused>(body).ok().and_then(|refused| refused.code);
    // A success that is not 201 may be a message whatever its body says.
    let known = if status.is_success() { None } else { code.and_then(codes::by_code) };
    let failure = known.unwrap_or_else(|| codes::by_status(status.as_u16()));
    SendError { code, ..SendError::new(NAME, failure) }
}

/// `None` when it is too long or breaks off.
async fn body(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > LONGEST {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// In seconds; Twilio never sends the form with a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
