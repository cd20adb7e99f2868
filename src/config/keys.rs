//! THE table of keys. The document is checked against it, and docs/config.md is generated from it.

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    /// `[server]`
    Table,
    /// `[[site]]`
    Tables,
    /// `[sms.templates]`: strings with arbitrary names.
    Texts,
    Text,
    /// A string, or a table of strings with arbitrary names.
    TextOrTexts,
    /// A list of strings.
    List,
    /// A list of at least one string.
    Some,
    /// A string, or a list of one or two.
    OneOrTwo,
    /// An integer, from … to ….
    Integer(i64, i64),
    /// A string such as `"5m"`, from … to … seconds.
    Duration(u64, u64),
    /// `"0s"`, which means never, or as `Duration`.
    DurationOrNever(u64, u64),
    /// A string such as `"10MiB"`, from … to … bytes.
    Size(u64, u64),
    Flag,
}

/// Whether a key is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requirement {
    /// Required. Holds an example in TOML.
    Required(&'static str),
    /// The same in a file without this table.
    RequiredWithout(&'static str, &'static str),
    /// Has a default in `config/doorcode.toml`. For tables: see their keys.
    Default,
    /// Optional. Holds what its absence means.
    Optional(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The full key; `[]` follows the name of an array of tables.
    pub(super) path: &'static str,
    pub(super) kind: ValueType,
    pub(super) need: Requirement,
    /// What it means, in one line of Markdown.
    pub(super) meaning: &'static str,
}

impl Key {
    /// The table of the key, such as `site[].rule[]`; empty at the top level.
    pub(super) fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// Upper bound of counts.
const MAX_COUNT: i64 = 100_000_000;
const MAX_KEY_LIFETIME: u64 = 730 * DAY;
/// Browsers limit the lifetime of cookies to this (RFC 6265bis §5.5).
const MAX_COOKIE_LIFETIME: u64 = 400 * DAY;

const fn key(path: &'static str, kind: ValueType, need: Requirement, meaning: &'static str) -> Key {
    Key { path, kind, need, meaning }
}

use Requirement::{Default, Optional, Required, RequiredWithout};
use ValueType::{
    Duration, DurationOrNever, Flag, Integer, List, OneOrTwo, Size, Some as AtLeastOne, Table,
    Tables, Text, TextOrTexts, Texts,
};

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("server", Table, Default,
        "Listeners and public address."),
    key("server.listen", AtLeastOne, Default,
        "Addresses and ports that clients connect to: `127.0.0.1:8080`, `[::]:443`. All speak plain HTTP or, if `tls` is set, all speak TLS."),
    key("server.public_url", Text, Required("\"https://auth.example.com\""),
        "Public URL of the login pages and the API: a host of its own or, if all sites are on one host, that host with `server.prefix` as its path. `http` only for loopback hosts."),
    key("server.prefix", Text, Default,
        "Path prefix that is reserved on every site; requests below it never reach an app."),
    key("server.secret", OneOrTwo, Optional("generated at the first start, in `doorcode.secret` beside this file"),
        "Protects sessions and codes: `env:NAME` or `file:PATH`, at least 32 characters. List two while it is changed: the first signs and encrypts, both verify and decrypt."),
    key("server.tls", Tables, Default,
        "TLS certificates, for `https` without a proxy in front of Doorcode; with none, listeners speak plain HTTP. Write `tls = [{ certificate = \"cert.pem\", key = \"key.pem\" }]` in `[server]`, or one table for each certificate. The certificate is selected by SNI; a client that sends no name, or one that no certificate covers, gets the first. The files are checked once a minute, and changed ones are loaded without a restart."),
    key("server.tls[].certificate", Text, Required("\"cert.pem\""),
        "The certificate and its chain, in PEM."),
    key("server.tls[].key", Text, Required("\"key.pem\""),
        "Its private key, in PEM and not encrypted: RSA, ECDSA or Ed25519."),
    key("server.trusted_proxies", List, Default,
        "Networks of reverse proxies whose `X-Forwarded-For` is trusted, such as `10.0.0.0/8`."),
    key("server.h2c", Flag, Default,
        "Whether to accept HTTP/2 without TLS from clients with prior knowledge (RFC 9113 §3.3), such as a load balancer. HTTP/1.1 is accepted as well."),
    key("server.connections", Integer(1, MAX_COUNT), Default,
        "Maximum number of open connections; further ones are closed at once. Each takes a file descriptor."),
    key("server.connections_per_address", Integer(1, MAX_COUNT), Default,
        "Maximum number of open connections from one address (IPv6: one /64 network). Does not apply to `server.trusted_proxies`."),
    key("server.exchanges", Integer(1, MAX_COUNT), Default,
        "Maximum number of requests that are not finished; further ones are answered 503. Each that goes to an app takes a file descriptor. Websockets and event streams count while they are open."),
    key("server.exchanges_per_address", Integer(1, MAX_COUNT), Default,
        "The same from one client address (IPv6: one /64 network); further ones are answered 429. Does not apply to `server.trusted_proxies` themselves, but to the clients that they name."),
    key("server.least_rate", Integer(0, MAX_COUNT), Default,
        "Bytes a second that a client has to send of a request's body, or take of an answer, at least; `0`: any. A slower one is let go after a minute. A pause of up to a minute is no harm to who goes on afterwards, and time in which the app sends or takes nothing does not count."),
    key("server.idle", Duration(1, 60 * MINUTE), Default,
        "An idle connection is closed after this time."),
    key("server.hsts", Text, Default,
        "The `max-age` of `Strict-Transport-Security`: a duration up to `730d`, `0s` to make browsers forget the host, or `off`. Sent over https only, without `includeSubDomains`."),
    key("server.drain_delay", Duration(0, 20), Default,
        "After SIGTERM, how long requests are still accepted while `/readyz` already answers that the server is not ready: longer than the load balancer takes to notice. The whole shutdown takes at most 25 s."),
    key("server.unsafe_development_exposed", Flag, Default,
        "Allows the console provider, the demo app and an `http` public_url although other machines can reach them. For containers; logged at every start."),
    key("server.unsafe_trusted_proxies", Flag, Default,
        "Allows networks in `trusted_proxies` that are wider than any private one, such as `0.0.0.0/0`: anyone in them may claim any address. For networks that only proxies can connect from; logged at every start."),
    key("server.unsafe_shared_origin", Flag, Default,
        "Allows a `public_url` with a path together with sites on other hosts. Scripts of the app that shares the origin can then sign its visitors in there. Logged at every start."),

    key("forward_auth", Table, Optional("no other proxy may ask"),
        "Other proxies that ask Doorcode about each request and forward it themselves: `{prefix}/check`. See [forward authentication](forward-auth.md)."),
    key("forward_auth.from", List, Optional("none"),
        "Networks of those proxies, such as `10.0.0.0/8`: what they say of a request is believed. They are `server.trusted_proxies` too."),
    key("forward_auth.secret", Text, Optional("none"),
        "What a proxy outside of `from` has to send in `X-Doorcode-Forward-Auth`: `env:NAME` or `file:PATH`, at least 32 characters."),

    key("admin", Table, Default,
        "Health checks and metrics, for operators; must not be reachable from the internet."),
    key("admin.listen", Text, Default,
        "Address and port of health checks and metrics."),
    key("admin.unsafe_exposed", Flag, Default,
        "Allows an address in `listen` that other networks can reach, such as `0.0.0.0:9080`. For containers; logged at every start."),

    key("log", Table, Default,
        "The log on standard error. For the access log see [running](running.md)."),
    key("log.format", Text, Default,
        "`text`, or `json`: one object per line."),

    key("store", Table, Default,
        "Storage."),
    key("store.database", Text, Default,
        "Persistent data (users, sessions, limit counters): `sqlite:PATH`, relative to this file, or `postgres://user@host:5432/name`. Of several hosts, separated by commas, the one that accepts writes is used. Hosts other than this machine must have a valid certificate (`?sslrootcert=PATH`, relative to this file, names its authority) unless `?sslmode=disable`."),
    key("store.database_password", Text, Optional("none is sent"),
        "Password of the database's user: `env:NAME` or `file:PATH`."),
    key("store.wait", Duration(1, 60), Default,
        "How long a request waits for a connection to PostgreSQL, or for an answer of Redis, before it is refused with 503."),
    key("store.outage", Duration(1, 3600), Default,
        "How long sessions and tokens that a server knows are accepted while the database does not answer. After that, and for all others from the first moment, requests that need it are refused with 503."),
    key("store.cache", Text, Default,
        "What expires (logins in progress, counts of less than an hour): `memory`, for one server; or for several `database`, `redis://user@host:6379/0`, `redis-sentinel://one:26379,other:26379/NAME/0` (NAME is the primary's at the sentinels) or `redis-cluster://one:6379,other:6379`. `rediss…` speaks TLS. Valkey is the same. The server's `maxmemory-policy` must be `noeviction`."),
    key("store.cache_password", Text, Optional("none is sent"),
        "Password of the Redis user: `env:NAME` or `file:PATH`."),
    key("store.cache_roots", Text, Optional("those of the operating system"),
        "File of certificates, in PEM, that TLS connections to Redis trust."),
    key("store.cache_prefix", Text, Default,
        "Before each key in Redis, so that several programs can share a server."),

    key("brand", Table, Default,
        "Appearance of the login pages."),
    key("brand.name", Text, Default,
        "Name on the login pages, 1 to 40 characters."),
    key("brand.color", Text, Optional("the built-in blue"),
        "Colour of buttons and links, `#rrggbb`. If its contrast is too low, a lighter or darker shade is used; `doorcode check` reports it."),
    key("brand.color_dark", Text, Optional("derived from `color`"),
        "The same for the dark theme."),
    key("brand.theme", Text, Default,
        "`light`, `dark`, or `auto`: follows the visitor's system."),
    key("brand.logo", Text, Optional("the first letter of the name, and the name"),
        "SVG or PNG file of at most 256 KiB; shown at most 220 × 36 pixels large."),
    key("brand.logo_dark", Text, Optional("the same logo"),
        "The same for the dark theme."),
    key("brand.favicon", Text, Optional("the logo, else a built-in one"),
        "SVG or PNG file for the browser tab. With a logo, it is one more file to load."),
    key("brand.folder", Text, Optional("no overrides"),
        "Folder whose `pages`, `words` and `assets` override the built-in ones: see [branding](branding.md)."),

    key("brand.links", Table, Default,
        "Links in the footer of every page: `https://…` or `mailto:…`."),
    key("brand.links.privacy", Text, Optional("no link"),
        "Privacy policy."),
    key("brand.links.terms", Text, Optional("no link"),
        "Terms of use."),
    key("brand.links.support", Text, Optional("no link"),
        "Help or contact page."),

    key("login", Table, Default,
        "One-time codes, who may receive them, and the lifetime of sessions."),
    key("login.countries", AtLeastOne, Required("[\"US\", \"GB\"]"),
        "Countries whose numbers may receive codes, as ISO 3166-1 alpha-2 codes; nothing is sent to other countries. `\"*\"`, alone, only with the console provider."),
    key("login.default_country", Text, Optional("taken from the browser's `Accept-Language`, else the first of `login.countries`"),
        "Country that is preselected beside the number field. One that the visitor chose earlier takes precedence."),
    key("login.code_digits", Integer(6, 10), Default,
        "Number of digits of a code."),
    key("login.code_lifetime", Duration(MINUTE, 10 * MINUTE), Default,
        "How long a code is valid after it was sent."),
    key("login.tries", Integer(1, 5), Default,
        "Number of wrong answers after which a code is invalid."),
    key("login.sign_up", Flag, Default,
        "Whether everyone with a number of those countries may sign in. `false`: codes are sent to existing users only (`[[user]]`, or signed in before), and no response reveals whether a number belongs to a user."),
    key("login.session_idle", Duration(MINUTE, MAX_COOKIE_LIFETIME), Default,
        "A session ends after this time without use."),
    key("login.session_lifetime", Duration(MINUTE, MAX_COOKIE_LIFETIME), Default,
        "A session ends this long after the login, used or not."),

    key("login.unsafe_test_numbers_exposed", Flag, Default,
        "Allows sign-in with test numbers although other machines can reach the server. For app store reviews; logged at every start."),

    key("login.test_number", Tables, Default,
        "A phone number for tests: nothing is sent to it and its code is fixed. Of the limits, only those on wrong codes apply. It has the role `test` and no other. Loopback only. May be repeated or omitted."),
    key("login.test_number[].phone", Text, Required("\"+15550100001\""),
        "In E.164, and not valid in any numbering plan."),
    key("login.test_number[].code", Text, Required("\"000000\""),
        "Its code: as many digits as `login.code_digits` says."),

    key("limits", Table, Default,
        "Rate limits against guessing, unsolicited texts, and their cost. Windows slide: at most this many in any span of that length. A request over a limit is answered 429 with the time to wait."),
    key("limits.wrong_codes_per_number_15m", Integer(1, MAX_COUNT), Default,
        "Wrong codes for one number in 15 minutes, from all visitors together; after that even the right code is refused. A browser that has signed in with the number before is counted separately."),
    key("limits.wrong_codes_per_number_24h", Integer(1, MAX_COUNT), Default,
        "The same in 24 hours."),
    key("limits.first_wait", Duration(1, 60 * MINUTE), Default,
        "Minimum time between the first text to a number and the second, give or take a tenth. Doubles with each text, until a sign-in with the number or until a day has passed. Applies to all requesters of codes for the number, except one whose own code has become invalid; a request that is too early is told how long to wait. A browser that has signed in with the number before is counted separately, here and in every limit per number, so that others cannot use up its owner's allowance."),
    key("limits.longest_wait", Duration(1, DAY), Default,
        "Upper bound of that wait."),
    key("limits.texts_per_number_1h", Integer(1, MAX_COUNT), Default,
        "Texts to one number in an hour, from all requesters together."),
    key("limits.texts_per_number_24h", Integer(1, MAX_COUNT), Default,
        "The same in 24 hours."),
    key("limits.starts_per_address_10m", Integer(1, MAX_COUNT), Default,
        "Codes requested from one address (IPv6: one /64 network) in 10 minutes. Raise it if many people share an address."),
    key("limits.starts_per_address_1h", Integer(1, MAX_COUNT), Default,
        "The same in an hour."),
    key("limits.attempts_per_address", Integer(1, MAX_COUNT), Default,
        "Logins that were started from one address in the last 10 minutes and not completed."),
    key("limits.wrong_client_secrets_10m", Integer(1, MAX_COUNT), Default,
        "Maximum number of wrong secrets that one client presents from one address (IPv6: one /64 network) in 10 minutes; after that every secret is refused."),
    key("limits.wrong_refresh_tokens_10m", Integer(1, MAX_COUNT), Default,
        "The same for refresh tokens that the client was never given. Expired and replaced ones do not count."),
    key("limits.wrong_authorization_codes_10m", Integer(1, MAX_COUNT), Default,
        "The same for authorization codes that the client was never given, or that come with a wrong `redirect_uri` or `code_verifier`."),
    key("limits.texts_1h", Integer(1, MAX_COUNT), Default,
        "Texts in total in an hour; bounds the cost of an attack. With `login.sign_up = false`, withheld texts count like sent ones, so that this limit does not reveal who is a user. Texts to test numbers do not count."),
    key("limits.texts_24h", Integer(1, MAX_COUNT), Default,
        "The same in 24 hours."),

    key("sms", Table, Default,
        "Sending text messages."),
    key("sms.providers", AtLeastOne, Required("[\"twilio\"]"),
        "SMS providers, tried in this order: `twilio`, or `console`, which prints texts on the terminal of this machine."),
    key("sms.template", Text, Default,
        "The text message, in Liquid. Has the code: `{{ code }}`, `{{ password }}` or `@@password@@`. Where a branch lacks it, the built-in text is sent instead."),
    key("sms.templates", Texts, Optional("if `template` is omitted too, one text for each built-in language; else none"),
        "The text message by language tag of the login pages, such as `fr = \"…\"`. `template` is used for all other languages."),

    key("sms.twilio", Table, Default,
        "The Twilio account; required if `sms.providers` names `twilio`."),
    key("sms.twilio.account_sid", Text, Required("\"AC0123456789abcdef0123456789abcdef\""),
        "`AC` and 32 hexadecimal digits."),
    key("sms.twilio.auth_token", Text, Required("\"env:TWILIO_AUTH_TOKEN\""),
        "The account's auth token: `env:NAME` or `file:PATH`."),
    key("sms.twilio.messaging_service_sid", Text, Optional("`from` is required"),
        "Sends from a messaging service: `MG` and 32 hexadecimal digits."),
    key("sms.twilio.from", Text, Optional("`messaging_service_sid` is required"),
        "Sends from one number (`+12025550123`) or alphanumeric sender ID (1 to 11 letters and digits)."),
    key("sms.twilio.base_url", Text, Default,
        "Base URL of Twilio's API, or of a stand-in for it. `http` only for loopback hosts."),

    key("user", Tables, Default,
        "A user that exists from the start, with roles. May be repeated or omitted."),
    key("user[].phone", Text, Required("\"+12025550123\""),
        "Phone number in E.164: `+`, country code and number, without spaces."),
    key("user[].roles", List, Optional("none"),
        "Roles that rules can require as `role:NAME`; also sent to the app."),

    key("oauth", Table, Default,
        "OAuth 2.0, OpenID Connect and the passwordless API of Auth0's SDKs. See [Auth0](auth0.md)."),
    key("oauth.token_algorithm", Text, Default,
        "Signature algorithm of tokens: `RS256`, which Auth0's SDKs require, `ES256` or `EdDSA`."),
    key("oauth.key_lifetime", DurationOrNever(DAY, MAX_KEY_LIFETIME), Default,
        "How long a key signs tokens or assertions before it is replaced; `0s`: until `doorcode keys rotate`. See [running](running.md#the-signing-keys)."),
    key("oauth.groups_claim", Text, Default,
        "Name of the claim that lists a user's roles in ID tokens and at `/userinfo`, for clients that ask for scope `groups` or have `groups = true`."),
    key("oauth.logout_urls", List, Optional("none"),
        "URLs that `/v2/logout` may redirect to when the request names no client."),

    key("client", Tables, Default,
        "An application that uses the API, as Auth0 calls it too. May be repeated or omitted."),
    key("client[].id", Text, Required("\"spa\""),
        "Its `client_id`: 1 to 64 letters, digits, `-`, `_` or `.`."),
    key("client[].name", Text, Required("\"My app\""),
        "Name on the login pages, 1 to 40 characters."),
    key("client[].type", Text, Optional("`public`"),
        "`public`: a single-page or native app, which cannot keep a secret. `confidential`: a server."),
    key("client[].secret", OneOrTwo, Optional("none; required for a confidential client"),
        "`env:NAME` or `file:PATH`, at least 32 characters. List two during a rotation: both are accepted."),
    key("client[].callbacks", List, Optional("none"),
        "Allowed redirect URIs, compared character by character: `https://app.example.com/callback`, `com.example.app:/callback`. `http` only for loopback hosts, where a public client may name any port."),
    key("client[].origins", List, Optional("the origins of `callbacks`, which are always allowed"),
        "Origins whose scripts may call the API: `https://app.example.com`, or `https://*.example.com` for names one label below."),
    key("client[].web_origins", List, Optional("none"),
        "Origins whose pages may log in by script (`/co/authenticate`), and check in a frame or popup who is signed in."),
    key("client[].logout_urls", List, Optional("none"),
        "URLs that a logout may redirect to."),
    key("client[].grants", List, Optional("`passwordless`, `authorization_code`, `refresh_token`"),
        "Allowed grant types: any of these, `client_credentials`, `implicit` and `ro`."),
    key("client[].connections", List, Optional("`sms`"),
        "Login methods: `sms`."),
    key("client[].audiences", List, Optional("none"),
        "APIs that it may request tokens for, by `audience`: the `url` of a site, or any name of your own."),
    key("client[].scopes", List, Optional("none"),
        "Scopes that its tokens may have in addition to `openid`, `profile`, `email`, `address`, `phone`, `groups` and `offline_access`."),
    key("client[].access_token_lifetime", Duration(MINUTE, DAY), Optional("`15m`"),
        "Lifetime of an access token."),
    key("client[].id_token_lifetime", Duration(MINUTE, 30 * DAY), Optional("`1h`"),
        "Lifetime of an ID token."),
    key("client[].refresh_token_idle", Duration(MINUTE, MAX_COOKIE_LIFETIME), Optional("`30d`"),
        "A refresh token expires after this time without use."),
    key("client[].refresh_token_lifetime", Duration(MINUTE, MAX_COOKIE_LIFETIME), Optional("`90d`"),
        "A refresh token expires this long after the login, used or not."),
    key("client[].access_token_type", Text, Optional("`JWT`"),
        "The `typ` of its access tokens: `JWT`, as Auth0's default profile has it, or `at+jwt` (RFC 9068). APIs compare it."),
    key("client[].require_pkce", Flag, Optional("`true`"),
        "Whether `/authorize` refuses requests without `code_challenge` (PKCE). Only a confidential client whose library cannot do that may have `false`."),
    key("client[].groups", Flag, Optional("`false`: only with scope `groups`"),
        "Whether its ID tokens and `/userinfo` always list the user's roles, in `oauth.groups_claim`."),
    key("client[].email_domain", Text, Optional("none: no claim `email`"),
        "For clients that demand an e-mail address: with scope `email`, the claim `email` is the user's id at this domain, a made-up address that is never marked verified. Use a domain that gets no mail, such as `users.invalid`."),
    key("client[].rotate_refresh_tokens", Flag, Optional("`true` for a public client, `false` for a confidential one"),
        "Whether each use issues a new refresh token. Reuse of an old one then revokes all tokens of the same login."),
    key("client[].refresh_token_overlap", DurationOrNever(1, MINUTE), Optional("`10s`"),
        "How long the refresh token that was replaced last gives the same new one again, for clients that refresh twice at once; `0s`: never."),
    key("client[].trust_forwarded_for", Flag, Optional("`false`"),
        "Whether to trust its `auth0-forwarded-for` header once the client is authenticated, so that limits count the visitors of a server and not the server."),
    key("client[].numeric_updated_at", Flag, Optional("`false`"),
        "Whether the claim `updated_at` is a number of seconds, as OpenID Connect and its strict libraries have it, and not Auth0's text."),

    key("site", Tables, Default,
        "An app behind Doorcode. At least one site or client is required."),
    key("site[].name", Text, Required("\"Shop\""),
        "Name of the site in messages to the operator; must be unique."),
    key("site[].url", Text, Required("\"https://shop.example.com\""),
        "Public URL: host, port and path. `https`, or `http` for loopback hosts only. If its host is not that of `server.public_url`, the session is handed over to it after sign-in."),
    key("site[].upstreams", AtLeastOne, RequiredWithout("forward_auth", "[\"127.0.0.1:3000\"]"),
        "Addresses of the app: `127.0.0.1:3000`, `app.internal:80`, `unix:/run/app.sock`, or `demo`, the built-in app, over plain HTTP/1.1; `https://app.internal:8443` over TLS, `h2://app.internal:8443` over TLS and HTTP/2 only, `h2c://127.0.0.1:50051` over HTTP/2 without TLS. A name with several addresses is several upstreams. See [Upstreams](running.md#upstreams). None where another proxy forwards the requests: see `forward_auth`."),
    key("site[].identity", TextOrTexts, Optional("`default`"),
        "Headers that tell the app who its caller is: `default`, `oauth2-proxy`, `authelia`, `pomerium`, `cloudflare`, or names of your own, such as `{ X-User = \"sub\" }`. See [identity](identity.md)."),
    key("site[].max_body", Size(KIB, 1024 * GIB), Optional("`1GiB`"),
        "Maximum length of a request body, such as an upload; a longer one is answered 413."),
    key("site[].timeout", Duration(1, 60 * MINUTE), Optional("`60s`"),
        "How long the app may take to begin its response, and between two parts of it; after that the visitor gets an error page. Open websockets and event streams may be silent for any time."),
    key("site[].send_host", Text, Optional("the host of the visitor's request"),
        "The `Host` header that the app receives, such as `app.internal:3000`. `X-Forwarded-Host` is always the host of the visitor's request."),
    key("site[].strip_prefix", Flag, Optional("`false`"),
        "Whether to remove the path of `url` from forwarded requests: `/shop/cart` becomes `/cart`, with `X-Forwarded-Prefix: /shop`. Rules do not change: their paths are relative to the url anyway. Paths in the app's responses (`Location`, cookies' `Path`, links) are not rewritten."),
    key("site[].upstream", Table, Default,
        "How the `upstreams` are used."),
    key("site[].upstream.balance", Text, Optional("`round-robin`"),
        "Which of several upstreams gets a request: `round-robin`, `least-connections` (open requests, websockets and streams), or `session`: all requests of a session go to the same one, and those without a session by the client's network."),
    key("site[].upstream.connect_timeout", Duration(1, 5 * MINUTE), Optional("`3s`"),
        "How long an upstream may take to accept a connection, the TLS handshake included."),
    key("site[].upstream.first_byte_timeout", Duration(1, 60 * MINUTE), Optional("`timeout` of the site"),
        "How long the app may take to begin its response."),
    key("site[].upstream.total_timeout", Duration(1, 24 * 60 * MINUTE), Optional("no limit"),
        "How long the app may take for its whole response. Does not apply to websockets and to requests for an event stream."),
    key("site[].upstream.idle_timeout", Duration(1, 60 * MINUTE), Optional("`60s`"),
        "How long a connection to the app is kept for another request. Set it below the app's own keep-alive time."),
    key("site[].upstream.ca", Text, Optional("the certificate authorities of the operating system"),
        "A PEM file of certificates: the only ones by which the certificate of an `https://` or `h2://` upstream may be signed. It is always verified."),
    key("site[].upstream.server_name", Text, Optional("the host of the upstream"),
        "The name that the upstream's certificate must have, and that is sent as SNI."),
    key("site[].upstream.client_certificate", Text, Optional("none"),
        "A PEM file: the certificate, with its chain, that Doorcode shows to upstreams."),
    key("site[].upstream.client_key", Text, Optional("none"),
        "Its private key, in PEM and not encrypted."),
    key("site[].upstream.health", Table, Default,
        "With this table, each upstream is asked again and again whether it works, and gets no requests after two answers in a row that say no. Without it, only connections that fail tell."),
    key("site[].upstream.health.path", Text, Optional("`/`"),
        "The path that is asked for, as the app knows it."),
    key("site[].upstream.health.status", Integer(200, 599), Optional("`200`"),
        "The status of an upstream that works."),
    key("site[].upstream.health.interval", Duration(1, 60 * MINUTE), Optional("`5s`"),
        "Time between two questions."),
    key("site[].allowed_origins", List, Optional("none"),
        "Other origins whose pages may use the protected parts of the site (CORS with the session; websockets too): `https://app.example.com`, or `https://*.example.com` for names one label below. Browsers send the session only from the same registrable domain. CORS for public parts is left to the app."),
    key("site[].hsts", Text, Optional("as `server.hsts`"),
        "`server.hsts` for this site. A header that the app sets is kept."),
    key("site[].ignore_case", Flag, Optional("`false`"),
        "Whether the app treats `/Admin` as `/admin`, as most do that serve files of Windows or macOS: rules are then matched without regard to case, and with the other names that such file systems take for the same (`/admin.`, `/admin::$DATA`, letters of other scripts). Short names (`ADMINI~1`) are refused (400)."),
    key("site[].rule", Tables, Default,
        "Access rules; the first that matches decides. A path without a rule requires sign-in."),
    key("site[].rule[].path", Text, Required("\"/public/*\""),
        "A path relative to the site's url: `/exact`, or `/below/*`, which also matches `/below`; a segment `*` before the end stands for any one, as in `/api/*/public`. Rules look at neither query nor headers. Case-sensitive, unless the site sets `ignore_case`."),
    key("site[].rule[].methods", AtLeastOne, Optional("every method"),
        "HTTP methods that the rule applies to, such as `[\"GET\", \"HEAD\"]`. If a site has such a rule, headers that override the method (`X-HTTP-Method-Override`) are not forwarded; an app that takes an override from a form field or query (`_method`) must have that disabled."),
    key("site[].rule[].allow", AtLeastOne, Required("[\"signed-in\"]"),
        "Who may pass, any of: `public` (everyone), `optional` (everyone; the app is told who is signed in), `signed-in`, `role:NAME`, `phone:+NUMBER`, `country:GB`, `client:ID` (access tokens of that `[[client]]`, with or without a user). An access token that was issued for a user counts as that user; see [identity](identity.md#applications)."),
    key("site[].rule[].from", AtLeastOne, Optional("from anywhere"),
        "Networks that the client address must also be in, such as `10.0.0.0/8`."),
];

/// The key `name` in the table with the path `table`, such as `site[].rule[]`.
pub(super) fn find(table: &str, name: &str) -> Option<&'static Key> {
    inside(table).find(|key| key.name() == name)
}

/// The keys of the table with the path `table`.
pub(super) fn inside(table: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table() == table)
}
