use doorcode::delivery::sms::ProviderSettings;

use super::super::{changed, problems, read};

const GOOD: &str = "url = \"smpps://smsc.example.com:3550\"\nsystem_id = \"shop\"\npassword = \"env:SHORT\"\nfrom = \"Shop\"";

/// The file with an SMSC in the place of Twilio, whose keys begin in line 12.
fn with(keys: &str, sms: &str) -> String {
    let twilio = "providers = [\"twilio\"]\n[sms.twilio]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"\nfrom = \"+12025550123\"\n";
    let table = format!("providers = [\"smpp\"]{sms}\n[sms.smpp]\n{keys}\n");
    changed(&[(twilio, &table)])
}

fn said(keys: &str) -> Vec<String> {
    let all = problems(&with(keys, ""));
    all.lines().map(|line| line.strip_prefix("my.toml:").unwrap().to_owned()).collect()
}

#[test]
fn an_smsc_needs_a_place_and_who_binds() {
    let config = read(&with(GOOD, "")).unwrap_or_else(|why| panic!("{why}"));
    let [ProviderSettings::Smpp(smpp)] = &config.providers[..] else { panic!("one provider") };
    assert_eq!(smpp.server.as_str(), "https://smsc.example.com:3550/");
    assert_eq!((smpp.system_type.as_str(), smpp.enquire_link.as_secs()), ("", 30));
    assert_eq!(config.providers[0].sender().as_deref(), Some("Shop"));
    let all = format!("{GOOD}\nsystem_type = \"SMS\"\nenquire_link = \"2m\"");
    assert!(read(&with(&all, "")).is_ok());
    let missing = problems_of(&with("", ""));
    let keys = missing.iter().filter_map(|line| line.split_once(": is missing"));
    let keys: Vec<&str> = keys.map(|(key, _)| key).collect();
    assert_eq!(keys, ["sms.smpp.url", "sms.smpp.system_id", "sms.smpp.password", "sms.smpp.from"]);
}

#[test]
fn what_smpp_has_no_room_for_is_told() {
    let keys = "url = \"smpps://smsc.example.com:3550\"\nsystem_id = \"sixteen-of-these\"\npassword = \"env:TOKEN\"\nsystem_type = \"\"\nfrom = \"Shop & more\"\nenquire_link = \"11m\"";
    assert_eq!(
        said(keys),
        [
            "13:13: sms.smpp.system_id: `sixteen-of-these` is not 1 to 15 printable ASCII characters",
            "14:12: sms.smpp.password: refers to no password of 1 to 8 printable ASCII characters, which is all that SMPP has room for",
            "15:15: sms.smpp.system_type: `` is not 1 to 12 printable ASCII characters",
            "16:8: sms.smpp.from: `Shop & more` is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits",
            "17:16: sms.smpp.enquire_link: 11m is not between 1s and 10m",
        ]
    );
}

#[test]
fn what_is_sent_in_the_clear_stays_where_it_is_safe() {
    let at = |url: &str, sms: &str| {
        problems_of(&with(&GOOD.replace("smpps://smsc.example.com:3550", url), sms))
    };
    let clear = "sends password and codes in the clear: use smpps, or write an address of this machine or of a network in sms.allow_private";
    let private =
        "is not a public address; if that is meant, list its network in sms.allow_private";
    let shape = "is not a URL such as smpps://smsc.example.com:3550";
    for (url, why) in [
        ("smpp://smsc.example.com:2775", clear.to_owned()),
        ("smpp://8.8.8.8:2775", clear.to_owned()),
        ("smpp://10.0.0.1:2775", format!("10.0.0.1 {private}")),
        ("smpps://10.0.0.1:2775", format!("10.0.0.1 {private}")),
        ("smpps://smsc.example.com", "has no port, and SMSCs have no usual one".to_owned()),
        ("https://smsc.example.com:3550", shape.to_owned()),
        ("smsc.example.com:3550", shape.to_owned()),
        (
            "smpps://shop@smsc.example.com:3550",
            "may not have a user, path, query or fragment".to_owned(),
        ),
        (
            "smpps://smsc.example.com:3550/x",
            "may not have a user, path, query or fragment".to_owned(),
        ),
    ] {
        assert_eq!(at(url, ""), [format!("sms.smpp.url: {why}")], "{url}");
    }
    for (url, sms) in [
        ("smpp://127.0.0.1:2775", ""),
        ("smpp://localhost:2775", ""),
        ("smpp://[::1]:2775", ""),
        ("smpps://8.8.8.8:443", ""),
        ("smpp://10.0.0.1:2775", "\nallow_private = [\"10.0.0.0/8\"]"),
    ] {
        let file = with(&GOOD.replace("smpps://smsc.example.com:3550", url), sms);
        assert!(read(&file).is_ok(), "{url}: {}", problems(&file));
    }
}

fn problems_of(file: &str) -> Vec<String> {
    let all = problems(file);
    let key = |line: &str| line.find("sms.").map(|at| line[at..].to_owned());
    all.lines().filter_map(key).collect()
}
