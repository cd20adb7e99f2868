use doorcode::domain::{CodeLength, Keyring, OneTimeCode, PhoneNumber, ServerSecret, Subkey};

fn key(secret: &str) -> Subkey {
    let secret = ServerSecret::new(&format!("{secret:*<32}")).unwrap();
    Keyring::new(secret, Vec::new()).subkeys("one-time code").remove(0)
}

fn length(digits: u8) -> CodeLength {
    CodeLength::new(digits).unwrap()
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn nonce(number: u32) -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce[..4].copy_from_slice(&number.to_be_bytes());
    nonce
}

#[test]
fn a_code_follows_from_key_nonce_and_number() {
    let (here, there) = (phone("+447400123456"), phone("+447400123457"));
    let code = |key: &Subkey, number, phone: &PhoneNumber| {
        OneTimeCode::derive(key, &nonce(number), phone, length(10)).reveal().to_owned()
    };
    let first = code(&key("a"), 1, &here);
    assert_eq!(first, code(&key("a"), 1, &here));
    for other in [code(&key("b"), 1, &here), code(&key("a"), 2, &here), code(&key("a"), 1, &there)]
    {
        assert_ne!(first, other);
    }
}

#[test]
fn every_digit_at_every_place_is_equally_likely() {
    const CODES: u32 = 3_000;
    let (key, phone) = (key("fixed, so that the figures are too"), phone("+12025550123"));
    for digits in 6..=10 {
        let mut counts = vec![[0_u32; 10]; usize::from(digits)];
        for number in 0..CODES {
            let code = OneTimeCode::derive(&key, &nonce(number), &phone, length(digits));
            assert_eq!(code.reveal().len(), usize::from(digits));
            for (place, digit) in code.reveal().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        let expected = f64::from(CODES) / 10.0;
        for (place, counts) in counts.iter().enumerate() {
            let chi: f64 =
                counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            // Nine degrees of freedom: one fair place in a hundred thousand is above 40.
            assert!(chi < 40.0, "place {place} of {digits}: chi² is {chi}, {counts:?}");
        }
    }
}

#[test]
fn a_code_has_six_to_ten_digits() {
    for digits in [0, 1, 5, 11, 255] {
        assert!(CodeLength::new(digits).is_err(), "{digits}");
    }
    for digits in 6..=10 {
        assert_eq!(length(digits).get(), digits);
    }
}

#[test]
fn what_is_typed_counts_by_its_digits() {
    for (typed, read) in [
        ("042137", Some("042137")),
        (" 042 137\r\n", Some("042137")),
        ("042-137", Some("042137")),
        ("042–137.", Some("042137")),
        ("\u{202a}042137\u{202c}", Some("042137")),
        ("Your code is 042137", Some("042137")),
        ("#042137", Some("042137")),
        ("٠٤٢١٣٧", Some("042137")),
        ("۰۴۲۱۳۷", Some("042137")),
        ("०४२१३७", Some("042137")),
        ("০৪২১৩৭", Some("042137")),
        ("０４２１３７", Some("042137")),
        ("04२1३7", Some("042137")),
        ("", None),
        ("04213", None),
        ("0421370", None),
        // Alone or repeated.
        ("042137 042137", Some("042137")),
        ("042137042137", Some("042137")),
        ("042-137 042-137", Some("042137")),
        ("042137 042138", None),
        ("042137042138", None),
        // The whole message, where a line break may be lost.
        ("042137 is your Acme code. Don't share it.\n@login.example.com #042137", Some("042137")),
        ("042137 is your Acme code. Don't share it.@login.example.com #042137", Some("042137")),
        ("042 137 is your code, good for 10 minutes.\n@a1.example #042137", Some("042137")),
        ("Your code is 042-137. It works for 10 minutes.", Some("042137")),
        ("Acme 2026: 042137", Some("042137")),
        ("042137 for +12025550123", Some("042137")),
        ("+12025550123: 042137", Some("042137")),
        ("Acme 123456: 042137\n@login.example.com #042137", Some("042137")),
        ("Acme 123456: 042137", None),
        ("12 of 345 and 678", None),
        // Digits of every script, and the marks between them.
        ("๐๔๒๑๓๗", Some("042137")),
        ("༠༤༢༡༣༧", Some("042137")),
        ("០៤២១៣៧", Some("042137")),
        ("𝟎𝟒𝟐𝟏𝟑𝟕", Some("042137")),
        ("042\u{2011}137", Some("042137")),
        ("042\u{2007}137", Some("042137")),
        ("0\u{fe0f}\u{20e3}4\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}137", Some("042137")),
        ("abcdef", None),
        ("①②③④⑤⑥", None),
        ("½⅓²³¹⁰", None),
        ("-42137", None),
    ] {
        let code = OneTimeCode::parse(typed, length(6));
        assert_eq!(code.as_ref().map(OneTimeCode::reveal), read, "{typed:?}");
    }
    assert!(OneTimeCode::parse(&"1".repeat(1_000_000), length(6)).is_none());
    assert!(OneTimeCode::parse(&"x".repeat(1_000_000), length(6)).is_none());
    assert!(OneTimeCode::parse("0421370000", length(10)).is_some());
}

#[test]
fn a_code_matches_itself_only_and_is_not_printed() {
    let code = |text| OneTimeCode::parse(text, length(6)).unwrap();
    assert!(code("042137").matches(&code("٠٤٢١٣٧")));
    assert!(!code("042137").matches(&code("042138")));
    assert!(!code("042137").matches(&code("142137")));
    let longer = OneTimeCode::parse("0421370", length(7)).unwrap();
    assert!(!code("042137").matches(&longer));
    assert_eq!(format!("{:?}", code("042137")), "OneTimeCode(••••••)");
    assert_eq!(format!("{longer:?}"), "OneTimeCode(••••••)", "not even its length");
}
