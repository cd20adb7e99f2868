use http::{HeaderName, HeaderValue, Method, header};
use url::Url;

use super::super::super::reader::Reader;
use super::super::super::values::{shown, unknown};
use super::super::server;
use super::address::public;
use super::sender::sender;
use super::{SmsContext, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::http::{
    GatewayBody, GatewaySettings, GatewayValues, PRESETS, signing_key,
};
use crate::domain::{Origin, Secret};
use crate::words::{RequestTemplate, ValueEncoding};

const URL: &str = "sms.http.url";
const METHOD: &str = "sms.http.method";
const PRESET: &str = "sms.http.preset";
const BODY: &str = "sms.http.body";
const FORMAT: &str = "sms.http.format";
const HEADERS: &str = "sms.http.headers";
const AUTHORIZATION: &str = "sms.http.authorization";
const RECEIPTS: &str = "sms.http.receipts";
const SIGNING_SECRET: &str = "sms.http.signing_secret";

/// The least length of a signing secret, in bytes, by Standard Webhooks.
const SHORTEST_KEY: usize = 24;

/// Headers that the request has anyway.
const OURS: [HeaderName; 7] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::AUTHORIZATION,
    HeaderName::from_static("idempotency-key"),
];

/// What templates are tried with: values that would break out of any place.
const SAMPLE: GatewayValues<'_> = GatewayValues {
    id: "0123456789abcdef",
    to: "+12025550123",
    to_digits: "12025550123",
    from: "Shop",
    text: "731904 is your \"code\" & {more}\\\n/?#@é",
    expires_in: "300",
};
/// Others, by which a host that depends on them is found.
const OTHER: GatewayValues<'_> = GatewayValues {
    id: "fedcba9876543210",
    to: "+447400123456",
    to_digits: "447400123456",
    from: "",
    text: "x",
    expires_in: "1",
};

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.http");
    let method = reader.one(METHOD, method);
    let url = reader.one(URL, |text| gateway_url(text, context));
    let from = reader.one("sms.http.from", sender);
    let headers = headers(reader);
    let authorization = optional_secret(reader, AUTHORIZATION, header_value);
    let signing_secret = optional_secret(reader, SIGNING_SECRET, strong);
    let receipts = receipts(reader);
    let body = if method == Some(Method::GET) {
        let good = is_without_body(reader)
            && url.as_ref().is_none_or(|(template, _)| has_text(reader, template));
        good.then_some(None)
    } else {
        body(reader).map(Some)
    };
    if reader.has("sms.http.from") && from.is_none() {
        return None;
    }
    let (url, origin) = url?;
    Some(ProviderSettings::Http(GatewaySettings {
        method: method?,
        url,
        origin,
        body: body?,
        headers: headers?,
        authorization: authorization?,
        receipts: receipts?,
        signing_secret: signing_secret?,
        from,
    }))
}

fn receipts(reader: &mut Reader<'_>) -> Option<bool> {
    let wanted = reader.flag(RECEIPTS)?;
    if wanted && !reader.has(SIGNING_SECRET) {
        reader.note(RECEIPTS, "needs signing_secret, by which receipts are known");
        return None;
    }
    Some(wanted)
}

fn method(text: &str) -> Result<Method, String> {
    let known = ["POST", "PUT", "GET"];
    let found = known.into_iter().find(|name| *name == text);
    let method = found.and_then(|name| name.parse().ok());
    method.ok_or_else(|| unknown(text, "a method of gateways", &known))
}

fn gateway_url(text: &str, context: &SmsContext<'_>) -> Result<(RequestTemplate, Url), String> {
    let template = RequestTemplate::parse(URL, text, ValueEncoding::Percent);
    let template = template.map_err(|why| why.without_name())?;
    let rendered = |values: &GatewayValues<'_>| {
        let text = template.try_out(&values.pairs()).map_err(|why| why.without_name())?;
        Url::parse(&text)
            .map_err(|_| "is not a URL such as https://sms.example.com/send".to_owned())
    };
    let (url, other) = (rendered(&SAMPLE)?, rendered(&OTHER)?);
    let origin = Origin::of(&url).map_err(|why| why.to_string())?;
    if url.origin() != other.origin() {
        return Err("has a host that depends on the text".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("may not have a user or fragment; credentials go into authorization".to_owned());
    }
    server::secure(&origin)?;
    public(&url, context.allowed)?;
    Ok((template, url.join("/").map_err(|why| why.to_string())?))
}

/// Whether nothing says what the body is: a GET has none, and so nothing that could be signed.
fn is_without_body(reader: &mut Reader<'_>) -> bool {
    let mut good = true;
    for key in [BODY, PRESET, SIGNING_SECRET] {
        if reader.has(key) {
            reader
                .note(key, "is for requests with a body; with method GET, put all values into url");
            good = false;
        }
    }
    good
}

/// Whether the text is in the URL, where a GET has it.
fn has_text(reader: &mut Reader<'_>, url: &RequestTemplate) -> bool {
    let made = |values: GatewayValues<'_>| url.try_out(&values.pairs()).ok();
    let has_text = made(SAMPLE) != made(GatewayValues { text: "", ..SAMPLE });
    if !has_text {
        reader.note(URL, "does not contain the text, and a GET has no body: add {{ text }}");
    }
    has_text
}

fn body(reader: &mut Reader<'_>) -> Option<GatewayBody> {
    let formats = GatewayBody::FORMATS;
    let format = reader.one(FORMAT, |text| {
        let known: Vec<&str> = formats.iter().map(|(name, ..)| *name).collect();
        let found = formats.iter().find(|(name, ..)| *name == text);
        found.ok_or_else(|| unknown(text, "a format of bodies", &known))
    });
    let preset = preset(reader);
    let (name, content_type, encoding) = *format?;
    let parse = |text: &str| body_template(text, encoding);
    if reader.has(BODY) {
        if reader.has(PRESET) {
            reader.note(BODY, "conflicts with preset; keep one of the two");
            return None;
        }
        return reader.one(BODY, parse).map(|template| GatewayBody { template, content_type });
    }
    if name != "json" {
        reader.note(FORMAT, "needs a body: presets are JSON");
        return None;
    }
    let template = reader.take(None, PRESET, parse(preset?))?;
    Some(GatewayBody { template, content_type })
}

/// The body of the preset.
fn preset(reader: &mut Reader<'_>) -> Option<&'static str> {
    if !reader.has(PRESET) {
        return PRESETS.first().map(|(_, body)| *body);
    }
    reader.one(PRESET, |text| {
        let known: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
        let found = PRESETS.iter().find(|(name, _)| *name == text);
        found.map(|(_, body)| *body).ok_or_else(|| unknown(text, "a preset", &known))
    })
}

fn body_template(text: &str, encoding: ValueEncoding) -> Result<RequestTemplate, String> {
    let template =
        RequestTemplate::parse(BODY, text, encoding).map_err(|why| why.without_name())?;
    for values in [SAMPLE, OTHER] {
        let body = template.try_out(&values.pairs()).map_err(|why| why.without_name())?;
        let is_json = || serde_json::from_str::<serde_json::Value>(&body).is_ok();
        if encoding == ValueEncoding::Json && !is_json() {
            return Err(
                "does not make JSON: put strings such as \"{{ text }}\" in quotes".to_owned()
            );
        }
        let text = template.try_out(&GatewayValues { text: "", ..values }.pairs());
        if text.is_ok_and(|without| without == body) {
            return Err("does not contain the text: add {{ text }}".to_owned());
        }
    }
    Ok(template)
}

fn headers(reader: &mut Reader<'_>) -> Option<Vec<(HeaderName, RequestTemplate)>> {
    let mut good = Vec::new();
    for name in reader.names(HEADERS) {
        let key = format!("{HEADERS}.{name}");
        good.push(reader.one(&key, |value| custom_header(&key, &name, value)));
    }
    good.into_iter().collect()
}

fn custom_header(
    key: &str,
    name: &str,
    value: &str,
) -> Result<(HeaderName, RequestTemplate), String> {
    let parsed = HeaderName::try_from(name);
    let parsed = parsed.map_err(|_| format!("{} is not the name of a header", shown(name)))?;
    if OURS.contains(&parsed) || parsed.as_str().starts_with("webhook-") {
        return Err("is a header that each request has anyway".to_owned());
    }
    if value.starts_with("env:") || value.starts_with("file:") {
        return Err("may not be a secret; that belongs into authorization".to_owned());
    }
    let template = RequestTemplate::parse(key, value, ValueEncoding::Header);
    let template = template.map_err(|why| why.without_name())?;
    for values in [SAMPLE, OTHER] {
        let value = template.try_out(&values.pairs()).map_err(|why| why.without_name())?;
        HeaderValue::from_str(&value).map_err(|_| "is not the value of a header".to_owned())?;
    }
    Ok((parsed, template))
}

/// The outer `None`: a mistake was noted.
#[expect(clippy::option_option, reason = "a mistake is not the absence of an optional key")]
fn optional_secret(
    reader: &mut Reader<'_>,
    key: &str,
    check: fn(&str) -> Result<(), String>,
) -> Option<Option<Secret>> {
    if !reader.has(key) {
        return Some(None);
    }
    let secret = secret(reader, key)?;
    reader.take(None, key, check(secret.reveal()))?;
    Some(Some(secret))
}

fn header_value(text: &str) -> Result<(), String> {
    let good = HeaderValue::from_str(text).is_ok();
    good.then_some(()).ok_or_else(|| "refers to what is not the value of a header".to_owned())
}

fn strong(text: &str) -> Result<(), String> {
    let key =
        signing_key(text).ok_or("refers to a secret whose part after whsec_ is not Base64")?;
    let good = key.len() >= SHORTEST_KEY;
    good.then_some(()).ok_or_else(|| "refers to a secret of fewer than 24 bytes".to_owned())
}
