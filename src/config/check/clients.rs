use super::super::reader::Reader;
use super::super::values::{self, shown, unknown};
use crate::domain::{Audience, ClientId, Host, OriginPattern, guessable};
use crate::oauth::{
    AccessTokenType, Algorithm, AppUrl, Client, ClientSecret, ClientType, Clients, GrantType,
    GroupsAccess, Lifetimes, OauthSettings, UpdatedAtFormat,
};

/// The grant types of a client by default.
const DEFAULT_GRANTS: [GrantType; 3] =
    [GrantType::Passwordless, GrantType::AuthorizationCode, GrantType::RefreshToken];
/// The available login methods.
const CONNECTIONS: &[&str] = &["sms"];
/// In characters: long enough to exclude passwords.
const MIN_SECRET: usize = 32;

pub(super) fn oauth(reader: &mut Reader<'_>) -> Option<OauthSettings> {
    const ALGORITHMS: &[&str] = &["RS256", "ES256", "EdDSA"];
    let algorithm = reader.one("oauth.token_algorithm", |text| {
        Algorithm::parse(text).ok_or_else(|| unknown(text, "an algorithm", ALGORITHMS))
    });
    let key_lifetime = reader.duration("oauth.key_lifetime");
    let groups_claim = reader.one("oauth.groups_claim", groups_claim);
    let logout_urls = reader.all_or_none("oauth.logout_urls", app_url);
    let clients = clients(reader);
    Some(OauthSettings {
        algorithm: algorithm?,
        key_lifetime: key_lifetime?,
        groups_claim: groups_claim?,
        logout_urls: logout_urls?,
        clients: clients?,
    })
}

fn clients(reader: &mut Reader<'_>) -> Option<Clients> {
    let tables = reader.each("client");
    let mut seen: Vec<(ClientId, String)> = Vec::new();
    let clients: Vec<_> = tables
        .iter()
        .map(|table| {
            reader.require(table);
            let id = reader.one(&format!("{table}.id"), values::client);
            let id = id.and_then(|id| unique(reader, table, id, &mut seen));
            client(reader, table, id)
        })
        .collect();
    let clients: Vec<Client> = clients.into_iter().collect::<Option<_>>()?;
    let mut fits = true;
    for (table, client) in tables.iter().zip(&clients) {
        let named = |other: &Client| client.has_audience(other.id.as_str());
        if let Some(other) = clients.iter().find(|other| named(other)) {
            let text = format!(
                "includes {}, the id of a client: its ID tokens, which have that `aud`, would pass for access tokens",
                shown(other.id.as_str())
            );
            reader.note(&format!("{table}.audiences"), text);
            fits = false;
        }
    }
    fits.then(|| Clients::new(clients))
}

/// The id, unless an earlier client has it.
fn unique(
    reader: &mut Reader<'_>,
    table: &str,
    id: ClientId,
    seen: &mut Vec<(ClientId, String)>,
) -> Option<ClientId> {
    if let Some((_, first)) = seen.iter().find(|(known, _)| *known == id) {
        reader.note(&format!("{table}.id"), format!("is already used by {first}"));
        return None;
    }
    seen.push((id.clone(), table.to_owned()));
    Some(id)
}

fn client(reader: &mut Reader<'_>, table: &str, id: Option<ClientId>) -> Option<Client> {
    let key = |name: &str| format!("{table}.{name}");
    let name = reader.one(&key("name"), values::name);
    let public = is_public(reader, table);
    let kind = public.and_then(|public| kind(reader, table, public));
    let callbacks = reader.all_or_none(&key("callbacks"), app_url);
    let origins = reader.all_or_none(&key("origins"), pattern);
    let web_origins = reader.all_or_none(&key("web_origins"), pattern);
    let logout_urls = reader.all_or_none(&key("logout_urls"), app_url);
    let grants = list(reader, &key("grants"), &DEFAULT_GRANTS, grant);
    let connections = list(reader, &key("connections"), &["sms".to_owned()], connection);
    let audiences = reader.all_or_none(&key("audiences"), audience);
    let scopes = reader.all_or_none(&key("scopes"), scope);
    let lifetimes = lifetimes(reader, table);
    let access_token_type = access_token_type(reader, &key("access_token_type"));
    // RFC 9700 §2.2.2 asks it of public clients; a confidential one shows its secret.
    let rotates = flag(reader, &key("rotate_refresh_tokens"), public != Some(false));
    let requires_pkce = flag(reader, &key("require_pkce"), true);
    let groups = flag(reader, &key("groups"), false);
    let has_email = reader.has(&key("email_domain"));
    let email_domain = reader.one(&key("email_domain"), email_domain);
    let trusts_forwarded_for = flag(reader, &key("trust_forwarded_for"), false);
    let numeric_updated_at = flag(reader, &key("numeric_updated_at"), false);
    let together = Together {
        public,
        grants: grants.as_deref(),
        callbacks: callbacks.as_deref(),
        lifetimes: lifetimes.as_ref(),
        requires_pkce,
        trusts_forwarded_for,
    };
    let fits = together.fits(reader, table);
    let client = Client {
        id: id?,
        name: name?,
        kind: kind?,
        callbacks: callbacks?,
        origins: origins?,
        web_origins: web_origins?,
        logout_urls: logout_urls?,
        grants: grants?,
        connections: connections?,
        audiences: audiences?,
        scopes: scopes?,
        lifetimes: lifetimes?,
        access_token_type: access_token_type?,
        requires_pkce: requires_pkce?,
        rotates: rotates?,
        groups: if groups? { GroupsAccess::Always } else { GroupsAccess::ByScope },
        email_domain: if has_email { Some(email_domain?) } else { None },
        trusts_forwarded_for: trusts_forwarded_for?,
        updated_at: if numeric_updated_at? {
            UpdatedAtFormat::NumericDate
        } else {
            UpdatedAtFormat::DateTime
        },
    };
    fits.then_some(client)
}

/// Values that may be valid on their own and contradict each other, as far as they could be parsed:
/// contradictions are reported together with other mistakes.
struct Together<'a> {
    public: Option<bool>,
    grants: Option<&'a [GrantType]>,
    callbacks: Option<&'a [AppUrl]>,
    lifetimes: Option<&'a Lifetimes>,
    requires_pkce: Option<bool>,
    trusts_forwarded_for: Option<bool>,
}

impl Together<'_> {
    fn fits(&self, reader: &mut Reader<'_>, table: &str) -> bool {
        let key = |name: &str| format!("{table}.{name}");
        let may = |grant| self.grants.is_some_and(|grants| grants.contains(&grant));
        let public = self.public == Some(true);
        let nowhere = self.callbacks.is_some_and(<[_]>::is_empty);
        let idle = self.lifetimes.is_some_and(|life| life.refresh_idle > life.refresh);
        let mistakes = [
            (
                public && may(GrantType::ClientCredentials),
                "grants",
                "includes `client_credentials`, which needs a secret; a public client has none",
            ),
            (
                public && self.trusts_forwarded_for == Some(true),
                "trust_forwarded_for",
                "needs a confidential client: a public one is not authenticated",
            ),
            (
                public && self.requires_pkce == Some(false),
                "require_pkce",
                "needs a confidential client: a public one has nothing else to show that the code is its own",
            ),
            (
                nowhere
                    && reader.has(&key("grants"))
                    && (may(GrantType::AuthorizationCode) || may(GrantType::Implicit)),
                "grants",
                "includes a login on the pages, which needs `callbacks`",
            ),
            (idle, "refresh_token_idle", "has no effect: it is longer than refresh_token_lifetime"),
        ];
        let mut fits = true;
        for (_, name, text) in mistakes.into_iter().filter(|(wrong, ..)| *wrong) {
            reader.note(&key(name), text);
            fits = false;
        }
        fits
    }
}

fn is_public(reader: &mut Reader<'_>, table: &str) -> Option<bool> {
    const TYPES: &[&str] = &["public", "confidential"];
    let key = format!("{table}.type");
    if !reader.has(&key) {
        return Some(true);
    }
    reader.one(&key, |text| match text {
        "public" => Ok(true),
        "confidential" => Ok(false),
        _ => Err(unknown(text, "a type of client", TYPES)),
    })
}

fn kind(reader: &mut Reader<'_>, table: &str, public: bool) -> Option<ClientType> {
    let secret = format!("{table}.secret");
    match (public, reader.has(&secret)) {
        (true, false) => Some(ClientType::Public),
        (true, true) => {
            let text = "needs `type = \"confidential\"`: a public client cannot keep a secret";
            reader.note(&secret, text);
            None
        }
        (false, false) => {
            reader.note(table, "is confidential and needs a `secret`");
            None
        }
        (false, true) => secrets(reader, &secret).map(ClientType::Confidential),
    }
}

fn secrets(reader: &mut Reader<'_>, key: &str) -> Option<Vec<ClientSecret>> {
    let secrets = reader.secrets(key)?;
    let weak = secrets.iter().any(|secret| secret.reveal().len() < MIN_SECRET);
    if weak {
        let text = "has fewer than 32 characters; make one with `openssl rand -hex 32`";
        reader.note(key, text);
        return None;
    }
    if let Some(why) = secrets.iter().find_map(|secret| guessable(secret.reveal())) {
        reader.note(key, format!("{why}; make one with `openssl rand -hex 32`"));
        return None;
    }
    let digests: Vec<_> = secrets.iter().map(|s| ClientSecret::new(s.reveal())).collect();
    if digests.len() == 2 && digests[0] == digests[1] {
        reader.note(key, "names the same secret twice");
        return None;
    }
    Some(digests)
}

fn lifetimes(reader: &mut Reader<'_>, table: &str) -> Option<Lifetimes> {
    let usual = Lifetimes::default();
    let lifetime = |name: &str, usual| {
        let key = format!("{table}.{name}");
        if reader.has(&key) { reader.duration(&key) } else { Some(usual) }
    };
    let (access_token, id_token) = (
        lifetime("access_token_lifetime", usual.access_token),
        lifetime("id_token_lifetime", usual.id_token),
    );
    let refresh_idle = lifetime("refresh_token_idle", usual.refresh_idle);
    let refresh = lifetime("refresh_token_lifetime", usual.refresh);
    let refresh_overlap = lifetime("refresh_token_overlap", usual.refresh_overlap);
    Some(Lifetimes {
        access_token: access_token?,
        id_token: id_token?,
        // A shorter lifetime alone also shortens the default idle timeout.
        refresh_idle: match (reader.has(&format!("{table}.refresh_token_idle")), refresh) {
            (false, Some(life)) => refresh_idle?.min(life),
            _ => refresh_idle?,
        },
        refresh: refresh?,
        refresh_overlap: refresh_overlap?,
    })
}

fn access_token_type(reader: &mut Reader<'_>, key: &str) -> Option<AccessTokenType> {
    if !reader.has(key) {
        return Some(AccessTokenType::default());
    }
    let names = AccessTokenType::ALL.map(AccessTokenType::typ);
    reader.one(key, |text| {
        let found = AccessTokenType::ALL.into_iter().find(|known| known.typ() == text);
        found.ok_or_else(|| unknown(text, "a type of access token", &names))
    })
}

fn list<T: PartialEq + Clone>(
    reader: &mut Reader<'_>,
    key: &str,
    usual: &[T],
    read: fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    if reader.has(key) { reader.all(key, read) } else { Some(usual.to_vec()) }
}

fn flag(reader: &Reader<'_>, key: &str, usual: bool) -> Option<bool> {
    if reader.has(key) { reader.flag(key) } else { Some(usual) }
}

fn app_url(text: &str) -> Result<AppUrl, String> {
    AppUrl::parse(text).map_err(|why| format!("{} {why}", shown(text)))
}

fn pattern(text: &str) -> Result<OriginPattern, String> {
    values::origin_pattern(text)
}

fn grant(text: &str) -> Result<GrantType, String> {
    let names: Vec<&str> = GrantType::ALL.into_iter().map(GrantType::name).collect();
    GrantType::named(text).ok_or_else(|| unknown(text, "a grant", &names))
}

fn connection(text: &str) -> Result<String, String> {
    let known = CONNECTIONS.contains(&text);
    known.then(|| text.to_owned()).ok_or_else(|| unknown(text, "a connection", CONNECTIONS))
}

/// The audience of an API, usually a URL.
fn audience(text: &str) -> Result<Audience, String> {
    Audience::parse(text).map_err(|why| format!("{} {why}", shown(text)))
}

/// Claims that have a meaning of their own in tokens.
const TAKEN_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "scope",
    "sid",
    "gid",
    "gty",
    "nonce",
    "auth_time",
    "at_hash",
    "c_hash",
    "s_hash",
    "acr",
    "amr",
    "cnf",
    "act",
    "events",
    "typ",
    "name",
    "nickname",
    "picture",
    "updated_at",
    "phone_number",
    "phone_number_verified",
    "email",
    "email_verified",
];

fn groups_claim(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    if !(1..=100).contains(&text.len()) || !text.bytes().all(plain) {
        let text = shown(text);
        return Err(format!(
            "{text} is not the name of a claim, 1 to 100 characters without quotes"
        ));
    }
    if TAKEN_CLAIMS.contains(&text) {
        return Err(format!("{} is a claim with another meaning", shown(text)));
    }
    Ok(text.to_owned())
}

fn email_domain(text: &str) -> Result<Host, String> {
    let name = text.contains('.') && text.parse::<std::net::IpAddr>().is_err();
    let host = Host::parse(text).ok().filter(|_| name && !text.starts_with('['));
    host.ok_or_else(|| format!("{} is not a domain such as users.invalid", shown(text)))
}

/// RFC 6749 §3.3.
fn scope(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    let good = (1..=60).contains(&text.len()) && text.bytes().all(plain);
    good.then(|| text.to_owned()).ok_or_else(|| {
        format!("{} is not one word of a scope, 1 to 60 characters, without quotes", shown(text))
    })
}
