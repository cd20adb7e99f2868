//! Writes down what the tests see of Doorcode, so that two versions of it can be compared.
//!
//! With `DOORCODE_RECORD=FOLDER cargo test --test it`, each test leaves one file there, a JSON object
//! a line, in the order in which things came: every answer of Doorcode, and at the end of a test
//! each request that the app got and each text that Twilio took. `node tests/recordings.mjs`
//! masks what is random in two such folders and shows how they differ.
//!
//! Not recorded: HTTP/2 and what else has a reader of its own. Tests must run on threads of their own, as
//! they do by default: the thread's name is the test's.
use std::collections::{HashMap, VecDeque};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use super::http::Answer;
use super::provider::Text;
use super::upstream::Seen;

static FOLDER: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("DOORCODE_RECORD").map(PathBuf::from));

/// By port, the test that connected to it from its own thread: threads that it starts have no name.
static TESTS: LazyLock<Mutex<HashMap<u16, String>>> = LazyLock::new(Mutex::default);

/// Bytes of a body that are kept.
const LONGEST: usize = 64 * 1024;

/// What one connection asked and was not answered yet.
#[derive(Default)]
pub(crate) struct Recorder {
    test: Option<String>,
    by: &'static str,
    asked: VecDeque<String>,
}

impl Recorder {
    /// For a connection to `port`, where that is known.
    pub(crate) fn of(port: Option<u16>) -> Self {
        if FOLDER.is_none() {
            return Self::default();
        }
        let (own, mut tests) = (this_test(), TESTS.lock().unwrap_or_else(PoisonError::into_inner));
        let by = if own.is_some() { "test" } else { "thread" };
        if let (Some(test), Some(port)) = (&own, port) {
            tests.insert(port, test.clone());
        }
        let test = own.or_else(|| tests.get(&port?).cloned());
        Self { test, by, asked: VecDeque::new() }
    }

    /// Bytes that go out: a request's line is kept, the middle of a request is not.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        if self.test.is_some() && line.windows(6).any(|part| part == b" HTTP/") {
            self.asked.push_back(String::from_utf8_lossy(line).into_owned());
        }
    }

    pub(crate) fn answered(&mut self, answer: &Answer) {
        let Some(test) = &self.test else { return };
        let final_one = answer.status >= 200 || answer.status == 101;
        let asked = if final_one { self.asked.pop_front() } else { self.asked.front().cloned() };
        write(test, &answer_record(self.by, asked.as_deref(), answer));
    }
}

/// An answer of a router that no connection leads to.
pub(crate) fn routed(asked: &str, head: &http::response::Parts, body: &str) {
    let Some(test) = this_test() else { return };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = head.headers.iter().map(header).collect();
    let answer = Answer { status: head.status.as_u16(), headers, body: body.into() };
    write(&test, &answer_record("test", Some(asked), &answer));
}

fn answer_record(by: &str, asked: Option<&str>, answer: &Answer) -> Value {
    json!({
        "by": by,
        "asked": asked,
        "status": answer.status,
        "headers": answer.headers,
        "body": text(&answer.body),
        "length": answer.body.len(),
    })
}

/// What the app got, when its test ends.
pub(crate) fn requests(seen: &[Seen]) {
    let Some(test) = this_test() else { return };
    for Seen { method, target, headers, body, trailers } in seen {
        let asked = format!("{method} {target}");
        let (length, body) = (body.len(), text(body));
        let record = json!({
            "by": "app",
            "asked": asked,
            "headers": headers,
            "body": body,
            "length": length,
            "trailers": trailers,
        });
        write(&test, &record);
    }
}

/// What Twilio took, when its test ends.
pub(crate) fn texts(texts: &[Text]) {
    let Some(test) = this_test() else { return };
    for Text { to, sender, body, validity } in texts {
        let record = json!({
            "by": "twilio",
            "to": to,
            "sender": sender,
            "body": body,
            "validity": validity,
        });
        write(&test, &record);
    }
}

/// The test whose own thread this is; nothing unless there is a recording.
fn this_test() -> Option<String> {
    FOLDER.as_ref()?;
    let thread = std::thread::current();
    thread.name().filter(|name| name.contains("::")).map(str::to_owned)
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(LONGEST)]).into_owned()
}

/// One write a line, so that threads do not mix theirs.
fn write(test: &str, record: &Value) {
    let Some(folder) = FOLDER.as_deref() else { return };
    std::fs::create_dir_all(folder).expect("a folder for the recording");
    let path = folder.join(format!("{}.jsonl", test.replace("::", ".")));
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a recording");
    file.write_all(format!("{record}\n").as_bytes()).expect("a recording");
}
