use super::super::reader::Reader;
use super::server;
use crate::captcha::{Captcha, CaptchaSettings, CaptchaVendor, VENDORS};
use crate::domain::Origin;
use crate::login::ChallengeSettings;
use url::Url;

const TABLE: &str = "login.captcha";

/// What strangers may be asked for; the inner `None`: nothing.
#[expect(clippy::option_option, reason = "the outer one says that a value is wrong")]
pub(super) fn challenge(reader: &mut Reader<'_>) -> Option<Option<Box<ChallengeSettings>>> {
    let captcha = captcha(reader);
    let count = |key| reader.integer(key).and_then(|count| u32::try_from(count).ok());
    let bits = reader.integer("login.challenge_bits").and_then(|bits| u8::try_from(bits).ok());
    let wait = reader.duration("login.challenge_wait");
    let after_texts = count("limits.challenge_after_texts");
    let after_wrong_codes = count("limits.challenge_after_wrong_codes_24h");
    let is_on = reader.flag("login.challenge")?;
    let settings = ChallengeSettings {
        bits: bits?,
        wait: wait?,
        after_texts: after_texts?,
        after_wrong_codes: after_wrong_codes?,
        captcha: captcha?,
    };
    Some(is_on.then(|| Box::new(settings)))
}

/// `[login.captcha]`; the inner `None`: there is none.
#[expect(clippy::option_option, reason = "the outer one says that a value is wrong")]
fn captcha(reader: &mut Reader<'_>) -> Option<Option<Captcha>> {
    if !reader.has(TABLE) {
        return Some(None);
    }
    reader.require(TABLE);
    let vendor = reader.one("login.captcha.provider", vendor);
    let site_key = reader.one("login.captcha.site_key", site_key);
    let secret = reader.secrets("login.captcha.secret").and_then(|mut secrets| secrets.pop());
    let hosts = reader.all_or_none("login.captcha.hostnames", hostname);
    let verify_url = if reader.has("login.captcha.verify_url") {
        reader.one("login.captcha.verify_url", verify_url)
    } else {
        vendor.and_then(|vendor| Url::parse(vendor.verify_url).ok())
    };
    let own = reader.items("server.public_url")?.into_iter().next()?;
    let own = Url::parse(&own.text).ok()?.host_str()?.to_owned();
    let mut hostnames = hosts?;
    hostnames.push(own);
    Some(Some(Captcha::new(CaptchaSettings {
        vendor: vendor?,
        site_key: site_key?,
        secret: secret?,
        verify_url: verify_url?,
        hostnames,
    })))
}

fn vendor(text: &str) -> Result<&'static CaptchaVendor, String> {
    VENDORS.iter().find(|vendor| vendor.name == text).ok_or_else(|| {
        let known: Vec<_> = VENDORS.iter().map(|vendor| vendor.name).collect();
        format!("is not one of: {}", known.join(", "))
    })
}

/// Not quoted in its message: it may be the secret in the wrong place.
fn site_key(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    let good = (1..=100).contains(&text.len()) && text.bytes().all(plain);
    good.then(|| text.to_owned()).ok_or_else(|| "is not 1 to 100 of A-Z a-z 0-9 _ -".to_owned())
}

fn hostname(text: &str) -> Result<String, String> {
    if let Some(rest) = text.strip_prefix("*.") {
        return Err(format!(
            "is a wildcard, which no vendor tells as the host of a page: list each host that shows the captcha, such as app.{rest}"
        ));
    }
    let origin = Origin::parse(&format!("https://{text}"));
    let host = origin.ok().map(|origin| origin.host().to_string()).filter(|host| host == text);
    host.ok_or_else(|| "is not a host such as app.example.com".to_owned())
}

fn verify_url(text: &str) -> Result<Url, String> {
    let wrong = || "is not a URL such as https://challenges.cloudflare.com/turnstile/v0/siteverify";
    let url = Url::parse(text).map_err(|_| wrong())?;
    let origin = Origin::of(&url).map_err(|_| wrong())?;
    server::secure(&origin)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if bare { Ok(url) } else { Err("may not have a user or fragment".to_owned()) }
}
