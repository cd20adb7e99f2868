use super::Found;
use crate::config::settings::Config;
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::twilio::{NameSupport, TwilioSender, TwilioSettings, name_support};
use crate::domain::{Country, TextChannel};
use crate::login::{Countries, DearestMessage, LimitDef, LoginSettings};
use crate::pages::views::Views;

/// Languages of the pages that no native speaker has reviewed.
pub(super) fn drafts(config: &Config) -> Found {
    let Ok(views) = Views::new(&config.brand) else { return Found::new() };
    let drafts = views.languages().iter().filter(|language| language.reviewed_by().is_none());
    let tags: Vec<&str> = drafts.map(crate::words::Language::tag).collect();
    if tags.is_empty() || config.is_local() {
        return Found::new();
    }
    let text = format!(
        "the pages in {} are drafts that no native speaker has reviewed; after a review, write \
         `reviewed_by = \"NAME\"` in words/TAG.toml of this folder; brand.languages leaves others out",
        tags.join(", ")
    );
    vec![("brand.folder".to_owned(), text)]
}

/// Budgets that one text exceeds: nobody new would ever be texted.
pub(super) fn budgets_below_a_text(config: &Config) -> Found {
    let Countries::Only(served) = &config.login.countries else { return Found::new() };
    let (limits, segments) = (&config.login.limits, config.text_segments().most());
    let channels = config.login.channels.all();
    let dearest = limits.prices().dearest_message(served, &channels, segments);
    let Some(DearestMessage { country, channel, units, cost }) = dearest else {
        return Found::new();
    };
    let (message, prices) = match channel {
        TextChannel::Sms => ("text", "sms.prices"),
        TextChannel::WhatsApp => ("message by WhatsApp", "sms.whatsapp_prices"),
        TextChannel::Voice => ("call", "sms.voice_prices"),
    };
    let said = |row: &LimitDef| {
        let (key, most, country) = (row.key, limits.maximum_of(row), country.as_str());
        let text = format!(
            "{most} is less than one {message} to {country} may cost ({cost}): nobody new there gets a code; raise it, or correct {prices}"
        );
        (format!("limits.{key}"), text)
    };
    limits.below_a_message(units).map(said).collect()
}

fn twilio(config: &Config) -> impl Iterator<Item = &TwilioSettings> {
    config.providers.iter().filter_map(|provider| match provider {
        ProviderSettings::Twilio(settings) => Some(settings),
        _ => None,
    })
}

/// Names as senders where networks refuse them, or know them only once they are registered.
pub(super) fn senders(config: &Config) -> Found {
    let Countries::Only(served) = &config.login.countries else { return Found::new() };
    let mut found = Found::new();
    for settings in twilio(config) {
        let TwilioSender::From(name) = &settings.sender else { continue };
        if !name.contains(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        for (support, text) in [
            (
                NameSupport::Refused,
                "networks refuse or replace it; use a number or messaging_service_sid",
            ),
            (NameSupport::Registered, "it must be registered with Twilio first"),
        ] {
            let named = served.iter().filter(|country| name_support(**country) == support);
            let countries = named.map(Country::as_str).collect::<Vec<_>>().join(", ");
            if !countries.is_empty() {
                let text = format!("`{name}` is a name, and in {countries} {text}");
                found.push(("sms.twilio.from".to_owned(), text));
            }
        }
    }
    found
}

/// Texts, with the account's token, that go to a stand-in.
pub(super) fn not_twilio(config: &Config) -> Found {
    let elsewhere = twilio(config).filter_map(|settings| {
        let host = settings.base_url.host_str().unwrap_or_default();
        let is_twilio = host == "twilio.com" || host.ends_with(".twilio.com");
        let text =
            format!("is on {host}: texts and the account's token go there and not to Twilio");
        (!is_twilio).then(|| ("sms.twilio.base_url".to_owned(), text))
    });
    if config.is_local() { Found::new() } else { elsewhere.collect() }
}

/// Providers whose people cannot be told which number to text START to, where carriers stop texts by STOP.
pub(super) fn stop_without_start(config: &Config) -> Found {
    let login = &config.login;
    let Countries::Only(served) = &login.countries else { return Found::new() };
    let stops: Vec<&str> = served
        .iter()
        .filter(|country| LoginSettings::tells_rates(**country))
        .map(Country::as_str)
        .collect();
    if stops.is_empty() || !login.sign_up || config.is_local() {
        return Found::new();
    }
    let lacks = config.providers.iter().filter(|provider| {
        provider.sends_our_texts() && login.start_number(Some(provider.name())).is_none()
    });
    let said = |provider: &ProviderSettings| {
        let text = format!(
            "lacks {}: people in {} who answered STOP are told to text START, but not to which number",
            provider.name(),
            stops.join(" and ")
        );
        ("sms.start_numbers".to_owned(), text)
    };
    lacks.map(said).collect()
}

/// Countries whose carriers look for terms and a privacy policy beside the field for the number.
pub(super) fn consent_without_links(config: &Config) -> Found {
    let Countries::Only(served) = &config.login.countries else { return Found::new() };
    let told: Vec<&str> = served
        .iter()
        .filter(|country| LoginSettings::tells_rates(**country))
        .map(Country::as_str)
        .collect();
    let links = &config.brand.links;
    let lacks = [("terms", &links.terms), ("privacy", &links.privacy)];
    let lacks = lacks.iter().filter(|(_, link)| link.is_none()).map(|(name, _)| *name);
    let lacks: Vec<&str> = lacks.collect();
    if told.is_empty() || lacks.is_empty() || config.is_local() {
        return Found::new();
    }
    let text = format!(
        "lacks {}, which carriers of {} want to see where numbers are asked for",
        lacks.join(" and "),
        told.join(" and ")
    );
    vec![("brand.links".to_owned(), text)]
}
