//! Counts, as Prometheus reads them. The reader here takes nothing that the text format 0.0.4
//! does not allow.
use std::collections::{BTreeMap, BTreeSet};

use doorcode::metrics::{METRICS, MetricKind};

use crate::support::browser::{code_in, unlike};
use crate::support::gate::{Gate, wait_for};
use crate::support::metrics::scraped;
use crate::support::provider::Outcome;
use crate::support::settings::{ADA, BOB};

/// Samples by name and labels as written, such as `x_total{a="b"}`.
type Samples = BTreeMap<String, f64>;

fn scrape(gate: &Gate) -> Samples {
    let answer = scraped(gate.admin);
    let kind = answer.header("content-type").expect("a type");
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    read(&answer.text())
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.starts_with(|c: char| !c.is_ascii_digit()) && text.chars().all(plain)
}

/// Name and labels of a sample, strictly.
fn taken_apart(sample: &str) -> (&str, Vec<(&str, String)>) {
    let Some((name, rest)) = sample.split_once('{') else { return (sample, Vec::new()) };
    let mut rest = rest.strip_suffix('}').unwrap_or_else(|| panic!("{sample}"));
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (label, quoted) = rest.split_once("=\"").unwrap_or_else(|| panic!("{sample}"));
        assert!(is_name(label) && !label.contains(':'), "{sample}");
        let (mut value, mut end, mut escaped) = (String::new(), None, false);
        for (at, c) in quoted.char_indices() {
            match (escaped, c) {
                (true, 'n') => value.push('\n'),
                (true, '\\' | '"') => value.push(c),
                (true, _) => panic!("{sample}"),
                (false, '\\') => {}
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (false, _) => value.push(c),
            }
            escaped = !escaped && c == '\\';
        }
        labels.push((label, value));
        rest = &quoted[end.unwrap_or_else(|| panic!("{sample}")) + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    (name, labels)
}

/// Every sample, each of which belongs to the family that was announced last.
fn read(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "a last line without an end");
    let (mut samples, mut families) = (Samples::new(), BTreeSet::new());
    let (mut name, mut kind) = ("", "");
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            name = help.split_once(' ').expect("words of help").0;
            assert!(is_name(name) && families.insert(name), "{line}");
            kind = "";
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (named, known) = typed.split_once(' ').expect("a kind");
            assert!(named == name && kind.is_empty(), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&known), "{line}");
            assert_eq!(known == "counter", name.ends_with("_total"), "{line}");
            kind = known;
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            let (own, labels) = taken_apart(sample);
            let suffix = own.strip_prefix(name).unwrap_or_else(|| panic!("{line} in {name}"));
            let suffixes: &[&str] =
                if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix) && !kind.is_empty(), "{line}");
            assert_eq!(suffix == "_bucket", labels.iter().any(|(l, _)| *l == "le"), "{line}");
            assert!(value >= 0.0 && samples.insert(sample.to_owned(), value).is_none(), "{line}");
        }
    }
    samples
}

fn value(samples: &Samples, sample: &str) -> f64 {
    *samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {samples:#?}"))
}

/// Waits until each sample has grown by so much since `before`, and no other of its family has.
#[track_caller]
fn assert_grown(gate: &Gate, before: &Samples, grown: &[(&str, f64)]) {
    let since = |now: &Samples, sample: &str| {
        value(now, sample) - before.get(sample).copied().unwrap_or_default()
    };
    let mut last = Samples::new();
    let there = (0..6000).any(|_| {
        last = scrape(gate);
        let all = grown.iter().all(|(sample, by)| (since(&last, sample) - by).abs() < 1e-9);
        if !all {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        all
    });
    for (sample, by) in grown {
        assert!(there, "{sample} grew by {}, not {by}", since(&last, sample));
        let family = sample.split('{').next().unwrap_or_default();
        for other in last.keys().filter(|other| other.split('{').next() == Some(family)) {
            let known = grown.iter().any(|(sample, _)| sample == other);
            let moved = since(&last, other) > 0.0;
            assert!(known || !moved, "{other} grew too: {}", since(&last, other));
        }
    }
}

#[test]
fn a_story_leads_to_its_numbers() {
    let gate = Gate::start();
    let before = scrape(&gate);
    let mut ada = gate.browser();
    ada.get("/public/x").is(200);
    ada.get("/down/x").is(502);
    ada.send("GET", "/api", &[("Sec-Fetch-Mode", "cors")], None).is(401);
    ada.get("/%2e%2e/").is(400);
    ada.send("BREW", "/", &[], None).is(405);
    assert_grown(
        &gate,
        &before,
        &[
            ("doorcode_http_requests_total{decision=\"forward\",site=\"Shop\"}", 1.0),
            ("doorcode_http_requests_total{decision=\"upstream-failed\",site=\"Down\"}", 1.0),
            ("doorcode_http_requests_total{decision=\"sign-in\",site=\"Shop\"}", 1.0),
            ("doorcode_http_requests_total{decision=\"bad-request\",site=\"\"}", 2.0),
            ("doorcode_http_responses_total{code=\"2xx\",site=\"Shop\"}", 1.0),
            ("doorcode_http_responses_total{code=\"4xx\",site=\"Shop\"}", 1.0),
            ("doorcode_http_responses_total{code=\"5xx\",site=\"Down\"}", 1.0),
            ("doorcode_http_responses_total{code=\"4xx\",site=\"\"}", 2.0),
            ("doorcode_upstream_response_seconds_count{site=\"Shop\"}", 1.0),
        ],
    );
}

#[test]
fn logins_texts_and_limits_are_counted() {
    let gate = Gate::changed(&[("texts_per_number_1h = 1000", "texts_per_number_1h = 2")]);
    let before = scrape(&gate);
    let mut ada = gate.browser();
    let number = ada.visit("/");
    let page = ada.give_number(&number, ADA).is(200);
    let code = code_in(&gate.texts.text(1).body);
    let wrong = ada.give_code(&page, &unlike(&code, 0)).is(303);
    let page = ada.follow(wrong).is(200);
    let right = ada.give_code(&page, &code).is(303);
    ada.finish(right).is(200);
    ada.post("/.doorcode/sign-out", &[]).is(303);
    assert_grown(
        &gate,
        &before,
        &[
            ("doorcode_logins_total{outcome=\"wrong-code\"}", 1.0),
            ("doorcode_logins_total{outcome=\"signed-in\"}", 1.0),
            ("doorcode_codes_requested_total", 1.0),
            ("doorcode_texts_total{outcome=\"sent\",provider=\"twilio\"}", 1.0),
            ("doorcode_sign_outs_total", 1.0),
        ],
    );
    assert!(value(&scrape(&gate), "doorcode_sessions_cached") >= 1.0);
    assert!(value(&scrape(&gate), "doorcode_attempts_cached") >= 1.0);

    let before = scrape(&gate);
    gate.texts.script(Outcome::Refuse(21211));
    for texts in [2, 3, 3] {
        let mut bob = gate.browser();
        let number = bob.visit("/");
        bob.give_number(&number, BOB);
        wait_for("request to Twilio", || (gate.texts.requests() == texts).then_some(()));
        gate.pass(std::time::Duration::from_mins(11));
    }
    assert_grown(
        &gate,
        &before,
        &[
            ("doorcode_texts_total{outcome=\"failed\",provider=\"twilio\"}", 1.0),
            ("doorcode_texts_total{outcome=\"sent\",provider=\"twilio\"}", 1.0),
            ("doorcode_limited_total{limit=\"texts_per_number_1h\"}", 1.0),
        ],
    );
}

#[test]
fn every_row_of_the_table_is_there_from_the_start_and_nothing_else_is() {
    // What is counted by client alone has no series without one.
    let client = "[[client]]\nid = \"spa\"\nname = \"App\"\n[[user]]\n";
    let gate = Gate::changed(&[("[[user]]\n", client)]);
    gate.browser().get("/public/x").is(200);
    let text = scraped(gate.admin).text();
    let announced: BTreeSet<String> =
        text.lines().filter(|line| line.starts_with("# TYPE ")).map(str::to_owned).collect();
    let known = METRICS.iter().map(|row| format!("# TYPE {} {}", row.name, row.kind.word()));
    assert_eq!(announced, known.collect());
    for row in METRICS {
        assert_eq!(row.name.ends_with("_total"), row.kind == MetricKind::Counter, "{}", row.name);
        let span = row.name.ends_with("_seconds") && !row.name.ends_with("_timestamp_seconds");
        assert_eq!(span, row.kind == MetricKind::Histogram, "{}", row.name);
        let mut labels: Vec<&str> = row.labels.iter().map(|(name, _)| *name).collect();
        labels.extend((row.kind == MetricKind::Histogram).then_some("le"));
        for sample in read(&text).keys().filter(|sample| {
            let name = sample.split('{').next().unwrap_or_default();
            let bare = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            name == row.name || bare == Some(row.name)
        }) {
            let has = taken_apart(sample).1;
            assert!(has.iter().all(|(name, _)| labels.contains(name)), "{sample}");
        }
    }
}

#[test]
fn what_visitors_send_makes_no_new_series() {
    let gate = Gate::start();
    gate.browser().get("/public/x").is(200);
    let host = gate.browser().authority;
    let count = |gate: &Gate| scrape(gate).len();
    let before = count(&gate);
    for n in 0..20 {
        gate.exchange(&format!("GET /a{n} HTTP/1.1\r\nHost: h{n}.example\r\n\r\n")).is(404);
        gate.exchange(&format!("M{n} /b{n} HTTP/1.1\r\nHost: {host}\r\n\r\n")).is(405);
        gate.exchange(&format!("GET /public/c{n}?d{n} HTTP/1.1\r\nHost: {host}\r\n\r\n")).is(200);
    }
    assert_eq!(count(&gate), before);
}

#[test]
fn histograms_add_up() {
    let gate = Gate::start();
    for _ in 0..3 {
        gate.browser().get("/public/x").is(200);
    }
    let samples = scrape(&gate);
    let name = "doorcode_upstream_response_seconds";
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for (sample, count) in &samples {
        let (own, labels) = taken_apart(sample);
        if own == format!("{name}_bucket") && labels.contains(&("site", "Shop".to_owned())) {
            let bound = &labels.iter().find(|(label, _)| *label == "le").expect("a bound").1;
            buckets.push((bound.parse().expect("seconds"), *count));
        }
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(buckets.len() > 5 && buckets.is_sorted_by(|a, b| a.1 <= b.1), "{buckets:?}");
    let (bound, all) = *buckets.last().expect("buckets");
    assert!(bound.is_infinite());
    assert!((all - value(&samples, &format!("{name}_count{{site=\"Shop\"}}"))).abs() < 1e-9);
    assert!((all - 3.0).abs() < 1e-9);
}
