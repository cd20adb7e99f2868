//! A Twilio on this machine: as strict as the real one's documentation, and as faulty as a test
//! asks for. Sends nothing.
mod rules;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub(crate) const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const AUTH_TOKEN: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";
pub(crate) const SERVICE_SID: &str = "MGfedcba9876543210fedcba9876543210";
pub(crate) const NUMBER: &str = "+12025550199";

/// What Twilio took: as good as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) to: String,
    /// The number or service that it was sent by.
    pub(crate) sender: String,
    pub(crate) body: String,
    /// Seconds.
    pub(crate) validity: Option<u32>,
}

/// What becomes of one request that follows the rules; without one, it is answered 201.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Refused with this code, under the status that belongs to it.
    Refuse(u32),
    /// Refused with 429 and this `Retry-After`.
    SlowDown(u64),
    /// Answered 201, but the message has already failed with this code.
    Failed(u32),
    /// Taken, and answered only after this long.
    AcceptAfter(Duration),
    /// Taken, then the connection ends without an answer.
    AcceptAndHangUp,
    /// This status and text, which is none of Twilio's.
    Garbage(u16, &'static str),
    /// 302 to this URL.
    Redirect(String),
}

#[derive(Default)]
struct Seen {
    script: VecDeque<Outcome>,
    messages: Vec<Text>,
    requests: usize,
}

#[derive(Default)]
struct Desk {
    seen: Mutex<Seen>,
    news: Condvar,
}

impl Desk {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves on its own thread until dropped, so that tests with and without a runtime can use it.
pub(crate) struct FakeTwilio {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeTwilio {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("a bound listener");
        let desk = Arc::new(Desk::default());
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().fallback(answer).with_state(desk.clone());
        let thread = std::thread::spawn(move || serve(listener, app, stopped));
        Self { address, desk, stop: Some(stop), thread: Some(thread) }
    }

    /// For `sms.twilio.base_url`.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Appends to what the next requests meet.
    pub(crate) fn script(&self, outcome: Outcome) {
        self.desk.seen().script.push_back(outcome);
    }

    pub(crate) fn messages(&self) -> Vec<Text> {
        self.desk.seen().messages.clone()
    }

    /// How many requests came, refused ones too.
    pub(crate) fn requests(&self) -> usize {
        self.desk.seen().requests
    }

    /// The `n`th message, counted from 1, as soon as it was taken.
    pub(crate) fn text(&self, n: usize) -> Text {
        const PATIENCE: Duration = Duration::from_mins(1);
        let missing = |seen: &mut Seen| seen.messages.len() < n;
        let waited = self.desk.news.wait_timeout_while(self.desk.seen(), PATIENCE, missing);
        let (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match seen.messages.get(n - 1) {
            Some(text) => text.clone(),
            None => panic!("{} of {n} texts after {PATIENCE:?}", seen.messages.len()),
        }
    }
}

impl FakeTwilio {
    /// The newest message to this number, as soon as there is one.
    pub(crate) fn text_to(&self, phone: &str) -> Text {
        const PATIENCE: Duration = Duration::from_mins(1);
        let newest =
            |seen: &Seen| seen.messages.iter().rev().find(|text| text.to == phone).cloned();
        let missing = |seen: &mut Seen| newest(seen).is_none();
        let waited = self.desk.news.wait_timeout_while(self.desk.seen(), PATIENCE, missing);
        let (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        newest(&seen).unwrap_or_else(|| panic!("no text to {phone} after {PATIENCE:?}"))
    }
}

impl Drop for FakeTwilio {
    fn drop(&mut self) {
        super::recording::texts(&self.desk.seen().messages);
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A failed server has failed its test already.
            drop(thread.join());
        }
    }
}

/// Ends at once when told to: open connections die with the runtime.
fn serve(listener: std::net::TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        tokio::select! {
            served = axum::serve(listener, app).into_future() => served.expect("served"),
            _ = stopped => {}
        }
    });
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response<Body> {
    desk.seen().requests += 1;
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let text = match rules::check(&head, &body) {
        Ok(text) => text,
        Err(code) => return refusal(code, ""),
    };
    let quoted = format!("{} {}", text.to, text.body);
    let outcome = desk.seen().script.pop_front();
    match outcome {
        None => accept(&desk, text),
        Some(Outcome::Refuse(code)) => refusal(code, &quoted),
        Some(Outcome::SlowDown(seconds)) => {
            let mut response = refusal(20429, &quoted);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Some(Outcome::Failed(code)) => reply(201, &created(&text, "failed", Some(code))),
        Some(Outcome::AcceptAfter(delay)) => {
            let response = accept(&desk, text);
            tokio::time::sleep(delay).await;
            response
        }
        Some(Outcome::AcceptAndHangUp) => {
            drop(accept(&desk, text));
            // Ends the connection's task, and so the connection, without a report of a panic.
            std::panic::resume_unwind(Box::new("hung up"))
        }
        Some(Outcome::Garbage(status, body)) => plain(status, body.into()),
        Some(Outcome::Redirect(url)) => redirect(&url),
    }
}

fn accept(desk: &Desk, text: Text) -> Response<Body> {
    let status = if text.sender.starts_with("MG") { "accepted" } else { "queued" };
    let response = reply(201, &created(&text, status, None));
    desk.seen().messages.push(text);
    desk.news.notify_all();
    response
}

/// A Message resource. A service has no sender and no segments yet when it answers.
fn created(text: &Text, status: &str, error_code: Option<u32>) -> Value {
    let sid = format!("SM{:032x}", digest(&text.body));
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json");
    let service = text.sender.starts_with("MG");
    json!({
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": null,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "direction": "outbound-api",
        "error_code": error_code,
        "error_message": error_code.map(|_| "Failed"),
        "from": (!service).then_some(&text.sender),
        "messaging_service_sid": service.then_some(&text.sender),
        "num_media": "0",
        "num_segments": if service { "0" } else { "1" },
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "status": status,
        "subresource_uris": { "media": format!("{}/Media.json", uri.trim_end_matches(".json")) },
        "tags": null,
        "to": text.to,
        "uri": uri,
    })
}

fn digest(text: &str) -> u128 {
    let bytes = doorcode::domain::sha256(text.as_bytes());
    bytes.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

/// Twilio's messages quote what was sent, so the double's do too: they must not reach a log.
fn refusal(code: u32, quoted: &str) -> Response<Body> {
    let status = rules::status_of(code);
    let mut response = reply(
        status,
        &json!({
            "code": code,
            "message": format!("Refused: {quoted}"),
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status,
        }),
    );
    if status == 401 {
        let realm = header::HeaderValue::from_static("Basic realm=\"Twilio API\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    }
    response
}

fn redirect(url: &str) -> Response<Body> {
    let mut response = plain(302, Bytes::new());
    response.headers_mut().insert(header::LOCATION, url.parse().expect("a URL"));
    response
}

fn reply(status: u16, body: &Value) -> Response<Body> {
    let mut response = plain(status, body.to_string().into());
    let json = header::HeaderValue::from_static("application/json;charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn plain(status: u16, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}
