//! One person has one number, however they write it.
use std::collections::BTreeSet;

use doorcode::domain::{Country, InvalidPhone, LineType, PhoneNumber};
use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

const TYPES: [PhoneNumberType; 12] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::FixedLineOrMobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::Pager,
    PhoneNumberType::UAN,
    PhoneNumberType::VoiceMail,
    PhoneNumberType::Unknown,
];

type Example = (Option<Region>, rlibphonenumber::PhoneNumber);

/// The example numbers of the metadata: of every type of every region, and of what has no region.
fn examples() -> Vec<Example> {
    let util = &*PHONE_NUMBER_UTIL;
    let of_region = |region: Region| {
        let of_type = move |kind| util.get_example_number_for_type_and_region(region, kind).ok();
        TYPES.into_iter().filter_map(of_type).map(move |number| (Some(region), number))
    };
    let codes = util.get_supported_global_network_calling_codes();
    let of_none = codes.filter_map(|code| util.get_example_number_for_non_geo_entity(code).ok());
    util.get_supported_regions()
        .flat_map(of_region)
        .chain(of_none.map(|number| (None, number)))
        .collect()
}

/// How people write a number in international notation, and how in that of its country.
fn spellings(number: &rlibphonenumber::PhoneNumber) -> (Vec<String>, Vec<String>) {
    let written = |format| number.format_as(format).into_owned();
    let (code, digits) = (number.country_code, number.get_national_significant_number());
    let national = written(PhoneNumberFormat::National);
    let mut abroad = vec![
        written(PhoneNumberFormat::E164),
        written(PhoneNumberFormat::International),
        written(PhoneNumberFormat::RFC3966),
        format!("00{code}{digits}"),
        format!("+00{code}{digits}"),
        format!("({}) {digits}", written(PhoneNumberFormat::E164).replace(&digits, "")),
        format!("tel://+{code}/{digits}"),
        format!("\u{202a}+{code}\u{a0}{digits}\u{202c}"),
        format!("\u{200e}＋{code}\u{2011}{digits}\u{200f}"),
    ];
    if national.starts_with('0') || national.starts_with("(0") {
        abroad.push(format!("+{code} (0) {digits}"));
        abroad.push(format!("00{code}（0）{digits}"));
        abroad.push(format!("+{code} {national}"));
    }
    (abroad, vec![national, digits])
}

/// The digits with the calling code and without a plus sign, as some people and forms have it.
fn without_plus(number: &rlibphonenumber::PhoneNumber) -> String {
    number.format_as(PhoneNumberFormat::E164).replace('+', "")
}

#[test]
fn every_example_number_of_the_metadata_is_told_for_what_it_is_in_every_spelling() {
    let examples = examples();
    assert!(examples.len() > 1_300, "only {} examples", examples.len());
    let mut wrong = BTreeSet::new();
    for (region, number) in &examples {
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        let home = region.and_then(|region| Country::parse(&region.to_string()).ok());
        let mobile = matches!(
            number.get_type(),
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
        );
        let (abroad, mut at_home) = spellings(number);
        if mobile {
            at_home.push(without_plus(number));
        }
        let in_germany = abroad.iter().map(|text| (text, Country::parse("DE").ok()));
        let at_home = abroad.iter().chain(&at_home).map(|text| (text, home));
        for (text, country) in in_germany.chain(at_home.filter(|(_, home)| home.is_some())) {
            let read = PhoneNumber::parse(text, country);
            let texted = read.as_ref().ok().filter(|read| read.line_type() == LineType::Mobile);
            let is = texted.map(PhoneNumber::e164);
            let right = if mobile { is == Some(e164.as_str()) } else { is.is_none() };
            // Argentina's landlines are written like its mobile numbers.
            let argentine = is == Some("+5491123456789") && e164 == "+541123456789";
            if !right && !argentine {
                wrong.insert(format!("{e164} as {text:?} in {country:?} is {read:?}, {is:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn read(typed: &str, country: &str) -> Result<String, InvalidPhone> {
    let number = PhoneNumber::parse(typed, Country::parse(country).ok())?;
    Ok(format!("{} {:?}", number.e164(), number.line_type()))
}

/// Country, what is typed, the mobile number that is meant.
const MOBILE: &[(&str, &str, &str)] = &[
    ("AR", "11 2345-6789", "+5491123456789"),
    ("AR", "011 2345-6789", "+5491123456789"),
    ("AR", "(011) 15-2345-6789", "+5491123456789"),
    ("AR", "11 15 2345 6789", "+5491123456789"),
    ("AR", "9 11 2345 6789", "+5491123456789"),
    ("AR", "54 11 2345 6789", "+5491123456789"),
    ("AR", "54 9 11 2345 6789", "+5491123456789"),
    ("", "+54 11 2345-6789", "+5491123456789"),
    ("", "+54 9 11 2345-6789", "+5491123456789"),
    ("", "+54 11 15 2345-6789", "+5491123456789"),
    ("US", "011 54 11 2345 6789", "+5491123456789"),
    ("AR", "2966 42-1234", "+5492966421234"),
    ("DE", "4915123456789", "+4915123456789"),
    ("DE", "49 0151 23456789", "+4915123456789"),
    ("DE", "49 (0)151 23456789", "+4915123456789"),
    ("DE", "+0151 23456789", "+4915123456789"),
    ("DE", "49 1512 3456789", "+4915123456789"),
    ("AT", "43 0664 123456", "+43664123456"),
    ("AT", "43664123456", "+43664123456"),
    ("ID", "62812345678", "+62812345678"),
    ("XK", "38343201234", "+38343201234"),
    ("XK", "383 043 201 234", "+38343201234"),
    ("MX", "55 1234 5678", "+525512345678"),
    ("MX", "1 55 1234 5678", "+525512345678"),
    ("MX", "044 55 1234 5678", "+525512345678"),
    ("MX", "045 55 1234 5678", "+525512345678"),
    ("MX", "01 55 1234 5678", "+525512345678"),
    ("MX", "52 1 55 1234 5678", "+525512345678"),
    ("", "+52 1 55 1234 5678", "+525512345678"),
    ("", "+52 55 1234 5678", "+525512345678"),
    ("", "+52 (1) 55 1234 5678", "+525512345678"),
    ("", "+52 044 55 1234 5678", "+525512345678"),
    ("BR", "(11) 6123-4567", "+5511961234567"),
    ("BR", "0 15 11 96123-4567", "+5511961234567"),
    ("BR", "55 11 96123-4567", "+5511961234567"),
    ("", "+55 11 8123-4567", "+5511981234567"),
    ("CO", "0 321 123 4567", "+573211234567"),
    ("", "+57 0 321 123 4567", "+573211234567"),
    ("CL", "09 6123 4567", "+56961234567"),
    ("", "+56 09 6123 4567", "+56961234567"),
    ("BJ", "95 12 34 56", "+2290195123456"),
    ("", "+229 95 12 34 56", "+2290195123456"),
    ("CI", "07 12 34 56", "+2250707123456"),
    ("", "+225 45 12 34 56", "+2250545123456"),
    ("", "+225 40 12 34 56", "+2250140123456"),
    ("UA", "8 067 123 45 67", "+380671234567"),
    ("UA", "+38 (067) 123-45-67", "+380671234567"),
    ("UZ", "8 91 234 56 78", "+998912345678"),
    ("GE", "8 555 12 34 56", "+995555123456"),
    ("BY", "8 029 491 19 11", "+375294911911"),
    ("", "+375 (029) 491-19-11", "+375294911911"),
    ("RU", "+8 912 345-67-89", "+79123456789"),
    ("RU", "7 (912) 345-67-89", "+79123456789"),
    ("KZ", "8 (771) 000-99-98", "+77710009998"),
    ("HU", "06 20 123 4567", "+36201234567"),
    ("", "+36 (06) 20 123 4567", "+36201234567"),
    ("LT", "8 612 34567", "+37061234567"),
    ("ES", "+34 (0) 612 34 56 78", "+34612345678"),
    ("IT", "+39 (0) 312 345 6789", "+393123456789"),
    ("FR", "0690 00 12 34", "+590690001234"),
    ("FR", "0692 12 34 56", "+262692123456"),
    ("", "+33 694 20 12 34", "+594694201234"),
    ("GP", "06 12 34 56 78", "+33612345678"),
    ("AU", "0011 44 7400 123456", "+447400123456"),
    ("AU", "0011 501 622 1234", "+5016221234"),
    ("JP", "010 44 7400 123456", "+447400123456"),
    ("NG", "009 44 7400 123456", "+447400123456"),
    ("SG", "001 44 7400 123456", "+447400123456"),
    ("SG", "0065 8123 4567", "+6581234567"),
    ("BR", "00 15 44 7400 123456", "+447400123456"),
    ("GB", "tel://+44-7400-123456", "+447400123456"),
    ("GB", "sms:+447400123456", "+447400123456"),
    ("GB", "[0] 7400 123456", "+447400123456"),
];

/// Country, what is typed: no mobile number, although it looks like one of those above.
const NONE: &[(&str, &str)] = &[
    ("BR", "(11) 2345-6789"),
    ("BR", "11 5123-4567"),
    ("AR", "0800 123 4567"),
    ("AR", "600 123 4567"),
    ("AR", "15 2345 6789"),
    ("DE", "49 30 123456"),
    ("DE", "030 123456"),
    ("CI", "20 21 22 23"),
    ("BJ", "21 30 12 34"),
    ("IT", "02 1234 5678"),
    ("IT", "+39 (0)35 123 4567"),
    ("KR", "0082 015 2345 6789"),
    ("GB", "+7 912 345 678"),
    ("GB", "020 7946 0958"),
    ("GB", "+44 (0)20 7946 0958"),
    ("US", "447400123456"),
    ("", "4915123456789"),
    ("MX", "1 1 55 1234 5678"),
    ("", "+52 1 800 123 4567"),
];

#[test]
fn notations_of_a_country_mean_its_mobile_number() {
    for (country, typed, expected) in MOBILE {
        let expected = format!("{expected} Mobile");
        assert_eq!(read(typed, country).as_deref(), Ok(&*expected), "{country} {typed:?}");
    }
    for (country, typed) in NONE {
        let mobile = read(typed, country).is_ok_and(|number| number.ends_with("Mobile"));
        assert!(!mobile, "{country} {typed:?} is {:?}", read(typed, country));
    }
}

#[test]
fn digits_of_every_script_and_separators_of_every_phone_are_read() {
    let util = &*PHONE_NUMBER_UTIL;
    let mut scripts = 0;
    for zero in ('\0'..=char::MAX).filter(|c| util.normalize_digits_only(c.to_string()) == "0") {
        let digit = |c: char| {
            let value = c.to_digit(10).map(|value| u32::from(zero) + value);
            value.and_then(char::from_u32).unwrap_or(c)
        };
        let typed: String = "+44 7400 123456".chars().map(digit).collect();
        assert_eq!(read(&typed, "").as_deref(), Ok("+447400123456 Mobile"), "{typed}");
        scripts += 1;
    }
    assert!(scripts >= 77, "Unicode 17.0 has 77 runs of decimal digits, not {scripts}");
    let marks = "\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\
        \u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    let spaces =
        " \t\u{a0}\u{1680}\u{2000}\u{2002}\u{2007}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
    let dashes = "-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2043}\u{2212}\u{2e3a}\u{30fc}\
        \u{fe58}\u{fe63}\u{ff0d}_~\u{223c}\u{301c}\u{ff5e}";
    let others = "'\"’./\\|()[]\u{b7}\u{2022}\u{2024}\u{2044}\u{2215}\u{2219}\u{30fb}\u{ff0e}\u{ff0f}\
        \u{ff08}\u{ff09}\u{ff3b}\u{ff3d}";
    for mark in [marks, spaces, dashes, others].concat().chars() {
        for typed in [
            format!("+44{mark}7400{mark}123456"),
            format!("{mark}+447400123456{mark}"),
            format!("07400{mark}{mark}123456"),
        ] {
            assert_eq!(read(&typed, "GB").as_deref(), Ok("+447400123456 Mobile"), "{typed:?}");
        }
    }
}

/// Countries that have no numbers of their own, and whose they are.
const SAME: [(&str, &str); 8] = [
    ("AX", "FI"),
    ("BL", "GP"),
    ("CC", "AU"),
    ("CX", "AU"),
    ("EH", "MA"),
    ("MF", "GP"),
    ("SJ", "NO"),
    ("VA", "IT"),
];

#[test]
fn the_example_of_a_country_is_a_number_of_it() {
    let all = Country::all();
    assert!(all.len() > 230, "only {} countries", all.len());
    for country in all {
        let other = SAME.iter().find(|(small, _)| *small == country.as_str());
        let other = other.and_then(|(_, large)| Country::parse(large).ok());
        assert_eq!(country.numbered_as(), other, "{country:?}");
        let Some(example) = country.example() else { continue };
        let number = PhoneNumber::parse(&example, Some(country)).unwrap();
        assert!(number.is_of(other.unwrap_or(country)), "{country:?} {example}");
        assert_eq!(number.is_of(country), other.is_none(), "{country:?} {example}");
        let code = format!("+{}", country.calling_code().unwrap());
        assert!(number.e164().starts_with(&code), "{country:?} {example}");
    }
    let (man, britain) = (Country::parse("IM").unwrap(), Country::parse("GB").unwrap());
    for (number, of_man, of_britain) in [
        ("+447624123456", true, false),
        ("+447924123456", true, true),
        ("+447400123456", false, true),
    ] {
        let number = PhoneNumber::from_e164(number).unwrap();
        assert_eq!((number.is_of(man), number.is_of(britain)), (of_man, of_britain), "{number}");
    }
}

#[test]
fn what_a_former_version_stored_is_still_read() {
    for (stored, test) in
        [("+541123456789", false), ("+5215512345678", true), ("+15550100001", true)]
    {
        let number = PhoneNumber::from_store(stored).unwrap();
        assert_eq!((number.e164(), number.is_test()), (stored, test));
        assert!(PhoneNumber::from_e164(stored).is_err(), "{stored} is not how it is stored now");
    }
    for text in ["", "+", "447400123456", "+44 7400 123456", "+0447400123456", "x"] {
        assert!(PhoneNumber::from_store(text).is_err(), "{text:?}");
    }
}
