use doorcode::domain::Origin;
use doorcode::gate::{
    Claim, IdentityMapping, PRESETS, ReservedNames, is_foreign, is_navigation, is_same_header,
    may_carry_identity,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    pairs.iter().map(pair).collect()
}

/// What is taken out of requests when a site has these names of its own.
fn reserved(own: &[&'static str]) -> ReservedNames {
    let rows = own.iter().map(|name| (HeaderName::from_static(name), Claim::User)).collect();
    ReservedNames::new([IdentityMapping::custom(rows)].iter())
}

#[test]
fn what_any_preset_writes_is_reserved_although_no_site_has_it() {
    for preset in PRESETS {
        for (name, _) in preset.headers {
            assert!(reserved(&[]).contains(name), "{}: {name}", preset.name);
            assert!(may_carry_identity(name), "{}: {name}", preset.name);
        }
        assert!(IdentityMapping::preset(preset.name).is_some());
    }
    for unfilled in ["Cf-Access-Authenticated-User-Email", "Remote_Email", "X-Pomerium-Claim-Email"]
    {
        assert!(reserved(&[]).contains(unfilled), "{unfilled}");
    }
}

#[test]
fn names_of_an_operators_own_are_reserved_in_every_spelling_and_no_others() {
    let own = reserved(&["x-acme-user", "acme_team", "~odd"]);
    for name in ["X-Acme-User", "x_acme.user", "X.ACME-USER", "Acme-Team", "acme.team", "~odd"] {
        assert!(own.contains(name), "{name}");
    }
    for name in ["X-Acme-Users", "X-Acme", "AcmeTeam", "~even", "Acme-Teams", "xacme-user"] {
        assert!(!own.contains(name), "{name}");
    }
    assert!(own.contains("x-forwarded-user"), "beside what is reserved always");
}

#[test]
fn names_that_an_app_cannot_tell_apart_are_one() {
    for (one, other, same) in [
        ("x-user", "X-User", true),
        ("x_user", "x.user", true),
        ("x-user", "x-use", false),
        ("x-user", "xuser", false),
    ] {
        assert_eq!(is_same_header(one, other), same, "{one} {other}");
    }
}

#[test]
fn names_that_tell_an_app_who_calls_are_reserved_in_every_spelling() {
    for name in [
        "X-Forwarded-User",
        "x-forwarded-user",
        "X_Forwarded_User",
        "x.forwarded.user",
        "X-FORWARDED.User",
        "x_forwarded-for",
        "X-Forwarded-Anything",
        "X-Forwarded-",
        "X-Forwarded",
        "x_forwarded",
        "X-Request-Id",
        "X.Request_ID",
        "X-Real-IP",
        "x_real_ip",
        "X.Real.Ip",
        "X-Original-URL",
        "X_Original_Host",
        "X-Rewrite-URL",
        "x-rewrite_url",
        "X-Doorcode-Assertion",
        "x_doorcode_assertion",
        "Forwarded",
        "FORWARDED",
    ] {
        assert!(reserved(&[]).contains(name), "{name}");
    }
}

#[test]
fn names_that_only_look_alike_pass() {
    for name in [
        "",
        "X",
        "X-Forward",
        "X-Forwardeds",
        "X-Request-Ids",
        "X-Real-IPs",
        "X-Real",
        "X-Rewrite-URLs",
        "Forwarded-Message",
        "Reforwarded",
        "X-X-Forwarded-User",
        "My-X-Real-IP",
        "X-Doorcode",
        "XForwardedUser",
        "Host",
        "Cookie",
        "Authorization",
        "X-Requested-With",
        "X-Originals",
    ] {
        assert!(!reserved(&[]).contains(name), "{name}");
    }
}

const OUR_PAGE: &str = "https://shop.example.com/orders?x=https://evil.example";

#[test]
fn a_change_that_comes_from_another_origin_is_foreign() {
    let ours = Origin::parse("https://shop.example.com").unwrap();
    for (why, method, given, foreign) in [
        ("reading is safe", "GET", &[("origin", "https://evil.example")][..], false),
        ("reading is safe", "HEAD", &[("sec-fetch-site", "cross-site")], false),
        ("a preflight changes nothing", "OPTIONS", &[("origin", "https://evil.example")], false),
        ("ours", "POST", &[("origin", "https://shop.example.com")], false),
        ("ours in capitals", "POST", &[("origin", "HTTPS://Shop.Example.COM")], false),
        ("another host", "POST", &[("origin", "https://evil.example")], true),
        ("our sibling", "POST", &[("origin", "https://www.example.com")], true),
        ("plain http", "POST", &[("origin", "http://shop.example.com")], true),
        ("another port", "POST", &[("origin", "https://shop.example.com:8443")], true),
        ("more than an origin", "POST", &[("origin", "https://shop.example.com/")], true),
        ("an opaque origin", "POST", &[("origin", "null")], true),
        ("nonsense", "POST", &[("origin", "")], true),
        ("not even text", "POST", &[("origin", "ä")], true),
        ("put", "PUT", &[("origin", "https://evil.example")], true),
        ("delete", "DELETE", &[("origin", "https://evil.example")], true),
        ("a method of their own", "PURGE", &[("origin", "https://evil.example")], true),
        (
            "two origins, ours first",
            "POST",
            &[("origin", "https://shop.example.com"), ("origin", "https://evil.example")],
            true,
        ),
        ("no browser", "POST", &[], false),
        ("a page of ours", "POST", &[("sec-fetch-site", "same-origin")], false),
        ("typed by the person", "POST", &[("sec-fetch-site", "none")], false),
        ("a sibling's page", "POST", &[("sec-fetch-site", "same-site")], true),
        ("a stranger's page", "POST", &[("sec-fetch-site", "cross-site")], true),
        ("no more than an old browser tells", "POST", &[("referer", OUR_PAGE)], false),
        (
            "a stranger's page in an old browser",
            "POST",
            &[("referer", "https://evil.example/x")],
            true,
        ),
        ("another port", "POST", &[("referer", "https://shop.example.com:8443/x")], true),
        ("a page without a name", "POST", &[("referer", "about:blank")], true),
        ("no page at all", "POST", &[("referer", "x")], true),
        ("two pages", "POST", &[("referer", OUR_PAGE), ("referer", "https://evil.example/")], true),
        (
            "the newer header decides",
            "POST",
            &[("sec-fetch-site", "same-origin"), ("referer", "https://evil.example/")],
            false,
        ),
        ("a link from anywhere", "GET", &[("referer", "https://evil.example/x")], false),
        ("a word we do not know", "POST", &[("sec-fetch-site", "nearby")], true),
        (
            "the origin decides",
            "POST",
            &[("origin", "https://shop.example.com"), ("sec-fetch-site", "cross-site")],
            false,
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(is_foreign(&method, &headers(given), &ours, &[]), foreign, "{why}: {given:?}");
    }
}

#[test]
fn a_websocket_that_another_origin_opens_is_foreign() {
    let ours = Origin::parse("https://shop.example.com").unwrap();
    for (why, given, foreign) in [
        (
            "a websocket of theirs",
            &[("upgrade", "websocket"), ("origin", "https://evil.example")][..],
            true,
        ),
        (
            "a websocket of ours",
            &[("upgrade", "websocket"), ("origin", "https://shop.example.com")],
            false,
        ),
        ("a websocket of no page", &[("upgrade", "websocket")], true),
        ("a websocket in capitals", &[("upgrade", "h2c, WebSocket")], true),
        ("another upgrade", &[("upgrade", "h2c")], false),
        (
            "a websocket and fetch metadata only",
            &[("upgrade", "websocket"), ("sec-fetch-site", "same-origin")],
            true,
        ),
        ("a websocket, named second", &[("upgrade", "h2c"), ("upgrade", "websocket")], true),
    ] {
        assert_eq!(
            is_foreign(&Method::GET, &headers(given), &ours, &[]),
            foreign,
            "{why}: {given:?}"
        );
    }
}

#[test]
fn a_browser_that_goes_to_a_page_is_told_from_a_script() {
    for (given, navigates) in [
        (&[("sec-fetch-mode", "navigate")][..], true),
        (&[("sec-fetch-mode", "navigate"), ("accept", "*/*")], true),
        (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], false),
        (&[("sec-fetch-mode", "no-cors"), ("accept", "text/html")], false),
        (&[("sec-fetch-mode", "websocket")], false),
        (&[("accept", "text/html,application/xhtml+xml;q=0.9")], true),
        (&[("accept", "application/json"), ("accept", "text/html")], true),
        (&[("accept", "application/json, text/plain, */*")], false),
        (&[("accept", "*/*")], false),
        (&[("accept", "ä")], false),
        (&[], false),
    ] {
        assert_eq!(is_navigation(&headers(given)), navigates, "{given:?}");
    }
}
