//! Our own pages, asked in ways that no page of ours asks.
use doorcode::web::routes;

use crate::support::browser::{between, flow_of};
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::{ADA, BOB};

const NAMES: [&str; 12] = [
    "flow",
    "phone",
    "country",
    "code",
    "return_to",
    "ticket",
    "state",
    "request",
    "session",
    "lang",
    "why",
    "user",
];

#[test]
fn no_parameter_left_out_doubled_or_spoilt_breaks_a_page() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let flow = flow_of(&gate.browser().visit("/orders"));
    let long = "a".repeat(9000);
    let values =
        ["", "x", "%00", "%ff%fe", "%0d%0aX-Evil:%201", "%F0%9F%98%80", "{{1234*4321}}", &flow];
    let mut queries = vec![String::new(), "&&&==".to_owned(), "%".to_owned(), format!("x={long}")];
    for name in NAMES {
        let values = values.iter().map(|value| format!("flow={flow}&{name}={value}"));
        queries.extend([format!("{name}=x"), format!("flow={flow}&{name}=x&{name}=y")]);
        queries.extend(values);
    }
    let before = gate.texts.requests();
    for row in routes() {
        let path = format!("/.doorcode{}", row.path.replace("{name}", "x"));
        for (at, query) in queries.iter().enumerate() {
            // That one ends a session by a GET, as Auth0's does.
            let nobody = at % 2 == 0 || row.path == "/v2/logout";
            let browser = if nobody { gate.browser() } else { ada.clone() };
            let got = gate.exchange(&get(&browser.request("GET", &path, &[], None), query));
            assert!(got.status < 500, "GET {path}?{query}: {got}");
            assert!(got.header("x-evil").is_none(), "GET {path}?{query}: {got}");
            if row.path == "/sign-out" || row.path.starts_with("/account/") {
                // These do what they are asked for.
                continue;
            }
            let kind = [("Content-Type", "application/x-www-form-urlencoded")];
            let length = query.len().to_string();
            let lines = [kind[0], ("Content-Length", &length), ("Origin", &browser.origin())];
            let head = String::from_utf8(browser.request("POST", &path, &lines, None)).unwrap();
            let posted = gate.exchange(&(head + query));
            assert!(posted.status < 500, "POST {path} {query}: {posted}");
        }
    }
    assert_eq!(gate.texts.requests(), before, "nobody gave a number");
    ada.get("/orders").is(200);
    ada.get("/.doorcode/account").is(200).never_says("5332114");
}

fn get(request: &[u8], query: &str) -> String {
    let request = String::from_utf8(request.to_vec()).unwrap();
    request.replacen(" HTTP/1.1", &format!("?{query} HTTP/1.1"), 1)
}

#[test]
fn a_form_sent_to_another_spelling_of_its_path_is_not_taken() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let flow = flow_of(&browser.visit("/orders"));
    let form = [("flow", flow.as_str()), ("phone", ADA)];
    for path in [
        "//.doorcode/login",
        "/.doorcode//login",
        "/.doorcode/login/",
        "/.doorcode/login//",
        "/.doorcode/./login",
        "/.doorcode/login;x",
        "/.doorcode/;/login",
        "/.doorcode/%6cogin",
        "/.doorcode/Login",
        "/.DOORCODE/login",
        "/x/../.doorcode/login",
    ] {
        let answer = browser.post(path, &form);
        assert!(matches!(answer.status, 303 | 400..=405), "{path}: {answer}");
        let text = answer.text();
        assert!(!text.contains("name=\"code\""), "{path}: {answer}");
    }
    assert_eq!((gate.texts.requests(), gate.app.count()), (0, 0));
    browser.post("/.doorcode/login", &form).is(303);
    wait_for("text", || (gate.texts.requests() == 1).then_some(()));
}

#[test]
fn no_step_of_a_login_can_be_left_out() {
    let gate = Gate::start();
    // A browser that asked for no code has none to give, right or wrong.
    for code in ["", " ", "000000", "123456"] {
        let mut browser = gate.browser();
        let flow = flow_of(&browser.visit("/orders"));
        for form in [&[("flow", flow.as_str()), ("code", code)][..], &[("code", code)], &[]] {
            let answer = browser.post("/.doorcode/code", form);
            browser.follow(answer);
            assert_eq!(browser.cookie("doorcode"), None, "{form:?}");
        }
        for path in ["/.doorcode/done", "/.doorcode/resume"] {
            browser.get(&format!("{path}?flow={flow}"));
            assert_eq!(browser.cookie("doorcode"), None, "{path}");
        }
        browser.get("/orders").is(303);
    }
    // The sealed text of the page before says no number: its code cannot be anybody's.
    let mut bob = gate.browser();
    let first = bob.visit("/orders");
    let page = bob.give_number(&first, BOB).is(200);
    let text = gate.texts.text(1);
    let code = crate::support::browser::code_in(&text.body);
    let answer = bob.post("/.doorcode/code", &[("flow", &flow_of(&first)), ("code", &code)]);
    bob.follow(answer);
    assert_eq!(bob.cookie("doorcode"), None);
    assert_eq!(gate.app.count(), 0);
    let answer = bob.give_code(&page, &code).is(303);
    bob.finish(answer).is(200);
}

#[test]
fn nothing_a_visitor_says_of_host_or_scheme_changes_a_link_a_cookie_or_a_text() {
    let trusting = ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n");
    for gate in [Gate::start(), Gate::changed(&[trusting])] {
        let mut browser = gate.browser();
        let origin = browser.origin();
        let lies = [
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Port", "444"),
            ("X-Forwarded-Prefix", "/evil"),
            ("X-Forwarded-Server", "evil.example"),
            ("X-Original-Host", "evil.example"),
            ("X-Host", "evil.example"),
            ("Forwarded", "for=1.2.3.4;host=evil.example;proto=https"),
        ];
        let mut answers = vec![browser.send("GET", "/orders", &lies, None).is(303)];
        let begin = browser.here(answers[0].location());
        answers.push(browser.send("GET", &begin, &lies, None).is(303));
        let login = browser.here(answers[1].location());
        let page = browser.send("GET", &login, &lies, None).is(200);
        let form = [("flow", &*flow_of(&page)), ("phone", ADA)];
        answers.push(page);
        answers.push(browser.send("POST", "/.doorcode/login", &lies, Some(&form)).is(303));
        answers.push(browser.send("GET", "/.doorcode/account", &lies, None));
        answers.push(browser.send("GET", "/.well-known/pomerium/jwks.json", &lies, None));
        answers.push(browser.send("GET", "/.doorcode/.well-known/jwks.json", &lies, None).is(200));
        let text = gate.texts.text(1);
        assert!(text.body.contains("\n@localhost #"), "{}", text.body);
        for answer in &answers {
            let told = format!("{answer}");
            assert!(!told.contains("evil") && !told.contains("https://"), "{told}");
            for cookie in answer.all("set-cookie") {
                let cookie = cookie.to_ascii_lowercase();
                assert!(!cookie.contains("domain") && !cookie.contains("secure"), "{cookie}");
            }
        }
        let href = between(&answers[2].text(), "rel=\"stylesheet\" href=\"", "\"").to_owned();
        assert!(href.starts_with("/.doorcode/assets/"), "{href} of {origin}");
    }
}
