//! Texts over SMPP, as `contract` has them over HTTP: against an SMSC that refuses what the specification refuses.
use std::sync::Arc;
use std::time::Duration;

use doorcode::delivery::sms::smpp::SmppSettings;
use doorcode::delivery::sms::{AccountCheck, Message, ProviderSettings, SmsProvider};
use doorcode::delivery::{Failure, SendError};
use doorcode::domain::{PhoneNumber, Secret};
use doorcode::outbound::HttpTimeouts;
use futures_util::future::join_all;

use super::{CODE, HASTY, PHONE, TEXT, deliver, in_order, made_with, provider_in, send, twilio};
use crate::support::gate::wait_for;
use crate::support::smsc::{FakeSmsc, PASSWORD, Play, SYSTEM_ID};
use crate::support::twilio::FakeTwilio;

const BIND_TRANSMITTER: u32 = 0x02;

/// For answers that do not come, among some that do.
const SHORT: HttpTimeouts =
    HttpTimeouts { connect: Duration::from_secs(2), total: Duration::from_secs(2) };

/// Another protocol; a length of nothing; one of 2 GB.
const GARBAGE: [&[u8]; 3] = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x7f\xff\xff\xff\x80\0\0\x04\0\0\0\0\0\0\0\x03",
];

/// The begin of a command, whose rest never comes.
const HALF: Play = Play::Garbage(b"\0\0\0\x20\x80\0\0\x04\0\0\0\0");

fn settings(address: &str) -> SmppSettings {
    SmppSettings {
        server: format!("http://{address}/").parse().expect("a URL"),
        system_id: SYSTEM_ID.to_owned(),
        password: Secret::new(PASSWORD),
        system_type: String::new(),
        from: "+12025550199".to_owned(),
        enquire_link: Duration::from_secs(30),
    }
}

fn provider(settings: SmppSettings, timeouts: HttpTimeouts) -> Arc<dyn SmsProvider> {
    made_with(&ProviderSettings::Smpp(settings), timeouts)
}

/// An SMSC, and a provider that has time enough.
fn pair() -> (FakeSmsc, Arc<dyn SmsProvider>) {
    let smsc = FakeSmsc::start();
    let provider = provider(settings(&smsc.address()), HASTY);
    (smsc, provider)
}

fn told(error: &SendError) -> (Failure, Option<u32>, bool) {
    (error.failure, error.code, error.fails_over())
}

#[tokio::test]
async fn texts_arrive_as_they_are_over_one_session() {
    let (smsc, provider) = pair();
    let [gsm, long] = [160, 161].map(|length| "é".repeat(length));
    let ucs2 = "✓".repeat(70);
    let texts = [
        TEXT,
        "çöde & \"731904\" = ✓ \\ {}\n\n@auth.example.com #731904",
        "€uro [731904] ~|^{}\\",
        "731904 👋",
        gsm.as_str(),
        ucs2.as_str(),
        long.as_str(),
    ];
    for (n, body) in texts.into_iter().enumerate() {
        let receipt = send(&*provider, body).await.expect("accepted");
        let text = smsc.text(n + 1);
        assert_eq!((text.to.as_str(), text.body.as_str(), text.validity), (PHONE, body, 300));
        assert_eq!(text.from, (1, 1, "12025550199".to_owned()));
        assert_eq!(text.is_long, body == long);
        assert!(!text.wants_receipt, "nobody takes it");
        assert_eq!((receipt.provider, receipt.id), ("smpp", text.id));
    }
    assert_eq!(smsc.binds(), [BIND_TRANSMITTER]);
}

#[tokio::test]
async fn senders_are_told_by_their_shape_and_lives_in_days() {
    for (from, shape) in [("12345", (3, 0, "12345")), ("My Shop", (5, 0, "My Shop"))] {
        let smsc = FakeSmsc::start();
        let named = SmppSettings { from: from.to_owned(), ..settings(&smsc.address()) };
        let to = PhoneNumber::from_e164(PHONE).expect("a number");
        let life = Duration::from_secs(2 * 86_400 + 3 * 3600 + 4 * 60 + 5);
        let sent = provider(named, HASTY).send(&Message::new(&to, TEXT, life)).await;
        assert_eq!(sent.expect("accepted").id, "smsc-1");
        let text = smsc.text(1);
        assert_eq!(text.from, (shape.0, shape.1, shape.2.to_owned()));
        assert_eq!(text.validity, life.as_secs());
    }
}

/// `command_status`, what it means, and whether the next provider is asked (§5.1.3).
const STATUSES: &[(u32, Failure, bool)] = &[
    (0x01, Failure::TextRefused, false),
    (0x02, Failure::Misconfigured, true),
    (0x03, Failure::Misconfigured, true),
    (0x08, Failure::Broken, true),
    (0x0a, Failure::Misconfigured, true),
    (0x0b, Failure::BadNumber, false),
    (0x14, Failure::Overloaded, true),
    (0x15, Failure::Misconfigured, true),
    (0x43, Failure::Misconfigured, true),
    (0x45, Failure::Broken, true),
    (0x48, Failure::Misconfigured, true),
    (0x58, Failure::Overloaded, true),
    (0x62, Failure::Misconfigured, true),
    (0x64, Failure::Broken, true),
    (0x66, Failure::Declined, false),
    (0xc1, Failure::Misconfigured, true),
    (0xff, Failure::Declined, false),
    // The vendor's own.
    (0x0400, Failure::Declined, false),
    (0x04ff, Failure::Declined, false),
];

#[tokio::test]
async fn each_documented_refusal_has_its_meaning() {
    let (smsc, provider) = pair();
    for (n, (status, failure, next)) in STATUSES.iter().enumerate() {
        let play = if n % 2 == 0 { Play::Refuse } else { Play::Nack };
        smsc.script(play(*status));
        let error = send(&*provider, TEXT).await.expect_err("refused");
        assert_eq!(told(&error), (*failure, Some(*status), *next));
        assert_eq!(smsc.submits(), n + 1);
    }
    assert_eq!((smsc.texts(), smsc.binds().len()), (Vec::new(), 1));
}

#[tokio::test]
async fn without_a_session_nothing_was_sent() {
    let rows = [
        (Play::Refuse(0x0d), Failure::Misconfigured, Some(0x0d)),
        (Play::Refuse(0x0e), Failure::Misconfigured, Some(0x0e)),
        (Play::Refuse(0x0f), Failure::Misconfigured, Some(0x0f)),
        (Play::Refuse(0x53), Failure::Misconfigured, Some(0x53)),
        (Play::Refuse(0x05), Failure::Overloaded, Some(0x05)),
        (Play::Nack(0x03), Failure::Misconfigured, Some(0x03)),
        (Play::Drop, Failure::Unreachable, None),
        (Play::Hang, Failure::Unreachable, None),
        (HALF, Failure::Unreachable, None),
    ];
    let garbage = GARBAGE.map(|octets| (Play::Garbage(octets), Failure::Unreachable, None));
    let smsc = FakeSmsc::start();
    let provider = provider(settings(&smsc.address()), SHORT);
    for (play, failure, code) in rows.into_iter().chain(garbage) {
        smsc.script_bind(play.clone());
        let error = send(&*provider, TEXT).await.expect_err("no session");
        assert_eq!(told(&error), (failure, code, true), "{play:?}");
    }
    assert_eq!(smsc.submits(), 0);
    send(&*provider, TEXT).await.expect("bound at last");

    let wrong = SmppSettings { password: Secret::new("another"), ..settings(&smsc.address()) };
    let error = send(&*super::made(&ProviderSettings::Smpp(wrong)), TEXT).await;
    assert_eq!(told(&error.expect_err("refused")), (Failure::Misconfigured, Some(0x0e), true));
    let gone = settings(super::closed_port().trim_start_matches("http://"));
    let error = send(&*self::provider(gone, HASTY), TEXT).await.expect_err("nobody there");
    assert_eq!(told(&error), (Failure::Unreachable, None, true));
    // An SMSC without TLS where TLS is expected.
    let server = format!("https://{}/", smsc.address()).parse().expect("a URL");
    let secured = SmppSettings { server, ..settings(&smsc.address()) };
    let error = send(&*self::provider(secured, SHORT), TEXT).await.expect_err("no TLS");
    assert_eq!(told(&error), (Failure::Unreachable, None, true));
    assert_eq!(smsc.submits(), 1);
}

#[tokio::test]
async fn what_is_not_known_to_be_lost_is_unclear_and_never_sent_again() {
    let others = [Play::Hang, Play::Drop, Play::Bare, Play::Id("<script>")];
    for play in others.into_iter().chain(GARBAGE.map(Play::Garbage)) {
        let (smsc, twilio_fake) = (FakeSmsc::start(), FakeTwilio::start());
        let provider = provider(settings(&smsc.address()), SHORT);
        smsc.script(play.clone());
        let both = in_order(vec![Arc::clone(&provider), twilio(&twilio_fake)]);
        let error = deliver(&both).await.result.expect_err("unclear");
        assert_eq!((error.failure, error.fails_over()), (Failure::Unclear, false), "{play:?}");
        assert!(error.message_id.is_some(), "{play:?}: it is counted");
        assert_eq!((smsc.submits(), twilio_fake.requests()), (1, 0), "{play:?}");
        // The next one has the same session, or another.
        send(&*provider, TEXT).await.unwrap_or_else(|why| panic!("{play:?}: {why}"));
        assert_eq!(smsc.submits(), 2);
    }
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let smsc = FakeSmsc::start();
    let provider = provider(settings(&smsc.address()), SHORT);
    smsc.script(HALF);
    let error = send(&*provider, TEXT).await.expect_err("unclear");
    assert_eq!((error.failure, smsc.submits()), (Failure::Unclear, 1));
}

#[tokio::test]
async fn a_text_without_an_id_has_one_of_ours() {
    let (smsc, provider) = pair();
    smsc.script(Play::Id(""));
    let receipt = send(&*provider, TEXT).await.expect("accepted");
    assert!(receipt.id.len() == 32 && smsc.submits() == 1, "{receipt:?}");
}

#[tokio::test]
async fn the_next_provider_is_asked_where_there_is_no_session() {
    let (smsc, twilio_fake) = (FakeSmsc::start(), FakeTwilio::start());
    smsc.script_bind(Play::Refuse(0x0d));
    let smpp = provider(settings(&smsc.address()), HASTY);
    let outcome = deliver(&in_order(vec![smpp, twilio(&twilio_fake)])).await;
    assert_eq!(outcome.result.expect("accepted").provider, "twilio");
    assert_eq!(told(&outcome.passed_over[0]), (Failure::Misconfigured, Some(0x0d), true));
    assert_eq!((smsc.submits(), twilio_fake.messages().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_bound_again_before_the_next_text() {
    let (smsc, provider) = pair();
    for n in 1..4 {
        send(&*provider, TEXT).await.expect("accepted");
        assert_eq!((smsc.texts().len(), smsc.binds().len()), (n, n));
        tokio::task::block_in_place(|| smsc.end_session());
    }
    // It forgot the session: nothing was sent, and the next text has another one.
    send(&*provider, TEXT).await.expect("accepted");
    smsc.script(Play::Refuse(0x04));
    let error = send(&*provider, TEXT).await.expect_err("not bound");
    assert_eq!(told(&error), (Failure::Broken, Some(0x04), true));
    send(&*provider, TEXT).await.expect("accepted");
    assert_eq!(smsc.binds().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_smsc_that_does_not_answer_an_enquiry_loses_the_session() {
    let smsc = FakeSmsc::start();
    let often =
        SmppSettings { enquire_link: Duration::from_millis(50), ..settings(&smsc.address()) };
    let provider = provider(often, SHORT);
    send(&*provider, TEXT).await.expect("accepted");
    let look = || (smsc.enquiries() > 2).then_some(());
    tokio::task::block_in_place(|| wait_for("enquiries", look));
    assert_eq!((smsc.ended(), smsc.binds().len()), (0, 1));
    smsc.turn_deaf();
    tokio::task::block_in_place(|| wait_for("an end", || (smsc.ended() == 1).then_some(())));
    send(&*provider, TEXT).await.expect("accepted by another session");
    assert_eq!((smsc.texts().len(), smsc.binds().len()), (2, 2));
}

#[tokio::test]
async fn texts_at_once_wait_for_one_bind_together() {
    let (smsc, provider) = pair();
    let all = join_all((0..50).map(|_| send(&*provider, TEXT))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!((smsc.texts().len(), smsc.binds().len()), (50, 1));

    let smsc = FakeSmsc::start();
    let provider = self::provider(settings(&smsc.address()), SHORT);
    // A text that comes late, on a busy machine, may wait for the next one.
    for _ in 0..50 {
        smsc.script_bind(Play::Hang);
    }
    let all = join_all((0..50).map(|_| send(&*provider, TEXT)));
    let all = tokio::time::timeout(Duration::from_mins(1), all).await.expect("not in a row");
    assert!(all.iter().all(|one| one.as_ref().is_err_and(SendError::fails_over)), "{all:?}");
}

#[tokio::test]
async fn private_addresses_are_not_called_unless_they_are_listed() {
    for address in ["10.255.255.1:9", "[fd00::1]:9", "169.254.169.254:9"] {
        let error = send(&*provider(settings(address), SHORT), TEXT).await.expect_err("refused");
        assert_eq!(told(&error), (Failure::PrivateAddress, None, true), "{address}");
    }
    let smsc = FakeSmsc::start();
    let mapped = settings(&smsc.address().replace("127.0.0.1", "[::ffff:127.0.0.1]"));
    let mapped = ProviderSettings::Smpp(mapped);
    let error = send(&*made_with(&mapped, SHORT), TEXT).await.expect_err("refused");
    assert_eq!((error.failure, smsc.binds().len()), (Failure::PrivateAddress, 0));
    send(&*provider_in(&mapped, &["127.0.0.0/8"]), TEXT).await.expect("listed");
}

#[tokio::test]
async fn a_text_that_is_empty_or_too_long_is_not_offered() {
    let (smsc, provider) = pair();
    for text in [String::new(), "é".repeat(1531)] {
        let error = send(&*provider, &text).await.expect_err("refused");
        assert_eq!(told(&error), (Failure::TextRefused, None, false));
    }
    assert_eq!(smsc.submits(), 0);
    send(&*provider, &"✓".repeat(1530)).await.expect("accepted");
}

#[tokio::test]
async fn an_account_is_asked_about_by_a_bind() {
    let (smsc, provider) = pair();
    assert_eq!(provider.check_account().await, AccountCheck::Good { date: None });
    assert_eq!((smsc.binds(), smsc.unbinds(), smsc.submits()), (vec![BIND_TRANSMITTER], 1, 0));
    smsc.script_bind(Play::Refuse(0x0e));
    let AccountCheck::Failed(error) = provider.check_account().await else { panic!("refused") };
    assert_eq!(told(&error), (Failure::Misconfigured, Some(0x0e), true));
}

#[tokio::test]
async fn a_provider_that_is_closed_unbinds() {
    let (smsc, provider) = pair();
    provider.close().await;
    assert_eq!((smsc.binds().len(), smsc.unbinds()), (0, 0));
    send(&*provider, TEXT).await.expect("accepted");
    provider.close().await;
    assert_eq!((smsc.binds().len(), smsc.unbinds()), (1, 1));
}

#[tokio::test]
async fn nothing_that_is_printed_tells_password_code_or_number() {
    let smsc = FakeSmsc::start();
    let settings = ProviderSettings::Smpp(settings(&smsc.address()));
    let provider = made_with(&settings, SHORT);
    let mut printed = vec![format!("{settings:?}")];
    for play in [Play::Refuse(0x0b), Play::Garbage(GARBAGE[0]), Play::Drop, Play::Id("731904 <")] {
        smsc.script(play);
        let error = send(&*provider, TEXT).await.expect_err("refused");
        printed.push(format!("{error} {error:?}"));
    }
    for line in printed {
        for hidden in [CODE, PASSWORD, PHONE, "2025550123"] {
            assert!(!line.contains(hidden), "{hidden} in {line}");
        }
    }
}
