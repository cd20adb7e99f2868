use super::super::{changed, problems, read};
use doorcode::delivery::sms::ProviderSettings;
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
            "16:13: sms.channel_order[2].channels: whatsapp needs `twilio_whatsapp` or `messagebird_whatsapp` in sms.providers",
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
    let lines = "providers = [\"twilio\", \"twilio_whatsapp\"]\nchannels = [\"voice\"]\n";
    let all = said(&with(lines, "[sms.twilio_whatsapp]\ncontent_sid = \"MG0\"\n"));
    let voice = "11:13: sms.channels: voice needs `twilio_voice` in sms.providers";
    assert!(all.len() > 3 && all.contains(&voice.to_owned()), "beside mistakes of tables: {all:?}");
}

const BIRD: &str = "access_key = \"env:TOKEN\"\nworkspace_id = \"f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607\"\nchannel_id = \"0c9d8e7f-6a5b-4c3d-9e2f-1a0b9c8d7e6f\"\nproject_id = \"ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318\"\nlocales = [\"en\", \"pt-BR\"]\n";

/// With the keys of Bird's table from line 13.
fn bird(keys: &str) -> String {
    let lines =
        "providers = [\"twilio\", \"messagebird_whatsapp\"]\nchannels = [\"sms\", \"whatsapp\"]\n";
    with(lines, &format!("[sms.messagebird_whatsapp]\n{keys}"))
}

#[test]
fn whatsapp_by_bird_needs_ids_and_the_locales_of_the_template() {
    let config = read(&bird(BIRD)).unwrap();
    let ProviderSettings::MessageBirdWhatsApp(bird_settings) = &config.providers[1] else {
        panic!("another provider")
    };
    assert_eq!(bird_settings.locales, ["en", "pt-BR"]);
    assert_eq!((bird_settings.version.as_str(), bird_settings.variables.len()), ("latest", 1));
    assert_eq!(bird_settings.base_url.as_str(), "https://api.bird.com/");

    let wrong = BIRD
        .replace("f3a1c2d4-5b6e", "f3a1c2d45b6e")
        .replace("0c9d8e7f", "0c9d8e7x")
        .replace("[\"en\", \"pt-BR\"]", "[\"en_US\"]")
        + "version = \"newest\"\nvariables = [\"{{code}}\"]\n";
    assert_eq!(
        said(&bird(&wrong)),
        [
            "14:16: sms.messagebird_whatsapp.workspace_id: is not a UUID such as ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318",
            "15:14: sms.messagebird_whatsapp.channel_id: is not a UUID such as ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318",
            "17:12: sms.messagebird_whatsapp.locales: `en_US` is not a locale such as `en` or `pt-BR`",
            "18:11: sms.messagebird_whatsapp.version: is neither `latest` nor the UUID of a version",
            "19:14: sms.messagebird_whatsapp.variables: `{{code}}` is not the name of a variable",
        ]
    );
    for locale in ["english", "12", "en-", "", "-US"] {
        let wrong = said(&bird(&BIRD.replace("[\"en\"", &format!("[\"{locale}\""))));
        assert_eq!(wrong.len(), 1, "{locale}: {wrong:?}");
        assert!(wrong[0].contains("is not a locale such as"), "{wrong:?}");
    }
    let missing = said(&bird(""));
    let keys = ["access_key", "workspace_id", "channel_id", "project_id", "locales"];
    assert_eq!(missing.len(), keys.len(), "{missing:?}");
    for key in keys {
        let begins = format!("12:1: sms.messagebird_whatsapp.{key}: is missing;");
        assert!(missing.iter().any(|line| line.starts_with(&begins)), "{key}: {missing:?}");
    }
}

#[test]
fn prices_of_channels_are_those_of_countries() {
    let prices = "[sms.whatsapp_prices]\nGB = \"0.0358\"\nother = \"free\"\n[sms.voice_prices]\nQQ = \"0.5\"\nUS = \"11\"\nGB = 0.5\n";
    assert_eq!(
        said(&with(PROVIDERS, prices)),
        [
            "13:9: sms.whatsapp_prices.other: `free` is not a price such as 0.0083",
            "15:6: sms.voice_prices.QQ: is neither a country such as GB nor `other`",
            "16:6: sms.voice_prices.US: `11` is more than any text costs",
            "17:6: sms.voice_prices.GB: is not a string; write it in quotes",
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
