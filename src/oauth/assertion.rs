use std::time::Duration;

use serde_json::{Map, Value, json};

use super::algorithm::Algorithm;
use super::issuer::Issuer;
use super::keys::{KeyUsage, SigningError, SigningKeys};
use super::numeric_date::numeric_date;
use crate::domain::{Origin, Role};
use crate::session::SignedIn;
use crate::system::Timestamp;
use crate::users::Roles;

/// How long an assertion is valid: an app gets a newer one with every later request.
pub(super) const LIFETIME: Duration = Duration::from_mins(2);

/// The age at which an assertion is renewed. The rest of its lifetime is for requests on the way
/// and for clocks that disagree.
pub const RENEWED_AFTER: Duration = Duration::from_mins(1);

/// Which product's assertion format to emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionFormat {
    Doorcode,
    /// For apps that verify Pomerium's `X-Pomerium-Jwt-Assertion`.
    Pomerium,
    /// For apps that verify the `Cf-Access-Jwt-Assertion` of Cloudflare Access.
    Cloudflare,
}

/// What formats differ in.
struct AssertionFormatDef {
    algorithm: Algorithm,
    /// The header's `typ`: prevents that what was signed for one purpose is taken for another
    /// (RFC 8725 §3.11).
    typ: &'static str,
    claims: fn(&ClaimsInput<'_>) -> Value,
}

static DOORCODE: AssertionFormatDef = AssertionFormatDef {
    algorithm: Algorithm::Es256,
    typ: "doorcode-assertion+jwt",
    claims: |input| {
        json!({
            "iss": input.audience.issuer, "aud": input.audience.url, "sid": input.session,
            "phone_number": input.phone, "groups": input.groups,
        })
    },
};

// Issuer and audience are the site's host; `sdk-go` and `js-sdk` fetch the keys from that host.
static POMERIUM: AssertionFormatDef = AssertionFormatDef {
    algorithm: Algorithm::Es256,
    typ: "JWT",
    claims: |input| {
        json!({
            "iss": input.audience.host, "aud": input.audience.host, "sid": input.session,
            "user": input.user, "name": input.phone, "phone_number": input.phone,
            "groups": input.groups,
        })
    },
};

// The issuer without a slash takes the place of the team's domain; apps append
// `/cdn-cgi/access/certs` to it. Most of them accept RS256 only.
static CLOUDFLARE: AssertionFormatDef = AssertionFormatDef {
    algorithm: Algorithm::Rs256,
    typ: "JWT",
    claims: |input| {
        json!({
            "iss": input.audience.issuer.trim_end_matches('/'), "aud": [input.audience.url],
            "type": "app", "phone_number": input.phone, "groups": input.groups,
        })
    },
};

impl AssertionFormat {
    fn definition(self) -> &'static AssertionFormatDef {
        match self {
            Self::Doorcode => &DOORCODE,
            Self::Pomerium => &POMERIUM,
            Self::Cloudflare => &CLOUDFLARE,
        }
    }

    pub fn algorithm(self) -> Algorithm {
        self.definition().algorithm
    }
}

/// Issuer and audience of the assertions for one site.
#[derive(Clone, Debug)]
pub struct AssertionAudience {
    issuer: String,
    /// The site's `url`, without a slash at its end.
    url: String,
    /// Its host, with the port unless that is the scheme's default.
    host: String,
}

impl AssertionAudience {
    /// `url`: that of the site at `origin`, as configured.
    pub fn new(issuer: &Issuer, origin: &Origin, url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { issuer: issuer.to_string(), url, host: origin.authority() }
    }
}

struct ClaimsInput<'a> {
    audience: &'a AssertionAudience,
    user: String,
    session: String,
    phone: &'a str,
    groups: Vec<&'a str>,
}

/// A signed JWT (RFC 7519) that tells an app who is signed in. Without `jti`: the same assertion
/// goes with every request of a minute.
///
/// # Errors
///
/// [`SigningError`]: there is no key for the format's algorithm, or it does not sign.
pub fn assertion(
    keys: &SigningKeys,
    (format, audience): (AssertionFormat, &AssertionAudience),
    user: &SignedIn,
    roles: &Roles,
    now: Timestamp,
) -> Result<String, SigningError> {
    let AssertionFormatDef { algorithm, typ, claims } = format.definition();
    let input = ClaimsInput {
        audience,
        user: user.user().to_string(),
        session: user.session().to_string(),
        phone: user.phone().e164(),
        groups: roles.iter().map(Role::as_str).collect(),
    };
    let mut all = match claims(&input) {
        Value::Object(claims) => claims,
        _ => Map::new(),
    };
    all.insert("sub".to_owned(), Value::from(input.user));
    all.insert("iat".to_owned(), Value::from(numeric_date(now)));
    all.insert("exp".to_owned(), Value::from(numeric_date(now + LIFETIME)));
    keys.signing((KeyUsage::Assertion, *algorithm))?.sign(typ, &all)
}
