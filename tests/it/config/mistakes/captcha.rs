use std::fs;

use super::super::cli::run;
use super::super::{TOKEN, changed, problems, read};

const GOOD: &str =
    "provider = \"turnstile\"\nsite_key = \"0x4AAAAAAAB_c-d\"\nsecret = \"env:TOKEN\"\n";

/// The file with this in `[login.captcha]`, whose keys begin in line 10.
fn with(keys: &str) -> String {
    changed(&[("[sms]\n", &format!("[login.captcha]\n{keys}[sms]\n"))])
}

fn said(keys: &str) -> Vec<String> {
    let all = problems(&with(keys));
    all.lines().map(|line| line.strip_prefix("my.toml:").unwrap().to_owned()).collect()
}

#[test]
fn a_captcha_has_one_of_three_providers_a_key_and_a_secret() {
    for provider in ["turnstile", "hcaptcha", "recaptcha"] {
        let config = read(&with(&GOOD.replace("turnstile", provider))).unwrap();
        let captcha = config.login.challenge.unwrap().captcha.unwrap();
        assert_eq!(captcha.vendor().name, provider);
        assert_eq!(captcha.site_key(), "0x4AAAAAAAB_c-d");
    }
    assert!(read(&changed(&[])).unwrap().login.challenge.unwrap().captcha.is_none());
}

#[test]
fn what_its_table_lacks() {
    assert_eq!(
        said(""),
        [
            "9:1: login.captcha.provider: is missing; write in [login.captcha] for example `provider = \"turnstile\"`. `turnstile`, `hcaptcha` or `recaptcha` (version 2).",
            "9:1: login.captcha.site_key: is missing; write in [login.captcha] for example `site_key = \"0x4AAAAAAA…\"`. The public key, which stands in the page.",
            "9:1: login.captcha.secret: is missing; write in [login.captcha] for example `secret = \"env:CAPTCHA_SECRET\"`. The secret that its answers are verified with: `env:NAME` or `file:PATH`.",
        ]
    );
}

#[test]
fn mistakes_in_its_table_are_told_at_once() {
    let wrong = "provider = \"geetest\"\nsite_key = \"hunter2 hunter2\"\nsecret = \"hunter2\"\n\
                 hostnames = [\"https://app.example.com\", \"app.example.com\"]\n\
                 verify_url = \"http://192.0.2.7/siteverify\"\n";
    assert_eq!(
        said(wrong),
        [
            "10:12: login.captcha.provider: is not one of: turnstile, hcaptcha, recaptcha",
            "11:12: login.captcha.site_key: is not 1 to 100 of A-Z a-z 0-9 _ -",
            "12:10: login.captcha.secret: is not `env:NAME` or `file:PATH`; secrets are not stored in this file",
            "13:14: login.captcha.hostnames: is not a host such as app.example.com",
            "14:14: login.captcha.verify_url: must be https://192.0.2.7; plain http is only for localhost",
        ]
    );
    let wildcard = format!("{GOOD}hostnames = [\"app.example.com\", \"*.example.com\"]\n");
    assert_eq!(
        said(&wildcard),
        [
            "13:33: login.captcha.hostnames: is a wildcard, which no vendor tells as the host of a page: list each host that shows the captcha, such as app.example.com"
        ]
    );
    assert_eq!(
        said(&GOOD.replace("env:TOKEN", "env:UNSET")),
        ["12:10: login.captcha.secret: the environment has no variable UNSET"]
    );
    assert_eq!(
        said(&format!("{GOOD}sitekey = \"a\"\n")),
        ["13:1: login.captcha.sitekey: is not a key; did you mean `site_key`?"]
    );
    for url in ["https://me:hunter2@example.com/", "https://example.com/#a", "siteverify"] {
        let said = said(&format!("{GOOD}verify_url = \"{url}\"\n"));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("13:14: login.captcha.verify_url: "), "{said:?}");
        assert!(!said[0].contains("hunter2"), "{said:?}");
    }
}

#[test]
fn its_secret_is_shown_by_nothing() {
    let shown = format!("{:?}", read(&with(GOOD)).unwrap());
    assert!(!shown.contains(TOKEN), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    for text in [with(GOOD), with(&GOOD.replace("turnstile", "geetest"))] {
        fs::write(&path, text).unwrap();
        let (_, out, err, served) = run(&["check", path.to_str().unwrap()]);
        assert!(!served && !format!("{out}{err}").contains(TOKEN), "{out}{err}");
    }
}
