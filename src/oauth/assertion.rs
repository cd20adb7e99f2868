use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Algorithm, Issuer, SigningKeys, Unsigned, Usage};
use crate::domain::{Origin, Role};
use crate::session::SignedIn;
use crate::system::Timestamp;
use crate::users::Roles;

/// How long an assertion is good for: an app gets a newer one with every later request.
pub(super) const LIFETIME: Duration = Duration::from_mins(2);

/// The age at which an assertion is made anew. The rest of its life is for requests on the way
/// and for clocks that disagree.
pub const REMADE_AFTER: Duration = Duration::from_mins(1);

/// In whose manner an assertion is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Doorcode,
    /// As apps that verify Pomerium's expect it.
    Pomerium,
    /// As apps that verify that of Cloudflare Access expect it.
    Cloudflare,
}

/// What styles differ in.
struct Manner {
    style: Style,
    algorithm: Algorithm,
    /// The header's `typ`: keeps what was signed for one purpose from being taken for another
    /// (RFC 8725 §3.11).
    typ: &'static str,
    claims: fn(&Facts<'_>) -> Value,
}

const MANNERS: &[Manner] = &[
    Manner {
        style: Style::Doorcode,
        algorithm: Algorithm::Es256,
        typ: "doorcode-assertion+jwt",
        claims: |facts| {
            json!({
                "iss": facts.audience.issuer, "aud": facts.audience.url, "sid": facts.session,
                "phone_number": facts.phone, "groups": facts.groups,
            })
        },
    },
    // Issuer and audience are the site's host; `sdk-go` and `js-sdk` ask that host for the keys.
    Manner {
        style: Style::Pomerium,
        algorithm: Algorithm::Es256,
        typ: "JWT",
        claims: |facts| {
            json!({
                "iss": facts.audience.host, "aud": facts.audience.host, "sid": facts.session,
                "user": facts.user, "name": facts.phone, "phone_number": facts.phone,
                "groups": facts.groups,
            })
        },
    },
    // The issuer without a slash stands where the team's domain would; apps add
    // `/cdn-cgi/access/certs` to it. Most of them name RS256 and take nothing else.
    Manner {
        style: Style::Cloudflare,
        algorithm: Algorithm::Rs256,
        typ: "JWT",
        claims: |facts| {
            json!({
                "iss": facts.audience.issuer.trim_end_matches('/'), "aud": [facts.audience.url],
                "type": "app", "phone_number": facts.phone, "groups": facts.groups,
            })
        },
    },
];

impl Style {
    fn manner(self) -> &'static Manner {
        // Each has one; the first is as good as any where the compiler cannot see it.
        MANNERS.iter().find(|manner| manner.style == self).unwrap_or(&MANNERS[0])
    }

    pub fn algorithm(self) -> Algorithm {
        self.manner().algorithm
    }
}

/// Whom assertions for a site are from and for.
#[derive(Clone, Debug)]
pub struct Audience {
    issuer: String,
    /// The site's `url`, without a slash at its end.
    url: String,
    /// Its host, with the port when that is not the scheme's own.
    host: String,
}

impl Audience {
    /// `url`: that of the site at `origin`, as configured.
    pub fn new(issuer: &Issuer, origin: &Origin, url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { issuer: issuer.to_string(), url, host: origin.authority() }
    }
}

struct Facts<'a> {
    audience: &'a Audience,
    user: String,
    session: String,
    phone: &'a str,
    groups: Vec<&'a str>,
}

/// What tells an app who is there, signed (RFC 7519). No id of its own (`jti`): the same one goes
/// with every request of a minute.
pub fn assertion(
    keys: &SigningKeys,
    (style, audience): (Style, &Audience),
    who: &SignedIn,
    roles: &Roles,
    now: Timestamp,
) -> Result<String, Unsigned> {
    let Manner { algorithm, typ, claims, .. } = style.manner();
    let (user, session) = (who.user().to_string(), who.session().to_string());
    let groups = roles.iter().map(Role::as_str).collect();
    let facts = Facts { audience, user, session, phone: who.phone().e164(), groups };
    let mut all = Map::new();
    if let Value::Object(claims) = claims(&facts) {
        all = claims;
    }
    let seconds = |at: Timestamp| Value::from(at.as_millis().div_euclid(1000));
    all.insert("sub".to_owned(), Value::from(facts.user));
    all.insert("iat".to_owned(), seconds(now));
    all.insert("exp".to_owned(), seconds(now + LIFETIME));
    keys.signing((Usage::Assertion, *algorithm))?.sign(typ, &all)
}
