use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::codes::{self, NAME};
use crate::delivery::sms::Receipt;
use crate::delivery::{Failure, SendError};

/// The longest body that is read, in bytes. Twilio's are about one thousand.
const MAX_BODY: usize = 64 * 1024;

/// The fields of a 201 that are used here.
#[derive(Deserialize)]
struct Created {
    sid: String,
    status: Option<String>,
    /// A number as a string; 0 while a Messaging Service has not chosen the sender.
    num_segments: Option<String>,
    error_code: Option<u32>,
}

/// The body of any other response. Its `message` quotes the number, so it is not read.
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

/// A message was created. It is a failure only if its status says so already; without a valid id
/// it is unclear.
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

/// Judges by the error code, or by the status if the body is not Twilio's.
fn refused(status: StatusCode, body: &[u8]) -> SendError {
    let code = serde_json::from_slice::<Refused>(body).ok().and_then(|refused| refused.code);
    // A success other than 201 may have created a message, whatever its body says.
    let known = if status.is_success() { None } else { code.and_then(codes::by_code) };
    let failure = known.unwrap_or_else(|| codes::by_status(status.as_u16()));
    SendError { code, ..SendError::new(NAME, failure) }
}

/// `None` if it is too long or incomplete.
async fn body(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_BODY {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// In seconds; Twilio does not send the form with a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
