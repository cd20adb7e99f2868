//! The operator's file: what is good, and what is said about what is not.
mod cli;
mod default_file;
mod examples;
mod explain;
mod good;
mod hostile;
mod init;
mod manual;
mod mistakes;
mod reference;
mod secrets;
mod texts;
mod usage;
mod warnings;

use std::path::Path;

use doorcode::config::{Config, ConfigProblems};

/// A good file as an operator would write it; the tests break one thing at a time.
const GOOD: &str = r#"[server]
listen = ["127.0.0.1:8000"]
public_url = "https://shop.example.com/.doorcode"
secret = "env:SECRET"

[login]
countries = ["US", "GB"]

[sms]
providers = ["twilio"]
[sms.twilio]
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token = "env:TOKEN"
from = "+12025550123"

[[user]]
phone = "+12025550123"
roles = ["admin"]

[[site]]
name = "Shop"
url = "https://shop.example.com"
upstreams = ["127.0.0.1:3000"]
[[site.rule]]
path = "/admin/*"
methods = ["GET"]
allow = ["role:admin"]
from = ["10.0.0.0/8"]
"#;

const SECRET: &str = "correct-horse-battery-staple-0123";
const TOKEN: &str = "the-token-of-the-account";

fn environment(name: &str) -> Option<String> {
    let known = [
        ("SECRET", SECRET),
        ("OLDER", "another-horse-battery-staple-0123"),
        ("TOKEN", TOKEN),
        ("SHORT", "abc"),
        ("WEAK", "0123456789abcdef0123456789abcdef"),
        ("EMPTY", " \n"),
    ];
    known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

fn read(text: &str) -> Result<Config, ConfigProblems> {
    Config::read(text, "my.toml", Path::new("/etc/doorcode"), &environment)
}

/// [`GOOD`] with each of `changes` made once; a change that fits nowhere is a wrong test.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the good file");
        text.replacen(from, to, 1)
    })
}

fn problems(text: &str) -> String {
    read(text).expect_err("this file is wrong").to_string()
}
