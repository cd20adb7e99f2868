//! The first file, as `doorcode init` writes it.
use std::path::Path;

use doorcode::config::Config;

use super::cli::{TRUSTING, run};
use super::environment;

/// What `init` writes with these options. `ok`: whether it is to succeed.
fn written(options: &[&str]) -> (u8, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("my.toml");
    let name = path.display().to_string();
    let (code, out, err, _) = run(&[&["init", name.as_str()], options].concat());
    (code, std::fs::read_to_string(path).unwrap_or_default(), format!("{out}{err}"))
}

fn config(text: &str) -> Config {
    let environment = |name: &str| match name {
        "TWILIO_AUTH_TOKEN" => environment("TOKEN"),
        _ => None,
    };
    let read = Config::read(text, "my.toml", Path::new(""), &environment);
    read.unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

#[test]
fn with_nobody_to_ask_the_defaults_make_a_file_that_is_right() {
    let (code, text, said) = written(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("doorcode check") && !said.contains("TWILIO"), "{said}");
    let config = config(&text);
    assert_eq!(config.sites[0].url.to_string(), "http://localhost:8080");
    assert_eq!(config.proxy.listen[0].to_string(), "127.0.0.1:8080");
}

#[test]
fn every_way_to_speak_https_makes_a_file_that_is_right() {
    let twilio =
        ["--twilio-account", "AC0123456789abcdef0123456789abcdef", "--twilio-from", "+12025550123"];
    let url = [
        "--url",
        "https://shop.example.com/app",
        "--countries",
        "US, GB de",
        "--name",
        "A \"shop\"",
    ];
    let (code, text, said) = written(&[&url[..], &twilio].concat());
    assert!(code == 0 && said.contains("TWILIO_AUTH_TOKEN"), "{said}");
    let behind = config(&text);
    assert_eq!(behind.issuer.to_string(), "https://shop.example.com/.doorcode/");
    assert_eq!(behind.proxy.trusted_proxies.len(), 1, "{TRUSTING:?}");
    assert_eq!(behind.brand.name, "A \"shop\"");
    let own = [&url[..], &twilio, &["--certificate", "cert.pem", "--key", "key.pem"]].concat();
    let (code, text, said) = written(&own);
    assert_eq!(code, 0, "{said}");
    for line in ["listen = [\"[::]:443\"]", "redirect_listen", "certificate = \"cert.pem\""] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let by_authority =
        [&url[..], &twilio, &["--certificate", "acme", "--contact", "ops@shop.example.com"]]
            .concat();
    let (code, text, said) = written(&by_authority);
    assert_eq!(code, 0, "{said}");
    let acme = config(&text);
    assert_eq!(acme.acme.expect("settings").contact, "mailto:ops@shop.example.com");
    assert!(acme.proxy.redirect_listen[0].port() == 80, "{text}");
}

#[test]
fn a_wrong_answer_is_told_with_its_option_and_writes_nothing() {
    for (options, why) in [
        (&["--url", "shop.example.com"][..], "--url: "),
        (&["--url", "http://shop.example.com"], "--url: "),
        (&["--upstream", "3000"], "--upstream: `3000`"),
        (&["--countries", "XX"], "--countries: `XX`"),
        (&["--countries", ","], "--countries: "),
        (&["--name", ""], "--name: "),
        (&["--provider", "fax"], "--provider: `fax`"),
        (&["--provider", "twilio", "--twilio-account", "x"], "--twilio-account: "),
        (&["--provider", "twilio", "--twilio-from", "Shop!"], "--twilio-from: "),
        (&["--url", "https://a.example", "--provider", "console"], "--provider: "),
        (&["--key", "key.pem"], "--key: does not fit"),
        (
            &["--url", "https://a.example", "--certificate", "acme", "--contact", "nobody"],
            "--contact: `mailto:nobody`",
        ),
    ] {
        let (code, text, said) = written(options);
        assert!(code == 1 && said.contains(why) && text.is_empty(), "{options:?}: {said} {text}");
    }
}

#[test]
fn a_file_that_is_there_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("my.toml");
    std::fs::write(&path, "mine").expect("written");
    let name = path.display().to_string();
    let (code, _, err, _) = run(&["init", &name]);
    assert!(code == 1 && err.contains("is there already"), "{err}");
    assert_eq!(std::fs::read_to_string(path).expect("a file"), "mine");
}
