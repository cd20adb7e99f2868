//! What people and programs are told when they do not get what they asked for.
use crate::support::browser::between;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const SCRIPT: [(&str, &str); 2] = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];

#[track_caller]
fn json(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer}"))
}

#[test]
fn a_host_that_is_not_configured_is_told_nothing_of_the_configuration() {
    let gate = Gate::start();
    let port = gate.port;
    let hidden = ["localhost", &port.to_string(), "Acme", "Shop", "Down", "doorcode"];
    let tells_nothing = |answer: Answer| {
        let headers = answer.headers.iter().filter(|(name, _)| name != "x-request-id");
        let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
        let all = headers.collect::<String>() + &answer.text();
        for word in hidden {
            assert!(!all.to_lowercase().contains(&word.to_lowercase()), "{word} in {all}");
        }
        answer
    };
    for host in [
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        "localhost".to_owned(),
        "localhost:1".to_owned(),
        "shop.example.com".to_owned(),
        format!("localhost.evil.example:{port}"),
    ] {
        for path in ["/", "/public/x", "/.doorcode/login"] {
            let page = gate.browser().send("GET", path, &[("Host", &host)], None);
            // The test's own header line replaces nothing: two Hosts are refused as well.
            page.is(400);
            let page = gate.exchange(&format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n"
            ));
            let page = tells_nothing(page).is(404).says(&word("unknown_host_title"));
            assert_eq!(page.all("set-cookie"), Vec::<&str>::new());
        }
        let told = gate.exchange(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).is(404);
        assert_eq!(json(&tells_nothing(told))["status"], 404);
        // Nor is a request that is refused before its host is looked at.
        for (method, path, status) in [
            ("GET", "/%2e%2e/x", 400),
            ("TRACE", "/", 405),
            ("CONNECT", "/", 405),
            ("GET", "x", 400),
        ] {
            let page = gate.exchange(&format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n"
            ));
            assert_eq!(tells_nothing(page).status, status, "{method} {path}");
        }
    }
    assert_eq!(gate.app.count(), 0);
    let upper = gate.browser().authority.to_uppercase();
    gate.exchange(&format!("GET /public/x HTTP/1.1\r\nHost: {upper}\r\n\r\n")).is(200);
}

/// The link of a page to itself in another language, on this host.
fn in_language(page: &Answer, tag: &str) -> String {
    let text = page.text();
    let marked = format!("\" lang=\"{tag}\" hreflang=");
    let before = text.split_once(&marked).unwrap_or_else(|| panic!("no {tag}: {page}")).0;
    before.rsplit("href=\"").next().unwrap_or_default().replace("&amp;", "&")
}

#[test]
fn every_page_has_its_other_languages_wherever_it_stands() {
    let gate = Gate::start();
    for (path, status) in [
        ("/admin/x?tab=1", 403),
        ("/down/x?a=b&c", 502),
        ("/.doorcode/nowhere", 404),
        ("/.doorcode/signed-out", 200),
        ("/.doorcode/sign-out", 200),
        ("/.doorcode/login", 200),
        ("/.doorcode/refused", 400),
    ] {
        let mut bob = gate.browser();
        if status == 403 {
            bob.sign_in("/orders", BOB, &gate.texts).is(200);
        }
        let page = bob.get(path).is(status);
        let arabic = bob.visit(&in_language(&page, "ar")).is(status);
        assert_eq!(arabic.header("content-language"), Some("ar"), "{path}: {arabic}");
        // Kept from there on, and on every other page of the host.
        assert_eq!(bob.get("/down/x").header("content-language"), Some("ar"), "{path}");
        let german = bob.visit(&in_language(&arabic, "de")).is(status);
        assert_eq!(german.header("content-language"), Some("de"), "{path}: {german}");
        assert!(!german.text().contains("hreflang=\"de\""), "{german}");
    }
    // No link leads back to a form, or to a path that can be read in two ways.
    let posted = gate.browser().post("/down/x", &[("a", "b")]).is(502);
    for page in [posted, gate.browser().get("/%2e%2e/x").is(400)] {
        let mut browser = gate.browser();
        browser.get(&in_language(&page, "fr")).is(303);
        assert_eq!(browser.get("/down/x").header("content-language"), Some("fr"));
    }
    let elsewhere = |target: &str| {
        let lines = "Host: other.example\r\nAccept: text/html";
        gate.exchange(&format!("GET {target} HTTP/1.1\r\n{lines}\r\n\r\n")).is(404)
    };
    let page = elsewhere("/x?a=b");
    let french = elsewhere(&format!("/x{}", in_language(&page, "fr")));
    assert_eq!(french.header("content-language"), Some("fr"), "{french}");
}

#[test]
fn a_language_link_leads_to_no_other_host_and_takes_no_made_up_language() {
    let gate = Gate::start();
    let own = format!("{}/", gate.origin);
    for back in ["https://evil.example/", "//evil.example/", "/%5cevil.example", "x"] {
        let path = format!("/.doorcode/language?lang=de&return_to={back}");
        assert_eq!(gate.browser().get(&path).is(303).location(), own, "{back}");
    }
    for tag in ["xx", "", "de%0d%0aX:y"] {
        let path = format!("/.doorcode/language?lang={tag}&return_to=/orders");
        let answer = gate.browser().get(&path).is(303);
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new(), "{answer}");
    }
}

#[test]
fn no_page_is_a_dead_end() {
    let network = (
        "path = \"/admin/*\"\nallow = [\"role:admin\"]",
        "path = \"/admin/*\"\nallow = [\"public\"]\nfrom = [\"192.0.2.0/24\"]",
    );
    let gate = Gate::changed(&[network]);
    let own = format!("{}/", gate.origin);
    let long = "x".repeat(17_000);
    let pages = [
        gate.browser().get("/.doorcode/nowhere").is(404),
        gate.browser().get("/.doorcode/resend").is(405),
        gate.browser().post("/.doorcode/login", &[("flow", &long)]).is(413),
        gate.browser().get("/admin/x").is(403),
        gate.browser().get("/.doorcode/authorize?client_id=x").is(400),
        gate.browser().get("/.doorcode/refused").is(400),
        gate.browser().post("/down/x", &[("a", "b")]).is(502),
    ];
    for page in pages {
        let link = between(&page.text(), "class=\"button\" href=\"", "\"").to_owned();
        assert_eq!(link, own, "{page}");
    }
    for path in ["/.doorcode/", "/.doorcode"] {
        let mut browser = gate.browser();
        browser.visit(path).is(200).says("name=\"phone\"");
    }
}

#[test]
fn an_app_that_is_down_is_said_to_be_so() {
    let gate = Gate::start();
    let page = gate.browser().get("/down/x").is(502).says(&word("upstream_text"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    page.says(&word("try_again")).says(&word("reference"));
    let posted = gate.browser().post("/down/x", &[("a", "b")]).is(502);
    posted.says(&word("upstream_text_unsaved")).never_says("Try again</a>");
    let told = gate.browser().send("GET", "/down/x", &SCRIPT, None).is(502);
    assert_eq!(json(&told)["status"], 502);
    gate.browser().get("/public/x").is(200);
}

#[test]
fn a_request_that_an_app_took_and_did_not_answer_is_not_sent_twice() {
    let gate = Gate::start();
    gate.app.dies_at("/public/dies");
    for kept in [false, true] {
        for method in ["POST", "PATCH"] {
            if kept {
                // Leaves a connection to the app behind, which the next request is sent on.
                gate.browser().get("/public/x").is(200);
            }
            let before = gate.app.count();
            let form = [("pay", "once")];
            gate.browser().send(method, "/public/dies", &[], Some(&form)).is(502);
            assert_eq!(gate.app.count() - before, 1, "{method}, on a kept connection: {kept}");
        }
    }
}

#[test]
fn a_form_that_was_sent_without_a_login_is_said_to_be_lost() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let own = browser.origin();
    let form = [("note", "a long text")];
    for (referer, back) in [
        (format!("{own}/orders/7?edit=1"), "GET /orders/7?edit=1\n"),
        ("https://evil.example/orders".to_owned(), "GET /\n"),
        (String::new(), "GET /\n"),
    ] {
        let mut browser = gate.browser();
        let lines = [("Referer", referer.as_str())];
        let answer = browser.send("POST", "/orders/7", &lines, Some(&form)).is(303);
        let target = browser.here(answer.location());
        let number = browser.visit(&target).is(200);
        number.says(&word("number_form_not_sent"));
        browser.sign_in(&target, ADA, &gate.texts).is(200).says(back);
    }
    assert!(gate.app.seen().iter().all(|seen| seen.method == "GET"));

    let told = browser.send("POST", "/orders/7", &SCRIPT, Some(&form)).is(401);
    let login = json(&told)["login_url"].as_str().expect("a URL").to_owned();
    assert!(login.starts_with(&format!("{own}/.doorcode/sign-in?return_to=")), "{login}");
    assert_eq!(told.header("cache-control"), Some("no-store"), "{told}");
    browser.visit(&browser.here(&login)).is(200).says("name=\"phone\"");
}

#[test]
fn a_form_of_a_browser_that_lost_its_session_comes_back_to_its_page() {
    let private = ("path = \"/*\"\nallow = [\"public\"]", "path = \"/*\"\nallow = [\"signed-in\"]");
    let gate = Gate::changed(&[private]);
    let own = gate.browser().origin();
    let page = format!("{own}/orders/7");
    for (path, referer, back) in [
        ("/orders/7/note", page.as_str(), "%2Forders%2F7&lost=1"),
        ("/orders/7/note", "https://evil.example/orders", "%2F&lost=1"),
        ("/down/x", "", "%2Fdown%2F&lost=1"),
    ] {
        let mut browser = gate.browser();
        let before = gate.app.count();
        let form = [("note", "a long text")];
        let answer = browser.send("POST", path, &[("Referer", referer)], Some(&form)).is(303);
        assert!(answer.location().ends_with(&format!("return_to={back}")), "{answer}");
        browser.follow(answer).is(200).says(&word("number_form_not_sent"));
        assert_eq!(gate.app.count(), before);
    }
}

#[test]
fn a_script_without_a_login_is_told_where_to_send_the_person() {
    let gate = Gate::start();
    let told = gate.browser().send("GET", "/api/orders?x=1", &SCRIPT, None).is(401);
    assert!(told.header("www-authenticate").is_some(), "{told}");
    let login = json(&told)["login_url"].as_str().expect("a URL").to_owned();
    assert!(login.ends_with("return_to=%2Fapi%2Forders%3Fx%3D1"), "{login}");
    let bare = gate.exchange(&format!(
        "GET /api/orders HTTP/1.1\r\nHost: {}\r\n\r\n",
        gate.browser().authority
    ));
    json(&bare.is(401));
}

#[test]
fn a_browser_that_keeps_no_cookies_is_told_so_and_not_sent_round() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, ADA);
    let code = crate::support::browser::code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&page, &code).is(303);
    let flow = answer.location().split("flow=").nth(1).expect("a flow").to_owned();
    let mut forgetful = gate.browser();
    let browser_cookie = browser.cookie("doorcode-browser").expect("a cookie");
    forgetful.keep_cookie("doorcode-browser", &browser_cookie);
    let told = forgetful.get(&format!("/.doorcode/resume?flow={flow}")).is(400);
    told.says(&word("no_cookie_title")).says(&word("try_again"));
}

#[test]
fn own_forms_take_no_more_than_a_form_needs() {
    let gate = Gate::start();
    let long = "9".repeat(17 * 1024);
    gate.browser().post("/.doorcode/login", &[("phone", &long)]).is(413);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, &"9".repeat(3000)).is(200);
    assert!(page.text().len() < 16_000, "what was typed is cut: {page}");
}

#[test]
fn large_bodies_pass_to_the_app_whole() {
    let gate = Gate::start();
    let body = "0123456789abcdef".repeat(64 * 1024);
    let host = gate.browser().authority;
    let head = format!(
        "PUT /public/file HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    gate.exchange(&head).is(200);
    assert!(gate.app.last().body == body.as_bytes());
    let chunked = format!(
        "PUT /public/file HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    gate.exchange(&chunked).is(200);
    assert!(gate.app.last().body == body.as_bytes());
}
