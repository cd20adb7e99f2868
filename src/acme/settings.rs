use std::fmt;
use std::path::PathBuf;

use data_encoding::HEXLOWER;

use crate::domain::sha256;

/// Let's Encrypt's directories, <https://letsencrypt.org/docs/acme-protocol-updates/>.
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// `[acme]`. Read once, at the start.
#[derive(Clone, Debug)]
pub struct AcmeSettings {
    /// A URL whose scheme is `mailto` (RFC 8555 §7.3).
    pub contact: String,
    pub folder: PathBuf,
    pub directory: AcmeDirectory,
    /// Trusted in place of the operating system's, for the connection to the authority.
    pub roots: Option<Roots>,
    /// What can be answered here, the preferred one first; not empty.
    pub challenges: Vec<ChallengeKind>,
}

/// How it is proved that a host is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeKind {
    /// RFC 8737: answered in the TLS handshake, on port 443 of the host.
    TlsAlpn,
    /// RFC 8555 §8.3: answered over plain http, on port 80 of the host.
    Http,
}

impl fmt::Display for ChallengeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TlsAlpn => "tls-alpn-01",
            Self::Http => "http-01",
        })
    }
}

/// The URL of an authority's directory (RFC 8555 §7.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeDirectory(url::Url);

impl AcmeDirectory {
    /// `production` and `staging` are those of Let's Encrypt. `None`: neither, nor an https URL.
    pub fn parse(text: &str) -> Option<Self> {
        let named = match text {
            "production" => PRODUCTION,
            "staging" => STAGING,
            other => other,
        };
        let url = url::Url::parse(named).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "https" && url.has_host() && is_plain).then_some(Self(url))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the authority is known to issue for public names only.
    pub fn is_public(&self) -> bool {
        [PRODUCTION, STAGING].contains(&self.as_str())
    }

    /// A name for what belongs to this authority, which no other has: accounts, and certificates that
    /// only its visitors trust.
    pub(super) fn folder_name(&self) -> String {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let digest = HEXLOWER.encode(&sha256(self.as_str().as_bytes())[..4]);
        format!("{}-{digest}", host.replace(':', "_"))
    }
}

/// Authorities that the connection to the directory trusts.
#[derive(Clone)]
pub struct Roots(pub(super) Vec<reqwest::Certificate>);

impl Roots {
    /// `text`: certificates in PEM. `None`: it has none, or a broken one.
    pub fn parse(text: &str) -> Option<Self> {
        let all = reqwest::Certificate::from_pem_bundle(text.as_bytes()).ok()?;
        // Whether they can be used shows when a client is made with them.
        let tried = reqwest::Client::builder().tls_certs_only(all.clone()).build();
        (!all.is_empty() && tried.is_ok()).then_some(Self(all))
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_https_and_have_folders_of_their_own() {
        let production = AcmeDirectory::parse("production").unwrap();
        let staging = AcmeDirectory::parse("staging").unwrap();
        assert!(production.is_public() && staging.is_public());
        assert_eq!(AcmeDirectory::parse(PRODUCTION).unwrap(), production);
        let own = AcmeDirectory::parse("https://[::1]:14000/dir").unwrap();
        assert!(!own.is_public());
        let names = [&production, &staging, &own].map(AcmeDirectory::folder_name);
        assert!(names[0].starts_with("acme-v02.api.letsencrypt.org-"), "{names:?}");
        assert!(names.iter().all(|name| !name.contains(['/', ':', '['])), "{names:?}");
        let other = AcmeDirectory::parse("https://[::1]:14000/other").unwrap();
        assert_ne!(own.folder_name(), other.folder_name());
        for bad in ["", "live", "http://ca.example/dir", "https://me:pw@ca.example/dir", "https://"]
        {
            assert!(AcmeDirectory::parse(bad).is_none(), "{bad}");
        }
    }
}
