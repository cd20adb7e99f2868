//! Doorcode as a subject: its configuration, a session from a real login, and a store with many
//! others.
use std::fs;
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::client::{Answer, once};

const PHONE: &str = "%2B15550100001";
const CODE: &str = "000000";

/// Writes the configuration in `folder`.
pub(crate) fn configure(folder: &Path, config: &str) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("doorcode.toml"), config).expect("a file");
    let secret = folder.join("secret");
    if !secret.exists() {
        fs::write(&secret, "a-server-secret-that-only-this-bench-knows").expect("a secret");
    }
}

/// A browser that keeps cookies and follows redirects on one host.
struct Browser {
    port: u16,
    jar: Vec<(String, String)>,
}

impl Browser {
    fn send(&mut self, method: &str, target: &str, form: &str) -> Answer {
        let port = self.port;
        let pairs: Vec<String> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\n\
             Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n\
             Origin: http://localhost:{port}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            pairs.join("; "),
            form.len(),
        );
        let answer = once(port, &request).expect("an answer of Doorcode");
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.jar.retain(|(known, _)| known != name);
            self.jar.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// Follows redirects up to the first other response, or up to the app's.
    fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            let location = answer.headers.iter().find(|(name, _)| name == "location");
            let Some((_, location)) = location else { return answer };
            let origin = format!("http://localhost:{}", self.port);
            let target = location.strip_prefix(&origin).unwrap_or(location).to_owned();
            answer = self.send("GET", &target, "");
        }
        panic!("redirects without end")
    }
}

/// Signs in like a browser and returns the value of the session cookie.
pub(crate) fn session(port: u16) -> String {
    let mut browser = Browser { port, jar: Vec::new() };
    let answer = browser.send("GET", "/", "");
    let page = browser.follow(answer);
    let form = format!("flow={}&phone={PHONE}", flow(&page));
    let answer = browser.send("POST", "/.doorcode/login", &form);
    let page = browser.follow(answer);
    let form = format!("flow={}&code={CODE}", flow(&page));
    let answer = browser.send("POST", "/.doorcode/code", &form);
    browser.follow(answer);
    let session = browser.jar.into_iter().find(|(name, _)| name == "doorcode");
    session.expect("a session's cookie").1
}

/// The sealed flow in a form.
fn flow(page: &Answer) -> &str {
    let from = page.body.find("name=\"flow\" value=\"").map(|at| at + 19);
    let rest = from.map(|from| &page.body[from..]);
    let rest = rest.unwrap_or_else(|| panic!("no form: {} {}", page.status, page.body));
    rest.split('"').next().unwrap_or_default()
}

/// Adds `count` sessions, each of another user, to the database in `folder`.
pub(crate) fn fill(folder: &Path, count: u64) {
    let options = SqliteConnectOptions::new().filename(folder.join("doorcode.db"));
    let count = i64::try_from(count).expect("a number of sessions");
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) ";
    let kept = "SELECT created FROM sessions LIMIT 1";
    let statements = [
        "INSERT INTO users (id, created) SELECT printf('sms|%024x', i), 0 FROM n".to_owned(),
        "INSERT INTO contacts (user_id, kind, value, sealed_by, ending) \
         SELECT printf('sms|%024x', i), 'phone', printf('%060x', i), \
         (SELECT sealed_by FROM contacts LIMIT 1), printf('%032x', i) FROM n"
            .to_owned(),
        format!(
            "INSERT INTO sessions (id, user_id, kind, created, last_seen, expires) \
             SELECT printf('bench%024x', i), printf('sms|%024x', i), 'web', ({kept}), ({kept}), \
             (SELECT expires FROM sessions LIMIT 1) FROM n"
        ),
        "INSERT INTO session_tokens (digest, session_id, host) \
         SELECT printf('%064x', i * 7919), printf('bench%024x', i), 'localhost' FROM n"
            .to_owned(),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut database = options.connect().await.expect("Doorcode's database");
        for statement in statements {
            let text = sqlx::AssertSqlSafe(format!("{numbers}{statement}"));
            sqlx::query(text).bind(count).execute(&mut database).await.expect("rows");
        }
    });
}
