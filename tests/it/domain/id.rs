use doorcode::domain::{AttemptId, Host, Origin, Role, SessionId, UserId};
use proptest::prelude::*;

proptest! {
    #[test]
    fn an_id_is_read_as_it_was_written_and_in_no_other_way(bytes: [u8; 12], at in 0..28_usize) {
        let id = UserId::from_bytes(bytes);
        let text = id.to_string();
        prop_assert_eq!(text.len(), 28);
        prop_assert!(text.starts_with("sms|"));
        prop_assert_eq!(UserId::parse(&text), Some(id));
        prop_assert_eq!(UserId::parse(&text[..at]), None);
        prop_assert_eq!(UserId::parse(&format!("{text}0")), None);
        let mut other = text.clone();
        other.replace_range(at..=at, "G");
        prop_assert_eq!(UserId::parse(&other), None);
        prop_assert_eq!(AttemptId::parse(&text), None);
    }
}

#[test]
fn ids_of_other_spellings_are_none() {
    let hex = "0123456789abcdef0123456789abcdef";
    assert_eq!(SessionId::parse(hex).unwrap().to_string(), hex);
    for text in ["", "é", &hex.to_uppercase(), &hex[1..], "0123456789abcdef0123456789abcdeé"] {
        assert_eq!(SessionId::parse(text), None, "{text}");
    }
}

#[test]
fn an_origin_is_exactly_scheme_host_and_port() {
    for (text, shown) in [
        ("https://a.example", "https://a.example"),
        ("HTTPS://A.Example", "https://a.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ] {
        assert_eq!(Origin::parse(text).unwrap().to_string(), shown, "{text}");
    }
    for text in [
        "",
        "null",
        "a.example",
        "//a.example",
        "https://",
        "https://a.example/",
        "https://a.example:443",
        "https://a.example#",
        "https://a.example?",
        "https://u@a.example",
        "https://a.example/x",
        "ftp://a.example",
        "file:///",
        "https:a.example",
        " https://a.example",
        "https://a.example, https://b.example",
        "https://bücher.example",
        "https://a.example:",
        "https://1",
        "https://0x7f.1",
        "https:\\\\a.example",
    ] {
        assert!(Origin::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    let is_loopback = |host: &str| {
        let origin = Origin::parse(&format!("http://{host}")).unwrap();
        Host::is_loopback(origin.host())
    };
    for host in ["localhost", "a.localhost", "127.0.0.1", "127.9.8.7", "[::1]"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in
        ["localhost.example", "notlocalhost", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "[::2]"]
    {
        assert!(!is_loopback(host), "{host}");
    }
}

#[test]
fn a_role_is_a_word_that_fits_a_list() {
    for text in ["a", "admin", "A.b_c:d-9", &"a".repeat(64)] {
        assert_eq!(Role::parse(text).unwrap().as_str(), text);
    }
    for text in ["", " ", "a b", "a,b", "a\n", "é", "a/b", "*", &"a".repeat(65)] {
        assert!(Role::parse(text).is_err(), "{text:?}");
    }
}
