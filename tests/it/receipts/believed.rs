//! Who is believed: a signature over the configured URL, and nothing else.
use super::{asked, news, tell, wait_for_news};
use crate::support::gate::Gate;
use crate::support::http::exchange;
use crate::support::metrics::metric;
use crate::support::tables::texts;
use crate::support::twilio::AUTH_TOKEN;
use crate::support::twilio::receipts::{receipt, signed_receipt};

#[test]
fn what_is_not_signed_for_the_configured_url_is_refused_and_writes_nothing() {
    let gate = Gate::start();
    let (mut bob, page) = asked(&gate);
    let taken = gate.texts.taken(1);
    let url = taken.callback.expect("a callback");
    assert_eq!(url, format!("{}/.doorcode/sms/receipt/twilio", gate.origin));
    let forged = |to: &str, signed_for: &str, token: &str| {
        signed_receipt((to, signed_for), &taken.id, ("undelivered", Some(30_008)), token)
    };
    let good = receipt(&url, &taken.id, "delivered", None);
    let text = String::from_utf8(good.clone()).expect("text");
    let elsewhere = url.replace("twilio", "http");
    let mut refused = vec![
        forged(&url, &url, "another token"),
        forged(&url, "https://elsewhere.example.com/.doorcode/sms/receipt/twilio", AUTH_TOKEN),
        forged(&elsewhere, &elsewhere, AUTH_TOKEN),
        // Of no provider.
        forged(&url.replace("twilio", "nobody"), &url, AUTH_TOKEN),
        // Altered, of the same length.
        text.replace("MessageStatus=delivered", "MessageStatus=undeliver").into_bytes(),
        // Without a signature, and with two.
        text.replace("X-Twilio-Signature", "X-Other-Signature").into_bytes(),
        text.replace("Accept: */*", "X-Twilio-Signature: AAAA").into_bytes(),
        format!(
            "GET {} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n",
            "/.doorcode/sms/receipt/twilio", gate.port
        )
        .into_bytes(),
    ];
    let garbage = "\0\u{1}%%%==&&".repeat(50);
    refused.push(
        format!(
            "POST /.doorcode/sms/receipt/twilio HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: {}\r\n\r\n{garbage}",
            gate.port,
            garbage.len()
        )
        .into_bytes(),
    );
    let count = refused.len();
    for request in refused {
        let answer = exchange(gate.port, &request).is(403);
        assert_eq!(answer.body, b"", "{}", answer.text());
    }
    let large = "x".repeat(20_000);
    let oversized = format!(
        "POST /.doorcode/sms/receipt/twilio HTTP/1.1\r\nHost: localhost:{}\r\nContent-Length: {}\r\n\r\n{large}",
        gate.port,
        large.len()
    );
    exchange(gate.port, oversized.as_bytes()).is(413);
    let counted = |outcome: &str, provider: &str| {
        let labels = format!("outcome=\"{outcome}\",provider=\"{provider}\"");
        metric(gate.admin, &format!("doorcode_receipts_total{{{labels}}}"))
    };
    assert_eq!(counted("refused", "twilio") + counted("refused", ""), count as u64);
    assert_eq!(news(&mut bob, &page).0, "");

    exchange(gate.port, &good).is(200);
    wait_for_news(&mut bob, &page, "has arrived");
    // Receipts are handled in their order: nothing came of those before it.
    assert_eq!(gate.count(texts::ALL), 1, "that of the text");
    assert_eq!((counted("delivered", "twilio"), counted("undelivered", "twilio")), (1, 0));
}

#[test]
fn receipts_of_texts_that_nobody_sent_are_answered_as_all_others() {
    let gate = Gate::start();
    asked(&gate);
    let known = tell(&gate, 1, "delivered", None);
    let url = gate.texts.taken(1).callback.expect("a callback");
    let unknown = format!("SM{}", "0".repeat(32));
    let other = exchange(gate.port, &receipt(&url, &unknown, "delivered", None));
    let told = |answer: &super::Answer| {
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
            .cloned()
            .collect();
        (answer.status, headers, answer.body.clone())
    };
    assert_eq!(told(&known), told(&other));
    assert_eq!(known.status, 200);
}
