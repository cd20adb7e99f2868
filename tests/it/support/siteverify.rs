//! A vendor's verification of captchas on this machine, as strict as the documentation of all three.
use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::http::request::Parts;
use serde_json::json;

use super::provider::{FakeProvider, Reply, Text, Vendor};
use super::settings::OTHER;

/// A vendor forgets the answers that have this word.
pub(crate) const FORGOTTEN: &str = "forgotten";
pub(crate) const SITE_KEY: &str = "1x00000000000000000000AA";

/// `[login.captcha]` of this provider, verified here.
pub(crate) fn captcha_table(provider: &str, siteverify: &FakeProvider) -> String {
    format!(
        "[login.captcha]\nprovider = \"{provider}\"\nsite_key = \"{SITE_KEY}\"\n\
         secret = \"env:OTHER\"\nverify_url = \"{}/siteverify\"\n",
        siteverify.base_url()
    )
}

/// `siteverify` as the vendors document it: a form of secret, response and remoteip; each response once.
#[derive(Default)]
pub(crate) struct Siteverify {
    used: Mutex<Vec<String>>,
}

impl Vendor for Siteverify {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let kind = head.headers.get("content-type").map(|kind| kind.as_bytes().to_vec());
        assert_eq!(kind.unwrap_or_default(), b"application/x-www-form-urlencoded");
        assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/siteverify"));
        assert!(head.uri.query().is_none(), "the secret is in the body");
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        assert_eq!(form.keys().collect::<Vec<_>>(), ["remoteip", "response", "secret"]);
        if form["secret"] != OTHER {
            return Err(refusal("invalid-input-secret"));
        }
        let token = form["response"].clone();
        let mut used = self.used.lock().unwrap();
        if token.starts_with("expired") || used.contains(&token) {
            return Err(refusal("timeout-or-duplicate"));
        }
        if !token.starts_with("good") {
            return Err(refusal("invalid-input-response"));
        }
        if !token.contains(FORGOTTEN) {
            used.push(token.clone());
        }
        Ok(Text {
            to: token,
            sender: "siteverify".into(),
            body: form["remoteip"].clone(),
            validity: None,
        })
    }

    fn accepted(&self, text: &Text) -> Reply {
        verdict(if text.to.contains("elsewhere") { "shop.example" } else { "localhost" }, "text")
    }

    fn slow_down(&self) -> Reply {
        refusal("bad-request")
    }
}

pub(crate) fn verdict(hostname: &str, action: &str) -> Reply {
    let at = "2026-01-01T00:00:00Z";
    let verdict = json!({
        "success": true, "challenge_ts": at, "hostname": hostname, "error-codes": [],
        "action": action, "cdata": "",
    });
    Reply::json(200, &verdict)
}

pub(crate) fn refusal(code: &str) -> Reply {
    Reply::json(200, &json!({ "success": false, "error-codes": [code] }))
}
