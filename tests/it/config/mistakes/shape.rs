use super::super::problems;
use super::{Case, assert_said};

const CASES: &[Case<'_>] = &[
    (
        &[("[login]", "[login]\ntriess = 3")],
        &["7:1: login.triess: is not a key; did you mean `tries`?"],
    ),
    (
        &[("[login]", "[login]\nlisten = 3\nfrobnicate = 3\n\"odd\\nname\" = 1\n\"\" = 2")],
        &[
            "7:1: login.listen: is not a key here; did you mean it for [server]?",
            "8:1: login.frobnicate: is not a key; [login] has: countries, default_country, code_digits, code_lifetime, tries, sign_up, session_idle, session_lifetime, captcha, consent, personal_access_token_lifetime, personal_access_tokens_per_user, challenge, challenge_bits, challenge_wait, unsafe_test_numbers_exposed, test_number",
            "9:1: login.\"odd\\nname\": is not a key; [login] has: countries, default_country, code_digits, code_lifetime, tries, sign_up, session_idle, session_lifetime, captcha, consent, personal_access_token_lifetime, personal_access_tokens_per_user, challenge, challenge_bits, challenge_wait, unsafe_test_numbers_exposed, test_number",
            r#"10:1: login."": is not a key; [login] has: countries, default_country, code_digits, code_lifetime, tries, sign_up, session_idle, session_lifetime, captcha, consent, personal_access_token_lifetime, personal_access_tokens_per_user, challenge, challenge_bits, challenge_wait, unsafe_test_numbers_exposed, test_number"#,
        ],
    ),
    (
        &[("[login]", "[logon]\ncountries = [\"US\"]\n[login]")],
        &["6:2: logon: is not a key; did you mean `login`?"],
    ),
    (
        &[("[login]", "[login]\ntries = 3\ntries = 4")],
        &["8:1: `tries` is defined twice in the same table; keep one"],
    ),
    (
        &[("[login]", "[login]\ntries = 3\ntries = 4\n[server]\nlisten = \"x\"\n[login]")],
        &[
            "8:1: `tries` is defined twice in the same table; keep one",
            "9:2: `server` is defined twice in the same table; keep one",
            "10:1: `listen` is defined twice in the same table; keep one",
            "11:2: `login` is defined twice in the same table; keep one",
        ],
    ),
    (
        &[("[login]", "[login]\ntries = \n\n[oops\nx = \"open")],
        &[
            "7:9: not TOML: string values must be quoted, expected literal string",
            "9:6: not TOML: unclosed table, expected `]`",
        ],
    ),
    (
        &[("[[site]]", "[site]"), ("[[site.rule]]", "[site.rule]")],
        &["20:1: site: is a single table; write [[site]]"],
    ),
    (
        &[("[[user]]", "user = 3\n[[user]]")],
        &[
            "16:1: sms.twilio.user: is not a key; [sms.twilio] has: account_sid, auth_token, api_key, api_key_secret, messaging_service_sid, from, base_url",
        ],
    ),
    (
        &[
            ("[server]", "user = 3\nsite = [3]\n[server]"),
            ("[[user]]", "[x]"),
            ("[[site]]", "[y]"),
            ("[[site.rule]]", "[z]"),
        ],
        &[
            "1:8: user: is a number; write [[user]]",
            "2:9: site[1]: is a number; write [[site]]",
            "18:2: x: is not a key; the top of the file has: server, forward_auth, acme, admin, log, store, brand, login, numbers, limits, sms, user, oauth, client, site",
            "22:2: y: is not a key; the top of the file has: server, forward_auth, acme, admin, log, store, brand, login, numbers, limits, sms, user, oauth, client, site",
            "26:2: z: is not a key; the top of the file has: server, forward_auth, acme, admin, log, store, brand, login, numbers, limits, sms, user, oauth, client, site",
        ],
    ),
    (&[("[server]", "[[server]]")], &["1:1: server: is an array of tables; write [server]"]),
    (
        &[("[server]", "\"login.tries\" = 99\n[server]")],
        &[
            r#"1:1: "login.tries": is not a key; the top of the file has: server, forward_auth, acme, admin, log, store, brand, login, numbers, limits, sms, user, oauth, client, site"#,
        ],
    ),
];

#[test]
fn all_of_them_are_told() {
    assert_said(CASES);
}

/// What a file must have, whatever else it says.
#[test]
fn an_empty_file_is_told_what_it_needs() {
    let needs = [
        "server.public_url: is missing",
        "login.countries: is missing",
        "sms.providers: is missing",
        "site: no site and no client is configured",
    ];
    for empty in ["", "site = []\nuser = []\n", "# nothing\n"] {
        let said = problems(empty);
        assert_eq!(said.lines().count(), needs.len(), "{said}");
        for (line, need) in said.lines().zip(needs) {
            assert!(line.starts_with(&format!("my.toml:1:1: {need}")), "{line}");
        }
    }
}
