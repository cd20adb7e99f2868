use url::Url;

use crate::domain::Host;

/// The components of a URL that are compared, by the names that the log gives them.
const COMPONENTS: [&str; 7] = [
    "the scheme",
    "the user name",
    "the host",
    "the port",
    "the path",
    "the query",
    "the fragment",
];

/// The index of the port.
const PORT: usize = 3;

type Components = [String; COMPONENTS.len()];

/// What keeps the URL `given` from being one of those that are `listed`: the first component in
/// which it differs from the one that is most like it. Fixed texts only, since any part of a URL may
/// hold a secret. `None`: nothing is listed.
pub(super) fn difference<'l>(
    given: &str,
    listed: impl Iterator<Item = &'l str>,
) -> Option<&'static str> {
    let Some(parts) = components(given) else { return Some("it is no URL") };
    let known = listed.filter_map(components);
    let nearest = known.min_by_key(|known| unlike(&parts, known))?;
    let differing: Vec<_> = (0..COMPONENTS.len()).filter(|n| parts[*n] != nearest[*n]).collect();
    // Native apps may have any port.
    let other = differing.iter().find(|n| **n != PORT || !is_on_loopback(&parts));
    match other.or(differing.first()).copied() {
        // Another spelling of the same URL: callbacks are compared byte for byte.
        None => Some("its spelling"),
        Some(first) if parts[first].eq_ignore_ascii_case(&nearest[first]) => {
            Some("upper and lower case")
        }
        Some(4) if parts[4].trim_end_matches('/') == nearest[4].trim_end_matches('/') => {
            Some("the slash at the end")
        }
        Some(first) => Some(COMPONENTS[first]),
    }
}

fn is_on_loopback([scheme, _, host, ..]: &Components) -> bool {
    scheme == "http" && Host::parse(host).is_ok_and(|host| host.is_loopback())
}

/// How much one URL differs from another: those of another host most.
fn unlike(one: &Components, other: &Components) -> usize {
    const WEIGHTS: [usize; COMPONENTS.len()] = [2, 1, 8, 2, 4, 1, 1];
    let pairs = one.iter().zip(other).zip(WEIGHTS);
    pairs.filter(|((one, other), _)| one != other).map(|(_, weight)| weight).sum()
}

fn components(text: &str) -> Option<Components> {
    let url = Url::parse(text).ok()?;
    let user = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    let port = url.port_or_known_default().map(|port| port.to_string());
    let of = |part: Option<&str>| part.map(|part| format!("?{part}")).unwrap_or_default();
    Some([
        url.scheme().to_owned(),
        user,
        url.host_str().unwrap_or_default().to_owned(),
        // That of a scheme's default follows from the scheme.
        port.filter(|_| url.port().is_some()).unwrap_or_default(),
        url.path().to_owned(),
        of(url.query()),
        of(url.fragment()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_component_that_differs_from_the_nearest() {
        let listed = ["https://app.example.com/callback", "https://app.example.com/web?x=1"];
        for (given, expected) in [
            ("https://app.example.com/callback?redirect_state=ab", "the query"),
            ("https://app.example.com/callback/", "the slash at the end"),
            ("https://app.example.com/Callback", "upper and lower case"),
            ("https://app.example.com/callback#here", "the fragment"),
            ("https://app.example.com/callback2", "the path"),
            ("https://app.example.com/web", "the query"),
            ("http://app.example.com/callback", "the scheme"),
            ("https://app.example.com:8443/callback", "the port"),
            ("https://www.example.com/callback", "the host"),
            ("https://ada@app.example.com/callback", "the user name"),
            ("https://APP.example.com/callback", "its spelling"),
            ("https://app.example.com:443/callback", "its spelling"),
            ("/callback", "it is no URL"),
        ] {
            assert_eq!(difference(given, listed.into_iter()), Some(expected), "{given}");
        }
        assert_eq!(difference("https://app.example.com/", std::iter::empty()), None);
        let loopback = ["http://127.0.0.1/cb", "http://localhost/cb?x=1"];
        for (given, expected) in [
            ("http://127.0.0.1:5123/cb/", "the slash at the end"),
            ("http://127.0.0.1:5123/cb?x", "the query"),
            ("http://127.0.0.1:5123/cb#a", "the fragment"),
            ("http://127.0.0.1:5123/%63b", "the path"),
            ("http://localhost:4000/cb", "the query"),
            ("http://127.0.0.1:5123/cb", "the port"),
        ] {
            assert_eq!(difference(given, loopback.into_iter()), Some(expected), "{given}");
        }
        let native = ["com.example.app:/callback"].into_iter();
        assert_eq!(difference("com.example.app:/callback?x=1", native), Some("the query"));
    }
}
