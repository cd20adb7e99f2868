use super::super::{changed, problems, read};
use doorcode::domain::TextChannel::{Sms, Voice, WhatsApp};

/// The list of providers in the good file: line 10.
const PROVIDERS: &str = "providers = [\"twilio\"]\n";
const ACCOUNT: &str =
    "account_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"\n";

/// The file with this in `[sms]`, from line 10, and these tables before that of Twilio.
fn with(lines: &str, tables: &str) -> String {
    changed(&[(PROVIDERS, lines), ("[sms.twilio]\n", &format!("{tables}[sms.twilio]\n"))])
}

fn voice() -> String {
    format!("[sms.twilio_voice]\n{ACCOUNT}from = \"+12025550123\"\n")
}

fn said(text: &str) -> Vec<String> {
    let all = problems(text);
    all.lines().map(|line| line.strip_prefix("my.toml:").unwrap().to_owned()).collect()
}

#[test]
fn channels_have_an_order_and_some_countries_their_own() {
    let lines = "providers = [\"twilio\", \"twilio_voice\", \"twilio_whatsapp\"]\nchannels = [\"sms\", \"voice\"]\n";
    let whatsapp = format!(
        "[sms.twilio_whatsapp]\n{ACCOUNT}from = \"+12025550123\"\ncontent_sid = \"HX0123456789abcdef0123456789abcdef\"\n"
    );
    let order = "[[sms.channel_order]]\ncountries = [\"US\"]\nchannels = [\"whatsapp\", \"sms\"]\n";
    let config = read(&with(lines, &format!("{}{whatsapp}{order}", voice()))).unwrap();
    let channels = &config.login.channels;
    assert_eq!(channels.usual, [Sms, Voice]);
    assert_eq!(channels.by_country.len(), 1);
    assert_eq!(channels.by_country[0].1, [WhatsApp, Sms]);
    assert_eq!(read(&changed(&[])).unwrap().login.channels.usual, [Sms], "by default");
}

#[test]
fn a_channel_needs_a_provider_and_a_provider_a_channel() {
    assert_eq!(
        said(&with("providers = [\"twilio\"]\nchannels = [\"sms\", \"voice\", \"fax\"]\n", "")),
        [
            "11:20: sms.channels: voice needs `twilio_voice` in sms.providers",
            "11:29: sms.channels: `fax` is not a channel; known: sms, whatsapp, voice",
        ]
    );
    assert_eq!(
        said(&with("providers = [\"twilio\", \"twilio_voice\"]\n", &voice())),
        ["10:24: sms.providers: `twilio_voice` is never used: sms.channels does not list `voice`"]
    );
    assert_eq!(
        said(&with("providers = [\"twilio\"]\nchannels = [\"sms\", \"sms\"]\n", "")),
        ["11:20: sms.channels: `sms` is listed twice"]
    );
}

#[test]
fn an_order_of_channels_is_of_countries_that_are_served() {
    let order = |countries: &str, channels: &str| {
        format!("[[sms.channel_order]]\ncountries = [{countries}]\nchannels = [{channels}]\n")
    };
    let tables = format!(
        "{}{}[[sms.channel_order]]\n",
        order("\"US\"", "\"sms\""),
        order("\"US\", \"BR\"", "\"whatsapp\"")
    );
    assert_eq!(
        said(&with(PROVIDERS, &tables)),
        [
            "15:14: sms.channel_order[2].countries: US is in an earlier table, which decides",
            "15:20: sms.channel_order[2].countries: BR is not in login.countries",
            "16:13: sms.channel_order[2].channels: whatsapp needs `twilio_whatsapp` in sms.providers",
            "17:1: sms.channel_order[3].countries: is missing; write in [[sms.channel_order]] for example `countries = [\"BR\"]`. Whose numbers, as two letters.",
            "17:1: sms.channel_order[3].channels: is missing; write in [[sms.channel_order]] for example `channels = [\"whatsapp\", \"sms\"]`. The channels, in their order.",
        ]
    );
}

#[test]
fn the_tables_of_calls_and_whatsapp_say_what_is_wrong() {
    let lines = "providers = [\"twilio\", \"twilio_voice\", \"twilio_whatsapp\"]\nchannels = [\"sms\", \"voice\", \"whatsapp\"]\n";
    let tables = "[sms.twilio_voice]\naccount_sid = \"AC1\"\nauth_token = \"env:TOKEN\"\nfrom = \"Shop\"\n[sms.twilio_whatsapp]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\nfrom = \"+12025550123\"\ncontent_sid = \"MG0\"\n";
    assert_eq!(
        said(&with(lines, tables)),
        [
            "13:15: sms.twilio_voice.account_sid: is not AC and 32 hexadecimal digits",
            "15:8: sms.twilio_voice.from: `Shop` is not a number such as +12025550123",
            "16:1: sms.twilio_whatsapp: needs either auth_token, or api_key and api_key_secret",
            "19:15: sms.twilio_whatsapp.content_sid: is not HX and 32 hexadecimal digits",
        ]
    );
}

#[test]
fn no_other_channel_can_send_a_code_that_verify_made() {
    let lines =
        "providers = [\"twilio_verify\", \"twilio_voice\"]\nchannels = [\"sms\", \"voice\"]\n";
    let verify = format!(
        "[sms.twilio_verify]\n{ACCOUNT}service_sid = \"VA0123456789abcdef0123456789abcdef\"\n"
    );
    let text = with(lines, &format!("{}{verify}", voice()));
    let text = text.replacen("[sms.twilio]\n", "[sms.unused]\n", 1);
    let all = problems(&text);
    assert!(
        all.contains("my.toml:11:20: sms.channels: voice is not possible beside `twilio_verify`"),
        "{all}"
    );
}
