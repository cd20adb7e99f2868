use doorcode::domain::{Country, InvalidPhone, LineType, PhoneNumber};
use proptest::prelude::*;

fn home(letters: &str) -> Option<Country> {
    (!letters.is_empty()).then(|| Country::parse(letters).unwrap())
}

fn read(typed: &str, country: &str) -> Result<String, InvalidPhone> {
    PhoneNumber::parse(typed, home(country)).map(|number| number.e164().to_owned())
}

#[test]
fn a_number_is_read_as_people_write_it() {
    for (country, typed, expected) in [
        ("AR", "+54 9 (011) 2345-6789", "+5491123456789"),
        ("AR", "+54 9 011 2345-6789", "+5491123456789"),
        ("BR", "0xx11 91234-5678", "+5511912345678"),
        ("BR", "(0XX11) 91234-5678", "+5511912345678"),
        ("FR", "+55 (0xx11) 91234-5678", "+5511912345678"),
        ("US", "(202) 555-0123", "+12025550123"),
        ("US", "202.555.0123", "+12025550123"),
        ("US", "1 202 555 0123", "+12025550123"),
        ("US", "011 44 7400 123456", "+447400123456"),
        ("US", "0044 7400 123456", "+447400123456"),
        ("CA", "506-234-5678", "+15062345678"),
        ("GB", "07400 123456", "+447400123456"),
        ("GB", "7400123456", "+447400123456"),
        ("GB", "+44 (0)7400 123456", "+447400123456"),
        ("GB", "(+44) 7400 123456", "+447400123456"),
        ("DE", "0151/23456789", "+4915123456789"),
        ("DE", "0049 151 23456789", "+4915123456789"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("FR", "06.12.34.56.78", "+33612345678"),
        ("ES", "612 34 56 78", "+34612345678"),
        ("IT", "312 345 6789", "+393123456789"),
        ("IT", "02 1234 5678", "+390212345678"),
        ("NL", "06-12345678", "+31612345678"),
        ("SE", "070-123 45 67", "+46701234567"),
        ("PL", "512 345 678", "+48512345678"),
        ("CH", "078 123 45 67", "+41781234567"),
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("TR", "0501 234 56 78", "+905012345678"),
        ("IL", "050-234-5678", "+972502345678"),
        ("SA", "051 234 5678", "+966512345678"),
        ("JP", "090-1234-5678", "+819012345678"),
        ("JP", "０９０－１２３４－５６７８", "+819012345678"),
        ("KR", "010-2000-0000", "+821020000000"),
        ("CN", "131 2345 6789", "+8613123456789"),
        ("SG", "8123 4567", "+6581234567"),
        ("IN", "081234 56789", "+918123456789"),
        ("IN", "०८१२३४ ५६७८९", "+918123456789"),
        ("BD", "০১৮১২-৩৪৫৬৭৮", "+8801812345678"),
        ("EG", "٠١٠٠ ١٢٣ ٤٥٦٧", "+201001234567"),
        ("IR", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789"),
        ("AU", "0412 345 678", "+61412345678"),
        ("NZ", "021 123 4567", "+64211234567"),
        ("ZA", "071 123 4567", "+27711234567"),
        ("NG", "0802 123 4567", "+2348021234567"),
        ("BR", "(11) 96123-4567", "+5511961234567"),
        ("MX", "222 123 4567", "+522221234567"),
        ("AR", "011 15-2345-6789", "+5491123456789"),
    ] {
        assert_eq!(read(typed, country).as_deref(), Ok(expected), "{country} {typed:?}");
        // As it was written down: the same again, wherever one is.
        assert_eq!(read(expected, "").as_deref(), Ok(expected));
        assert_eq!(read(expected, "US").as_deref(), Ok(expected));
        assert_eq!(PhoneNumber::from_e164(expected).unwrap().e164(), expected);
    }
}

#[test]
fn a_pasted_number_may_hold_what_nobody_sees() {
    for typed in [
        "Tel.: +44 7400 123456",
        "tel +44 7400 123456",
        "Mobile: +44 7400 123456",
        "WhatsApp:+447400123456",
        "+44 7400 123456,",
        "+44 7400 123456;",
        "tel:+447400123456",
        "tel:+44-7400-123456",
        "TEL:+447400123456",
        " Tel: +44 7400 123456 ",
        "  +44 7400 123456\r\n",
        "\u{202a}+44 7400 123456\u{202c}",
        "\u{200e}+447400123456\u{200f}",
        "\u{2066}+44 7400 123456\u{2069}",
        "\u{feff}+447400123456",
        "+44\u{a0}7400\u{a0}123456",
        "+44\u{202f}7400\u{202f}123456",
        "+44\u{2009}7400\u{3000}123456",
        "+44\t7400\t123456",
        "+44\u{2011}7400\u{2013}123456",
        "+44\u{2212}7400\u{ad}123456",
        "+44\u{200b}7400\u{2060}123456",
        "\u{ff0b}44 7400 123456",
        "+４４　７４００　１２３４５６",
        "００44 7400 123456",
        "tel:\u{202a}+447400123456\u{202c}",
        "\u{202a}tel:+447400123456\u{202c}",
    ] {
        assert_eq!(read(typed, "FR").as_deref(), Ok("+447400123456"), "{typed:?}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    use InvalidPhone::{Empty, NoSuchNumber, NotANumber};
    for (typed, why) in [
        ("", Empty),
        (" \t\u{a0} ", Empty),
        ("tel:", Empty),
        ("\u{200b}\u{202a}", Empty),
        ("- ( ) .", Empty),
        ("hello", NotANumber),
        ("+", NotANumber),
        ("00", NotANumber),
        ("+00", NotANumber),
        ("0", NotANumber),
        ("+44", NotANumber),
        ("++447400123456", NotANumber),
        ("+44 7400 +123456", NotANumber),
        ("447400123456+", NotANumber),
        ("1-800-FLOWERS", NotANumber),
        ("+44 7400 123456 ext. 5", NotANumber),
        ("+447400123456x5", NotANumber),
        ("+447400123456,,5", NotANumber),
        ("+447400123456#5", NotANumber),
        ("+447400123456;ext=5", NotANumber),
        ("tel:7400123456;phone-context=+44", NotANumber),
        (".;phone-context=", NotANumber),
        ("+dwPAA;phone-context=AA", NotANumber),
        ("+447400123456\0", NotANumber),
        ("+44740012345\u{301}6", NotANumber),
        ("☎ +447400123456", NotANumber),
        ("+447400123456, +447400123457", NotANumber),
        ("'; DROP TABLE users; --", NotANumber),
        ("+44740012345678901234567890", NotANumber),
        ("+999 7400 123456", NotANumber),
        ("911", NoSuchNumber),
        ("+44 740012", NoSuchNumber),
        ("+44 7400 1234567", NoSuchNumber),
        // Germany's plan has room for more digits than E.164.
        ("+49 2010 0000000000", NoSuchNumber),
        ("+1 123 456 7890", NoSuchNumber),
        ("555-0123", NoSuchNumber),
    ] {
        assert_eq!(read(typed, "US"), Err(why), "{typed:?}");
    }
    assert_eq!(read("07400 123456", ""), Err(NotANumber), "without a country");
    for one in ["1", "+", " ", "٠", "tel:", "\u{200b}"] {
        assert!(read(&one.repeat(1_000_000), "US").is_err(), "a million of {one:?}");
    }
}

#[test]
fn the_country_and_kind_of_a_number_are_known() {
    for (number, country, kind) in [
        ("+447400123456", "GB", LineType::Mobile),
        ("+442079460958", "GB", LineType::Landline),
        ("+447797712345", "JE", LineType::Mobile),
        ("+12025550123", "US", LineType::Mobile),
        ("+15062345678", "CA", LineType::Mobile),
        ("+18002345678", "US", LineType::Other),
        ("+79123456789", "RU", LineType::Mobile),
        ("+77710009998", "KZ", LineType::Mobile),
        ("+390212345678", "IT", LineType::Landline),
        ("+80012345678", "", LineType::Other),
    ] {
        let number = PhoneNumber::from_e164(number).unwrap();
        assert_eq!(
            (number.country(), number.line_type()),
            (home(country), kind),
            "{}",
            number.e164()
        );
    }
    for not_as_written in ["447400123456", "+44 7400123456", "00447400123456", "+4407400123456"] {
        assert!(PhoneNumber::from_e164(not_as_written).is_err(), "{not_as_written}");
    }
}

/// Fails if `text` shows more digits of the number than its calling code and the last three.
fn assert_hides(number: &PhoneNumber, text: &str) {
    let shown: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = &number.e164()[1..];
    let last = &digits[digits.len() - 3..];
    let code = shown.strip_suffix(last).unwrap_or_else(|| panic!("{text} hides its end"));
    assert!(
        code.len() <= 3 && digits.starts_with(code),
        "{text} of {} shows too much",
        number.e164()
    );
}

#[test]
fn a_number_is_not_shown_whole() {
    for (number, masked) in [
        ("+447400123456", "+44 •••• •••456"),
        ("+12025550123", "+1 •••-•••-•123"),
        ("+33612345678", "+33 • •• •• •6 78"),
        ("+390212345678", "+39 •• •••• •678"),
        ("+5491123456789", "+54 • •• ••••-•789"),
        ("+6581234567", "+65 •••• •567"),
        ("+8801812345678", "+880 ••••-•••678"),
        ("+80012345678", "+800 •••• •678"),
    ] {
        let number = PhoneNumber::from_e164(number).unwrap();
        assert_eq!(number.masked(), masked);
        for text in
            [number.masked(), number.to_string(), format!("{number:?}"), format!("{number:#?}")]
        {
            assert_hides(&number, &text);
        }
    }
    let number = PhoneNumber::from_e164("+447400123456").unwrap();
    assert_eq!(number.to_string(), "…456");
    assert_eq!(format!("{number:?}"), "PhoneNumber(…456)");
}

#[test]
fn a_country_is_two_capital_letters_with_a_calling_code() {
    for text in ["", "G", "gb", "Gb", "GBR", "ZZ", "XX", "00", "ÄÖ", "É", "*", "001", "G\0"] {
        assert!(Country::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Country::parse("GB").unwrap().calling_code(), Some(44));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_makes_the_reader_fail(
        typed in "\\PC{0,30}|[+0-9 ().x;,#*=-]{0,40}|(tel:)?\\+?[0-9]{0,20}(;ext=|;phone-context=)?\\PC{0,8}",
        country in prop::sample::select(&["", "US", "GB", "IT", "AR", "BR", "JP", "EG"][..]),
    ) {
        if let Ok(number) = PhoneNumber::parse(&typed, home(country)) {
            prop_assert!(number.e164().starts_with('+') && number.e164().len() <= 16);
            prop_assert!(number.e164()[1..].bytes().all(|b| b.is_ascii_digit()));
            let again = PhoneNumber::from_e164(number.e164());
            prop_assert_eq!(again.as_ref(), Ok(&number), "what was written is not read again");
            assert_hides(&number, &number.masked());
        }
    }
}
