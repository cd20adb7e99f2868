//! What holds for every provider, against a double of it that refuses what the vendor refuses.
use std::sync::Arc;
use std::time::Duration;

use doorcode::delivery::sms::{AccountCheck, Message, ProviderSettings, SmsProvider};
use doorcode::delivery::{Failure, SendError};
use doorcode::domain::PhoneNumber;

use super::vendors::{CONTRACTS, Contract, SENDER};
use super::{CODE, HASTY, PHONE, TEXT, closed_port, made, made_with, provider_in, send};
use crate::support::provider::{FakeProvider, Outcome};

/// A provider, and the double that it calls.
struct Pair {
    fake: FakeProvider,
    provider: Arc<dyn SmsProvider>,
}

impl Pair {
    fn new(contract: &dyn Contract) -> Self {
        let fake = FakeProvider::of(contract.vendor());
        let provider = made(&contract.settings(&fake.base_url(), contract.secret()));
        Self { fake, provider }
    }

    fn hasty(contract: &dyn Contract) -> Self {
        let pair = Self::new(contract);
        let settings = contract.settings(&pair.fake.base_url(), contract.secret());
        Self { provider: made_with(&settings, HASTY), ..pair }
    }

    /// The error of a text that meets this; exactly one request was made.
    async fn meets(&self, outcome: Outcome) -> SendError {
        let before = self.fake.requests();
        self.fake.script(outcome);
        let error = send(&*self.provider, TEXT).await.expect_err("an error");
        assert_eq!(self.fake.requests(), before + 1, "{error}");
        error
    }
}

#[tokio::test]
async fn a_text_arrives_as_it_is() {
    let worded = |contract: &&&dyn Contract| !contract.owns_codes() && !contract.sends_code_alone();
    for contract in CONTRACTS.iter().filter(worded) {
        let pair = Pair::new(*contract);
        for body in [TEXT, "çöde & \"731904\" = ✓ \\ {}\n\n@auth.example.com #731904", "€uro"]
        {
            let receipt = send(&*pair.provider, body)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", contract.name()));

            let text = pair.fake.messages().pop().expect("a text");
            assert_eq!((text.to.as_str(), text.sender.as_str()), (PHONE, SENDER));
            assert_eq!(text.body, body, "{}", contract.name());
            assert!(text.validity.is_none_or(|seconds| seconds == 300), "{}", contract.name());
            assert_eq!(receipt.provider, contract.name());
            assert!((8..64).contains(&receipt.id.len()), "{receipt:?}");
        }
        assert_eq!(pair.fake.requests(), 3);
        assert_eq!(pair.provider.name(), contract.name());
    }
}

#[tokio::test]
async fn each_documented_refusal_has_its_meaning() {
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        for row in contract.refusals() {
            let error = pair.meets(Outcome::Answer(row.reply.clone())).await;
            let told = (error.failure, error.code, error.status);
            let expected = (row.failure, row.code, Some(row.reply.status));
            assert_eq!(told, expected, "{}: {:?}", contract.name(), row.reply);
        }
        assert_eq!(pair.fake.messages(), []);
    }
}

#[tokio::test]
async fn wrong_credentials_are_the_operators() {
    for contract in CONTRACTS {
        let fake = FakeProvider::of(contract.vendor());
        let provider = made(&contract.settings(&fake.base_url(), "of-somebody-else"));
        let error = send(&*provider, TEXT).await.expect_err("refused");
        assert_eq!(error.failure, Failure::Misconfigured, "{}", contract.name());
        assert_eq!((fake.requests(), fake.messages().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_time_says_how_much() {
    for contract in CONTRACTS {
        let error = Pair::new(*contract).meets(Outcome::SlowDown(7)).await;
        assert_eq!(error.failure, Failure::Overloaded, "{}", contract.name());
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)), "{}", contract.name());
        assert!(error.fails_over() && error.demotes());
    }
}

#[tokio::test]
async fn what_is_not_the_vendors_is_judged_by_its_status() {
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        for (status, failure) in [
            (401, Failure::Misconfigured),
            (404, Failure::Misconfigured),
            (429, Failure::Overloaded),
            (500, Failure::Broken),
            (503, Failure::Broken),
            (502, Failure::Unclear),
            (504, Failure::Unclear),
            (304, Failure::Unexpected),
        ] {
            for body in
                ["", "<html>", "{", "[]", "null", r#"{"code":"\u0000"}"#, "731904 +12025550123"]
            {
                let error = pair.meets(Outcome::Garbage(status, body)).await;
                let told = (error.failure, error.status);
                assert_eq!(told, (failure, Some(status)), "{} {body}", contract.name());
            }
        }
        for body in ["", "<html>", "{}", "[]", r#"{"id":"<script>"}"#, r#"{"messages":[]}"#] {
            if contract.needs_id() {
                let error = pair.meets(Outcome::Garbage(contract.success(), body)).await;
                assert_eq!(error.failure, Failure::Unclear, "{} {body}", contract.name());
            } else {
                pair.fake.script(Outcome::Garbage(contract.success(), body));
                let receipt = send(&*pair.provider, TEXT).await.expect("accepted");
                assert!(receipt.id.bytes().all(|b| b.is_ascii_alphanumeric()), "{receipt:?}");
            }
        }
        assert_eq!(pair.fake.messages(), []);
    }
}

#[tokio::test]
async fn ten_megabytes_are_not_read() {
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        assert_eq!(pair.meets(Outcome::Flood(503, 10 << 20)).await.failure, Failure::Broken);
        if contract.needs_id() {
            let error = pair.meets(Outcome::Flood(contract.success(), 10 << 20)).await;
            assert_eq!(error.failure, Failure::Unclear, "{}", contract.name());
            assert!(error.message_id.is_some(), "{}: it is counted", contract.name());
        }
    }
}

#[tokio::test]
async fn a_slow_provider_is_waited_for() {
    let slow = CONTRACTS.iter().map(|contract| async {
        let pair = Pair::new(*contract);
        pair.fake.script(Outcome::AcceptAfter(Duration::from_secs(1)));
        send(&*pair.provider, TEXT)
            .await
            .unwrap_or_else(|why| panic!("{}: {why}", contract.name()));
        assert_eq!((pair.fake.requests(), pair.fake.messages().len()), (1, 1));
    });
    futures_util::future::join_all(slow).await;
}

#[tokio::test]
async fn what_is_not_known_to_be_lost_is_unclear_and_never_sent_again() {
    let lost = CONTRACTS.iter().map(|contract| async {
        for outcome in [Outcome::AcceptAndHangUp, Outcome::AcceptAfter(Duration::from_secs(30))] {
            let pair = Pair::hasty(*contract);
            let error = pair.meets(outcome).await;
            let told = (error.failure, error.fails_over(), error.status);
            assert_eq!(told, (Failure::Unclear, false, None), "{}", contract.name());
            assert_eq!((pair.fake.requests(), pair.fake.messages().len()), (1, 1));
        }
    });
    futures_util::future::join_all(lost).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for contract in CONTRACTS {
        let (pair, elsewhere) = (Pair::new(*contract), FakeProvider::of(contract.vendor()));
        let error = pair.meets(Outcome::Redirect(elsewhere.base_url())).await;
        assert_eq!((error.failure, error.status), (Failure::Unexpected, Some(302)));
        assert_eq!(elsewhere.requests(), 0);
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    for contract in CONTRACTS {
        let settings = contract.settings(&closed_port(), contract.secret());
        let error = send(&*made_with(&settings, HASTY), TEXT).await.expect_err("nobody there");
        assert_eq!((error.failure, error.fails_over()), (Failure::Unreachable, true));
    }
}

/// Names that resolve to such addresses: `outbound::client`.
#[tokio::test]
async fn private_addresses_are_not_called_unless_they_are_listed() {
    for contract in CONTRACTS {
        for base_url in ["http://10.255.255.1:9", "http://[fd00::1]:9", "https://169.254.169.254"] {
            let settings = contract.settings(base_url, contract.secret());
            let error = send(&*made(&settings), TEXT).await.expect_err("refused");
            let told = (error.failure, error.fails_over());
            assert_eq!(told, (Failure::PrivateAddress, true), "{} {base_url}", contract.name());
        }
        // This machine, whose address is no loopback one by IPv4-mapped spelling.
        let fake = FakeProvider::of(contract.vendor());
        let mapped = fake.base_url().replace("127.0.0.1", "[::ffff:127.0.0.1]");
        let settings = contract.settings(&mapped, contract.secret());
        let error = send(&*made(&settings), TEXT).await.expect_err("refused");
        assert_eq!((error.failure, fake.requests()), (Failure::PrivateAddress, 0));
        send(&*provider_in(&settings, &["127.0.0.0/8"]), TEXT)
            .await
            .unwrap_or_else(|why| panic!("{}: {why}", contract.name()));
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_for_the_vendor_is_not_offered() {
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        for text in [String::new(), "é".repeat(contract.longest() + 1)] {
            let error = send(&*pair.provider, &text).await.expect_err("refused");
            assert_eq!(error.failure, Failure::TextRefused, "{}", contract.name());
        }
        assert_eq!(pair.fake.requests(), 0);
        send(&*pair.provider, &"é".repeat(contract.longest()))
            .await
            .unwrap_or_else(|why| panic!("{}: {why}", contract.name()));
    }
}

#[tokio::test]
async fn nothing_that_is_printed_tells_secret_code_or_number() {
    let number = PhoneNumber::from_e164(PHONE).expect("a number");
    let message = Message::new(&number, TEXT, Duration::from_mins(1));
    let message = Message { code: Some(CODE), ..message };
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        let url = pair.fake.base_url();
        let wrong = contract.settings(&url, "of-somebody-else");
        let mut printed = vec![format!("{message:?} {wrong:?}")];
        let own: &ProviderSettings = &contract.settings(&url, contract.secret());
        printed.push(format!("{own:?}"));
        let mut outcomes: Vec<Outcome> =
            contract.refusals().into_iter().map(|row| Outcome::Answer(row.reply)).collect();
        outcomes.extend([
            Outcome::SlowDown(1),
            Outcome::AcceptAndHangUp,
            Outcome::Garbage(500, "731904 +12025550123"),
            Outcome::Redirect("http://127.0.0.1:1/731904".to_owned()),
        ]);
        for outcome in outcomes {
            let error = pair.meets(outcome).await;
            printed.push(format!("{error} {error:?}"));
        }
        let gone = contract.settings(&closed_port(), contract.secret());
        for provider in [made(&wrong), made_with(&gone, HASTY)] {
            let error = provider.send(&message).await.expect_err("refused");
            printed.push(format!("{error} {error:?}"));
        }
        for line in &printed {
            let hidden = [CODE, contract.secret(), "of-somebody-else", PHONE, "2025550123"];
            for hidden in hidden.iter().filter(|hidden| !SENDER.contains(**hidden)) {
                assert!(!line.contains(*hidden), "{hidden} in {line}");
            }
        }
    }
}

/// How each vendor is asked about the account: the target, and how `Authorization` begins.
const ACCOUNTS: [(&str, &str, &str); 10] = [
    ("twilio_voice", "/IncomingPhoneNumbers.json?PageSize=1", "Basic "),
    ("twilio_whatsapp", "/IncomingPhoneNumbers.json?PageSize=1", "Basic "),
    ("twilio_verify", "/v2/Services/VA0123456789abcdef0123456789abcdef", "Basic "),
    ("twilio", "/IncomingPhoneNumbers.json?PageSize=1", "Basic "),
    ("vonage", "/account/get-balance", "Basic "),
    ("plivo", "/v1/Account/", "Basic "),
    ("messagebird", "/balance", "AccessKey "),
    ("telnyx", "/v2/balance", "Bearer "),
    ("sinch", "/batches?page_size=1", "Bearer "),
    ("aws", "/", "AWS4-HMAC-SHA256 "),
];

#[tokio::test]
async fn an_account_is_asked_about_without_a_text_where_the_vendor_has_such_a_question() {
    for contract in CONTRACTS {
        let pair = Pair::new(*contract);
        let told = pair.provider.check_account().await;
        let known = ACCOUNTS.iter().find(|(name, ..)| *name == contract.name());
        let Some((name, target, scheme)) = known else {
            assert_eq!(told, AccountCheck::NotAsked, "{}", contract.name());
            continue;
        };
        assert!(matches!(told, AccountCheck::Good { date: Some(_) }), "{name}: {told:?}");
        let questions = pair.fake.questions();
        assert!(questions.len() == 1 && questions[0].0.contains(target), "{name}: {questions:?}");
        assert!(questions[0].1.starts_with(scheme), "{name}: {questions:?}");
        assert!(pair.fake.messages().is_empty(), "{name}");
        assert!(!format!("{told:?}").contains(contract.secret()), "{name}");
    }
}
