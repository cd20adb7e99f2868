//! What `check` and each start say of a valid file that production would regret.
use std::path::Path;

use doorcode::app::examine;
use doorcode::config::Config;
use doorcode::system::Timestamp;

use super::cli::{LINKS, told};
use super::{changed, environment};

/// One rule more, before that of the good file.
fn with_rule(rule: &str) -> Vec<String> {
    told(&[("[[site.rule]]", &format!("[[site.rule]]\n{rule}\n[[site.rule]]"))])
}

#[test]
fn budgets_below_the_price_of_a_text_are_told() {
    let prices = |gb: &str| told(&[("[sms]\n", &format!("[sms]\nprices.GB = \"{gb}\"\n"))]);
    assert!(prices("1").is_empty());
    let said = prices("1.5");
    let of_blocks = "warning: limits.spend_per_number_block_1h: 1 is less than one text to GB may cost (1.5000 USD): nobody new there gets a code; raise it, or correct sms.prices";
    assert!(said.len() == 1 && said[0].ends_with(of_blocks), "{said:?}");
    let of_hours = prices("4").iter().filter(|line| line.contains("may cost (4.0000 USD)")).count();
    assert_eq!(of_hours, 2, "blocks have 3 a day");
}

#[test]
fn budgets_below_the_price_of_a_call_are_told() {
    const TWILIO: &str = "account_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"\nfrom = \"+12025550123\"\n";
    let told = |prices: &str| {
        let lists = "providers = [\"twilio\", \"twilio_voice\"]\nchannels = [\"sms\", \"voice\"]\n";
        let tables = format!("{prices}[sms.twilio_voice]\n{TWILIO}[sms.twilio]\n");
        told(&[("providers = [\"twilio\"]\n", lists), ("[sms.twilio]\n", &tables)])
    };
    // By default a call counts as two texts.
    assert!(told("[sms.prices]\nGB = \"0.5\"\n").is_empty());
    let said = told("[sms.prices]\nGB = \"0.6\"\n");
    let of_blocks = "1 is less than one call to GB may cost (1.2000 USD): nobody new there gets a code; raise it, or correct sms.voice_prices";
    assert!(said.len() == 1 && said[0].ends_with(of_blocks), "{said:?}");
    let set = "[sms.prices]\nGB = \"0.6\"\n[sms.voice_prices]\nother = \"0.1\"\n";
    assert!(told(set).is_empty());
}

#[test]
fn rules_that_decide_nothing_are_told() {
    assert_eq!(
        with_rule("path = \"/*\"\nallow = [\"role:admin\"]\nfrom = [\"10.0.0.0/8\"]"),
        [
            "29:8: warning: site[1].rule[2].path: never decides: site[1].rule[1] stands before it and takes all its requests"
        ]
    );
    let other = "[[site]]\nname = \"Admin\"\nurl = \"https://shop.example.com/admin\"\nupstreams = [\"a:1\"]\n[[site]]";
    assert_eq!(
        told(&[("[[site]]", other)]),
        [
            "29:8: warning: site[2].rule[1].path: never decides: its paths belong to site[1] (Admin), which has rules of its own"
        ]
    );
    assert_eq!(
        with_rule("path = \"/x\"\nallow = [\"public\", \"optional\"]"),
        [
            "26:9: warning: site[1].rule[1].allow: `public` has no effect beside `optional`, which lets everybody pass too"
        ]
    );
    assert_eq!(
        with_rule("path = \"/x\"\nallow = [\"public\"]\nfrom = [\"0.0.0.0/0\"]"),
        [
            "27:8: warning: site[1].rule[1].from: 0.0.0.0/0 is every address: it restricts nobody of its kind"
        ]
    );
}

#[test]
fn rules_that_nobody_can_pass_are_told() {
    assert_eq!(
        with_rule("path = \"/x\"\nallow = [\"role:amdin\", \"role:staff\"]"),
        [
            "26:9: warning: site[1].rule[1].allow: no [[user]] has the role of `role:amdin`; did you mean `role:admin`?",
            "26:9: warning: site[1].rule[1].allow: no [[user]] has the role of `role:staff`",
        ]
    );
    assert_eq!(
        with_rule(
            "path = \"/x\"\nallow = [\"country:FR\", \"phone:+33612345678\", \"country:GB\"]"
        ),
        [
            "26:9: warning: site[1].rule[1].allow: `country:FR` admits nobody: login.countries does not serve that country",
            "26:9: warning: site[1].rule[1].allow: `phone:…678` admits nobody: login.countries does not serve that country",
        ]
    );
    assert_eq!(
        told(&[
            ("[login]", "[login]\nsign_up = false"),
            ("[[user]]\nphone = \"+12025550123\"\nroles = [\"admin\"]\n", ""),
            ("\"role:admin\"", "\"signed-in\""),
        ]),
        [
            "7:11: warning: login.sign_up: is false, and there is no [[user]]: only people who signed in before can sign in"
        ]
    );
}

#[test]
fn senders_that_networks_refuse_are_told_by_country() {
    let sender = ("from = \"+12025550123\"", "from = \"Shop\"");
    assert_eq!(
        told(&[sender, ("\"GB\"", "\"GB\", \"CA\", \"IN\"")]),
        [
            "9:1: warning: sms.start_numbers: lacks twilio: people in US and CA who answered STOP are told to text START, but not to which number",
            "14:8: warning: sms.twilio.from: `Shop` is a name, and in US, CA networks refuse or replace it; use a number or messaging_service_sid",
            "14:8: warning: sms.twilio.from: `Shop` is a name, and in IN it must be registered with Twilio first",
        ]
    );
    let british = ("[[user]]\nphone = \"+12025550123\"", "[[user]]\nphone = \"+447400123456\"");
    assert!(told(&[sender, british, ("\"US\", \"GB\"", "\"GB\"")]).is_empty());
    assert_eq!(
        told(&[("from =", "base_url = \"https://sms.example.com\"\nfrom =")]),
        [
            "14:12: warning: sms.twilio.base_url: is on sms.example.com: texts and the account's token go there and not to Twilio"
        ]
    );
}

fn warnings(text: &str) -> Vec<String> {
    let config = Config::read(text, "my.toml", Path::new("/etc"), &environment).unwrap();
    let now = Timestamp::from_millis(1_767_225_600_000);
    config.warnings(now).iter().map(ToString::to_string).collect()
}

#[test]
fn a_proxy_that_is_not_trusted_and_drafts_are_told_in_production_and_not_to_the_demo() {
    let text = changed(&[LINKS]);
    let [proxies, drafts] = &warnings(&text)[..] else { panic!("two warnings") };
    assert!(
        drafts.starts_with("my.toml:1:1: warning: server.trusted_proxies: is empty")
            || proxies.starts_with("my.toml:1:1: warning: server.trusted_proxies: is empty")
    );
    let both = format!("{proxies}\n{drafts}");
    let all = "ar, cs, de, es, fa, fr, he, hi, id, it, ja, ko, nl, pl, pt-BR, ru, sv, th, tr, uk, vi, zh-Hans, zh-Hant";
    assert!(both.contains(&format!("brand.folder: the pages in {all} are drafts")), "{both}");
    let demo = Config::demo().unwrap();
    assert_eq!(demo.warnings(Timestamp::from_millis(1_767_225_600_000)), []);
}

#[test]
fn what_an_unsafe_key_opens_is_told_with_the_key() {
    let text = changed(&[(
        "[server]\n",
        "[admin]\nlisten = \"0.0.0.0:9080\"\nunsafe_exposed = true\n[server]\ntrusted_proxies = [\"0.0.0.0/0\", \"::ffff:10.0.0.0/104\"]\nunsafe_trusted_proxies = true\n",
    )]);
    let told = warnings(&text);
    for part in [
        "my.toml:3:18: warning: admin.unsafe_exposed: is set: ",
        "my.toml:6:26: warning: server.unsafe_trusted_proxies: is set: ",
        "my.toml:5:19: warning: server.trusted_proxies: ::ffff:10.0.0.0/104 has no effect",
    ] {
        assert!(told.iter().any(|line| line.starts_with(part)), "{part} in {told:#?}");
    }
    // A key that opens nothing is not told.
    let idle = changed(&[("[server]\n", "[server]\nunsafe_trusted_proxies = true\n")]);
    assert!(!warnings(&idle).iter().any(|line| line.contains("unsafe_")));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_with_the_key() {
    // Nobody creates files there, not even root.
    let read =
        |text: &str| Config::read(text, "my.toml", Path::new("/proc"), &environment).unwrap();
    let text = changed(&[("secret = \"env:SECRET\"\n", "")]);
    let why = examine(&read(&text)).unwrap_err().to_string();
    assert!(why.starts_with("server.secret: cannot create /proc/doorcode.secret: "), "{why}");
    assert!(why.contains("set server.secret"), "{why}");
    let why = examine(&read(super::GOOD)).unwrap_err().to_string();
    assert!(why.starts_with("store.database: cannot write /proc/data/doorcode.db: "), "{why}");

    let folder = tempfile::tempdir().unwrap();
    let config = Config::read(&text, "my.toml", folder.path(), &environment).unwrap();
    examine(&config).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left there");
}

#[test]
fn a_shared_cache_beside_a_file_is_told() {
    for cache in ["redis://cache", "database"] {
        let told = told(&[("[login]", &format!("[store]\ncache = \"{cache}\"\n[login]"))]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("7:9: warning: store.cache: is for several servers"),
            "{told:?}"
        );
    }
    let server = "[store]\ndatabase = \"postgres://me@x/y\"\ncache = \"redis://cache\"\n[login]";
    let silent = told(&[("[login]", server)]);
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn consent_without_its_links_is_told() {
    let told = |changes: &[(&str, &str)]| {
        let all = warnings(&changed(changes));
        let of = |line: &&String| line.contains("brand.links");
        all.iter().filter(of).map(|line| line.split(": ").last().unwrap().to_owned()).collect()
    };
    let links = |links: &str| format!("[brand.links]\n{links}\n[login]");
    let terms = "terms = \"https://shop.example.com/terms\"";
    let none: Vec<String> = told(&[]);
    let wants = "which carriers of US want to see where numbers are asked for";
    assert_eq!(none, [format!("lacks terms and privacy, {wants}")]);
    let one: Vec<String> = told(&[("[login]", &links(terms)), ("\"GB\"", "\"CA\"")]);
    assert_eq!(one, [format!("lacks privacy, {}", wants.replace("US", "US and CA"))]);
    let both = format!("{terms}\nprivacy = \"mailto:privacy@example.com\"");
    let silent: Vec<String> = told(&[("[login]", &links(&both))]);
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn a_messaging_service_without_a_number_for_start_is_told() {
    let service = "messaging_service_sid = \"MG0123456789abcdef0123456789abcdef\"";
    let service = ("from = \"+12025550123\"", service);
    let told = |changes: &[(&str, &str)]| -> Vec<String> {
        let all = warnings(&changed(changes));
        all.into_iter().filter(|line| line.contains("START")).collect()
    };
    let [told_once] = &told(&[service])[..] else { panic!("one warning") };
    assert!(
        told_once.ends_with("sms.start_numbers: lacks twilio: people in US who answered STOP are told to text START, but not to which number"),
        "{told_once}"
    );
    let number = ("[sms.twilio]", "[sms.start_numbers]\ntwilio = \"12345\"\n[sms.twilio]");
    let closed = ("[login]", "[login]\nsign_up = false");
    let british = ("phone = \"+12025550123\"", "phone = \"+447400123456\"");
    let elsewhere = ("[\"US\", \"GB\"]", "[\"GB\"]");
    for other in [&[][..], &[service, number], &[service, closed], &[service, elsewhere, british]] {
        assert_eq!(told(other), Vec::<String>::new(), "{other:?}");
    }
}
