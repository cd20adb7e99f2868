//! What an answer of ours says to a client of gRPC. Some look at the HTTP status alone, and some, such as
//! tonic, take the body for a message first: these read a status of gRPC's beside it.
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::gate;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Writes the status of gRPC that stands for the HTTP status of a refusal or failure, if the request
/// is a call.
pub(super) fn write_status<T>(request: &HeaderMap, answer: &mut Response<T>) {
    let status = answer.status();
    if !gate::is_grpc_call(request) || !(status.is_client_error() || status.is_server_error()) {
        return;
    }
    let headers = answer.headers_mut();
    headers.insert(GRPC_STATUS, HeaderValue::from_static(code(status)));
    if let Ok(message) = HeaderValue::from_str(&format!("HTTP {status}")) {
        headers.insert(GRPC_MESSAGE, message);
    }
}

/// As gRPC's clients read an answer that is none of gRPC's (`doc/http-grpc-status-mapping.md`).
fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        // INTERNAL
        400 => "13",
        // UNAUTHENTICATED
        401 => "16",
        // PERMISSION_DENIED
        403 => "7",
        // UNIMPLEMENTED
        404 => "12",
        // UNAVAILABLE
        429 | 502..=504 => "14",
        // UNKNOWN
        _ => "2",
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    fn written(kind: &str, status: u16) -> Option<(String, String)> {
        let request = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
        let mut answer = Response::new(());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        write_status(&request, &mut answer);
        let said = |name: HeaderName| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        said(GRPC_STATUS).zip(said(GRPC_MESSAGE))
    }

    #[test]
    fn refusals_of_calls_have_a_status_of_grpc() {
        for (status, code, message) in [
            (400, "13", "HTTP 400 Bad Request"),
            (401, "16", "HTTP 401 Unauthorized"),
            (403, "7", "HTTP 403 Forbidden"),
            (404, "12", "HTTP 404 Not Found"),
            (413, "2", "HTTP 413 Payload Too Large"),
            (429, "14", "HTTP 429 Too Many Requests"),
            (502, "14", "HTTP 502 Bad Gateway"),
            (503, "14", "HTTP 503 Service Unavailable"),
        ] {
            for kind in ["application/grpc", "application/grpc+proto", "Application/gRPC; a=b"] {
                let expected = Some((code.to_owned(), message.to_owned()));
                assert_eq!(written(kind, status), expected, "{kind} {status}");
            }
        }
    }

    #[test]
    fn nothing_else_has_one() {
        for kind in ["application/grpc-web+proto", "application/grp", "application/json"] {
            assert_eq!(written(kind, 401), None, "{kind}");
        }
        for status in [200, 204, 303] {
            assert_eq!(written("application/grpc", status), None, "{status}");
        }
    }
}
