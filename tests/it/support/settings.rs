//! The operator's file of the stories.
use super::twilio::{ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID};

pub(crate) const SECRET: &str = "a-server-secret-that-only-stories-know";
pub(crate) const DATABASE_PASSWORD: &str = "a password of the tests' databases";
/// With what form-encoding changes, as a client's secret may have it.
pub(crate) const OTHER: &str = "the+server/secret=of-somebody%2Delse";
/// Somebody with roles, and somebody without.
pub(crate) const ADA: &str = "+12025550123";
pub(crate) const BOB: &str = "+447400123456";

/// Everybody in a story comes from one address within a moment.
pub(crate) const RAISED: &str = "[limits]
starts_per_address_10m = 1000
starts_per_address_1h = 1000
starts_per_network_1h = 1000
texts_per_number_block_10m = 1000
texts_per_country_1h = 1000
texts_per_number_1h = 1000
texts_per_number_24h = 1000
challenge_after_texts = 1000
";

pub(crate) struct Settings<'a> {
    pub(crate) port: u16,
    pub(crate) admin: u16,
    pub(crate) origin: &'a str,
    /// The port of the app.
    pub(crate) app: u16,
    pub(crate) twilio: &'a str,
}

impl Settings<'_> {
    /// The text of the file for a Doorcode that neither listens nor asks anybody.
    pub(crate) fn in_process(changes: &[(&str, &str)]) -> String {
        let (origin, twilio) = ("http://localhost:8080", "http://127.0.0.1:9");
        Settings { port: 8080, admin: 9, origin, app: 9, twilio }.text(changes)
    }

    /// The text of the file, each of `changes` made once; one that fits nowhere is a wrong test.
    pub(crate) fn text(&self, changes: &[(&str, &str)]) -> String {
        let Self { port, admin, origin, app, twilio } = self;
        let text = format!(
            r#"
[server]
listen = ["127.0.0.1:{port}"]
public_url = "{origin}/.doorcode"
secret = "env:SECRET"
[admin]
listen = "127.0.0.1:{admin}"
[store]
database = "sqlite:doorcode.db"
[brand]
name = "Acme"
{RAISED}[login]
countries = ["US", "GB"]
[sms]
providers = ["twilio"]
template = "{{{{ code }}}} for {{{{ application.name }}}}"
[sms.twilio]
account_sid = "{ACCOUNT_SID}"
auth_token = "env:TOKEN"
messaging_service_sid = "{SERVICE_SID}"
base_url = "{twilio}"
[[user]]
phone = "{ADA}"
roles = ["admin", "staff"]
[[site]]
name = "Down"
url = "{origin}/down"
upstreams = ["127.0.0.1:1"]
[[site.rule]]
path = "/*"
allow = ["public"]
[[site]]
name = "Shop"
url = "{origin}"
upstreams = ["127.0.0.1:{app}"]
[[site.rule]]
path = "/public/*"
allow = ["public"]
[[site.rule]]
path = "/maybe/*"
allow = ["optional"]
[[site.rule]]
path = "/admin/*"
allow = ["role:admin"]
"#
        );
        changes.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "`{from}` is not in the settings");
            text.replacen(from, to, 1)
        })
    }
}

/// What `env:NAME` stands for.
pub(crate) fn environment(name: &str) -> Option<String> {
    let known = [
        ("SECRET", SECRET),
        ("OTHER", OTHER),
        ("TOKEN", AUTH_TOKEN),
        ("DATABASE", DATABASE_PASSWORD),
        ("SMPP_PASSWORD", super::smsc::PASSWORD),
    ];
    known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}
