use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

/// A notation that people use for mobile numbers of one calling code, and that libphonenumber's
/// metadata does not take for one: numbers before a change of the plan, prefixes that are no longer
/// dialled, tokens for mobile numbers.
struct Spelling {
    calling_code: i32,
    /// Dropped from the start of the national number.
    prefix: &'static str,
    /// What remains of the national number: how many digits, and which digits are allowed at each
    /// of the first places, where it matters.
    digits: usize,
    start: &'static [&'static str],
    /// Inserted at a place in what remains.
    insert: (usize, &'static str),
    /// Whether it also applies to numbers that the metadata takes for landlines.
    landlines: bool,
}

const fn dropped(calling_code: i32, prefix: &'static str, digits: usize) -> Spelling {
    Spelling { calling_code, prefix, digits, start: &[], insert: (0, ""), landlines: false }
}

const fn inserted(
    calling_code: i32,
    digits: usize,
    start: &'static [&'static str],
    insert: (usize, &'static str),
) -> Spelling {
    Spelling { calling_code, prefix: "", digits, start, insert, landlines: false }
}

const SPELLINGS: &[Spelling] = &[
    // Argentina, in the world +54 9 11 2345-6789, at home 11 15 2345-6789, between mobile phones
    // 11 2345-6789, like a landline. libphonenumber, FAQ.md, "Why is this number from Argentina (AR)
    // or Mexico (MX) not identified as the right number type?": put 9 in front, and take it if that
    // is a mobile number.
    Spelling {
        calling_code: 54,
        prefix: "",
        digits: 10,
        start: &["123"],
        insert: (0, "9"),
        landlines: true,
    },
    // The same from abroad with the trunk prefix of home: +54 9 (011) 2345-6789.
    Spelling {
        calling_code: 54,
        prefix: "90",
        digits: 10,
        start: &["123"],
        insert: (0, "9"),
        landlines: false,
    },
    // Brazil: a ninth digit in front of mobile numbers, area by area from 2012 to 6 November 2016.
    // Anatel, Resolução 553/2010. Landlines begin with 2 to 5 after the area.
    inserted(55, 10, &["123456789", "123456789", "6789"], (2, "9")),
    // Mexico: 1 from abroad, 044 and 045 to mobile numbers, 01 and 02 between areas, none of them
    // since 3 August 2019. IFT, Plan Técnico Fundamental de Numeración (DOF of 11 May 2018). In the
    // metadata until libphonenumber 8.13.
    dropped(52, "1", 10),
    dropped(52, "01", 10),
    dropped(52, "02", 10),
    dropped(52, "044", 10),
    dropped(52, "045", 10),
    // Italy: mobile numbers lost their zero on 29 June 2001; landlines keep theirs, but have fewer
    // digits than a mobile number with a zero. AGCOM, piano di numerazione.
    Spelling {
        calling_code: 39,
        prefix: "0",
        digits: 10,
        start: &["3"],
        insert: (0, ""),
        landlines: true,
    },
    // Benin: 01 in front of every number since 30 November 2024. ARCEP Bénin, plan national de
    // numérotation à dix chiffres. Landlines began with 2, which are 01 2 today.
    inserted(229, 8, &["4569"], (0, "01")),
    // Côte d'Ivoire: two digits in front of every number since 31 January 2021, by the second digit
    // of mobile ones: 01 (Moov), 05 (MTN), 07 (Orange). Landlines began with 2 and 3. ARTCI, plan
    // national de numérotation à dix chiffres.
    inserted(225, 8, &["0456789", "0123"], (0, "01")),
    inserted(225, 8, &["0456789", "456"], (0, "05")),
    inserted(225, 8, &["0456789", "789"], (0, "07")),
    // The trunk prefix 8 of the Soviet plan. In the metadata for Uzbekistan until 2024, Tajikistan
    // until 2022, Georgia until 2013 (resources/PhoneNumberMetadata.xml of libphonenumber, its
    // history); in Ukraine 8 0 until 14 October 2009 (order 1200 of the ministry of transport and
    // communications of 29 September 2008).
    dropped(998, "8", 9),
    dropped(992, "8", 9),
    dropped(995, "8", 9),
    dropped(380, "80", 9),
];

/// France and what was its overseas is one plan for those who dial inside it, by several calling
/// codes from abroad. ARCEP, décision 2018-0881, annexe 1.
const FRENCH_PLAN: &[i32] = &[33, 262, 508, 590, 594, 596];

/// Whether a text can be sent to a number, as far as the metadata knows: valid, and mobile or of a
/// range that has both.
pub(super) fn is_mobile(number: &PhoneNumber) -> bool {
    let mobile = [PhoneNumberType::Mobile, PhoneNumberType::FixedLineOrMobile];
    number.extension.is_none() && number.is_valid() && mobile.contains(&number.get_type())
}

/// The mobile number that people mean who write `number`, which is none by the metadata.
pub(super) fn meant(number: &PhoneNumber) -> Option<PhoneNumber> {
    if number.extension.is_some() {
        return None;
    }
    let (code, national) = (number.country_code, number.get_national_significant_number());
    // Valid, of another type.
    let known = number.is_valid();
    let of_country = SPELLINGS.iter().filter(|spelling| spelling.calling_code == code);
    let written = of_country.filter_map(|spelling| spelling.apply(&national, known));
    let without_zero = unneeded_zero(code, &national, known);
    written.chain(without_zero).chain(moved(code, &national, known)).find_map(|e164| mobile(&e164))
}

/// Reads a number in E.164, if it is a mobile number in exactly this notation.
fn mobile(e164: &str) -> Option<PhoneNumber> {
    let number = PHONE_NUMBER_UTIL.parse(e164, None).ok()?;
    let same = number.format_as(PhoneNumberFormat::E164) == e164;
    (same && is_mobile(&number)).then_some(number)
}

impl Spelling {
    fn apply(&self, national: &str, known: bool) -> Option<String> {
        let rest = national.strip_prefix(self.prefix)?;
        let mut places = self.start.iter().zip(rest.chars());
        let fits = rest.len() == self.digits
            && (self.landlines || !known)
            && places.all(|(allowed, digit)| allowed.contains(digit));
        let (at, digits) = self.insert;
        let (before, after) = rest.split_at_checked(at)?;
        fits.then(|| format!("+{}{before}{digits}{after}", self.calling_code))
    }
}

/// A zero after the calling code, as in `+34 0612…` and `+375 (029) …`, or before a number at home:
/// many write it where the country has no such prefix, or has it for landlines only.
fn unneeded_zero(code: i32, national: &str, known: bool) -> Option<String> {
    let rest = national.strip_prefix('0').filter(|_| !known)?;
    Some(format!("+{code}{rest}"))
}

/// The same national number under the other calling codes of the French plan.
fn moved(code: i32, national: &str, known: bool) -> impl Iterator<Item = String> {
    let inside = FRENCH_PLAN.contains(&code) && !known && national.len() == 9;
    let others = FRENCH_PLAN.iter().filter(move |other| inside && **other != code);
    others.map(move |other| format!("+{other}{national}"))
}
