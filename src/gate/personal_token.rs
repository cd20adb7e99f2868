//! Personal access tokens in `Authorization`: as the password of `Basic` (RFC 7617), whatever the name
//! before it, or as `Bearer` (RFC 6750 §2.1).
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, ORIGIN, REFERER};
use http::{HeaderMap, HeaderValue, Method};
use zeroize::Zeroizing;

use super::cookies::is_own_cookie;
use super::cross_origin::{Initiator, initiator, is_foreign};
use super::decide::is_navigation;
use super::sites::Site;
use crate::session::PersonalToken;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// As the most lenient of servers.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// So many of its characters after the prefix make a token. Fewer stand in other credentials by chance.
const LEAST: usize = 40;

/// What `Authorization` holds of a personal access token.
#[derive(Debug)]
pub enum PersonalCredentials {
    /// Nothing: the header is another's, such as the app's own login, or there is none.
    None,
    /// Something that begins like a token and is none, or stands where no token belongs.
    Malformed,
    Token(PersonalToken),
}

impl PersonalCredentials {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut all = headers.get_all(AUTHORIZATION).iter().map(Self::of_value);
        let first = all.next().unwrap_or(Self::None);
        // Two headers have no meaning: one with a token in it must still not be taken for another's.
        if all.any(|other| !matches!(other, Self::None)) { Self::Malformed } else { first }
    }

    fn of_value(value: &HeaderValue) -> Self {
        match Self::of_well_formed(value) {
            Self::None if may_hold_token(value.as_bytes()) => Self::Malformed,
            found => found,
        }
    }

    fn of_well_formed(value: &HeaderValue) -> Self {
        let Some((scheme, rest)) = value.to_str().ok().and_then(|value| value.split_once(' '))
        else {
            return Self::None;
        };
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            return Self::of_basic(rest);
        }
        match (rest.starts_with(PersonalToken::PREFIX), PersonalToken::parse(rest)) {
            (false, _) => Self::None,
            (true, Some(token)) if scheme.eq_ignore_ascii_case("bearer") => Self::Token(token),
            (true, _) => Self::Malformed,
        }
    }

    fn of_basic(encoded: &str) -> Self {
        let Ok(decoded) = BASE64.decode(encoded).map(Zeroizing::new) else { return Self::None };
        let prefix = PersonalToken::PREFIX.as_bytes();
        let colon = decoded.iter().position(|byte| *byte == b':').unwrap_or(decoded.len());
        let (name, password) = decoded.split_at(colon);
        let password = password.get(1..).unwrap_or_default();
        if name.starts_with(prefix) {
            return Self::Malformed;
        }
        if !password.starts_with(prefix) {
            return Self::None;
        }
        let token = std::str::from_utf8(password).ok().and_then(PersonalToken::parse);
        token.map_or(Self::Malformed, Self::Token)
    }
}

/// Whether a server that reads a header less strictly could find a token in it: as it is, or in Base64
/// of any alphabet, whatever stands between its characters.
fn may_hold_token(value: &[u8]) -> bool {
    let rest = value.iter().position(u8::is_ascii_whitespace).map_or(value, |at| &value[at..]);
    let characters = rest.iter().filter_map(|byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        byte if byte.is_ascii_alphanumeric() || b"+/".contains(byte) => Some(*byte),
        _ => None,
    });
    let mut characters = characters.collect::<Vec<u8>>();
    // One is left over that holds no whole byte.
    characters.truncate(characters.len() - usize::from(characters.len() % 4 == 1));
    let decoded = LENIENT.decode(characters).map(Zeroizing::new);
    has_token(value) || decoded.is_ok_and(|decoded| has_token(&decoded))
}

/// Whether bytes hold a token, in letters of either case.
fn has_token(bytes: &[u8]) -> bool {
    let prefix = PersonalToken::PREFIX.as_bytes();
    let is_of_token = |byte: &u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(byte);
    bytes.windows(prefix.len() + LEAST).any(|window| {
        let (start, rest) = window.split_at(prefix.len());
        start.eq_ignore_ascii_case(prefix) && rest.iter().all(is_of_token)
    })
}

/// Removes `Authorization` where it holds a token, or what looks like one: no app ever gets it.
pub fn strip_personal_token(headers: &mut HeaderMap) {
    if !matches!(PersonalCredentials::of(headers), PersonalCredentials::None) {
        headers.remove(AUTHORIZATION);
    }
}

/// Whether a page of another origin made a request with a token. Browsers keep `Basic` credentials that
/// were typed into them and attach them by themselves, as they do cookies, but `SameSite` does not hold
/// for them: so other sites' images and frames count too.
pub fn is_foreign_to_token(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    let (own, listed) = (&site.url.origin, &site.allowed_origins);
    // Programs send none of these headers, with a websocket handshake either.
    let by_page = headers.contains_key(ORIGIN)
        || headers.contains_key(REFERER)
        || initiator(headers, own) != Initiator::Program;
    let is_other = |name: &str, usual: &str| headers.get(name).is_some_and(|value| value != usual);
    // A script's request, an image or a frame, and no page that a window goes to.
    let is_embedded = headers.contains_key(ORIGIN)
        || is_other("sec-fetch-mode", "navigate")
        || is_other("sec-fetch-dest", "document");
    let method = if is_embedded { &Method::POST } else { method };
    by_page && is_foreign(method, headers, own, listed)
}

/// Whether a program made a request, one that shows no pages and has no other way to ask its user than
/// by a challenge. A browser would open a dialog of its own for one.
pub fn is_program(method: &Method, headers: &HeaderMap) -> bool {
    // Browsers go to pages by these methods only.
    let may_navigate = matches!(*method, Method::GET | Method::HEAD | Method::POST);
    let html = |accept: &HeaderValue| accept.to_str().is_ok_and(|text| text.contains("text/html"));
    let navigates = match headers.get("sec-fetch-mode") {
        Some(_) => is_navigation(headers),
        None => may_navigate && headers.get_all(ACCEPT).iter().any(html),
    };
    // `none`: its user did, and no page. Programs that are built on a browser's engine send it.
    let by_page = headers.contains_key(ORIGIN)
        || headers.contains_key(REFERER)
        || headers.contains_key("x-requested-with")
        || has_own_cookie(headers)
        || headers.get("sec-fetch-site").is_some_and(|site| site != "none");
    !navigates && !by_page
}

/// A browser that was here before. Some send nothing else to be known by, over plain http.
fn has_own_cookie(headers: &HeaderMap) -> bool {
    let lines =
        headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut names = lines.filter_map(|pair| pair.split(|b| *b == b'=').next());
    names.any(is_own_cookie)
}

/// The challenge for programs (RFC 7617 §2). `Basic` is the only one: clients of container registries
/// take a `Bearer` challenge for another protocol.
pub fn basic_challenge(site: &Site) -> HeaderValue {
    let value = format!("Basic realm=\"{}\", charset=\"UTF-8\"", site.url);
    // A URL has no byte that a header or a quoted string may not.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Basic realm=\"\""))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const TOKEN: &str = "dcp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn what_a_lenient_server_could_read_as_a_token_is_refused_and_removed() {
        let encoded = STANDARD.encode(format!("me:{TOKEN}"));
        let (start, end) = encoded.split_at(10);
        let unusual = STANDARD.encode(format!("me?>:{TOKEN}")).replace('/', "_");
        assert!(unusual.contains('_'), "{unusual}");
        for value in [
            format!("Basic {encoded}==="),
            format!("Basic {start} {end}"),
            format!("Basic\t{encoded}"),
            format!("Basic {encoded} x"),
            format!("Basic {unusual}"),
            basic(&format!("me: {TOKEN}")),
            basic(&format!("a:b:{TOKEN}")),
            format!("Bearer Bearer {TOKEN}"),
            format!("Bearer \"{TOKEN}\""),
            format!("Bearer a.{TOKEN}"),
            basic(&format!("git:a{TOKEN}")),
            TOKEN.to_owned(),
            format!("Digest username=\"{TOKEN}\""),
            format!("Bearer {}", TOKEN.to_uppercase()),
        ] {
            let mut headers = headers(&[("authorization", &value)]);
            let found = PersonalCredentials::of(&headers);
            assert!(matches!(found, PersonalCredentials::Malformed), "{value}: {found:?}");
            strip_personal_token(&mut headers);
            assert!(headers.is_empty(), "{value}");
        }
        // A password that only begins like one, and other schemes, are the app's.
        for value in ["Bearer dcp", "Basic bWU6ZGM=", "Negotiate ZGNwX2FiYw==", "", "Basic", "x"] {
            let headers = headers(&[("authorization", value)]);
            let found = PersonalCredentials::of(&headers);
            assert!(matches!(found, PersonalCredentials::None), "{value}: {found:?}");
        }
    }

    #[test]
    fn a_token_is_a_password_or_a_bearers() {
        let unpadded = basic(&format!("ab:{TOKEN}")).trim_end_matches('=').to_owned();
        for value in [
            format!("Bearer {TOKEN}"),
            format!("bearer  {TOKEN}"),
            basic(&format!("git:{TOKEN}")),
            basic(&format!(":{TOKEN}")),
            basic(&format!("ü:{TOKEN}")),
            basic(&format!("a:{TOKEN}")).replacen("Basic", "bAsIc", 1),
            unpadded,
        ] {
            let found = PersonalCredentials::of(&headers(&[("authorization", &value)]));
            assert!(matches!(found, PersonalCredentials::Token(_)), "{value}");
        }
    }

    #[test]
    fn what_begins_like_a_token_is_never_another_login() {
        let short = &TOKEN[..TOKEN.len() - 1];
        for value in [
            format!("Bearer {short}"),
            format!("Bearer {TOKEN}a"),
            format!("token {TOKEN}"),
            format!("Digest {TOKEN}"),
            "Bearer dcp_".to_owned(),
            basic(&format!("git:{short}")),
            basic(&format!("git:{TOKEN} ")),
            basic(&format!("{TOKEN}:")),
            basic(&format!("{TOKEN}:x-oauth-basic")),
            basic(TOKEN),
            basic("a:dcp_\u{fffd}"),
        ] {
            let mut headers = headers(&[("authorization", &value)]);
            let found = PersonalCredentials::of(&headers);
            assert!(matches!(found, PersonalCredentials::Malformed), "{value}");
            strip_personal_token(&mut headers);
            assert!(headers.is_empty(), "{value} reaches the app");
        }
        let twice = headers(&[("authorization", "Basic YTpi"), ("authorization", &basic(TOKEN))]);
        assert!(matches!(PersonalCredentials::of(&twice), PersonalCredentials::Malformed));
    }

    #[test]
    fn another_login_stays_the_apps() {
        for value in [
            "Basic YTpi",
            "Basic !!!",
            "Basic",
            "Bearer abc",
            "Bearer DCP_aaaa",
            "Negotiate YII",
            "",
        ] {
            let mut headers = headers(&[("authorization", value)]);
            assert!(matches!(PersonalCredentials::of(&headers), PersonalCredentials::None));
            strip_personal_token(&mut headers);
            assert!(headers.contains_key("authorization"), "{value} is lost");
        }
    }

    #[test]
    fn programs_are_told_from_browsers() {
        let propfind = Method::from_bytes(b"PROPFIND").unwrap();
        let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        for (method, lines, program) in [
            (Method::GET, &[][..], true),
            (Method::GET, &[("accept", "*/*"), ("user-agent", "git/2.47.3")], true),
            (propfind.clone(), &[("user-agent", "iOS/18.1 dataaccessd/1.0")], true),
            (propfind.clone(), &[html], true),
            (Method::POST, &[("content-type", "application/x-git-upload-pack-request")], true),
            // Node.js's `fetch`, and a program on a browser's engine.
            (Method::GET, &[("sec-fetch-mode", "cors"), ("accept", "*/*")], true),
            (propfind.clone(), &[("sec-fetch-site", "none"), ("sec-fetch-mode", "cors")], true),
            (Method::GET, &[html], false),
            (Method::POST, &[html], false),
            (Method::GET, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")], false),
            (Method::GET, &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")], false),
            (
                Method::GET,
                &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            (propfind.clone(), &[("origin", "https://a.example")], false),
            (propfind, &[("x-requested-with", "XMLHttpRequest")], false),
            (Method::GET, &[("referer", "https://a.example/"), ("accept", "*/*")], false),
            // An old browser's image, over plain http.
            (Method::GET, &[("cookie", "a=b; doorcode=c"), ("accept", "*/*")], false),
            (Method::GET, &[("cookie", "a=doorcode"), ("accept", "*/*")], true),
        ] {
            assert_eq!(is_program(&method, &headers(lines)), program, "{method} {lines:?}");
        }
    }
}
