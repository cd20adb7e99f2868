use std::io::{Read, Write};
use std::time::Duration;

use doorcode::delivery::sms::twilio::{TwilioSender, TwilioSettings};
use doorcode::delivery::sms::{Message, ProviderSettings};
use doorcode::delivery::{Blame, Failure};
use doorcode::domain::PhoneNumber;

use super::{PHONE, TEXT, hasty, made, send, settings, twilio};
use crate::support::provider::{Outcome, Text};
use crate::support::twilio::{FakeTwilio, NUMBER, SERVICE_SID};

#[tokio::test]
async fn a_text_goes_out_by_messaging_service() {
    let fake = FakeTwilio::start();

    let receipt = send(&*twilio(&fake), TEXT).await.expect("sent");

    let text = fake.text(1);
    let expected = Text {
        to: PHONE.to_owned(),
        sender: SERVICE_SID.to_owned(),
        body: TEXT.to_owned(),
        validity: Some(300),
    };
    assert_eq!(text, expected);
    assert!(receipt.id.starts_with("SM") && receipt.id.len() == 34, "{receipt:?}");
    assert_eq!((receipt.provider, receipt.segments), ("twilio", None));
}

#[tokio::test]
async fn a_text_goes_out_by_number() {
    let fake = FakeTwilio::start();
    let sender = TwilioSender::From(NUMBER.to_owned());
    let twilio =
        made(&ProviderSettings::Twilio(TwilioSettings { sender, ..settings(&fake.base_url()) }));

    let receipt = send(&*twilio, "çöde & 731904 = ✓\n\n@auth.example.com #731904").await;

    assert_eq!(receipt.expect("sent").segments, Some(1));
    let text = fake.messages().remove(0);
    assert_eq!(text.sender, NUMBER);
    assert_eq!(text.body, "çöde & 731904 = ✓\n\n@auth.example.com #731904");
}

#[tokio::test]
async fn a_base_url_may_end_in_a_slash() {
    let fake = FakeTwilio::start();
    let twilio = made(&ProviderSettings::Twilio(settings(&format!("{}/", fake.base_url()))));
    send(&*twilio, TEXT).await.expect("sent");
}

#[tokio::test]
async fn a_text_is_valid_for_what_is_left_of_the_code() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake);
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    let rows = [(299_999, 299), (600_000, 600), (400, 1), (0, 1), (90_000_000, 36_000)];
    for (left, seconds) in rows {
        let valid_for = Duration::from_millis(left);
        twilio.send(&Message::new(&to, TEXT, valid_for)).await.expect("sent");
        assert_eq!(fake.messages().pop().and_then(|text| text.validity), Some(seconds));
    }
}

#[tokio::test]
async fn texts_that_no_provider_takes_are_not_offered() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake);
    for text in ["", &"é".repeat(1601)] {
        let error = send(&*twilio, text).await.expect_err("refused");
        assert_eq!((error.failure, error.blame()), (Failure::TextRefused, Blame::Operator));
    }
    assert_eq!(fake.requests(), 0);
    send(&*twilio, &"é".repeat(1600)).await.expect("sent");
}

/// Every code of the dictionary that a text can meet, and some that are not listed: what it means,
/// who can remedy it, and whether the next provider is asked.
const MEANINGS: &[(Failure, Blame, bool, &[u32])] = &[
    (
        Failure::BadNumber,
        Blame::Person,
        false,
        &[21211, 21217, 21401, 21421, 21604, 30005, 30014, 63024],
    ),
    (
        Failure::NotMobile,
        Blame::Person,
        false,
        &[21202, 21214, 21265, 21266, 21614, 21635, 30006, 60205, 60600, 60612],
    ),
    (Failure::NotReached, Blame::Person, false, &[30003, 30008, 30036]),
    (Failure::OptedOut, Blame::Person, false, &[21610, 63033]),
    (Failure::TooMany, Blame::Person, false, &[60202, 60203, 60212]),
    (Failure::CountryNotServed, Blame::Operator, false, &[21203, 21215, 21408]),
    (Failure::TextRefused, Blame::Operator, false, &[21602, 21605, 21617, 21618, 21619, 30019]),
    (
        Failure::Misconfigured,
        Blame::Operator,
        true,
        &[20003, 21212, 21603, 21606, 21608, 21612, 21703, 21705, 30002],
    ),
    (
        Failure::Misconfigured,
        Blame::Operator,
        true,
        &[10001, 20005, 20404, 21219, 21264, 21609, 21659, 21660, 30010, 30023, 30041, 30454],
    ),
    (Failure::Overloaded, Blame::Provider, true, &[14107, 20429, 21611, 30001, 30022]),
    (Failure::Broken, Blame::Provider, true, &[20500, 20503, 21730, 30017, 30020, 30021]),
    (Failure::Blocked, Blame::Provider, true, &[30004, 30007, 30018, 30032, 30034, 30038, 30039]),
    (Failure::Unclear, Blame::Provider, false, &[30046, 30410]),
    (Failure::Fraud, Blame::Fraud, false, &[30450, 30453, 60410, 60412, 60605]),
    (
        Failure::Misconfigured,
        Blame::Operator,
        true,
        &[
            10002, 20006, 20008, 20010, 90010, 21210, 21213, 21267, 21607, 21616, 21657, 21661,
            21662, 21663, 21664, 21665, 21666, 21667, 21668, 21910, 30024, 30037, 30040, 30042,
            30043, 21620, 21621, 21622, 21623, 21624, 21626, 21627, 21652, 21653, 21654, 21655,
            21656, 21658, 30011, 30012, 30013, 30015, 30016, 30028, 30029, 30030, 30031, 30044,
            30045, 30027, 63038,
        ],
    ),
    (Failure::Blocked, Blame::Provider, true, &[30033, 30035]),
    // Codes that are not listed, by their class.
    (
        Failure::Misconfigured,
        Blame::Operator,
        true,
        &[20199, 21150, 21799, 21905, 30150, 30480, 30899],
    ),
    (Failure::Blocked, Blame::Provider, true, &[30047, 30099]),
    (
        Failure::Unexpected,
        Blame::Provider,
        true,
        &[21300, 21699, 21999, 30600, 60999, 63999, 99_999],
    ),
];

#[tokio::test]
async fn every_code_has_its_meaning() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake);
    for (failure, blame, fails_over, codes) in MEANINGS {
        for code in *codes {
            for outcome in [Outcome::Refuse(*code), Outcome::Failed(*code)] {
                fake.script(outcome);
                let error = send(&*twilio, TEXT).await.expect_err("refused");
                assert_eq!((error.failure, error.code), (*failure, Some(*code)));
                assert_eq!((error.blame(), error.fails_over()), (*blame, *fails_over), "{code}");
            }
        }
    }
    assert_eq!(fake.messages(), []);
}

#[tokio::test]
async fn without_a_known_code_the_status_decides() {
    let unknown = r#"{"code": 99999, "message": "new", "status": 403}"#;
    let rows = [
        (200, "{}", Failure::Unclear),
        (201, "", Failure::Unclear),
        (201, r#"{"sid": 7}"#, Failure::Unclear),
        (201, r#"{"sid": "SM<script>", "status": "queued"}"#, Failure::Unclear),
        (202, r#"{"code": 20003}"#, Failure::Unclear),
        (304, "", Failure::Unexpected),
        (400, "<html>", Failure::Unexpected),
        (401, "no", Failure::Misconfigured),
        (403, unknown, Failure::Misconfigured),
        (404, "", Failure::Misconfigured),
        (418, "[]", Failure::Unexpected),
        (429, "slow", Failure::Overloaded),
        (500, r#"{"code": "x"}"#, Failure::Broken),
        (500, r#"{"code": 30453}"#, Failure::Fraud),
        (502, "", Failure::Unclear),
        (503, "{", Failure::Broken),
        (504, "", Failure::Unclear),
        (599, "", Failure::Broken),
    ];
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake);
    for (status, body, failure) in rows {
        fake.script(Outcome::Garbage(status, body));
        let error = send(&*twilio, TEXT).await.expect_err("garbage");
        assert_eq!((error.failure, error.status), (failure, Some(status)), "{body}");
    }
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_unreachable() {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("bound");
    // Fills the queue of connections that nobody accepts: the kernel ignores the next ones.
    let waiting: Vec<_> = (0..8)
        .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)))
        .collect();

    let error = send(&*hasty(&format!("http://{address}")), TEXT).await.expect_err("nobody there");

    assert_eq!((error.failure, error.fails_over()), (Failure::Unreachable, true));
    drop(waiting);
}

/// Answers one request with `status` and as much of 1 GiB as is taken; returns how much that was.
fn flood(status: &'static str) -> (String, std::thread::JoinHandle<usize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let patience = Some(Duration::from_secs(10));
        stream.set_write_timeout(patience).expect("a limit");
        assert!(stream.read(&mut [0; 8192]).expect("a request") > 0);
        let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
        let mut piece = b"10000\r\n".to_vec();
        piece.resize(piece.len() + 0x10000, b'x');
        piece.extend(b"\r\n");
        let started = stream.write_all(head.as_bytes());
        let pieces = (0..16_384).take_while(|_| stream.write_all(&piece).is_ok());
        if started.is_ok() { pieces.count() * 0x10000 } else { 0 }
    });
    (base_url, server)
}

#[tokio::test]
async fn an_endless_answer_is_read_no_further_than_needed() {
    for (status, failure) in [
        ("201 Created", Failure::Unclear),
        ("400 Bad Request", Failure::Unexpected),
        ("503 Service Unavailable", Failure::Broken),
    ] {
        let (base_url, server) = flood(status);

        let error = send(&*hasty(&base_url), TEXT).await.expect_err("flooded");

        assert_eq!(error.failure, failure);
        // What lies in the kernel's buffers was written, but never read.
        // Waited for elsewhere: the client's side of the connection needs this thread to close it.
        let joined = tokio::task::spawn_blocking(|| server.join()).await.expect("a thread");
        let written = joined.expect("the server");
        assert!(written < 64 << 20, "{written} bytes were taken");
    }
}
