use serde::Deserialize;

use super::codes;
use crate::delivery::Failure;
use crate::delivery::sms::http_api::{Accepted, Refused};

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
struct ErrorBody {
    code: Option<u32>,
}

pub(in crate::delivery::sms) fn read(status: u16, body: &[u8]) -> Result<Accepted, Refused> {
    if status == 201 { created(body) } else { Err(refused(status, body)) }
}

/// A message was created. It is a failure only if its status says so already; without a valid id
/// it is unclear.
fn created(body: &[u8]) -> Result<Accepted, Refused> {
    let created: Created = serde_json::from_slice(body).map_err(|_| Failure::Unclear)?;
    if matches!(created.status.as_deref(), Some("failed" | "undelivered" | "canceled")) {
        let failure = created.error_code.and_then(codes::by_code).unwrap_or(Failure::Unexpected);
        return Err(Refused { failure, code: created.error_code });
    }
    if !codes::is_message_sid(&created.sid) {
        return Err(Failure::Unclear.into());
    }
    let segments = created.num_segments.and_then(|n| n.parse().ok()).filter(|n| *n > 0);
    Ok(Accepted { id: Some(created.sid), segments })
}

/// Judges by the error code, or by the status if the body is not Twilio's.
fn refused(status: u16, body: &[u8]) -> Refused {
    let code = serde_json::from_slice::<ErrorBody>(body).ok().and_then(|refused| refused.code);
    Refused::by_code(status, code, code.and_then(codes::by_code))
}
