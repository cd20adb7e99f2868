use super::text_notes::texts;
use crate::config::Config;
use crate::delivery::sms::ProviderSettings;
use crate::domain::Audience;
use crate::gate::Site;
use crate::login::LimitDef;
use crate::pages::views::Views;

/// THE table of notes on a valid file, for who writes it. Warnings are those of the configuration.
const ALL: &[fn(&Config) -> Vec<String>] = &[
    one_cookie_for_ports,
    colors,
    never_full,
    never_judged,
    texts,
    receipts,
    secret_file,
    tokens_for_nothing,
];

pub(super) fn notes(config: &Config) -> Vec<String> {
    ALL.iter().flat_map(|look| look(config)).collect()
}

fn one_cookie_for_ports(config: &Config) -> Vec<String> {
    let own = config.issuer.origin();
    let elsewhere = |site: &&Site| {
        let site = &site.url.origin;
        site.host() == own.host() && site.port() != own.port()
    };
    let said = |site: &Site| {
        let name = &site.name;
        format!(
            "note: {name} and server.public_url differ in port only: browsers send one cookie to both, so no hand-over is needed"
        )
    };
    config.sites.iter().filter(elsewhere).map(said).collect()
}

fn colors(config: &Config) -> Vec<String> {
    let corrections = Views::new(&config.brand).map(|pages| pages.corrections().to_vec());
    corrections.unwrap_or_default().iter().map(|said| format!("note: {said}")).collect()
}

fn never_full(config: &Config) -> Vec<String> {
    let said = |[(row, most), (longer, less)]: [(&LimitDef, u32); 2]| {
        let (key, other) = (row.key, longer.key);
        format!("note: limits.{key} ({most}) has no effect: limits.{other} allows only {less}")
    };
    config.login.limits.unreachable_limits().into_iter().map(said).collect()
}

fn never_judged(config: &Config) -> Vec<String> {
    let said = |[(key, least), (other, fewer)]: [(&str, u32); 2]| {
        format!(
            "note: limits.{key} ({least}) is never reached: limits.{other} allows only {fewer} in 24 hours"
        )
    };
    config.login.limits.unreachable_least_texts().into_iter().map(said).collect()
}

/// Providers that tell nothing of their texts, since what they would sign with is not known.
fn receipts(config: &Config) -> Vec<String> {
    let without = |provider: &ProviderSettings| {
        let api = provider
            .api()
            .filter(|api| config.sms_receipts.is_some() && api.receipts().is_none())?;
        let name = api.name();
        let key = RECEIPT_KEYS.iter().find(|(known, _)| *known == name).map(|(_, key)| *key)?;
        Some(format!(
            "note: sms.{name} gives no receipts: nobody learns whether its texts arrive, until {key} is set"
        ))
    };
    config.providers.iter().filter_map(without).collect()
}

/// The key by which receipts of a provider are known.
const RECEIPT_KEYS: &[(&str, &str)] = &[
    ("twilio", "sms.twilio.auth_token"),
    ("twilio_voice", "sms.twilio_voice.auth_token"),
    ("twilio_whatsapp", "sms.twilio_whatsapp.auth_token"),
    ("vonage", "sms.vonage.signature_secret"),
    ("messagebird", "sms.messagebird.signing_key"),
    ("messagebird_whatsapp", "sms.messagebird_whatsapp.signing_key"),
    ("telnyx", "sms.telnyx.public_key"),
    ("sinch", "sms.sinch.webhook_secret"),
    ("aws", "sms.aws.topic"),
];

fn secret_file(config: &Config) -> Vec<String> {
    let path = config.secret_file.display();
    let made = if config.secret_file.exists() { "" } else { ", created at the first start" };
    let said = format!("note: server.secret is in {path}{made}");
    config.secrets.is_none().then_some(said).into_iter().collect()
}

/// Audiences that differ from a site's only in trailing slashes: they are compared byte for byte.
fn tokens_for_nothing(config: &Config) -> Vec<String> {
    let mut all = Vec::new();
    for site in &config.sites {
        let (name, url) = (&site.name, site.url.to_string());
        for client in config.oauth.clients.all() {
            let near = |audience: &&str| *audience != url && audience.trim_end_matches('/') == url;
            let audiences = client.audiences.iter().map(Audience::as_str);
            all.extend(audiences.filter(near).map(|audience| {
                let id = &client.id;
                format!(
                    "note: the audience {audience:?} of client {id} is not that of {name}, {url:?}"
                )
            }));
        }
    }
    all
}
