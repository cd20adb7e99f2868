use std::sync::{Arc, Mutex};

use doorcode::delivery::sms::console::Console;
use doorcode::delivery::sms::{ProviderCalls, ProviderSettings, provider};
use doorcode::system::System;

use super::{TEXT, send, settings};

#[tokio::test]
async fn the_console_shows_number_and_text_where_nobody_misses_them() {
    let sink = Arc::new(Mutex::new(Vec::new()));
    let console = Console::new(sink.clone());

    let first = send(&console, TEXT).await.expect("printed");
    let second = send(&console, "one\n\u{1b}[2Jtwo\r").await.expect("printed");

    let printed = String::from_utf8(sink.lock().expect("the sink").clone()).expect("text");
    let foot = "─────────────────────────────";
    let expected = format!(
        "\n── Text to +1 202-555-0123 ──\n{TEXT}\n{foot}\n\n\
         \n── Text to +1 202-555-0123 ──\none\n\u{fffd}[2Jtwo\u{fffd}\n{foot}\n\n"
    );
    assert_eq!(printed, expected);
    assert_eq!((first.provider, first.segments), ("console", None));
    assert_ne!(first.id, second.id);
}

#[test]
fn settings_become_their_provider() {
    let connections = ProviderCalls::new(System::real());
    let console = provider(&ProviderSettings::Console, &connections);
    let settings = ProviderSettings::Twilio(settings("https://api.twilio.com"));
    let twilio = provider(&settings, &connections);
    assert_eq!((console.name(), twilio.name()), ("console", "twilio"));
}
