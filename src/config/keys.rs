//! Every key that the file may have: the one table that the reader walks and that the reference
//! page is made of.

/// What is written behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[server]`
    Table,
    /// `[[site]]`
    Tables,
    /// `[sms.templates]`: texts by names that are not keys.
    Texts,
    Text,
    /// A text, or a table of texts by names that are not keys.
    TextOrTexts,
    /// Texts in brackets.
    List,
    /// Texts in brackets, at least one.
    Some,
    /// One text, or one or two of them in brackets.
    OneOrTwo,
    /// A whole number, from … to ….
    Integer(i64, i64),
    /// A text such as `"5m"`, from … to … seconds.
    Duration(u64, u64),
    /// `"0s"`, which stands for never, or as `Duration`.
    DurationOrNever(u64, u64),
    /// A text such as `"10MiB"`, from … to … bytes.
    Size(u64, u64),
    Flag,
}

/// Whether a key must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Must be there. Holds an example, as it is written in the file.
    Required(&'static str),
    /// Has its default in `config/doorcode.toml`, and only there. Tables: their keys decide.
    Default,
    /// May be left out. Holds what that means.
    Optional(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The tables above it and its own name; `[]` stands for each of several.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) need: Need,
    /// One line: what it means.
    pub(super) says: &'static str,
}

impl Key {
    /// The table that the key stands in, such as `site[].rule[]`; empty at the top.
    pub(super) fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// Its own name.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// More would be no limit.
const MANY: i64 = 100_000_000;
/// Browsers keep a cookie for at most so long (RFC 6265bis §5.5).
const LONGEST_KEY: u64 = 730 * DAY;
const LONGEST_COOKIE: u64 = 400 * DAY;

const fn key(path: &'static str, kind: Kind, need: Need, says: &'static str) -> Key {
    Key { path, kind, need, says }
}

use Kind::{
    Duration, DurationOrNever, Flag, Integer, List, OneOrTwo, Size, Some as AtLeastOne, Table,
    Tables, Text, TextOrTexts, Texts,
};
use Need::{Default, Optional, Required};

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("server", Table, Default,
        "Where Doorcode listens and how the world finds it."),
    key("server.listen", AtLeastOne, Default,
        "Addresses and ports that visitors reach: `127.0.0.1:8080`, `[::]:443`. Plain http, or TLS on all of them when `tls` is there."),
    key("server.public_url", Text, Required("\"https://auth.example.com\""),
        "Where the login pages and the API live, as a browser sees it: a host of its own, or, for sites on one host, that host with `server.prefix` as its path. `http` only on this machine."),
    key("server.prefix", Text, Default,
        "The path that every site keeps for Doorcode; nothing below it reaches an app."),
    key("server.secret", OneOrTwo, Optional("made at the first start, in `doorcode.secret` beside this file"),
        "What protects sessions and codes: `env:NAME` or `file:PATH`, 32 characters or more. Two in brackets while it is changed: the first makes, both check."),
    key("server.tls", Tables, Default,
        "A certificate, for `https` without a server before Doorcode; without any, listeners speak plain http. Write `tls = [{ certificate = \"cert.pem\", key = \"key.pem\" }]` in `[server]`, or a table for each; as many as you like. The name that a visitor asks for (SNI) chooses among them; who names none, or one that no certificate has, gets the first. The files are looked at once a minute, and new ones taken over without a restart."),
    key("server.tls[].certificate", Text, Required("\"cert.pem\""),
        "The certificate and those that lead to its root, in PEM."),
    key("server.tls[].key", Text, Required("\"key.pem\""),
        "Its key, in PEM and without a passphrase: RSA, ECDSA or Ed25519."),
    key("server.trusted_proxies", List, Default,
        "Networks whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`."),
    key("server.h2c", Flag, Default,
        "Whether HTTP/2 is taken without TLS too, from clients that know beforehand that it is (RFC 9113 §3.3): for a load balancer that speaks it. HTTP/1.1 goes on."),
    key("server.connections", Integer(1, MANY), Default,
        "Open connections in all; one more is closed at once. The machine must allow the process twice as many open files."),
    key("server.connections_per_address", Integer(1, MANY), Default,
        "Open connections from one address (IPv6: one /64 network). Not for `server.trusted_proxies`, which bring everybody's."),
    key("server.idle", Duration(1, 60 * MINUTE), Default,
        "A connection on which nothing is asked for so long is closed."),
    key("server.hsts", Text, Default,
        "How long browsers are to use nothing but `https` for a host that was seen with it (`Strict-Transport-Security`): a time up to `730d`, `0s` to make them forget it, or `off`. Sent with https only, and without `includeSubDomains`."),
    key("server.drain_delay", Duration(0, 20), Default,
        "After SIGTERM, how long requests are still taken while `/readyz` says no already: longer than a load balancer needs to notice. The whole end takes 25 s at most."),
    key("server.unsafe_development_exposed", Flag, Default,
        "Lets the console provider, the demo app and an `http` public_url run although other machines can reach them. For containers; said at every start."),
    key("server.unsafe_shared_origin", Flag, Default,
        "Lets a `public_url` with a path serve sites on other hosts too, although the scripts of the app beside it can then sign its visitors in there. Said at every start."),

    key("admin", Table, Default,
        "For whoever runs the machine; never give it to the world."),
    key("admin.listen", Text, Default,
        "Address and port of health checks and metrics."),

    key("log", Table, Default,
        "What is written about what happens, on standard error. The access log is apart: see [running](running.md)."),
    key("log.format", Text, Default,
        "`text`, for people, or `json`: one object on each line."),

    key("store", Table, Default,
        "Where things are kept."),
    key("store.database", Text, Default,
        "What must survive a restart (users, sessions, counts of limits): `sqlite:PATH`, relative to this file."),
    key("store.cache", Text, Default,
        "What may be lost (logins in progress): `memory`."),

    key("brand", Table, Default,
        "What people see."),
    key("brand.name", Text, Default,
        "The name on the login pages, 1 to 40 characters."),
    key("brand.color", Text, Optional("the built-in blue"),
        "The colour of buttons and links, `#rrggbb`. Where it would be hard to read, a lighter or darker shade is used; `doorcode check` tells."),
    key("brand.color_dark", Text, Optional("made from `color`"),
        "The same for dark pages."),
    key("brand.theme", Text, Default,
        "`light`, `dark`, or `auto`: as the visitor's system says."),
    key("brand.logo", Text, Optional("the first letter of the name, and the name"),
        "A file, SVG or PNG, at most 256 KiB; shown at most 220 × 36 pixels large."),
    key("brand.logo_dark", Text, Optional("the same logo"),
        "The same for dark pages."),
    key("brand.favicon", Text, Optional("the logo, else a built-in one"),
        "A file, SVG or PNG, that browsers show beside the page's title. Beside a logo, it is one file more to load."),
    key("brand.folder", Text, Optional("nothing is changed"),
        "A folder whose `pages`, `words` and `assets` replace the built-in ones: see [branding](branding.md)."),

    key("brand.links", Table, Default,
        "Links at the foot of every page: `https://…` or `mailto:…`."),
    key("brand.links.privacy", Text, Optional("no link"),
        "What is done with people's data."),
    key("brand.links.terms", Text, Optional("no link"),
        "The terms of use."),
    key("brand.links.support", Text, Optional("no link"),
        "Where people get help."),

    key("login", Table, Default,
        "What a code is, who is sent one, and how long a login lasts."),
    key("login.countries", AtLeastOne, Required("[\"US\", \"GB\"]"),
        "Countries whose numbers are texted, by two letters; nothing is sent elsewhere. `\"*\"`, alone, only with the console provider."),
    key("login.default_country", Text, Optional("told by the languages of the visitor's browser, else the first of `login.countries`"),
        "The country that is chosen already in the list beside the number, unless the visitor chose one before: that comes first."),
    key("login.code_digits", Integer(6, 10), Default,
        "Digits of a code."),
    key("login.code_lifetime", Duration(MINUTE, 10 * MINUTE), Default,
        "How long a code works after it was sent."),
    key("login.tries", Integer(1, 5), Default,
        "Wrong answers before a code is dead."),
    key("login.sign_up", Flag, Default,
        "Whether everybody with a number of those countries may sign in. `false`: only who is a user already (`[[user]]`, or signed in before) is sent codes, and nobody is told who that is."),
    key("login.session_idle", Duration(MINUTE, LONGEST_COOKIE), Default,
        "A session ends when it was not used for so long."),
    key("login.session_lifetime", Duration(MINUTE, LONGEST_COOKIE), Default,
        "A session ends so long after the login, used or not."),

    key("login.unsafe_test_numbers_exposed", Flag, Default,
        "Lets test numbers sign in although other machines can reach the server. For the review of an app store; said at every start."),

    key("login.test_number", Tables, Default,
        "A number for tests that nothing is sent to: its code is always the same, and of the limits only those on wrong codes count. Has the role `test` and no other. Only on this machine. As many as you like, or none."),
    key("login.test_number[].phone", Text, Required("\"+15550100001\""),
        "In E.164, and a number that nobody can have."),
    key("login.test_number[].code", Text, Required("\"000000\""),
        "Its code: as many digits as `login.code_digits` says."),

    key("limits", Table, Default,
        "How much of everything there may be, against guessing, against texts that nobody asked for, and against their cost. Counts slide: so many in any span of that length. What is too much is answered 429 and tells when to come back."),
    key("limits.wrong_codes_per_number_15m", Integer(1, MANY), Default,
        "Wrong codes for one number in 15 minutes, over everybody who tries; then not even the right one is taken. A browser that signed in with the number before is counted apart."),
    key("limits.wrong_codes_per_number_24h", Integer(1, MANY), Default,
        "The same in 24 hours."),
    key("limits.first_wait", Duration(1, 60 * MINUTE), Default,
        "From the first text to a number to the next, give or take a tenth. Doubles with each text, until somebody signs in with the number or a day has passed. It holds for everybody who asks for the number, but for who was sent a code that is dead; who asks too early is told when to come back. A browser that signed in with the number before is counted apart, here and in every limit of a number, so that nobody else can use up what its owner may have."),
    key("limits.longest_wait", Duration(1, DAY), Default,
        "What that wait grows to at most."),
    key("limits.texts_per_number_1h", Integer(1, MANY), Default,
        "Texts to one number in an hour, over everybody who asks."),
    key("limits.texts_per_number_24h", Integer(1, MANY), Default,
        "The same in 24 hours."),
    key("limits.starts_per_address_10m", Integer(1, MANY), Default,
        "Codes asked for from one address (IPv6: one /64 network) in 10 minutes. Raise it when many people share one."),
    key("limits.starts_per_address_1h", Integer(1, MANY), Default,
        "The same in an hour."),
    key("limits.attempts_per_address", Integer(1, MANY), Default,
        "Logins that one address began in the last 10 minutes and did not finish."),
    key("limits.texts_1h", Integer(1, MANY), Default,
        "Texts in all in an hour: what an attack can cost at most. With `login.sign_up = false` texts that are withheld count like those that are sent, so that nobody can tell one from the other by this limit. Texts to test numbers do not count."),
    key("limits.texts_24h", Integer(1, MANY), Default,
        "The same in 24 hours."),

    key("sms", Table, Default,
        "How texts are sent."),
    key("sms.providers", AtLeastOne, Required("[\"twilio\"]"),
        "Who sends them, tried in this order: `twilio`, or `console`, which prints them on the terminal of this machine."),
    key("sms.template", Text, Default,
        "The text, in Liquid. Must show the code: `{{ code }}`, `{{ password }}` or `@@password@@`."),
    key("sms.templates", Texts, Optional("when `template` is left out too: a text for each language that comes with Doorcode; else none"),
        "The text for people who read the pages in another language, by its tag, such as `fr = \"…\"`. `template` is for all others."),

    key("sms.twilio", Table, Default,
        "The Twilio account that pays; needed when `sms.providers` names `twilio`."),
    key("sms.twilio.account_sid", Text, Required("\"AC0123456789abcdef0123456789abcdef\""),
        "`AC` and 32 hexadecimal digits."),
    key("sms.twilio.auth_token", Text, Required("\"env:TWILIO_AUTH_TOKEN\""),
        "The account's secret: `env:NAME` or `file:PATH`."),
    key("sms.twilio.messaging_service_sid", Text, Optional("`from` must be there"),
        "Sends from a messaging service: `MG` and 32 hexadecimal digits."),
    key("sms.twilio.from", Text, Optional("`messaging_service_sid` must be there"),
        "Sends from one number (`+12025550123`) or sender name (1 to 11 letters and digits)."),
    key("sms.twilio.base_url", Text, Default,
        "Twilio's API, or a stand-in for it. `http` only on this machine."),

    key("user", Tables, Default,
        "A person who exists from the start, with roles. As many as you like, or none."),
    key("user[].phone", Text, Required("\"+12025550123\""),
        "The number in E.164: a plus sign, the country's code, the number, no spaces."),
    key("user[].roles", List, Optional("none"),
        "Names that rules ask for as `role:NAME`; the app gets them too."),

    key("oauth", Table, Default,
        "The API that Auth0's SDKs speak. See [Auth0](auth0.md)."),
    key("oauth.token_algorithm", Text, Default,
        "How tokens are signed: `RS256`, which Auth0's SDKs insist on, `ES256` or `EdDSA`."),
    key("oauth.key_lifetime", DurationOrNever(DAY, LONGEST_KEY), Default,
        "How long a key signs tokens or assertions before another takes its place; `0s`: until `doorcode keys rotate`. See [running](running.md#the-signing-keys)."),
    key("oauth.logout_urls", List, Optional("none"),
        "Where `/v2/logout` may lead when it names no client."),

    key("client", Tables, Default,
        "An application that uses the API: Auth0 calls it that too. As many as you like, or none."),
    key("client[].id", Text, Required("\"spa\""),
        "Its `client_id`: 1 to 64 letters, digits, `-`, `_` or `.`."),
    key("client[].name", Text, Required("\"My app\""),
        "What people read on the login pages, 1 to 40 characters."),
    key("client[].type", Text, Optional("`public`"),
        "`public`: a single-page or native app, which can keep no secret. `confidential`: a server."),
    key("client[].secret", OneOrTwo, Optional("none; a confidential client must have one"),
        "`env:NAME` or `file:PATH`, 32 characters or more. Two in brackets while it is changed: both are taken."),
    key("client[].callbacks", List, Optional("none"),
        "Where a login may lead, each compared as it is written: `https://app.example.com/callback`, `com.example.app:/callback`. `http` on this machine only."),
    key("client[].origins", List, Optional("the origins of `callbacks`, which count in any case"),
        "Whose scripts may use the API: `https://app.example.com`, or `https://*.example.com` for names one label below."),
    key("client[].web_origins", List, Optional("none"),
        "Whose pages may log in by scripts (`/co/authenticate`), and ask in a frame or popup who is signed in."),
    key("client[].logout_urls", List, Optional("none"),
        "Where a logout may lead."),
    key("client[].grants", List, Optional("`passwordless`, `authorization_code`, `refresh_token`"),
        "Ways to tokens, any of these and `client_credentials`, `implicit`, `ro`."),
    key("client[].connections", List, Optional("`sms`"),
        "Ways to log in: `sms`."),
    key("client[].audiences", List, Optional("none"),
        "APIs that it may ask tokens for, by the `audience` that they check: the `url` of a site, or any name of your own."),
    key("client[].scopes", List, Optional("none"),
        "Words of `scope` that its tokens may have beside `openid`, `profile`, `phone` and `offline_access`."),
    key("client[].access_token_lifetime", Duration(MINUTE, DAY), Optional("`15m`"),
        "How long an access token is good for."),
    key("client[].id_token_lifetime", Duration(MINUTE, 30 * DAY), Optional("`1h`"),
        "How long an ID token is good for."),
    key("client[].refresh_token_idle", Duration(MINUTE, LONGEST_COOKIE), Optional("`30d`"),
        "A refresh token ends when it was not used for so long."),
    key("client[].refresh_token_lifetime", Duration(MINUTE, LONGEST_COOKIE), Optional("`90d`"),
        "It ends so long after the login, used or not."),
    key("client[].rotate_refresh_tokens", Flag, Optional("`true`"),
        "Whether each use gives another refresh token. One that is used twice then ends all that came from the same login."),
    key("client[].trust_forwarded_for", Flag, Optional("`false`"),
        "Whether its `auth0-forwarded-for` header is believed once it has shown its secret, so that limits count the visitors of a server and not the server."),

    key("site", Tables, Default,
        "An app behind the gate. At least one must be there, or a client."),
    key("site[].name", Text, Required("\"Shop\""),
        "What you call it, in messages to you; each site has its own."),
    key("site[].url", Text, Required("\"https://shop.example.com\""),
        "Where the world finds it: host, port and path. `https`, or `http` on this machine only. On another host than `server.public_url`, sign-in is handed over to it."),
    key("site[].upstreams", AtLeastOne, Required("[\"127.0.0.1:3000\"]"),
        "Where its requests go on to, plain http, tried in turn: `127.0.0.1:3000`, `app.internal:80`, `unix:/run/app.sock`, or `demo`, the app that is built in."),
    key("site[].identity", TextOrTexts, Optional("`default`"),
        "Which headers tell the app who its caller is: `default`, `oauth2-proxy`, `authelia`, `pomerium`, `cloudflare`, or names of your own, such as `{ X-User = \"sub\" }`. See [identity](identity.md)."),
    key("site[].max_body", Size(KIB, 1024 * GIB), Optional("`1GiB`"),
        "The longest body of a request, such as an upload; a longer one is answered 413."),
    key("site[].timeout", Duration(1, 60 * MINUTE), Optional("`60s`"),
        "How long the app may take until it begins to answer, and between two parts of an answer; then the visitor is told that it does not respond. Websockets and event streams may be silent for as long as they like once they are open."),
    key("site[].send_host", Text, Optional("the host that the visitor asked for"),
        "What the app gets as `Host`, such as `app.internal:3000`. `X-Forwarded-Host` is always what the visitor asked for."),
    key("site[].strip_prefix", Flag, Optional("`false`"),
        "Whether the app gets paths without that of `url`: `/shop/cart` as `/cart`, with `X-Forwarded-Prefix: /shop`. Rules do not change: their paths are below the url anyway. What the app itself says of paths (`Location`, cookies' `Path`, links) is not changed."),
    key("site[].allowed_origins", List, Optional("none"),
        "Origins whose pages may use what needs a login here (CORS, with the session; websockets too): `https://app.example.com`, or `https://*.example.com` for names one label below. Browsers bring the session along only from the same registrable domain. What is open to everybody is the app's own to share."),
    key("site[].hsts", Text, Optional("as `server.hsts`"),
        "The same as `server.hsts` for this site. An app's own header stays."),
    key("site[].ignore_case", Flag, Optional("`false`"),
        "Whether the app takes `/Admin` for `/admin`, as most do that serve files of Windows or macOS: rules are compared without case then."),
    key("site[].rule", Tables, Default,
        "Who may see what; the first rule that matches decides, and what no rule names needs a login."),
    key("site[].rule[].path", Text, Required("\"/public/*\""),
        "A path below the site's url: `/exact`, or `/below/*`, which names `/below` too. Capital letters count, unless the site says `ignore_case`."),
    key("site[].rule[].methods", List, Optional("every method"),
        "The methods that the rule is for, such as `[\"GET\", \"HEAD\"]`. Where a site has such a rule, headers that give a request another method (`X-HTTP-Method-Override`) do not reach the app; one that takes it from a form or query (`_method`) must have that switched off."),
    key("site[].rule[].allow", AtLeastOne, Required("[\"signed-in\"]"),
        "Who may pass, any of: `public` (everybody), `optional` (everybody; the app is told who is signed in), `signed-in`, `role:NAME`, `phone:+NUMBER`, `country:GB`, `client:ID` (access tokens of that `[[client]]`, whoever it acts for). An access token that a client has for somebody counts as that person; see [identity](identity.md#applications)."),
    key("site[].rule[].from", List, Optional("from anywhere"),
        "Networks that the caller must also come from, such as `10.0.0.0/8`."),
];

/// The key `name` in `table` (a path of the table above, such as `site[].rule[]`).
pub(super) fn find(table: &str, name: &str) -> Option<&'static Key> {
    inside(table).find(|key| key.name() == name)
}

/// The keys that stand in `table`.
pub(super) fn inside(table: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table() == table)
}
