//! `doorcode explain`: what it says and how it ends.
use super::cli::{run, written};
use super::{GOOD, changed};
use crate::forward_auth::reference::{is_in_order, written as written_rule};
use crate::gate::reference::{Dice, Plain, Verdict, judge};

fn explain(file: &str, url: &str, more: &[&str]) -> (u8, String, String) {
    let (code, out, err, served) = run(&[&["explain", file, "--url", url], more].concat());
    assert!(!served);
    (code, out, err)
}

#[test]
fn a_request_is_explained_line_by_line() {
    let (_folder, file) = written(GOOD);
    let more = ["--phone", "+12025550123", "--role", "staff", "--from", "10.1.2.3"];
    let (code, said, wrong) = explain(&file, "https://shop.example.com/admin//x?q=1", &more);
    let said = said.replace(&file, "my.toml");
    let expected = "\
request   GET /admin//x?q=1
host      shop.example.com
from      10.1.2.3
caller    +12025550123
roles     admin, staff
site      Shop, site[1] at my.toml:20:1
url       https://shop.example.com

Readings of the path, each with the rule that decides:
  /admin//x
  /admin/x
    rule      site[1].rule[1] at my.toml:24:1
    path      /admin/*
    methods   GET
    allow     role:admin
    from      10.0.0.0/8
    decides   passes

decision  passes

The app gets, besides what else the client sends:
  GET /admin//x?q=1 HTTP/1.1
  Host: shop.example.com
";
    assert!(said.starts_with(expected), "{said}");
    for line in [
        "X-Forwarded-For: 10.1.2.3",
        "X-Forwarded-Host: shop.example.com",
        "X-Forwarded-User: sms|… (made at the first login)",
        "X-Forwarded-Phone: +12025550123",
        "X-Forwarded-Groups: admin,staff",
    ] {
        let line = line.to_lowercase();
        assert!(said.to_lowercase().contains(&format!("\n  {line}\n")), "{line}: {said}");
    }
    assert_eq!((code, wrong.as_str()), (0, ""));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

#[test]
fn it_ends_with_three_where_the_request_would_not_pass() {
    let framed = "upstreams = [\"127.0.0.1:3000\"]\nframed_by = [\"https://portal.example.net\"]";
    let (_folder, file) = written(&changed(&[("upstreams = [\"127.0.0.1:3000\"]", framed)]));
    let shop = "https://shop.example.com";
    let bob = ["--phone", "+12025550188"];
    for (url, more, code, expected) in [
        ("/admin", &["--from", "10.0.0.1"][..], 3, "decision  logs in first (303"),
        ("/admin", &[], 3, "decision  refused (403): the address is in no network"),
        (
            "/admin",
            &["--phone", "+12025550188", "--from", "10.0.0.1"],
            3,
            "decision  refused (403): the rule",
        ),
        ("/admin", &["--method", "POST"], 3, "rule      none: signed-in callers pass"),
        ("", &bob, 0, "GET / HTTP/1.1"),
        ("?a", &bob, 0, "GET /?a HTTP/1.1"),
        ("/a#b", &bob, 0, "GET /a HTTP/1.1"),
        (
            "/x",
            &["--phone", "+12025550188", "--method", "POST"],
            0,
            "a page has to be of https://shop",
        ),
        ("/x", &["--phone", "+12025550188", "--method", "POST"], 0, "by Origin or"),
        ("/x", &["--phone", "+4915112345678"], 0, "they cannot log in: login.countries"),
        ("/x", &["--method", "OPTIONS"], 3, "a CORS preflight is answered"),
        ("/.doorcode/me", &[], 0, "decision  a path of Doorcode's own"),
        ("/a/../b", &bob, 3, "refused (400): the target has dot segments"),
        ("/a%00", &bob, 3, "refused (400): the target has an encoded control"),
        ("//a", &bob, 3, "refused (400): the target begins with two slashes"),
        ("/a b", &bob, 3, "refused (400): the target is not one of HTTP"),
        ("/a;/.doorcode/x", &bob, 0, "decision  passes"),
        ("/%2edoorcode/x", &bob, 3, "refused (400): not all readings"),
        ("/x", &["--method", "CONNECT"], 3, "refused (405): the method"),
    ] {
        let (found, said, wrong) = explain(&file, &format!("{shop}{url}"), more);
        assert!(found == code && said.contains(expected), "{url} {more:?}: {found} {said}{wrong}");
    }
    for (url, expected) in [
        ("https://other.example.com/", "refused (404): no site has this host"),
        ("https://shop.example.com:444/", "refused (404): no site has this host"),
        ("https://shöp.example.com/", "refused (400): the "),
        ("https:///x", "refused (400): the request has not exactly one Host"),
        ("http://SHOP.example.com/", "note      the site is at https://shop.example.com; of http"),
    ] {
        let (code, said, wrong) = explain(&file, url, &[]);
        assert!(code == 3 && said.contains(expected), "{url}: {code} {said}{wrong}");
    }
}

#[test]
fn wrong_words_and_wrong_files_are_no_answers() {
    let (_folder, file) = written(GOOD);
    for (url, more, expected) in [
        ("shop.example.com/x", &[][..], "must begin with https:// or http://"),
        ("https://me@shop.example.com/x", &[], "may not name a user"),
        ("https://shop.example.com/x", &["--role", "admin"], "--phone"),
        ("https://shop.example.com/x", &["--phone", "0123"], "--phone"),
        ("https://shop.example.com/x", &["--method", "a b"], "not a method"),
        ("https://shop.example.com/x", &["--from", "there"], "--from"),
    ] {
        let (code, said, wrong) = explain(&file, url, more);
        assert!(code == 2 && said.is_empty() && wrong.contains(expected), "{url}: {wrong}");
    }
    let (_folder, wrong) = written(&changed(&[("\"/admin/*\"", "\"admin\"")]));
    let (code, said, told) = explain(&wrong, "https://shop.example.com/x", &[]);
    assert!(code == 1 && said.is_empty() && told.contains("site[1].rule[1].path"), "{told}");
    // Neither secrets nor other files are needed.
    let lacking = changed(&[("env:SECRET", "env:LACKING"), ("env:TOKEN", "env:LACKING")]);
    let (_folder, lacking) = written(&lacking);
    let (code, said, told) = explain(&lacking, "https://shop.example.com/x", &[]);
    assert!(code == 3 && told.is_empty(), "{said}{told}");
}

#[test]
fn sites_of_other_kinds_are_explained() {
    let wild = [
        ("name = \"Shop\"", "name = \"Apps\"\nhosts = [\"a.apps.example.com\"]"),
        ("url = \"https://shop.example.com\"\n", "url = \"https://*.apps.example.com\"\n"),
        ("https://shop.example.com/.doorcode", "https://login.example.com"),
    ];
    let (_folder, file) = written(&changed(&wild));
    let (code, said, _) =
        explain(&file, "https://a.apps.example.com/x", &["--phone", "+12025550123"]);
    assert!(
        code == 0 && said.contains("site      Apps (a.apps.example.com), site[1] at"),
        "{said}"
    );
    assert_eq!(explain(&file, "https://b.apps.example.com/x", &[]).0, 3);

    let asked = [
        ("upstreams = [\"127.0.0.1:3000\"]\n", ""),
        ("[login]", "[forward_auth]\nfrom = [\"127.0.0.1\"]\n[login]"),
    ];
    let (_folder, file) = written(&changed(&asked));
    let (code, said, _) =
        explain(&file, "https://shop.example.com/x", &["--phone", "+12025550123"]);
    assert!(code == 0 && said.contains("judged for the proxy that asks"), "{said}");
    assert!(said.contains("\n  x-forwarded-phone: +12025550123\n"), "{said}");

    let reporting = ("name = \"Shop\"", "name = \"Shop\"\nmode = \"report\"");
    let (_folder, file) = written(&changed(&[reporting]));
    let (code, said, _) = explain(&file, "https://shop.example.com/x", &[]);
    assert!(code == 0 && said.contains("`report`; else:\n          logs in first"), "{said}");
    assert!(!said.contains("x-forwarded-user") && said.contains("GET /x HTTP/1.1"), "{said}");
}

#[test]
fn random_files_are_explained_as_the_documents_say() {
    let mut dice = Dice(88_172_645_463_325_252);
    let rule = GOOD.split_once("[[site.rule]]").unwrap().1;
    for _ in 0..60 {
        let rules = dice.rules();
        if !is_in_order(&rules) {
            continue;
        }
        let text: String = rules.iter().map(written_rule).collect();
        let (_folder, file) = written(&changed(&[(&format!("[[site.rule]]{rule}"), &text)]));
        for _ in 0..10 {
            let asked = Plain { is_old: false, ..dice.asked() };
            let mut more = vec!["--method", asked.method];
            more.extend(["--from", if asked.inside { "10.1.2.3" } else { "203.0.113.9" }]);
            if let Some(role) = asked.who {
                more.extend(["--phone", "+12025550188", "--role", role]);
            }
            let url = format!("https://shop.example.com{}", asked.path);
            let (code, said, wrong) = explain(&file, &url, &more);
            let (expected, words) = match judge(&rules, &asked) {
                Verdict::Pass | Verdict::Again => (0, "decision  passes"),
                Verdict::SignIn => (3, "decision  logs in first"),
                Verdict::No => (3, "decision  refused (403)"),
            };
            assert!(code == expected && said.contains(words), "{text}{asked:?}\n{said}{wrong}");
        }
    }
}
