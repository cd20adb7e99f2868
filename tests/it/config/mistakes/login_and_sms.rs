use doorcode::domain::{Country, LineType, PhoneNumber};
use doorcode::login::Countries;

use super::super::{changed, problems, read};
use super::{Case, assert_said};

const CASES: &[Case<'_>] = &[
    (
        &[("[\"US\", \"GB\"]", "[\"us\", \"UK\", \"GB\", \"GB\"]")],
        &[
            "7:14: login.countries: `us` is not in capital letters; write US",
            "7:20: login.countries: `UK` is not the two letters of a country, such as GB",
            "7:32: login.countries: `GB` is listed twice",
        ],
    ),
    (
        &[("[\"US\", \"GB\"]", "[\"*\"]")],
        &[
            "7:14: login.countries: `*` is only for the console provider: texts to some countries are expensive and attract fraud; list the countries of your users",
        ],
    ),
    (
        &[("[\"US\", \"GB\"]", "[\"US\", \"*\"]")],
        &["7:20: login.countries: `*` cannot be combined with countries"],
    ),
    (
        &[("[login]", "[login]\ndefault_country = \"FR\"")],
        &["7:19: login.default_country: FR is not in login.countries"],
    ),
    (
        &[("[sms]\n", "[login.consent]\nUS = \" \"\nFR = \"Free\"\nuk = \"Free\"\n[sms]\n")],
        &[
            "10:6: login.consent.US: `` is not one line of 1 to 300 characters",
            "11:6: login.consent.FR: FR is not in login.countries",
            "12:6: login.consent.uk: `uk` is not the two letters of a country, such as GB",
        ],
    ),
    (
        &[("[login]", "[login]\ncode_digits = 5\ntries = 0\ncode_lifetime = \"11m\"")],
        &[
            "7:15: login.code_digits: 5 is not between 6 and 10",
            "8:9: login.tries: 0 is not between 1 and 5",
            "9:17: login.code_lifetime: 11m is not between 1m and 10m",
        ],
    ),
    (
        &[("[login]", "[login]\ncode_digits = 6.0\ntries = \"3\"\ncode_lifetime = 300")],
        &[
            "7:15: login.code_digits: is a number; write an integer from 6 to 10",
            "8:9: login.tries: is a string; write an integer from 1 to 5",
            r#"9:17: login.code_lifetime: is a number; write a duration from 1m to 10m, such as "1m""#,
        ],
    ),
    (
        &[(
            "[login]",
            "[login]\ntries = 99999999999999999999\ncode_lifetime = \"five\"\nsession_idle = \"+5m\"\nsession_lifetime = \"99999999999999999999d\"",
        )],
        &[
            "7:9: login.tries: 99999999999999999999 is not between 1 and 5",
            "8:17: login.code_lifetime: `five` is not a duration such as 30s, 5m, 24h or 30d",
            "9:16: login.session_idle: `+5m` is not a duration such as 30s, 5m, 24h or 30d",
            "10:20: login.session_lifetime: `99999999999999999999d` is not a duration such as 30s, 5m, 24h or 30d",
        ],
    ),
    (
        &[(
            "[login]",
            "[login]\npersonal_access_token_lifetime = \"12h\"\npersonal_access_tokens_per_user = 0",
        )],
        &[
            "7:34: login.personal_access_token_lifetime: 12h is not between 1d and 400d",
            "8:35: login.personal_access_tokens_per_user: 0 is not between 1 and 1000",
        ],
    ),
    (
        &[(
            "[login]",
            "[login]\npersonal_access_token_lifetime = \"401d\"\npersonal_access_tokens_per_user = 1001",
        )],
        &[
            "7:34: login.personal_access_token_lifetime: 401d is not between 1d and 400d",
            "8:35: login.personal_access_tokens_per_user: 1001 is not between 1 and 1000",
        ],
    ),
    (
        &[("[login]", "[login]\nsession_lifetime = \"1h\"")],
        &["7:20: login.session_lifetime: session_idle (1d) is longer than session_lifetime (1h)"],
    ),
    (
        &[("[login]", "[limits]\nfirst_wait = \"45m\"\n[login]")],
        &["7:14: limits.first_wait: first_wait (45m) is longer than longest_wait (32m)"],
    ),
    (
        &[("[login]", "[limits]\nlongest_wait = \"29s\"\n[login]")],
        &["7:16: limits.longest_wait: first_wait (30s) is longer than longest_wait (29s)"],
    ),
    (
        &[("[sms]", "[[login.test_number]]\nphone = \"+15550100001\"\ncode = \"000000\"\n[sms]")],
        &[
            "9:1: login.test_number[1]: is only allowed on loopback addresses, but server.public_url is on shop.example.com; use loopback addresses only (or, in a container, set server.unsafe_development_exposed = true); for app store reviews, login.unsafe_test_numbers_exposed = true",
        ],
    ),
    (
        &[
            ("[login]", "[login]\nunsafe_test_numbers_exposed = true\ncode_digits = 7"),
            (
                "[sms]",
                "[[login.test_number]]\nphone = \"+12025550123\"\ncode = \"000000\"\n[[login.test_number]]\nphone = \"+15550100001\"\n[[login.test_number]]\nphone = \"+15550100001\"\ncode = \"000000a\"\n[sms]",
            ),
        ],
        &[
            "12:9: login.test_number[1].phone: `+12025550123` is a number that may exist; a test number must be invalid in every numbering plan",
            "13:8: login.test_number[1].code: is not 7 digits, as login.code_digits says",
            "14:1: login.test_number[2].code: is missing; write in [[login.test_number]] for example `code = \"000000\"`. Its code: as many digits as `login.code_digits` says.",
            "17:9: login.test_number[3].phone: `+15550100001` is listed twice",
            "18:8: login.test_number[3].code: is not 7 digits, as login.code_digits says",
        ],
    ),
    (
        &[("[\"twilio\"]", "[\"twillio\", \"pigeon\"]")],
        &[
            "10:14: sms.providers: `twillio` is not a provider; did you mean `twilio`?",
            "10:25: sms.providers: `pigeon` is not a provider; known: console, twilio, twilio_verify, twilio_voice, twilio_whatsapp, vonage, plivo, messagebird, messagebird_whatsapp, telnyx, sinch, aws, smpp, http",
        ],
    ),
    (
        &[("[\"twilio\"]", "[\"console\"]")],
        &[
            "10:14: sms.providers: `console` is only allowed on loopback addresses, but server.public_url is on shop.example.com; use loopback addresses only (or, in a container, set server.unsafe_development_exposed = true)",
            "11:1: sms.twilio: is not used: sms.providers does not list `twilio`; add it or remove this table",
        ],
    ),
    (
        &[("[sms]", "[sms]\ntemplate = \"Your code\"")],
        &[
            "10:12: sms.template: the text does not contain the code: add {{ code }}, {{ password }} or @@password@@",
        ],
    ),
    (&[("AC01", "AC1")], &["12:15: sms.twilio.account_sid: is not AC and 32 hexadecimal digits"]),
    (
        &[("auth_token = \"env:TOKEN\"\n", ""), ("from = \"+12025550123\"", "")],
        &[
            "11:1: sms.twilio: needs either auth_token, or api_key and api_key_secret",
            "11:1: sms.twilio: needs either messaging_service_sid or from",
        ],
    ),
    (
        &[("from =", "messaging_service_sid = \"MG0123456789abcdef0123456789abcdef\"\nfrom =")],
        &["15:8: sms.twilio.from: conflicts with messaging_service_sid; keep one of the two"],
    ),
    (
        &[(
            "from = \"+12025550123\"",
            "messaging_service_sid = \"AC0123456789abcdef0123456789abcdef\"",
        )],
        &["14:25: sms.twilio.messaging_service_sid: is not MG and 32 hexadecimal digits"],
    ),
    (
        &[("from = \"+12025550123\"", "from = \"12\"\nbase_url = \"http://api.example.com\"")],
        &[
            "14:8: sms.twilio.from: `12` is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits",
            "15:12: sms.twilio.base_url: must be https://api.example.com; plain http is only for localhost",
        ],
    ),
    (
        &[("from = \"+12025550123\"", "from = \"A name too long\"\nbase_url = \"twilio\"")],
        &[
            "14:8: sms.twilio.from: `A name too long` is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits",
            "15:12: sms.twilio.base_url: is not a URL such as https://api.twilio.com",
        ],
    ),
    (
        &[("phone = \"+12025550123\"", "phone = \"+1 202 555 0123\"")],
        &["17:9: user[1].phone: `+1 202 555 0123` is not in E.164; write +12025550123"],
    ),
    (
        &[("phone = \"+12025550123\"", "phone = \"+541123456789\"")],
        &[
            "17:9: user[1].phone: `+541123456789` is another form of a mobile number; write +5491123456789",
        ],
    ),
    (
        &[("phone = \"+12025550123\"", "phone = \"2025550123\"")],
        &[
            "17:9: user[1].phone: `2025550123` is not a number such as +12025550123: not a telephone number",
        ],
    ),
    (
        &[("phone = \"+12025550123\"", "phone = \"+446011223456\"")],
        &[
            "17:9: user[1].phone: `+446011223456` is not a number such as +12025550123: no such number in that country's numbering plan; ranges that are too new are added by numbers.accept",
        ],
    ),
    (
        &[(
            "[sms]\n",
            "[numbers]\naccept = [\"+4460\", \"+446*\", \"+99973*\", \"+44 60*\", \"+4460*\", \"+4460*\"]\n[sms]\n",
        )],
        &[
            "10:11: numbers.accept: `+4460` is not a plus sign, the first digits of numbers and a star, such as +63913*",
            "10:20: numbers.accept: `+446*` is too wide: write two digits or more after the calling code",
            "10:29: numbers.accept: `+99973*` is not the numbers of a country",
            "10:40: numbers.accept: `+44 60*` is not a plus sign, the first digits of numbers and a star, such as +63913*",
            "10:61: numbers.accept: `+4460*` is listed twice",
        ],
    ),
    (
        &[("phone = \"+12025550123\"", "phone = \"+33612345678\"")],
        &[
            "17:9: user[1].phone: is a number of FR, which login.countries does not serve: no code is sent",
        ],
    ),
    (
        &[("[\"admin\"]", "[\"the admin\", \"a\", \"a\"]\n[[user]]\nphone = \"+12025550123\"")],
        &[
            "18:10: user[1].roles: `the admin` cannot be a role: a role is 1 to 64 of the characters a-z A-Z 0-9 . _ : -",
            "18:28: user[1].roles: `a` is listed twice",
            "20:9: user[2].phone: is also the number of user[1]; put all its roles there",
        ],
    ),
];

#[test]
fn all_of_them_are_told() {
    assert_said(CASES);
}

/// What the pages offer as an example must not be refused by them: either its country is served, or
/// the file is refused and says what to write.
#[test]
fn each_country_alone_works_or_the_file_says_what_to_write() {
    let mut told = Vec::new();
    for country in Country::all() {
        let letters = country.as_str();
        // The user of the file has a number of the US.
        let beside = if letters == "US" { "" } else { ", \"US\"" };
        let listed = format!("[\"{letters}\"{beside}]");
        match read(&changed(&[("[\"US\", \"GB\"]", &listed)])) {
            Ok(_) => {
                let Some(example) = country.example() else { continue };
                let number = PhoneNumber::parse(&example, Some(country)).unwrap();
                let alone = Countries::Only(vec![country]);
                assert!(alone.serves_number(&number), "{country:?} {example}");
                assert_eq!(number.line_type(), LineType::Mobile, "{country:?} {example}");
            }
            Err(problems) => told.push(problems.to_string()),
        }
    }
    let has = |country: &str, other: &str| {
        format!(
            "my.toml:7:14: login.countries: `{country}` has the numbers of {other}, which cannot \
             be told apart; write {other}"
        )
    };
    let expected = [
        has("AX", "FI"),
        has("BL", "GP"),
        has("CC", "AU"),
        has("CX", "AU"),
        has("EH", "MA"),
        has("MF", "GP"),
        has("SJ", "NO"),
        has("VA", "IT"),
    ];
    assert_eq!(told, expected);
    let rule = problems(&changed(&[("role:admin", "country:VA")]));
    assert!(rule.ends_with("`VA` has the numbers of IT, which cannot be told apart; write IT"));
}
