use doorcode::domain::Origin;
use doorcode::gate::{Cookies, is_own_cookie, strip_own_cookies};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

fn header(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(bytes).unwrap()
}

fn sent(values: &[&[u8]]) -> HeaderMap {
    values.iter().map(|value| (COOKIE, header(value))).collect()
}

#[test]
fn our_cookies_are_taken_out_and_all_others_kept() {
    let rows: &[(&[u8], Option<&[u8]>)] = &[
        (b"__Host-doorcode=x", None),
        (b"a=1; __Host-doorcode=x; b=2", Some(b"a=1; b=2")),
        (b"__Host-doorcode=x; a=1", Some(b"a=1")),
        (b"a=1; __Host-doorcode=x", Some(b"a=1")),
        (b"a=1;__Host-doorcode=x;b=2", Some(b"a=1; b=2")),
        (b"a=1;  __Host-doorcode = x ; b=2 ;", Some(b"a=1; b=2")),
        (b"\t__Host-doorcode\t=x;a", Some(b"a")),
        (b"__Host-doorcode-flow=x; __Host-doorcode-seen=y; __Host-doorcode=z", None),
        (b"__HOST-doorcode=x; __host-DOORCODE-flow=y; a=1", Some(b"a=1")),
        (b"doorcode=x; doorcode-flow=y; Doorcode=z; a=1", Some(b"a=1")),
        (b"__Host-doorcode; doorcode; a=1", Some(b"a=1")),
        (b"__Host-doorcode=a=b=c; a=b=c", Some(b"a=b=c")),
        (b"__Host-doorcode=x; a=\"\xff\xfe\"", Some(b"a=\"\xff\xfe\"")),
        (b"__Host-doorcode=\xff; a=1", Some(b"a=1")),
        (b";;__Host-doorcode=x;;", None),
    ];
    for (given, expected) in rows {
        let stripped = strip_own_cookies(&header(given));
        let expected = Some(expected.map(header));
        assert_eq!(stripped, expected, "{}", String::from_utf8_lossy(given));
    }
}

#[test]
fn a_header_without_our_cookies_is_left_as_it_is() {
    let rows: &[&[u8]] = &[
        b"",
        b"a=1",
        b"a=1;b=2 ;; c",
        b"doorcodex=1; doorcode_flow=2; x-doorcode=3; __Host-doorcodes=4",
        b"__Host-=doorcode; a=__Host-doorcode; b=doorcode-x",
        b"__Secure-doorcode=1; __Hostdoorcode=2; _Host-doorcode=3",
        b"__Host-__Host-doorcode=1; my-__Host-doorcode=2",
        b"a=\"\xff\"; \xe4=1",
    ];
    for given in rows {
        assert_eq!(strip_own_cookies(&header(given)), None, "{}", String::from_utf8_lossy(given));
    }
}

proptest! {
    #[test]
    fn stripping_leaves_nothing_of_ours_and_loses_nothing_else(
        pairs in prop::collection::vec(
            "( ?)(__(Host|HOST|host)-)?([dD]oorcode)?(-[a-z]{0,3}|[a-z]{0,3})( ?)(=[a-z=]{0,4})?", 0..6)
    ) {
        let given = header(pairs.join(";").as_bytes());
        let name = |pair: &str| is_own_cookie(pair.split('=').next().unwrap_or_default().as_bytes());
        let kept: Vec<&str> = pairs.iter().map(|pair| pair.trim()).filter(|pair| !pair.is_empty()).collect();
        let others: Vec<&str> = kept.iter().copied().filter(|pair| !name(pair)).collect();
        let expected = (others.len() < kept.len())
            .then(|| (!others.is_empty()).then(|| header(others.join("; ").as_bytes())));
        prop_assert_eq!(strip_own_cookies(&given), expected);
    }
}

#[test]
fn our_cookie_is_found_among_others() {
    let rows: &[(&[&[u8]], Option<&str>)] = &[
        (&[b"__Host-doorcode=x"], Some("x")),
        (&[b"a=1; __Host-doorcode=x; b=2"], Some("x")),
        (&[b"a=1", b"b=2; __Host-doorcode=x"], Some("x")),
        (&[b"__Host-doorcode=first; __Host-doorcode=second"], Some("first")),
        (&[b"__Host-doorcode="], Some("")),
        (&[b"__Host-doorcode-flow=y; doorcode=z; __Host-doorcodex=w"], None),
        (&[b"__Host-doorcode"], None),
        (&[], None),
        // An app's own cookie may hold any bytes: it must not hide ours.
        (&[b"name=J\xc3\xbcrgen; __Host-doorcode=x"], Some("x")),
        (&[b"name=\xff; __Host-doorcode=x"], Some("x")),
        (&[b"__Host-doorcode=\xff"], None),
    ];
    for (given, expected) in rows {
        assert_eq!(Cookies::new(true).get(&sent(given), ""), *expected, "{given:?}");
    }
    let both = sent(&[b"doorcode=plain; __Host-doorcode=secure; doorcode-flow=f"]);
    assert_eq!(Cookies::new(false).get(&both, ""), Some("plain"));
    assert_eq!(Cookies::new(false).get(&both, "flow"), Some("f"));
    assert_eq!(Cookies::new(true).get(&both, ""), Some("secure"));
    assert_eq!(Cookies::new(true).get(&both, "flow"), None);
}

#[test]
fn cookies_are_set_so_that_only_this_host_gets_them_back() {
    let secure = Cookies::new(true);
    assert_eq!(
        secure.set("", "x", None),
        "__Host-doorcode=x; Path=/; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(
        secure.set("flow", "x", Some(600)),
        "__Host-doorcode-flow=x; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(
        secure.clear(""),
        "__Host-doorcode=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(
        Cookies::new(false).set("", "x", None),
        "doorcode=x; Path=/; HttpOnly; SameSite=Lax"
    );
    for (origin, expected) in
        [("https://a.example", secure), ("http://localhost", Cookies::new(false))]
    {
        assert_eq!(Cookies::for_origin(&Origin::parse(origin).unwrap()), expected, "{origin}");
    }
}

#[test]
fn what_is_set_is_found_again_and_stripped() {
    for cookies in [Cookies::new(true), Cookies::new(false)] {
        for usage in ["", "flow", "seen"] {
            let set = cookies.set(usage, "value", None);
            let pair = set.split(';').next().unwrap();
            let headers = sent(&[format!("a=1; {pair}").as_bytes()]);
            assert_eq!(cookies.get(&headers, usage), Some("value"));
            assert_eq!(strip_own_cookies(&headers[COOKIE]), Some(Some(header(b"a=1"))));
        }
    }
}

#[test]
fn cookies_of_one_kind_are_listed_as_they_were_sent() {
    let headers = sent(&[
        b"a=1; __Host-doorcode-state-b=x; __Host-doorcode=x; __Host-doorcode-browser=x",
        b"__Host-doorcode-state-a=y; doorcode-state-c=z; __Host-doorcode-state-",
    ]);
    let secure: Vec<_> = Cookies::new(true).usages_with_prefix(&headers, "state-").collect();
    assert_eq!(secure, ["state-b", "state-a"]);
    let plain: Vec<_> = Cookies::new(false).usages_with_prefix(&headers, "state-").collect();
    assert_eq!(plain, ["state-c"]);
}

#[test]
fn the_cookies_of_frames_are_a_family_of_their_own() {
    let usual = Cookies::new(true);
    let framed = usual.framed();
    let all: &[&[u8]] = &[b"a=1; __Host-doorcode-framed=f; __Host-doorcode-framed-state-x=s"];
    let both = sent(all);
    assert_eq!((usual.get(&both, ""), framed.get(&both, "")), (None, Some("f")));
    assert_eq!((usual.has_any(&both), framed.has_any(&both)), (false, true));
    assert_eq!(framed.usages_with_prefix(&both, "state-").collect::<Vec<_>>(), ["state-x"]);
    assert_eq!(usual.usages_with_prefix(&both, "state-").count(), 0);
    for given in [&b"__Host-doorcode=x"[..], b"__Host-doorcode-browser=x; a=b"] {
        let headers = sent(&[given]);
        assert_eq!((usual.has_any(&headers), framed.has_any(&headers)), (true, false));
        assert_eq!(framed.get(&headers, ""), None);
    }
    let other = sent(&[b"__Host-doorcodes=x; doorcode=y; __Host-doorcode-framedx=z"]);
    assert!(!framed.has_any(&other) && usual.has_any(&other));
    assert_eq!(
        framed.clear(""),
        "__Host-doorcode-framed=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None; Partitioned"
    );
    assert_eq!(strip_own_cookies(&header(all[0])), Some(Some(header(b"a=1"))));
}
