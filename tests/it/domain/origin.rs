use doorcode::domain::{InvalidPattern, Origin, OriginPattern};

#[test]
fn a_pattern_names_one_origin_or_those_one_label_below() {
    for (pattern, origin, expected) in [
        ("https://app.example.com", "https://app.example.com", true),
        ("https://app.example.com", "HTTPS://App.Example.COM", true),
        ("https://app.example.com", "https://app.example.com:8443", false),
        ("https://app.example.com", "http://app.example.com", false),
        ("https://app.example.com", "https://x.app.example.com", false),
        ("https://app.example.com:8443", "https://app.example.com:8443", true),
        ("https://*.example.com", "https://app.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://.example.com", false),
        ("https://*.example.com", "https://a.b.example.com", false),
        ("https://*.example.com", "https://evilexample.com", false),
        ("https://*.example.com", "https://app.example.com.evil.example", false),
        ("https://*.example.com", "https://app.example.com:444", false),
        ("https://*.example.com:444", "https://app.example.com:444", true),
        ("https://*.example.com", "http://app.example.com", false),
        ("http://localhost:5173", "http://localhost:5173", true),
        ("http://*.localhost:5173", "http://app.localhost:5173", true),
        ("http://127.0.0.1:5173", "http://127.0.0.1:5173", true),
    ] {
        let named = OriginPattern::parse(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        // What is no origin, such as one with an empty label, is never asked about.
        let found = Origin::parse(origin).is_ok_and(|origin| named.matches(&origin));
        assert_eq!(found, expected, "{pattern} and {origin}");
    }
}

#[test]
fn a_pattern_that_names_too_much_or_nothing_is_refused() {
    use InvalidPattern::{Everybody, NotAnOrigin, Plain, TopLevel};
    for (text, why) in [
        ("*", Everybody),
        ("https://*", Everybody),
        ("null", NotAnOrigin),
        ("", NotAnOrigin),
        ("app.example.com", NotAnOrigin),
        ("https://app.example.com/", NotAnOrigin),
        ("https://app.example.com/x", NotAnOrigin),
        ("https://ada@app.example.com", NotAnOrigin),
        ("https://a*.example.com", NotAnOrigin),
        ("https://*.*.example.com", NotAnOrigin),
        ("https://a.*.example.com", NotAnOrigin),
        ("https://*.127.0.0.1", NotAnOrigin),
        ("https://*.[::1]", NotAnOrigin),
        ("ftp://app.example.com", NotAnOrigin),
        ("https://*.com", TopLevel),
        ("http://app.example.com", Plain),
        ("http://*.example.com", Plain),
    ] {
        assert_eq!(OriginPattern::parse(text), Err(why), "{text}");
    }
}
