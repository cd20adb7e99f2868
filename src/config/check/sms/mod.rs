//! `[sms]`: which providers there are, one file for each, and what texts say.
//! Asks no provider.
mod address;
mod aws;
mod channels;
mod http;
mod messagebird;
mod messagebird_whatsapp;
mod plivo;
mod routes;
mod sender;
mod sinch;
mod smpp;
mod start_numbers;
mod telnyx;
mod templates;
mod twilio;
mod twilio_channels;
mod twilio_verify;
mod vonage;

use ipnet::IpNet;

use super::super::reader::Reader;
use super::super::values::{self, shown, unknown};
use super::brand::Checked;
use super::server::ServerContext;
use crate::api::RECEIPTS;
use crate::delivery::sms::ProviderSettings;
use crate::domain::{Secret, TextChannel};

pub(super) use channels::channels;
pub(super) use routes::routes;
pub(super) use start_numbers::start_numbers;
pub(super) use templates::built_in;

/// What there is of `[sms]` before anything else is known; `None`: a mistake was noted.
#[expect(clippy::option_option, reason = "a mistake is not the absence of receipts")]
pub(super) struct TextParts {
    pub(super) allowed: Option<Vec<IpNet>>,
    pub(super) providers: Option<Vec<ProviderSettings>>,
    /// `sms.receipts`.
    pub(super) receipts: Option<Option<url::Url>>,
    pub(super) template: Option<String>,
    /// By language.
    pub(super) templates: Option<Vec<(String, String)>>,
}

impl TextParts {
    /// `brand`: `None` if it has mistakes.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        ground: &ServerContext,
        brand: Option<&Checked>,
    ) -> Self {
        let (allowed, receipts) = (allowed(reader), receipts(reader, ground));
        let providers = providers(reader, ground, allowed.as_deref());
        let template = templates::template(reader, brand);
        let templates = templates::templates(reader, brand);
        Self { allowed, providers, receipts, template, templates }
    }
}

/// What the tables of providers depend on.
struct SmsContext<'a> {
    ground: &'a ServerContext,
    allowed: &'a [IpNet],
}

type ReadProvider = fn(&mut Reader<'_>, &SmsContext<'_>) -> Option<ProviderSettings>;

/// THE table of providers, and how their messages reach phones. Each has its own table in the file, `[sms.NAME]`.
const PROVIDERS: &[(&str, TextChannel, ReadProvider)] = &[
    ("console", TextChannel::Sms, console),
    ("twilio", TextChannel::Sms, twilio::read),
    ("twilio_verify", TextChannel::Sms, twilio_verify::read),
    ("twilio_voice", TextChannel::Voice, twilio_channels::read),
    ("twilio_whatsapp", TextChannel::WhatsApp, twilio_channels::read_whatsapp),
    ("vonage", TextChannel::Sms, vonage::read),
    ("plivo", TextChannel::Sms, plivo::read),
    ("messagebird", TextChannel::Sms, messagebird::read),
    ("messagebird_whatsapp", TextChannel::WhatsApp, messagebird_whatsapp::read),
    ("telnyx", TextChannel::Sms, telnyx::read),
    ("sinch", TextChannel::Sms, sinch::read),
    ("aws", TextChannel::Sms, aws::read),
    ("smpp", TextChannel::Sms, smpp::read),
    ("http", TextChannel::Sms, http::read),
];

const KEY: &str = "sms.providers";
const ALLOW_PRIVATE: &str = "sms.allow_private";

/// `sms.allow_private`.
fn allowed(reader: &mut Reader<'_>) -> Option<Vec<IpNet>> {
    reader.all_or_none(ALLOW_PRIVATE, |text| {
        let net = values::network(text)?;
        let open = values::is_anybody(&net);
        let why =
            || format!("{} is every address; list the networks of your gateways", shown(text));
        if open { Err(why()) } else { Ok(net) }
    })
}

/// `sms.receipts`.
#[expect(clippy::option_option, reason = "a mistake is not the absence of receipts")]
fn receipts(reader: &Reader<'_>, ground: &ServerContext) -> Option<Option<url::Url>> {
    if !reader.flag("sms.receipts")? {
        return Some(None);
    }
    ground.issuer.as_ref()?.url(RECEIPTS).parse().ok().map(Some)
}

/// `allowed`: `None` if a mistake was noted; addresses are then not judged.
fn providers(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    allowed: Option<&[IpNet]>,
) -> Option<Vec<ProviderSettings>> {
    let everything = ["0.0.0.0/0", "::/0"].iter().filter_map(|net| net.parse().ok());
    let everything: Vec<IpNet> = everything.collect();
    let context = SmsContext { ground, allowed: allowed.unwrap_or(&everything) };
    let named = reader.all(KEY, |text| {
        let known: Vec<&str> = PROVIDERS.iter().map(|(name, ..)| *name).collect();
        let found = known.iter().find(|name| **name == text).copied();
        found.ok_or_else(|| unknown(text, "a provider", &known))
    });
    let mut read = Vec::new();
    for (name, _, provider) in PROVIDERS {
        let listed = reader.items(KEY).is_some_and(|items| items.iter().any(|i| i.text == *name));
        let table = format!("sms.{name}");
        match (listed, reader.has_more_than_defaults(&table)) {
            (true, _) => read.push((*name, provider(reader, &context))),
            // Only to report its mistakes: the list itself is invalid.
            (false, true) if named.is_none() => drop(provider(reader, &context)),
            (false, true) => reader.note(
                &table,
                format!("is not used: {KEY} does not list `{name}`; add it or remove this table"),
            ),
            (false, false) => {}
        }
    }
    let of = |name: &str| read.iter().find(|(n, _)| *n == name).and_then(|(_, p)| p.clone());
    named?.into_iter().map(of).collect()
}

/// The secret at `key`; `None` if it is missing or a mistake was noted.
fn secret(reader: &mut Reader<'_>, key: &str) -> Option<Secret> {
    reader.secrets(key)?.pop()
}

/// The secret at `key`, if it is there; `None` if a mistake was noted.
#[expect(clippy::option_option, reason = "a mistake is not the absence of an optional key")]
fn optional_secret(reader: &mut Reader<'_>, key: &str) -> Option<Option<Secret>> {
    if reader.has(key) { secret(reader, key).map(Some) } else { Some(None) }
}

/// How the messages of a provider reach phones; `None`: there is no such provider.
fn channel_of(name: &str) -> Option<TextChannel> {
    PROVIDERS.iter().find(|(known, ..)| *known == name).map(|(_, channel, _)| *channel)
}

/// What goes into a URL or a header as it is, such as the id of an account.
fn plain(text: &str) -> Result<String, String> {
    let good = !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    // Not quoted: it may be a secret in the wrong place.
    good.then(|| text.to_owned()).ok_or_else(|| "is not 1 to 100 letters and digits".to_owned())
}

fn console(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    if let Some(why) = context.ground.refuses_development() {
        let items = reader.items(KEY)?;
        let at = items.iter().find(|item| item.text == "console").and_then(|item| item.at);
        reader.note_at(at, KEY, format!("`console` {why}"));
        return None;
    }
    Some(ProviderSettings::Console)
}
