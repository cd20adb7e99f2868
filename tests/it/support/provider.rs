//! An SMS provider on this machine: as strict as the real one's documentation, and as faulty as a test
//! asks for. Sends nothing.
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use tokio::sync::oneshot;

/// What a provider took: as good as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// In E.164.
    pub(crate) to: String,
    /// The number, name or service that it was sent by.
    pub(crate) sender: String,
    pub(crate) body: String,
    /// Seconds.
    pub(crate) validity: Option<u32>,
}

/// What a provider needs to tell what became of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) callback: Option<String>,
}

/// What becomes of one request that follows the rules; without one, the text is accepted.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Refused with this code of Twilio's, under the status that belongs to it.
    Refuse(u32),
    /// Refused with 429 and this `Retry-After`.
    SlowDown(u64),
    /// Answered 201, but the message has already failed with this code of Twilio's.
    Failed(u32),
    /// Taken, and answered only after this long.
    AcceptAfter(Duration),
    /// Taken, then the connection ends without an answer.
    AcceptAndHangUp,
    /// This status and text, which is none of the provider's.
    Garbage(u16, &'static str),
    /// This status and as many bytes.
    Flood(u16, usize),
    /// 302 to this URL.
    Redirect(String),
    /// This answer of the provider's.
    Answer(Reply),
}

/// An answer. `QUOTED` in its body becomes number and text: vendors quote what was sent in their
/// messages, which must not reach a log.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) challenge: Option<&'static str>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, body: body.to_string(), challenge: None }
    }

    pub(crate) fn quote(self, text: &Text) -> Self {
        let quoted = serde_json::Value::from(format!("{} {}", text.to, text.body)).to_string();
        Self { body: self.body.replace("QUOTED", quoted.trim_matches('"')), ..self }
    }
}

/// What one vendor documents of its API.
pub(crate) trait Vendor: Send + Sync {
    /// The text that a request asks for, or what it is refused with.
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply>;

    /// Whether a request is a question about the account.
    fn is_account(&self, head: &Parts) -> bool {
        head.method == Method::GET && !head.uri.path().ends_with("/Messages.json")
    }

    /// Whether a question about the account has its credentials.
    fn knows(&self, _: &Parts) -> bool {
        true
    }

    /// What a question about the account is answered with.
    fn account(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    /// Whether a request is about a code that the vendor made, and sends nothing.
    fn is_about_code(&self, _: &Parts) -> bool {
        false
    }

    fn about_code(&self, _: &Parts, _: &[u8]) -> Reply {
        panic!("makes no codes")
    }

    fn accepted(&self, text: &Text) -> Reply;

    /// Where a request asks for receipts.
    fn callback(&self, _body: &[u8]) -> Option<String> {
        None
    }

    /// The id of a message in the answer that it was accepted by.
    fn id_in(&self, _reply: &Reply) -> Option<String> {
        None
    }

    /// Too many requests.
    fn slow_down(&self) -> Reply;

    /// Only of a vendor whose refusals are numbered and asked for by number.
    fn refused(&self, code: u32) -> Reply {
        panic!("no refusal {code}")
    }

    /// The same of a message that was made and failed.
    fn failed(&self, _: &Text, code: u32) -> Reply {
        panic!("no failure {code}")
    }
}

#[derive(Default)]
struct Seen {
    script: VecDeque<Outcome>,
    messages: Vec<Text>,
    /// Of each of them.
    taken: Vec<Taken>,
    requests: usize,
    /// The same for requests about codes.
    code_script: VecDeque<Outcome>,
    code_requests: usize,
    /// Target and `Authorization` of questions about the account.
    questions: Vec<(String, String)>,
}

struct Desk {
    vendor: Box<dyn Vendor>,
    seen: Mutex<Seen>,
    news: Condvar,
}

impl Desk {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, text: Text, body: &[u8]) -> Reply {
        let reply = self.vendor.accepted(&text);
        let id = self.vendor.id_in(&reply).unwrap_or_default();
        let taken = Taken { id, callback: self.vendor.callback(body) };
        let mut seen = self.seen();
        seen.messages.push(text);
        seen.taken.push(taken);
        drop(seen);
        self.news.notify_all();
        reply
    }
}

/// Serves on its own thread until dropped, so that tests with and without a runtime can use it.
pub(crate) struct FakeProvider {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeProvider {
    pub(crate) fn of(vendor: Box<dyn Vendor>) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("a bound listener");
        let desk = Arc::new(Desk { vendor, seen: Mutex::default(), news: Condvar::new() });
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().fallback(answer).with_state(desk.clone());
        let thread = std::thread::spawn(move || serve(listener, app, stopped));
        Self { address, desk, stop: Some(stop), thread: Some(thread) }
    }

    /// For `base_url` of the provider.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Appends to what the next requests meet.
    pub(crate) fn script(&self, outcome: Outcome) {
        self.desk.seen().script.push_back(outcome);
    }

    /// The same for the next requests about codes.
    pub(crate) fn script_check(&self, outcome: Outcome) {
        self.desk.seen().code_script.push_back(outcome);
    }

    /// How many requests about codes came.
    pub(crate) fn checks(&self) -> usize {
        self.desk.seen().code_requests
    }

    /// Target and `Authorization` of every question about the account.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        self.desk.seen().questions.clone()
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

impl FakeProvider {
    /// What its receipts need of the `n`th message, counted from 1, as soon as it was taken.
    pub(crate) fn taken(&self, n: usize) -> Taken {
        self.text(n);
        self.desk.seen().taken[n - 1].clone()
    }

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

impl Drop for FakeProvider {
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
    if desk.vendor.is_account(&head) {
        return account(&desk, &head);
    }
    let body = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    if desk.vendor.is_about_code(&head) {
        return about_code(&desk, &head, &body).await;
    }
    let text = match desk.vendor.check(&head, &body) {
        Ok(text) => text,
        Err(reply) => return write(reply),
    };
    let outcome = desk.seen().script.pop_front();
    match outcome {
        None => write(desk.accept(text, &body)),
        Some(Outcome::Refuse(code)) => write(desk.vendor.refused(code).quote(&text)),
        Some(Outcome::Answer(reply)) => write(reply.quote(&text)),
        Some(Outcome::SlowDown(seconds)) => {
            let mut response = write(desk.vendor.slow_down().quote(&text));
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Some(Outcome::Failed(code)) => write(desk.vendor.failed(&text, code)),
        Some(Outcome::AcceptAfter(delay)) => {
            let reply = desk.accept(text, &body);
            tokio::time::sleep(delay).await;
            write(reply)
        }
        Some(Outcome::AcceptAndHangUp) => {
            drop(desk.accept(text, &body));
            // Ends the connection's task, and so the connection, without a report of a panic.
            std::panic::resume_unwind(Box::new("hung up"))
        }
        Some(Outcome::Garbage(status, body)) => plain(status, body.into()),
        Some(Outcome::Flood(status, bytes)) => plain(status, "x".repeat(bytes)),
        Some(Outcome::Redirect(url)) => {
            let mut response = plain(302, String::new());
            response.headers_mut().insert(header::LOCATION, url.parse().expect("a URL"));
            response
        }
    }
}

async fn about_code(desk: &Desk, head: &Parts, body: &[u8]) -> Response<Body> {
    desk.seen().code_requests += 1;
    let outcome = desk.seen().code_script.pop_front();
    match outcome {
        None => write(desk.vendor.about_code(head, body)),
        Some(Outcome::Answer(reply)) => write(reply),
        Some(Outcome::Refuse(code)) => write(desk.vendor.refused(code)),
        Some(Outcome::AcceptAfter(delay)) => {
            let reply = desk.vendor.about_code(head, body);
            tokio::time::sleep(delay).await;
            write(reply)
        }
        Some(Outcome::AcceptAndHangUp) => {
            drop(desk.vendor.about_code(head, body));
            std::panic::resume_unwind(Box::new("hung up"))
        }
        Some(Outcome::Garbage(status, body)) => plain(status, body.into()),
        Some(other) => panic!("{other:?} is not for a request about a code"),
    }
}

fn account(desk: &Desk, head: &Parts) -> Response<Body> {
    let target = head.uri.path_and_query().map_or("", |target| target.as_str()).to_owned();
    let login = head.headers.get(header::AUTHORIZATION).and_then(|login| login.to_str().ok());
    desk.seen().questions.push((target, login.unwrap_or_default().to_owned()));
    let status = if desk.vendor.knows(head) { 200 } else { 401 };
    write(Reply::json(status, &desk.vendor.account()))
}

fn write(reply: Reply) -> Response<Body> {
    let mut response = plain(reply.status, reply.body);
    let json = HeaderValue::from_static("application/json;charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    if let Some(challenge) = reply.challenge {
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn plain(status: u16, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}
