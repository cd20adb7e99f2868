//! `doorcode attempt` and `doorcode sms stats` of a code that came by a call.
use super::attempts::{attempt_of, story};
use crate::support::browser::flow_of;
use crate::support::http::exchange;
use crate::support::program::Program;
use crate::support::provider::FakeProvider;
use crate::support::settings::BOB;
use crate::support::twilio::channels::{FROM, VoiceVendor};
use crate::support::twilio::receipts::signed_call;
use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN};

#[test]
fn a_call_is_told_as_a_call() {
    let calls = FakeProvider::of(Box::new(VoiceVendor));
    let lists = "providers = [\"twilio\", \"twilio_voice\"]\nchannels = [\"voice\", \"sms\"]";
    let table = format!(
        "[sms.twilio_voice]\naccount_sid = \"{ACCOUNT_SID}\"\nauth_token = \"env:TOKEN\"\n\
         from = \"{FROM}\"\nbase_url = \"{}\"\n[sms.twilio]\n",
        calls.base_url()
    );
    let changes = [
        ("providers = [\"twilio\"]", lists),
        ("[sms.twilio]\n", &*table),
        ("[limits]\n", "[limits]\nfirst_wait = \"1s\"\n"),
    ];
    let program = Program::changed("info", &changes);
    let mut bob = program.browser();
    let page = bob.visit("/orders");
    let page = bob.give_number(&page, BOB).is(200);
    let id = attempt_of(&program);
    let tell = |n: usize, status: &str| {
        let taken = calls.taken(n);
        let url = taken.callback.expect("a callback");
        exchange(program.port, &signed_call(&url, &taken.id, status, AUTH_TOKEN)).is(200);
    };
    tell(1, "busy");
    let not_answered = "twilio_voice says that the call did not arrive: nobody answered the call";
    let said = story(&program, &id, not_answered);
    assert!(said.contains("twilio_voice accepted the call, as CA"), "{said}");
    assert!(!said.contains("sent by another provider"), "{said}");

    std::thread::sleep(std::time::Duration::from_secs(2));
    bob.post("/.doorcode/resend", &[("flow", &*flow_of(&page))]).is(303);
    tell(2, "completed");
    let said = story(&program, &id, "twilio_voice says that the call was answered and is over, ");
    assert!(!said.contains("late"), "{said}");
    let (code, said) = program.said(&["sms", "stats", "my.toml"]);
    let row = said.lines().find(|line| line.contains("twilio_voice")).unwrap_or_default();
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(
        (code, &columns[..5]),
        (Some(0), &["GB", "twilio_voice", "2", "1", "1"][..]),
        "{said}"
    );
}
