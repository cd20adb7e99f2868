use std::fmt;

use url::Url;

use super::RedisServer;
use crate::domain::Secret;

/// Why a URL names no Redis. Quotes nothing of it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlError {
    #[error(
        "is not a URL such as \"redis://cache.example.com:6379/0\", \
         \"redis-sentinel://one:26379,other:26379/NAME/0\" or \"redis-cluster://one:6379,other:6379\""
    )]
    NotAUrl,
    #[error("holds a password: write it to `store.cache_password`, as `env:NAME` or `file:PATH`")]
    Password,
    #[error(
        "names no primary: write its name at the sentinels as the path, as in \"…:26379/NAME\""
    )]
    NoPrimary,
}

impl RedisServer {
    /// Reads `redis://user@host:port/0`, or several hosts of sentinels or of a cluster; `rediss…` speaks
    /// TLS. The password is that of the servers with the data.
    ///
    /// # Errors
    ///
    /// When `text` is no such URL.
    pub fn parse(text: &str, password: Option<&Secret>) -> Result<Self, RedisUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(RedisUrlError::NotAUrl)?;
        let (base, kind) = scheme.split_once('-').unwrap_or((scheme, ""));
        if !["redis", "rediss"].contains(&base) {
            return Err(RedisUrlError::NotAUrl);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        // A slash in a password ends the host there.
        if user.contains(':') || path.contains('@') || path.contains("password=") {
            return Err(RedisUrlError::Password);
        }
        let at =
            |host: &str, path: &str| with_login(&format!("{base}://{host}/{path}"), user, password);
        let hosts: Vec<&str> = hosts.split(',').collect();
        match (kind, hosts.as_slice()) {
            ("", [host]) => at(host, path).map(Self::Single),
            ("sentinel", sentinels) => {
                let (name, number) = path.split_once('/').unwrap_or((path, "0"));
                if name.is_empty() {
                    return Err(RedisUrlError::NoPrimary);
                }
                let sentinel = |host: &&str| with_login(&format!("{base}://{host}"), "", None);
                let sentinels = sentinels.iter().map(sentinel).collect::<Result<_, _>>()?;
                Ok(Self::Sentinel { sentinels, primary: at(name, number)? })
            }
            ("cluster", nodes) if path.is_empty() => {
                nodes.iter().map(|host| at(host, "")).collect::<Result<_, _>>().map(Self::Cluster)
            }
            _ => Err(RedisUrlError::NotAUrl),
        }
    }
}

/// Without credentials.
impl fmt::Display for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(url) => f.write_str(&without_login(url)),
            Self::Sentinel { sentinels, primary } => {
                write!(f, "{} at {}", without_login(primary), all_without_login(sentinels))
            }
            Self::Cluster(nodes) => f.write_str(&all_without_login(nodes)),
        }
    }
}

fn all_without_login(urls: &[Secret]) -> String {
    urls.iter().map(without_login).collect::<Vec<_>>().join(",")
}

fn without_login(url: &Secret) -> String {
    let url = Url::parse(url.reveal()).ok();
    let place = url.and_then(|url| {
        let host = url.host_str()?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{host}{port}{}", url.scheme(), url.path()))
    });
    place.unwrap_or_else(|| "a URL that cannot be read".to_owned())
}

fn with_login(url: &str, user: &str, password: Option<&Secret>) -> Result<Secret, RedisUrlError> {
    let mut url = Url::parse(url).map_err(|_| RedisUrlError::NotAUrl)?;
    if url.host_str().is_none_or(str::is_empty) || url.query().is_some() || url.fragment().is_some()
    {
        return Err(RedisUrlError::NotAUrl);
    }
    let number = url.path().trim_start_matches('/');
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RedisUrlError::NotAUrl);
    }
    let password = password.map(Secret::reveal);
    let set = url.set_username(user).and_then(|()| url.set_password(password));
    set.map_err(|()| RedisUrlError::NotAUrl)?;
    Ok(Secret::new(url.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{RedisServer, RedisUrlError};
    use crate::domain::Secret;

    fn parsed(text: &str) -> Result<Vec<String>, RedisUrlError> {
        let password = Secret::new("p@ss/word");
        let all = match RedisServer::parse(text, Some(&password))? {
            RedisServer::Single(one) => vec![one],
            RedisServer::Sentinel { sentinels, primary } => {
                sentinels.into_iter().chain([primary]).collect()
            }
            RedisServer::Cluster(nodes) => nodes,
        };
        Ok(all.iter().map(|url| url.reveal().to_owned()).collect())
    }

    #[test]
    fn servers_sentinels_and_clusters_are_read_and_get_their_password() {
        for (text, urls) in [
            ("redis://cache:6379/2", &["redis://:p%40ss%2Fword@cache:6379/2"][..]),
            ("rediss://app@cache", &["rediss://app:p%40ss%2Fword@cache/"]),
            ("redis://[::1]:6379", &["redis://:p%40ss%2Fword@[::1]:6379/"]),
            (
                "redis-sentinel://one:26379,two:26379/main/1",
                &["redis://one:26379", "redis://two:26379", "redis://:p%40ss%2Fword@main/1"],
            ),
            (
                "rediss-cluster://one:1,two:2",
                &["rediss://:p%40ss%2Fword@one:1/", "rediss://:p%40ss%2Fword@two:2/"],
            ),
        ] {
            assert_eq!(parsed(text).expect(text), urls, "{text}");
        }
    }

    #[test]
    fn places_are_named_without_credentials() {
        let password = Secret::new("p@ss/word");
        for (text, place) in [
            ("redis://app@cache:6379/2", "redis://cache:6379/2"),
            ("rediss://[::1]:6379", "rediss://[::1]:6379/"),
            (
                "redis-sentinel://one:26379,two:26379/main/1",
                "redis://main/1 at redis://one:26379,redis://two:26379",
            ),
            ("redis-cluster://one:1,two:2", "redis://one:1/,redis://two:2/"),
        ] {
            let server = RedisServer::parse(text, Some(&password)).expect(text);
            assert_eq!(server.to_string(), place, "{text}");
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for (text, why) in [
            ("redis", RedisUrlError::NotAUrl),
            ("redis://", RedisUrlError::NotAUrl),
            ("redis://one,two", RedisUrlError::NotAUrl),
            ("redis://one/name", RedisUrlError::NotAUrl),
            ("redis://one/0#insecure", RedisUrlError::NotAUrl),
            ("redis://one/0?protocol=resp3", RedisUrlError::NotAUrl),
            ("redis-sentinels://one/name", RedisUrlError::NotAUrl),
            ("valkey://one", RedisUrlError::NotAUrl),
            ("redis://:secret@one", RedisUrlError::Password),
            ("redis://me:1/secret@one", RedisUrlError::Password),
            ("redis-sentinel://one:26379", RedisUrlError::NoPrimary),
            ("redis-cluster://one:1/0", RedisUrlError::NotAUrl),
        ] {
            assert_eq!(parsed(text), Err(why), "{text}");
        }
    }
}
