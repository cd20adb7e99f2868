use crate::store::redis_fault::RedisFault;

/// The oldest version that has GETDEL.
const OLDEST: (u32, u32) = (6, 2);

/// Judges a server by its answer to INFO, which tells the same as CONFIG GET, and tells it where
/// CONFIG is forbidden, as managed servers do.
///
/// # Errors
///
/// If the server must not be used. A policy that evicts is refused whatever `maxmemory` is now: an
/// evicted counter or attempt would be a limit that is forgotten.
pub(super) fn judge(info: &str) -> Result<(), RedisFault> {
    let field = |name: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| *known == name).map(|(_, value)| value.trim())
    };
    if let Some(version) = field("redis_version").filter(|version| is_too_old(version)) {
        return Err(RedisFault::TooOld(version.to_owned()));
    }
    if field("role").is_some_and(|role| role != "master") {
        return Err(RedisFault::Replica);
    }
    match field("maxmemory_policy") {
        Some("noeviction") => Ok(()),
        Some(policy) => Err(RedisFault::Evicts(policy.to_owned())),
        None => Err(RedisFault::PolicyUnknown),
    }
}

fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, role: &str, policy: &str) -> String {
        format!(
            "# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory:0\r\n\
             maxmemory_policy:{policy}\r\n# Replication\r\nrole:{role}\r\n"
        )
    }

    #[test]
    fn a_primary_that_keeps_what_it_was_given_may_be_used() {
        for version in ["6.2.0", "7.0.15", "7.2.4", "8.0.0", "10.1.2", "unstable"] {
            assert_eq!(judge(&info(version, "master", "noeviction")), Ok(()), "{version}");
        }
    }

    #[test]
    fn every_other_server_is_refused_with_what_to_do() {
        for (version, role, policy, said) in [
            ("7.0.0", "master", "allkeys-lru", "maxmemory-policy to `noeviction`"),
            ("7.0.0", "master", "volatile-ttl", "`volatile-ttl`"),
            ("7.0.0", "slave", "noeviction", "name the primary"),
            ("6.0.16", "master", "noeviction", "6.2 is the oldest"),
        ] {
            let fault = judge(&info(version, role, policy)).unwrap_err().to_string();
            assert!(fault.contains(said), "{fault}");
        }
        assert_eq!(judge("role:master\r\n"), Err(RedisFault::PolicyUnknown));
    }
}
