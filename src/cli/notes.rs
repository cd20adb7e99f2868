use crate::config::Config;
use crate::domain::{Audience, OneTimeCode, PhoneNumber};
use crate::gate::Site;
use crate::login::LimitDef;
use crate::pages::views::Views;
use crate::words::{Encoding, Segments, SmsTemplate, bind_to_host};

/// THE table of notes on a valid file, for who writes it. Warnings are those of the configuration.
const ALL: &[fn(&Config) -> Vec<String>] =
    &[one_cookie_for_ports, colors, never_full, segments, secret_file, tokens_for_nothing];

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

/// Texts of more than one segment; each segment is billed.
fn segments(config: &Config) -> Vec<String> {
    let others = ("sms.template".to_owned(), &config.sms_template);
    let by_language =
        config.sms_templates.iter().map(|(tag, text)| (format!("sms.templates.{tag}"), text));
    let cost = |(key, text): (String, &String)| {
        let Segments { encoding, units, count } = sample(config, text)?;
        let (kind, room) = match encoding {
            Encoding::Gsm7 => ("characters of the GSM alphabet", 160),
            Encoding::Ucs2 => ("characters, not all of them in the GSM alphabet", 70),
        };
        (count > 1).then(|| {
            format!("note: {key} makes texts of {count} segments, each of which is billed: {units} {kind}; one segment holds {room}")
        })
    };
    std::iter::once(others).chain(by_language).filter_map(cost).collect()
}

/// The size of a sample text, including the line that binds the code to the host of the login
/// pages.
fn sample(config: &Config, text: &str) -> Option<Segments> {
    let digits = config.login.code_length;
    let code = OneTimeCode::parse(&"0".repeat(digits.get().into()), digits)?;
    let phone = PhoneNumber::from_e164("+12025550123").ok()?;
    let template = SmsTemplate::parse(text, &config.brand.name).ok()?;
    let text = template.render(&code, &phone, None, None).ok()?;
    Some(Segments::of(bind_to_host(&text, config.issuer.origin().host(), &code).reveal()))
}

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
