use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use super::vendors::CaptchaVendor;
use crate::domain::Secret;
use crate::outbound::{AddressRule, HttpClient, HttpTimeouts};
use crate::system::Timestamp;

/// How long the vendor may take. Who waits for it waits for a text.
const TIMEOUTS: HttpTimeouts =
    HttpTimeouts { connect: Duration::from_secs(2), total: Duration::from_secs(3) };
/// The longest answer that is passed on, in bytes. Turnstile documents 2,048 ("Validate the token"), the
/// others no length.
const LONGEST_ANSWER: usize = 4096;
/// `error-codes` that are about our keys, not about the answer. The last is hCaptcha's.
const KEY_ERRORS: [&str; 3] =
    ["missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch"];
/// The vendor could not look at the answer (Turnstile).
const INTERNAL_ERROR: &str = "internal-error";
/// What pages name the challenge, where a vendor tells it.
const ACTION: &str = "text";

/// `[login.captcha]`.
#[derive(Clone, Debug)]
pub struct CaptchaSettings {
    pub vendor: &'static CaptchaVendor,
    /// Public: it stands in the page.
    pub site_key: String,
    pub secret: Secret,
    pub verify_url: Url,
    /// Of the pages that may show it.
    pub hostnames: Vec<String>,
}

/// The captcha of a configuration.
#[derive(Clone, Debug)]
pub struct Captcha {
    settings: CaptchaSettings,
    client: Arc<HttpClient>,
}

/// What somebody sends who solved one.
#[derive(Clone, Copy, Debug)]
pub struct CaptchaAnswer<'a> {
    pub token: &'a str,
    pub address: IpAddr,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaFault {
    /// Wrong, too old, used before, or of a page that is not ours.
    Refused,
    /// The vendor does not take our secret, or not for this site key.
    Secret,
    /// The vendor gave no answer that can be read.
    Unavailable,
}

/// What the vendors answer; other fields differ.
#[derive(Deserialize)]
struct Verdict {
    success: bool,
    hostname: Option<String>,
    action: Option<String>,
    #[serde(default, rename = "error-codes")]
    errors: Vec<String>,
}

impl Captcha {
    /// Opens no connection.
    pub fn new(settings: CaptchaSettings) -> Self {
        let rule = AddressRule::new(&settings.verify_url, Vec::new());
        let client = Arc::new(HttpClient::new(&settings.verify_url, rule, TIMEOUTS));
        Self { settings, client }
    }

    pub const fn vendor(&self) -> &'static CaptchaVendor {
        self.settings.vendor
    }

    pub fn site_key(&self) -> &str {
        &self.settings.site_key
    }

    /// What the page names the challenge.
    pub const fn action(&self) -> &'static str {
        ACTION
    }

    /// Asks the vendor whether an answer is right. It says so once for each.
    ///
    /// # Errors
    ///
    /// When it is not, or the vendor does not tell: whoever sent it proved nothing then.
    pub async fn verify(
        &self,
        answer: CaptchaAnswer<'_>,
        now: Timestamp,
    ) -> Result<(), CaptchaFault> {
        if answer.token.is_empty() || answer.token.len() > LONGEST_ANSWER {
            return Err(CaptchaFault::Refused);
        }
        let request = self.request(answer).ok_or(CaptchaFault::Unavailable)?;
        let reply = self.client.send(request, now).await.map_err(|_| CaptchaFault::Unavailable)?;
        // No vendor documents a status for refusals: the verdict is in the body.
        if !matches!(reply.status, 200 | 400) {
            return Err(CaptchaFault::Unavailable);
        }
        let verdict: Verdict =
            serde_json::from_slice(&reply.body).map_err(|_| CaptchaFault::Unavailable)?;
        self.judge(&verdict)
    }

    fn request(&self, answer: CaptchaAnswer<'_>) -> Option<Request<Vec<u8>>> {
        let mut form = Serializer::new(String::new());
        form.append_pair("secret", self.settings.secret.reveal());
        form.append_pair("response", answer.token);
        form.append_pair("remoteip", &answer.address.to_canonical().to_string());
        Request::post(self.settings.verify_url.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes())
            .ok()
    }

    fn judge(&self, verdict: &Verdict) -> Result<(), CaptchaFault> {
        let says =
            |codes: &[&str]| verdict.errors.iter().any(|code| codes.contains(&code.as_str()));
        if says(&KEY_ERRORS) {
            return Err(CaptchaFault::Secret);
        }
        if says(&[INTERNAL_ERROR]) {
            return Err(CaptchaFault::Unavailable);
        }
        let host = verdict.hostname.as_deref().unwrap_or_default();
        let is_ours = self.settings.hostnames.iter().any(|own| own.eq_ignore_ascii_case(host));
        let is_action = !self.vendor().tells_action || verdict.action.as_deref() == Some(ACTION);
        if verdict.success && is_ours && is_action { Ok(()) } else { Err(CaptchaFault::Refused) }
    }
}
