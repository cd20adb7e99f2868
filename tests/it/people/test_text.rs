//! `doorcode text`: a test text, by the providers of the file.
use crate::support::program::Program;
use crate::support::provider::Outcome;
use crate::support::settings::BOB;
use crate::support::twilio::SERVICE_SID;

const FILE: &str = "my.toml";

#[test]
fn what_the_provider_said_is_told_without_the_server() {
    let mut program = Program::start("info");
    program.kill();
    let (code, said) = program.said(&["text", BOB, FILE]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("twilio accepted the text, as SM"), "{said}");
    assert!(said.ends_with("; now see whether it arrives\n"), "{said}");
    let text = program.texts.text_to(BOB);
    assert_eq!(text.body, "Test from Acme: texts arrive.");
    assert_eq!(program.texts.requests(), 1);
}

#[test]
fn a_failure_is_told_with_what_to_do() {
    let program = Program::start("info");
    for (outcome, told, advice) in [
        (
            Outcome::Refuse(21_211),
            "twilio: no such number (code 21211, HTTP 400)",
            "check the number",
        ),
        (Outcome::SlowDown(30), "twilio: the provider is rate limiting", "try again after 30 s"),
        (Outcome::AcceptAndHangUp, "twilio: the text may have been sent", "see whether it arrives"),
    ] {
        let before = program.texts.requests();
        program.texts.script(outcome);
        let (code, said) = program.command(&["text", BOB, FILE]);
        assert!(code == Some(1) && said.contains(&format!("doorcode: {told}")), "{said}");
        assert!(said.contains(&format!("\n  {advice}")), "{said}");
        assert!(!said.contains(&BOB[1..]), "{said}");
        assert_eq!(program.texts.requests(), before + 1, "asked once");
    }
    for (phone, why) in [
        ("+33612345678", "login.countries does not serve the country of this number"),
        ("+15550100001", "nothing is sent to a number of no numbering plan"),
        ("+442079460123", "the number is a landline, which gets no texts: a login refuses it, too"),
        ("+448081570123", "numbers of this kind get no texts: a login refuses them, too"),
    ] {
        let (code, said) = program.command(&["text", phone, FILE]);
        assert!(code == Some(1) && said.contains(why), "{said}");
    }
    assert_eq!(program.texts.requests(), 3);
}

#[test]
fn where_nobody_texts_that_is_said() {
    let program = Program::start("info");
    let service = format!("messaging_service_sid = \"{SERVICE_SID}\"");
    let changes = [
        ("providers = [\"twilio\"]", "providers = [\"twilio_voice\"]\nchannels = [\"voice\"]"),
        ("[sms.twilio]", "[sms.twilio_voice]"),
        (&*service, "from = \"+12025550123\""),
    ];
    program.rewrite(FILE, &changes);
    let (code, said) = program.command(&["text", BOB, FILE]);
    assert!(code == Some(1) && said.contains("sms.providers has no provider of texts"), "{said}");
}

#[test]
fn of_the_secrets_only_those_of_providers_are_needed() {
    let changes = [("secret = \"env:SECRET\"", "secret = \"file:gone\"")];
    let program = Program::start("info");
    program.rewrite(FILE, &changes);
    let (code, said) = program.said(&["text", BOB, FILE]);
    assert!(code == Some(0) && said.contains("accepted the text"), "{said}");
}
