//! The examples of the manual's pages work as they stand.
use super::{changed, read};

const MANUAL: &str = include_str!("../../../docs/sms.md");

/// The examples of a section, in TOML.
fn examples(section: &str) -> Vec<&'static str> {
    let (_, after) = MANUAL.split_once(&format!("\n## {section}\n")).expect("the section");
    let body = after.split("\n## ").next().expect("a body");
    let blocks = body.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().expect("an end")).collect()
}

/// The file with an example in place of the list of providers, and of the secrets that the test has.
fn with(example: &str) -> String {
    let secrets = ["TWILIO_AUTH_TOKEN", "BIRD_ACCESS_KEY", "BIRD_SIGNING_KEY"];
    let example = secrets.iter().fold(example.to_owned(), |text, name| text.replace(name, "TOKEN"));
    let sms = if example.contains("[sms]\n") { "" } else { "[sms]\nproviders = [\"twilio\"]\n" };
    changed(&[
        ("countries = [\"US\", \"GB\"]", "countries = [\"US\", \"GB\", \"BR\"]"),
        ("[sms]\nproviders = [\"twilio\"]\n", &format!("{sms}{example}")),
    ])
}

#[test]
fn channels_of_the_manual_are_good() {
    let examples = examples("Channels");
    assert_eq!(examples.len(), 3, "calls and WhatsApp, Bird, prices");
    for example in examples {
        let config = read(&with(example)).unwrap_or_else(|why| panic!("{example}\n{why}"));
        assert!(config.providers.iter().any(|provider| provider.name() == "twilio"), "{example}");
    }
}
