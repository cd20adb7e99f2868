use std::cell::Cell;
use std::path::Path;

use doorcode::cli::{self, CliDeps};
use doorcode::config::Environment;
use doorcode::system::Timestamp;
use doorcode::words::Languages;

use crate::support::tls::{Pair, Shelf};

use super::{GOOD, changed, environment};

/// Exit code, standard output, standard error, and whether the server was started.
pub(super) fn run(arguments: &[&str]) -> (u8, String, String, bool) {
    run_on((&environment, Path::new("no/doorcode.toml")), arguments)
}

/// The same with an environment, and with the configuration file of the machine.
pub(super) fn run_on(
    (environment, system_file): (&Environment<'_>, &Path),
    arguments: &[&str],
) -> (u8, String, String, bool) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let served = Cell::new(false);
    let mut around = CliDeps {
        out: &mut out,
        err: &mut err,
        environment,
        system_file,
        now: Timestamp::from_millis(1_767_225_600_000),
        examine: &|_| Ok(()),
        health: &|_| Err("nobody is there".into()),
        reload: &|_| Ok("reloaded\n".to_owned()),
        token_holder: &|_, _, _| Err("no server".into()),
        doctor: &|_, part, show| {
            show(&format!("{part:?}\n"));
            Ok(part == cli::DoctorPart::Ask)
        },
        attempt: &|_, reference, who| Ok(format!("{reference} for {who:?}\n")),
        text_stats: &|_, since, json| Ok(format!("stats since {} {json}", since.as_millis())),
        text: &|_, phone| Ok(format!("text {}", phone.e164())),
        line: &|| None,
        upgrade: &|_| Ok("handed over\n".to_owned()),
        nodes: &|_| Ok("some servers\n".to_owned()),
        migrate: &|_| Ok("migrated\n".to_owned()),
        copy: &|from, to| Ok(format!("{from} to {to}\n")),
        keys: &|_| Ok("a list\n".to_owned()),
        rotate: &|_, usage| {
            usage.map(|usage| usage.as_str().to_owned()).ok_or_else(|| "all".into())
        },
        block: &|_, phone| Ok(format!("block {}", phone.e164())),
        unblock: &|_, phone| Ok(format!("unblock {}", phone.e164())),
        show: &|_, phone| Err(format!("nobody has {phone}").into()),
        find: &|_, ending| Ok(format!("find {ending}")),
        rotate_secret: &|_| Ok("encrypted\n".to_owned()),
        ask: &|_| None,
        serve: &|config| {
            served.set(true);
            if config.source == "config/doorcode.toml" {
                Ok(())
            } else {
                Err("the port is taken".into())
            }
        },
    };
    let all = std::iter::once("doorcode").chain(arguments.iter().copied());
    let code = cli::run(all.map(Into::into), &mut around);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(err), served.get())
}

/// A proxy that speaks https is named.
pub(super) const TRUSTING: (&str, &str) =
    ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n");

/// Links to terms and privacy are there.
pub(super) const LINKS: (&str, &str) = (
    "[login]",
    "[brand.links]\nterms = \"https://shop.example.com/terms\"\nprivacy = \"https://shop.example.com/privacy\"\n[login]",
);

/// With a brand folder in which every built-in draft was reviewed; it is beside the file.
fn reviewed(text: &str) -> String {
    format!("{text}\n[brand]\nfolder = \"brand\"\n")
}

pub(super) fn written(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let words = folder.path().join("brand/words");
    std::fs::create_dir_all(&words).unwrap();
    for tag in Languages::built_in_tags().skip(1) {
        std::fs::write(words.join(format!("{tag}.toml")), "reviewed_by = \"Amira\"").unwrap();
    }
    std::fs::write(&path, text).unwrap();
    let name = path.display().to_string();
    (folder, name)
}

#[test]
fn without_arguments_the_demo_is_served() {
    assert_eq!(run(&[]), (0, String::new(), String::new(), true));
    assert_eq!(run(&["serve"]), (0, String::new(), String::new(), true));
}

#[test]
fn a_file_is_served_with_or_without_the_word() {
    let (_folder, file) = written(GOOD);
    let taken = (1, String::new(), "doorcode: the port is taken\n".to_owned(), true);
    assert_eq!(run(&["--config", &file]), taken);
    assert_eq!(run(&["serve", "--config", &file]), taken);
}

#[test]
fn health_asks_with_the_same_file_as_the_server_runs_with() {
    let (_folder, file) = written(GOOD);
    let ill = (1, String::new(), "doorcode: nobody is there\n".to_owned(), false);
    assert_eq!(run(&["health", "--config", &file]), ill);
    let (code, _, said, _) = run(&["health", "--config", "no.toml"]);
    assert!(code == 1 && said.starts_with("no.toml: cannot be read"), "{said}");
}

#[test]
fn keys_are_listed_and_replaced_on_the_database_that_the_file_names() {
    let (_folder, file) = written(GOOD);
    let listed = (0, "a list\n".to_owned(), String::new(), false);
    assert_eq!(run(&["keys", "--config", &file]), listed);
    let servers = (0, "some servers\n".to_owned(), String::new(), false);
    assert_eq!(run(&["nodes", &file]), servers);
    let migrated = (0, "migrated\n".to_owned(), String::new(), false);
    assert_eq!(run(&["migrate", &file]), migrated);
    let moved = run(&[
        "store",
        "copy",
        "--from",
        "sqlite:a.db",
        "--to",
        "postgres://me@h:1/n?sslmode=disable",
    ]);
    assert_eq!(moved, (0, "a.db to postgres://h:1/n\n".to_owned(), String::new(), false));
    let moved = run(&["store", "copy", "--from", "sqlite:a.db", "--to", &file]);
    assert!(moved.0 == 0 && moved.1.starts_with("a.db to "), "{moved:?}");
    for wrong in ["sqlite:", "postgres://me:secret@h/n"] {
        let told = run(&["store", "copy", "--from", wrong, "--to", &file]);
        assert!(told.0 == 1 && told.2.starts_with("doorcode: a database "), "{told:?}");
        assert!(!told.2.contains("secret"), "{told:?}");
    }
    let token = (0, "token".to_owned(), String::new(), false);
    assert_eq!(run(&["keys", "rotate", "--usage", "token", "--config", &file]), token);
    let failed = (1, String::new(), "doorcode: all\n".to_owned(), false);
    assert_eq!(run(&["keys", "rotate", "--config", &file]), failed);
    let (code, _, said, _) = run(&["keys", "rotate", "--usage", "cookie"]);
    assert!(code == 2 && said.contains("neither token nor assertion"), "{said}");
    let (code, _, said, _) = run(&["keys", "--config", "no.toml"]);
    assert!(code == 1 && said.starts_with("no.toml: cannot be read"), "{said}");
}

#[test]
fn people_are_blocked_unblocked_and_shown_by_their_number_in_full() {
    let (_folder, file) = written(GOOD);
    let done = |said: &str| (0, said.to_owned(), String::new(), false);
    for command in ["block", "unblock"] {
        for number in ["+12025550123", "+15550100001"] {
            let said = run(&["users", command, number, "--config", &file]);
            assert_eq!(said, done(&format!("{command} {number}")));
        }
    }
    let failed = (1, String::new(), "doorcode: nobody has …123\n".to_owned(), false);
    assert_eq!(run(&["users", "show", "+12025550123", "--config", &file]), failed);

    for (number, why) in [
        ("+1 202 555 0123", "not in E.164; write +12025550123"),
        ("0012025550123", "not in E.164; write +12025550123"),
        ("+541123456789", "another form of a mobile number; write +5491123456789"),
        ("2025550123", "not a number such as +12025550123: not a telephone number"),
        ("Ada", "not a number such as +12025550123: not a telephone number"),
        ("", "not a number such as +12025550123: empty"),
    ] {
        let (code, out, err, _) = run(&["users", "block", number, "--config", &file]);
        assert!(code == 2 && out.is_empty() && err.contains(why), "{number}: {err}");
    }
    for wrong in [&["users"][..], &["users", "block"], &["users", "+12025550123"]] {
        assert_eq!(run(wrong).0, 2, "{wrong:?}");
    }
    let (code, _, said, _) = run(&["users", "block", "+12025550123", "--config", "no.toml"]);
    assert!(code == 1 && said.starts_with("no.toml: cannot be read"), "{said}");
}

#[test]
fn the_tag_of_the_widget_is_for_the_login_pages_of_the_file() {
    let (_folder, file) = written(GOOD);
    let (code, out, err, served) = run(&["widget", &file]);
    assert_eq!((code, err.as_str(), served), (0, "", false));
    let (before, rest) = out.split_once("integrity=\"sha384-").unwrap();
    assert_eq!(before, "<script src=\"https://shop.example.com/.doorcode/widget.js\" ");
    let (hash, rest) = rest.split_once('"').unwrap();
    assert_eq!((hash.len(), rest), (64, " crossorigin async></script>\n"));
    let (code, _, said, _) = run(&["widget", "no.toml"]);
    assert!(code == 1 && said.starts_with("no.toml: cannot be read"), "{said}");
}

#[test]
fn a_wrong_file_is_not_served() {
    let (_folder, file) = written(&changed(&[("[login]", "[login]\ntries = 9")]));
    let said = format!("{file}:7:9: login.tries: 9 is not between 1 and 5\n");
    assert_eq!(run(&["--config", &file]), (1, String::new(), said.clone(), false));
    let said = format!("{said}1 mistake in {file}\n");
    assert_eq!(run(&["check", &file]), (1, String::new(), said, false));
}

#[test]
fn check_says_what_is_fine_and_what_to_know() {
    let (_folder, file) = written(&reviewed(&changed(&[TRUSTING, LINKS])));
    let answer = format!("{file} is fine: 1 site, 0 clients, 1 user, 1 SMS provider\n");
    assert_eq!(run(&["check", &file]), (0, answer, String::new(), false));

    let (_folder, file) = written(&changed(&[
        ("secret = \"env:SECRET\"", "unsafe_development_exposed = true"),
        ("com/.doorcode", "com:8443"),
    ]));
    let (code, out, err, _) = run(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    for known in [
        "Shop and server.public_url differ in port only: browsers send one cookie to both, so no hand-over is needed",
        "doorcode.secret",
        ":4:30: warning: server.unsafe_development_exposed: is set: ",
    ] {
        assert!(out.contains(known), "{out}");
    }
}

#[test]
fn check_warns_of_a_shared_origin_and_has_no_note_about_another_host() {
    let (_folder, file) = written(&changed(&[
        ("[server]\n", "[server]\nunsafe_shared_origin = true\n"),
        ("url = \"https://shop.example.com\"", "url = \"https://wiki.example.com:444\""),
    ]));
    let (code, out, err, _) = run(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("warning: server.unsafe_shared_origin") && !out.contains("port"), "{out}");
}

/// What `check` says of a good file beyond that it is one, without what it says of every file: that
/// the proxy is not trusted, that languages are drafts, and that there are no links.
pub(super) fn told(changes: &[(&str, &str)]) -> Vec<String> {
    let (_folder, file) = written(&changed(changes));
    let (code, out, err, _) = run(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let always = [
        "warning: server.trusted_proxies: is empty",
        "warning: brand.folder: the pages in",
        "warning: brand.links: ",
    ];
    let is_new = |line: &&str| !always.iter().any(|known| line.contains(known));
    let lines = out.lines().skip(1).filter(is_new);
    lines.map(|line| line.strip_prefix(&*format!("{file}:")).unwrap_or(line).to_owned()).collect()
}

#[test]
fn check_notes_tokens_and_rules_that_never_meet() {
    let clients = |audiences: &str| {
        let client = format!(
            "[[client]]\nid = \"m2m\"\nname = \"Nightly\"\ncallbacks = [\"https://m.example/cb\"]\naudiences = {audiences}\n[[site]]\n"
        );
        let rule = "[[site.rule]]\npath = \"/api/*\"\nallow = [\"client:m2m\"]\n[[site.rule]]\n";
        told(&[("[[site]]\n", &client), ("[[site.rule]]\n", rule)])
    };
    let lacks = "31:9: warning: site[1].rule[1].allow: client:m2m cannot get a token for the site: its audiences lack \"https://shop.example.com\"";
    assert_eq!(clients("[]"), [lacks]);
    let slash = "note: the audience \"https://shop.example.com/\" of client m2m is not that of Shop, \"https://shop.example.com\"";
    assert_eq!(clients("[\"https://shop.example.com/\"]"), [lacks, slash]);
    assert!(clients("[\"https://shop.example.com\", \"https://else.example/\"]").is_empty());
}

#[test]
fn check_notes_providers_that_give_no_receipts_and_by_which_key_they_would() {
    let aws = "providers = [\"twilio\", \"aws\"]\n[sms.start_numbers]\naws = \"12345\"\n[sms.aws]\nregion = \"us-east-1\"\naccess_key_id = \"AKIA1\"\n\
               secret_access_key = \"env:TOKEN\"\norigination_identity = \"pool-1\"\n";
    let note = "note: sms.aws gives no receipts: nobody learns whether its texts arrive, until sms.aws.topic is set";
    assert_eq!(told(&[("providers = [\"twilio\"]\n", aws)]), [note]);
    let topic = format!(
        "{aws}configuration_set = \"texts\"\ntopic = \"arn:aws:sns:us-east-1:123456789012:texts\"\n"
    );
    assert!(told(&[("providers = [\"twilio\"]\n", &topic)]).is_empty());
}

#[test]
fn check_notes_limits_that_have_no_effect() {
    let limits = |text: &str| told(&[("[login]", &format!("[limits]\n{text}\n[login]"))]);
    assert_eq!(
        limits("texts_per_number_1h = 30\ntexts_per_number_24h = 20\nstarts_per_address_1h = 1"),
        [
            "note: limits.texts_per_number_1h (30) has no effect: limits.texts_per_number_24h allows only 20",
            "note: limits.starts_per_address_10m (10) has no effect: limits.starts_per_address_1h allows only 1",
        ]
    );
    assert!(limits("texts_per_number_1h = 20\ntexts_per_number_24h = 20").is_empty());
    assert!(limits("reserve = 25").is_empty(), "the defaults fit together");
    assert_eq!(
        limits("texts_per_country_1h = 400"),
        ["note: limits.texts_per_country_1h (400) has no effect: limits.texts_1h allows only 300"]
    );
    assert_eq!(
        limits("conversion_least_texts = 1501\nconversion_least_texts_per_number_block = 721"),
        [
            "note: limits.conversion_least_texts (1501) is never reached: limits.texts_24h allows only 1500 in 24 hours",
            "note: limits.conversion_least_texts_per_number_block (721) is never reached: limits.texts_per_number_block_10m allows only 720 in 24 hours",
        ],
        "strangers leave a reserve"
    );
}

#[test]
fn check_notes_texts_of_several_segments() {
    let prices = "prices.GB = \"0.05\"\nprices.US = \"0.0075\"";
    let text = |text: &str| told(&[("[sms]\n", &format!("[sms]\n{prices}\n{text}\n"))]);
    // The line for browsers has 26 characters more.
    let filled = |count: usize| format!("template = \"{{{{ code }}}}{}\"", "x".repeat(count));
    assert!(text(&filled(160 - 6 - 26)).is_empty());
    assert_eq!(
        text(&filled(160 - 6 - 25)),
        [
            "note: sms.template makes texts of 2 segments, each of which is billed: 161 characters of the GSM alphabet; one segment holds 160; up to 0.1000 USD for a text, to GB"
        ]
    );
    assert_eq!(
        text(
            "templates.fr = \"{{ code }} — votre code pour entrer chez nous, à ne donner à personne\""
        ),
        [
            "note: sms.templates.fr makes texts of 2 segments, each of which is billed: 91 characters, not all of them in the GSM alphabet; one segment holds 70; up to 0.1000 USD for a text, to GB",
            "note: the texts of sms.templates.fr have — (U+2014), instead of which write -: not in the GSM alphabet, so that a segment holds 70 characters instead of 160"
        ]
    );
}

#[test]
fn check_warns_of_certificates_that_browsers_refuse() {
    let late = Pair::between(&["shop.example.com"], 2020, 2025);
    let early = Pair::between(&["*.example.com", "127.0.0.1"], 2027, 2028);
    let shelf = Shelf::with(&[&late, &early]);
    let server = format!("[server]\n{}", shelf.line());
    let (_folder, file) = written(&changed(&[("[server]\n", &server)]));
    let (code, out, err, _) = run(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let of = |n: usize| shelf.files[n].certificate.display();
    for warning in [
        format!("server.tls[1]: {} has not been valid since 2025-01-01: ", of(0)),
        format!("server.tls[2]: {} is valid only from 2027-01-01: ", of(1)),
    ] {
        assert!(out.contains(&format!(": warning: {warning}browsers refuse it\n")), "{out}");
    }
    assert!(!out.contains("no certificate of"), "{out}");

    let server = format!("[server]\nunsafe_shared_origin = true\n{}", shelf.line());
    let (_folder, file) = written(&changed(&[
        ("[server]\n", &server),
        ("https://shop.example.com/.doorcode", "https://127.0.0.1/.doorcode"),
        ("url = \"https://shop.example.com\"", "url = \"https://a.shop.example.com\""),
    ]));
    let (code, out, err, _) = run(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let missing =
        ":24:7: warning: site[1].url: no certificate of server.tls is for a.shop.example.com: ";
    assert!(out.contains(missing) && out.matches("no certificate").count() == 1, "{out}");
}

#[test]
fn wrong_usage_is_told_apart_from_a_wrong_file() {
    for wrong in [
        &["frobnicate"][..],
        &["check"],
        &["--config"],
        &["--config", "a", "check", "b"],
        &["check", "a", "--config", "b"],
        &["keys", "--config", "a", "rotate", "b"],
    ] {
        let (code, out, err, served) = run(wrong);
        assert_eq!((code, out.as_str(), served), (2, "", false), "{wrong:?}");
        assert!(err.contains("--help"), "{err}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let (code, out, err, _) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in ["reverse proxy", "Examples:", "doorcode check my.toml", "SIGTERM", "Exit codes:"] {
        assert!(out.contains(part), "{out}");
    }
    let version = format!("doorcode {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["-V"]), (0, version.clone(), String::new(), false));
    let (code, out, ..) = run(&["--version"]);
    let numbers = out.strip_prefix(&version).unwrap();
    assert!(code == 0 && numbers.starts_with("phone numbers as of 2026-"), "{out}");
}
