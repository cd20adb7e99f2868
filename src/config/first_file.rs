//! A first configuration file, made from the answers to a handful of questions.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::load;
use super::purpose::Purpose;
use super::reader::Source;
use crate::gate::SiteUrl;

/// A question to whoever makes a file.
pub struct FirstQuestion {
    /// The option of the command line that answers it.
    pub name: &'static str,
    pub text: &'static str,
    /// A mistake at one of these keys is one of the answer.
    keys: &'static [&'static str],
    /// Depends on earlier answers, as `applies` does.
    default: fn(&FirstFile) -> &'static str,
    applies: fn(&FirstFile) -> bool,
}

/// THE table of questions, in the order in which they are asked.
pub const QUESTIONS: &[FirstQuestion] = &[
    FirstQuestion {
        name: "url",
        text: "Public URL of the app, as browsers will open it",
        keys: &["site[1].url", "server.public_url"],
        default: |_| "http://localhost:8080",
        applies: |_| true,
    },
    FirstQuestion {
        name: "upstream",
        text: "Where the app itself listens (host:port)",
        keys: &["site[1].upstreams"],
        default: |_| "127.0.0.1:3000",
        applies: |_| true,
    },
    FirstQuestion {
        name: "name",
        text: "Name that people see on the login pages",
        keys: &["brand.name", "site[1].name"],
        default: |_| "My app",
        applies: |_| true,
    },
    FirstQuestion {
        name: "countries",
        text: "Countries whose numbers may sign in (ISO 3166 codes such as US GB)",
        keys: &["login.countries"],
        default: |_| "US",
        applies: |_| true,
    },
    FirstQuestion {
        name: "certificate",
        text: "PEM file of the certificate, `acme` to get one from Let's Encrypt, or `proxy` if another server on \
               this machine speaks https",
        keys: &["server.tls", "server.tls[1].certificate"],
        default: |_| PROXY,
        applies: FirstFile::is_https,
    },
    FirstQuestion {
        name: "key",
        text: "PEM file of its private key",
        keys: &["server.tls[1].key"],
        default: |_| "key.pem",
        applies: FirstFile::has_certificate,
    },
    FirstQuestion {
        name: "contact",
        text: "Mail address for Let's Encrypt; with it you agree to its terms (letsencrypt.org/repository)",
        keys: &["acme.contact"],
        default: |_| "ops@example.com",
        applies: FirstFile::has_acme,
    },
    FirstQuestion {
        name: "provider",
        text: "How codes are sent: `twilio`, or `console`, which prints them (on this machine only)",
        keys: &["sms.providers"],
        default: |file| if file.is_https() { "twilio" } else { "console" },
        applies: |_| true,
    },
    FirstQuestion {
        name: "twilio-account",
        text: "Account SID of Twilio (AC…)",
        keys: &["sms.twilio.account_sid"],
        default: |_| "AC00000000000000000000000000000000",
        applies: FirstFile::is_twilio,
    },
    FirstQuestion {
        name: "twilio-from",
        text: "Number or messaging service (MG…) that texts come from",
        keys: &["sms.twilio.from", "sms.twilio.messaging_service_sid"],
        default: |_| "MG00000000000000000000000000000000",
        applies: FirstFile::is_twilio,
    },
];

/// The answer that another server speaks https.
const PROXY: &str = "proxy";
/// The answer that certificates come from an authority.
const ACME: &str = "acme";

/// What was answered so far.
#[derive(Default)]
pub struct FirstFile(BTreeMap<&'static str, String>);

impl FirstFile {
    /// Whether a question is to be asked after the answers so far.
    pub fn asks(&self, question: &FirstQuestion) -> bool {
        (question.applies)(self)
    }

    /// What is taken for an answer where nobody gives one.
    pub fn default_of(&self, question: &FirstQuestion) -> &'static str {
        (question.default)(self)
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// What is wrong with it: the mistakes that a file with it would have.
    pub fn answer(&mut self, question: &FirstQuestion, text: &str) -> Result<(), String> {
        let before = self.0.insert(question.name, text.trim().to_owned());
        let wrong = self.mistakes(question.keys);
        if wrong.is_empty() {
            return Ok(());
        }
        match before {
            Some(before) => self.0.insert(question.name, before),
            None => self.0.remove(question.name),
        };
        Err(wrong.join("; "))
    }

    /// The mistakes of the file at these keys. Secrets and certificates are not looked for.
    fn mistakes(&self, keys: &[&str]) -> Vec<String> {
        let source =
            Source { environment: &|_| None, base: Path::new(""), purpose: Purpose::Pages };
        let Err(problems) = load::parse(&self.text(), "", source) else { return Vec::new() };
        let own = problems.list().iter().filter(|problem| keys.contains(&problem.key.as_str()));
        own.map(|problem| problem.text.clone()).collect()
    }

    /// The text of the file, with comments.
    pub fn text(&self) -> String {
        let mut text = String::from(START);
        let mut line = |line: &str| {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{line}");
        };
        line("[server]");
        line(&format!("listen = [{}]", quoted(&self.listen())));
        match self.place() {
            Place::Certificate => {
                let (certificate, key) = (quoted(self.of("certificate")), quoted(self.of("key")));
                line("redirect_listen = [\"[::]:80\"] # leads to https");
                line(&format!("tls = [{{ certificate = {certificate}, key = {key} }}]"));
            }
            Place::Acme => {
                line("redirect_listen = [\"[::]:80\"] # leads to https, and answers the authority");
                line("tls = \"acme\"");
            }
            Place::Proxy => {
                line(
                    "# The server that speaks https forwards with the visitor's Host and X-Forwarded-For.",
                );
                line("trusted_proxies = [\"127.0.0.1\"]");
            }
            Place::Plain => {}
        }
        line("# Where the login pages are. For apps on several hosts: a host of its own.");
        line(&format!("public_url = {}", quoted(&format!("{}/.doorcode", self.origin()))));
        line(
            "# server.secret is made at the first start, in doorcode.secret beside this file. Keep it.",
        );
        if self.has_acme() {
            let contact = format!("mailto:{}", self.of("contact").trim_start_matches("mailto:"));
            line(&format!("\n[acme]\ncontact = {}", quoted(&contact)));
            line("# Of the authority: https://letsencrypt.org/repository/");
            line("terms_agreed = true");
            line("folder = \"acme\"");
        }
        line("\n[store]\ndatabase = \"sqlite:doorcode.db\"");
        line(&format!("\n[brand]\nname = {}", quoted(self.of("name"))));
        let countries: Vec<String> = self.countries().map(|code| quoted(&code)).collect();
        line("\n[login]\n# No text is sent to any other country.");
        line(&format!("countries = [{}]", countries.join(", ")));
        self.sms(&mut line);
        line(&format!("\n[[site]]\nname = {}", quoted(self.of("name"))));
        line(&format!("url = {}", quoted(self.of("url"))));
        line(
            "# Nobody may reach the app but through Doorcode: let it listen on a private address.",
        );
        line(&format!("upstreams = [{}]", quoted(self.of("upstream"))));
        text.push_str(END);
        text
    }

    fn sms(&self, line: &mut impl FnMut(&str)) {
        line(&format!("\n[sms]\nproviders = [{}]", quoted(self.of("provider"))));
        if !self.is_twilio() {
            return line("# `console` prints codes on this terminal. To text them: \"twilio\".");
        }
        let from = self.of("twilio-from");
        let is_service = from.starts_with("MG");
        let key = if is_service { "messaging_service_sid" } else { "from" };
        line(&format!("\n[sms.twilio]\naccount_sid = {}", quoted(self.of("twilio-account"))));
        line("auth_token = \"env:TWILIO_AUTH_TOKEN\" # an environment variable, or file:PATH");
        line(&format!("{key} = {}", quoted(from)));
    }

    fn of(&self, name: &str) -> &str {
        let question = || QUESTIONS.iter().find(|question| question.name == name);
        let default = || question().map_or("", |question| self.default_of(question));
        self.0.get(name).map_or_else(default, String::as_str)
    }

    /// Separated by white space or commas, in letters of either case.
    fn countries(&self) -> impl Iterator<Item = String> {
        let codes = self.of("countries").split([' ', ',']).filter(|code| !code.is_empty());
        codes.map(str::to_ascii_uppercase)
    }

    fn url(&self) -> Option<SiteUrl> {
        SiteUrl::parse(self.of("url")).ok()
    }

    fn origin(&self) -> String {
        self.url().map_or_else(|| self.of("url").to_owned(), |url| url.origin.to_string())
    }

    fn is_https(&self) -> bool {
        self.url().is_some_and(|url| url.origin.is_https())
    }

    fn has_certificate(&self) -> bool {
        self.place() == Place::Certificate
    }

    fn has_acme(&self) -> bool {
        self.place() == Place::Acme
    }

    /// Whether codes are texted by Twilio, which needs a secret.
    pub fn is_twilio(&self) -> bool {
        self.of("provider") == "twilio"
    }

    fn place(&self) -> Place {
        match self.of("certificate") {
            _ if !self.is_https() => Place::Plain,
            PROXY => Place::Proxy,
            ACME => Place::Acme,
            _ => Place::Certificate,
        }
    }

    fn listen(&self) -> String {
        match self.place() {
            Place::Certificate | Place::Acme => "[::]:443".to_owned(),
            Place::Proxy => "127.0.0.1:8080".to_owned(),
            Place::Plain => {
                format!("127.0.0.1:{}", self.url().map_or(8080, |url| url.origin.port()))
            }
        }
    }
}

/// Who speaks https.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nobody: on this machine only.
    Plain,
    /// A server before Doorcode.
    Proxy,
    /// Doorcode, with a certificate in files.
    Certificate,
    /// Doorcode, with certificates from an authority.
    Acme,
}

const START: &str = "\
# Made by `doorcode init`. `doorcode check` reports every mistake, `doorcode reload` makes a running server
# read a change. All keys, with their defaults: docs/config.md.

";

const END: &str = "
# Paths for everybody come first; what no rule names is for people who are signed in.
# [[site.rule]]
# path = \"/public/*\"
# allow = [\"public\"]

# Roles for rules such as allow = [\"role:admin\"].
# [[user]]
# phone = \"+12025550123\"
# roles = [\"admin\"]
";

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
