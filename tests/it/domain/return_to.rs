use doorcode::domain::{Origin, ReturnTo};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

const ATTACKS: &str = include_str!("../../data/open_redirects.txt");

/// The control characters that a line of the file shows by their pictures.
fn unpicture(line: &str) -> String {
    let control = |c: char| match c {
        '␡' => '\u{7f}',
        '␀'..='␠' => char::from_u32(u32::from(c) - 0x2400).unwrap(),
        other => other,
    };
    line.chars().map(control).collect()
}

/// Whether a browser that is sent to `target` stays on the app, also when something on the way
/// decodes it once or twice.
fn stays(target: &str) -> bool {
    let page = url::Url::parse("https://app.example/some/page?x").unwrap();
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let once = decode(target);
    let twice = decode(&once);
    [target, &once, &twice].into_iter().all(|target| {
        let gone_to = page.join(target).ok();
        gone_to.is_some_and(|url| Origin::of(&url) == Origin::of(&page))
    })
}

#[test]
fn no_known_way_to_another_origin_is_taken() {
    let attacks: Vec<&str> = ATTACKS.lines().filter(|line| !line.starts_with("-- ")).collect();
    assert!(attacks.len() >= 120, "only {} attacks", attacks.len());
    let taken: Vec<_> =
        attacks.iter().filter(|line| ReturnTo::parse(&unpicture(line)).is_some()).collect();
    assert!(taken.is_empty(), "taken: {taken:#?}");
}

#[test]
fn ordinary_paths_are_kept_byte_for_byte() {
    for path in [
        "/",
        "/?",
        "/a",
        "/a/",
        "/a/b.html?c=d&e=f",
        "/a//b",
        "/a;b=c/d",
        "/...",
        "/.well-known/x",
        "/a..b/.c/d.",
        "/search?q=a+b%20c&next=https://other.example/../x",
        "/search?q=%2F%5C%0A%00",
        "/a?b?c",
        "/?//evil.example",
        "/@user/:id/~x/!$&'()*+,=",
        "/a[0]?b[]=1",
        "/caf%C3%A9",
        "/100%25",
        "/%41%2541",
        "/a%20b",
        "/api/queues/%2F/q",
        "/@scope%2fname",
        "/files/a%5Cb/c%255cd",
        "/a/%252Fb",
        "/a|b/{c}/^d`",
        "/search?q=a|b&f={}&g=^h`i\\j",
    ] {
        let kept = ReturnTo::parse(path);
        assert_eq!(kept.as_ref().map(ReturnTo::as_str), Some(path));
        assert!(stays(path), "{path}");
    }
    assert_eq!(ReturnTo::default().as_str(), "/");
}

#[test]
fn what_leads_out_of_its_directory_or_hides_a_character_is_not_taken() {
    for path in [
        "/a%2F..%2Fb",
        "/a/..%5Cb",
        "/a%252F..%252Fb",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/%255Cevil.example",
        "/a%25252Fb",
        "/a%2F%00",
        "/a%2F%2509",
        "/a\\b",
        "/a?\\b",
        "/a/%5Cb",
        "/a%5C%2Fb",
        "/a?b#c",
        "/a?b c",
    ] {
        assert_eq!(ReturnTo::parse(path), None, "{path}");
    }
}

#[test]
fn what_is_too_long_to_carry_is_refused() {
    let longest = format!("/{}", "a".repeat(ReturnTo::MAX - 1));
    assert_eq!(ReturnTo::parse(&longest).unwrap().as_str(), longest);
    assert_eq!(ReturnTo::parse(&format!("{longest}a")), None);
    assert_eq!(ReturnTo::parse(&"/%25".repeat(300_000)), None);
}

#[test]
fn a_query_is_not_printed() {
    let back = ReturnTo::parse("/reset?token=secret").unwrap();
    assert_eq!(format!("{back:?}"), "ReturnTo(/reset)");
}

fn targets() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "/",
        "/",
        "//",
        "\\",
        "evil.example",
        "@",
        ":",
        "a",
        "?",
        "#",
        ".",
        "..",
        "%2f",
        "%5c",
        "%252f",
        "%255c",
        "%2e",
        "%252e",
        "%09",
        "%0a",
        "%00",
        "%25",
        "\t",
        "\n",
        " ",
        ";",
        "é",
        "%c3%a9",
        "%ff",
        "https:",
        "javascript:",
        "[",
        "]",
    ];
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..8);
    prop_oneof![
        4 => pieces.clone().prop_map(|pieces| format!("/{}", pieces.concat())),
        1 => pieces.prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,20}",
        1 => "/[ -~]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_taken_stays_on_the_app(target in targets()) {
        if let Some(back) = ReturnTo::parse(&target) {
            prop_assert_eq!(back.as_str(), &target);
            prop_assert!(stays(&target));
        }
    }
}
