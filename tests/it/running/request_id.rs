use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;

const TRUSTED: (&str, &str) = ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n");

#[track_caller]
fn id_of(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
}

fn is_fresh(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[test]
fn one_id_names_a_request_to_the_app_the_client_the_log_and_the_person() {
    let gate = Gate::start();
    let mut seen = Vec::new();
    gate.app.adds("/public/own", &["X-Request-Id: the-apps-own"]);
    for path in ["/public/x", "/public/own"] {
        let id = id_of(&gate.browser().get(path).is(200));
        assert_eq!(gate.app.last().header("x-request-id"), Some(id.as_str()));
        seen.push((path, id));
    }
    for (path, status) in
        [("/orders", 303), ("/.doorcode/me", 401), ("/.doorcode/nowhere", 404), ("/%2e%2e/x", 400)]
    {
        seen.push((path, id_of(&gate.browser().get(path).is(status))));
    }
    let page = gate.browser().get("/down/x").is(502);
    let id = id_of(&page);
    // Digits can be read aloud in every language, and found in the log.
    let reference = &id[24..];
    assert!(reference.bytes().all(|b| b.is_ascii_digit()), "{id}");
    page.says("Reference: ").says(&format!(">{reference}<")).never_says(&id);
    seen.push(("/down/x", id));

    let written = || (gate.access_log().lines().count() == seen.len()).then_some(());
    wait_for("line for each request", written);
    let lines: Vec<serde_json::Value> =
        gate.access_log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (path, id) in &seen {
        assert!(is_fresh(id), "{id}");
        let line = lines.iter().find(|line| line["request_id"] == id.as_str());
        assert_eq!(line.expect("a line with the id")["path"], *path);
    }
    let mut ids: Vec<_> = seen.iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), seen.len(), "each request has its own");
}

#[test]
fn an_id_is_taken_from_a_trusted_proxy_and_from_nobody_else() {
    let long = "a".repeat(64);
    let too_long = "a".repeat(65);
    let good = ["f00-BA.r_9", "7", long.as_str()];
    let bad = ["", "two words", "<b>", "ü", "a,b", "\"", "a/b", too_long.as_str()];
    let (trusting, other) = (Gate::changed(&[TRUSTED]), Gate::start());
    for gate in [&trusting, &other] {
        for id in good.iter().chain(&bad) {
            let request = format!(
                "GET /public/x HTTP/1.1\r\nHost: {}\r\nX-Request-Id: {id}\r\n\r\n",
                gate.browser().authority
            );
            let named = id_of(&gate.exchange(&request).is(200));
            let taken = gate.port == trusting.port && good.contains(id);
            if taken {
                assert_eq!(named, *id);
            } else {
                assert!(is_fresh(&named), "{id}: {named}");
            }
            assert_eq!(gate.app.last().header("x-request-id"), Some(named.as_str()));
        }
    }
    let request = format!(
        "GET /down/x HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nX-Request-Id: {}\r\n\r\n",
        trusting.browser().authority,
        "0198c2f0-7d3e-7a61-9b0d-5f3c1e7ab9d4"
    );
    trusting.exchange(&request).is(502).says(">1E7AB9D4<");
    let twice = format!(
        "GET /public/x HTTP/1.1\r\nHost: {}\r\nX-Request-Id: one\r\nX-Request-Id: two\r\n\r\n",
        trusting.browser().authority
    );
    assert!(is_fresh(&id_of(&trusting.exchange(&twice).is(200))));
}
