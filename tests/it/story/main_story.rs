//! From a protected page, by number and code, back to it.
use crate::support::browser::{Browser, between, code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::{session_tokens, sessions, spent_codes, users};
use crate::support::words::word_with;

const PAGE: &str = "/orders/7?tab=open&q=a%20b&x=%2F&&=;y'()*";

#[test]
fn a_login_leads_back_to_exactly_the_page_asked_for() {
    let gate = Gate::start();
    let mut browser = gate.browser();

    let sent_away = browser.get(PAGE).is(303);
    assert!(sent_away.location().contains("/.doorcode/sign-in?return_to="), "{sent_away}");
    let number = browser.follow(sent_away).is(200).says("name=\"phone\"").says("Acme");
    let code_page = browser.give_number(&number, ADA).is(200);
    let code_page =
        code_page.says(&word_with("code_sent", &[("count", "6")])).says("+1 202-555-0123");
    let text = gate.texts.text(1);
    let code = code_in(&text.body);
    assert_eq!(gate.app.count(), 0, "nothing reaches the app before the login is done");

    let answer = browser.give_code(&code_page, &code).is(303);
    assert!(answer.location().starts_with("/.doorcode/done?flow="), "{answer}");
    let page = browser.finish(answer).is(200);

    assert_eq!(page.text(), format!("the app: GET {PAGE}\n"));
    assert_eq!(gate.app.count(), 1);
    assert_eq!(gate.app.last().target, PAGE, "the query stays as it was, byte for byte");
    assert_eq!(gate.texts.messages().len(), 1, "one login is one text");
    assert_ne!(flow_of(&number), flow_of(&code_page));

    browser.get("/orders/8").is(200).says("the app: GET /orders/8");
    assert_eq!(gate.count(users::ALL), 1);
    assert_eq!(gate.count(sessions::ALL), 1);
    assert_eq!(gate.count(session_tokens::ALL), 1);
    assert_eq!(gate.count(spent_codes::ALL), 1);
}

#[test]
fn looking_at_the_login_pages_writes_nothing_and_texts_nobody() {
    let gate = Gate::start();
    for _ in 0..5 {
        gate.browser().visit("/").is(200).says("name=\"phone\"");
        gate.browser().visit("/.doorcode/login").is(200).says("name=\"phone\"");
    }
    assert_eq!((gate.texts.requests(), gate.app.count()), (0, 0));
    assert_eq!(gate.count(users::ALL), 1, "the one whom the file names");
}

#[test]
fn the_cookies_are_for_this_host_only_and_out_of_reach_of_scripts() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let sent_away = browser.get("/").is(303);
    let begun = browser.get(&browser.here(sent_away.location())).is(303);
    let id = browser.cookie("doorcode-browser").expect("the browser's cookie");
    let line = format!("doorcode-browser={id}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    assert_eq!(begun.all("set-cookie"), [line], "{begun}");
    assert_eq!(id.len(), 22, "128 bits");

    let number = browser.follow(begun);
    let code_page = browser.give_number(&number, BOB);
    let code = code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&code_page, &code).is(303);
    let token = browser.session();
    let line = format!("doorcode={token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    let known = browser.cookie("doorcode-known").expect("what the browser keeps of the number");
    assert_eq!(known.len(), 22, "128 bits");
    let kept = format!("doorcode-known={known}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    assert_eq!(answer.all("set-cookie"), [line, kept], "{answer}");
    assert_eq!(token.len(), 54, "320 bits");
    let stored = gate.count(session_tokens::DIGESTS);
    assert_eq!(stored, 1, "the database holds a digest");
}

#[test]
fn behind_https_every_cookie_is_secure_and_bound_to_its_host() {
    let gate = Gate::at(Some("https://shop.example.com"), &[]);
    let mut browser = gate.browser();

    let number = browser.visit("/orders");
    let code_page = browser.give_number(&number, ADA);
    let text = gate.texts.text(1);
    assert!(text.body.ends_with(&format!("\n@shop.example.com #{}", code_in(&text.body))));
    let answer = browser.give_code(&code_page, &code_in(&text.body)).is(303);

    let [line, known] = answer.all("set-cookie")[..] else { panic!("two cookies: {answer}") };
    let (line, known) = (line.to_owned(), known.to_owned());
    assert!(known.starts_with("__Host-doorcode-known=") && known.contains("; Secure;"), "{known}");
    assert!(line.starts_with("__Host-doorcode="), "{line}");
    assert!(line.ends_with("; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax"), "{line}");
    browser.finish(answer).is(200).says("the app: GET /orders");
    let seen = gate.app.last();
    let told = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "host", "cookie"];
    let told = told.map(|name| seen.header(name));
    let (host, port) = (Some("shop.example.com"), Some("443"));
    assert_eq!(told, [Some("https"), host, port, host, None]);
    let plain = format!("doorcode={}", between(&line, "=", ";"));
    let other = gate.browser().send("GET", "/orders", &[("Cookie", &plain)], None);
    other.is(303);
}

#[track_caller]
fn assert_page_headers(page: &Answer) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                  connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        ("content-security-policy", policy),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name} of {page}");
    }
    for none in ["cross-origin-opener-policy", "server", "x-powered-by"] {
        assert_eq!(page.header(none), None, "{page}");
    }
    assert!(!page.text().contains("<script>") && !page.text().contains(" style="), "{page}");
}

#[test]
fn every_page_has_its_security_headers() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/admin/");
    let code_page = browser.give_number(&number, BOB);
    assert_page_headers(&number);
    assert_page_headers(&code_page);
    let code = code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&code_page, &code);
    let done = browser.follow(answer).is(200);
    assert_page_headers(&done);
    for (target, status) in [
        ("/admin/", 403),
        ("/.doorcode/sign-out", 200),
        ("/.doorcode/signed-out", 200),
        ("/.doorcode/nothing", 404),
        ("/.doorcode/resend", 405),
        ("/.doorcode/code?flow=x", 400),
    ] {
        assert_page_headers(&browser.get(target).is(status));
    }
    let me = browser.send("GET", "/.doorcode/me", &[("Sec-Fetch-Mode", "cors")], None).is(200);
    assert_eq!(me.header("cache-control"), Some("no-store"), "{me}");
    assert_eq!(me.header("content-type"), Some("application/json"), "{me}");
}

#[test]
fn a_text_says_what_the_operator_wrote_and_ends_with_the_line_for_browsers() {
    let template = "{{ code }}|{{ password }}|@@password@@|@@code@@|{{ phone_number }}|\
                    {{ application.name }}|{{ request_language }}";
    let gate = Gate::changed(&[
        ("{{ code }} for {{ application.name }}", template),
        ("countries = [", "code_lifetime = \"3m\"\ncode_digits = 8\ncountries = ["),
    ]);
    let mut browser = gate.browser();
    browser.language = "fr-CA,fr;q=0.8".to_owned();
    let number = browser.visit("/");
    browser.give_number(&number, BOB).is(200).says("code à 8 chiffres").says("3 minutes");

    let text = gate.texts.text(1);
    let code = code_in(&text.body);
    assert_eq!(code.len(), 8);
    let line = format!("{code}|{code}|{code}|{code}|{BOB}|Acme|fr-CA,fr;q=0.8\n@localhost #{code}");
    assert_eq!(text.body, line);
    assert_eq!((text.to.as_str(), text.validity), (BOB, Some(180)));
}

#[test]
fn numbers_that_are_not_texted_are_told_before_anybody_pays() {
    let gate = Gate::start();
    for (typed, said) in [
        ("", "Enter your mobile number"),
        ("abc", "in the right format"),
        ("+12025550", "That number does not exist"),
        ("+33612345678", "We can’t send texts to numbers in that country yet"),
        ("+442079460000", "That looks like a landline"),
        ("+448081570000", "can’t receive our texts"),
    ] {
        let mut browser = gate.browser();
        let number = browser.visit("/");
        let again = browser.give_number(&number, typed).is(200).says(said);
        assert!(again.text().contains("Error: "), "{again}");
    }
    assert_eq!(gate.texts.requests(), 0);
}

#[test]
fn a_number_with_its_own_country_wins_over_the_one_beside_it() {
    let gate = Gate::changed(&[("countries = [", "countries = [\"FR\", ")]);
    for (n, typed) in ["+33 6 12 34 56 78", "0033612345678", "tel:+33-612345678"].iter().enumerate()
    {
        let mut browser = gate.browser();
        let number = browser.visit("/").is(200);
        let form = [("flow", &*flow_of(&number)), ("country", "GB"), ("phone", typed)];
        let answer = browser.post("/.doorcode/login", &form).is(303);
        browser.follow(answer).is(200).says("+33 6 12 34 56 78");
        let text = gate.texts.text(n + 1);
        assert_eq!(text.to, "+33612345678", "{typed}");
        // Texts to one number wait for each other.
        gate.pass(std::time::Duration::from_mins(30));
        browser.visit("/orders").is(200).says("<option selected value=FR>");
    }
}

#[test]
fn the_country_is_chosen_by_the_last_number_then_the_operator_then_the_browser() {
    let chosen = |browser: &mut Browser| {
        let page = browser.visit("/").is(200).text();
        between(&page, "<option selected value=", ">").to_owned()
    };
    let gate = Gate::start();
    let mut browser = gate.browser();
    assert_eq!(chosen(&mut browser), "GB", "of en-GB");
    browser.language = "fr-FR,fr".to_owned();
    assert_eq!(chosen(&mut browser), "US", "the first that is served");
    let gate = Gate::changed(&[("[login]\n", "[login]\ndefault_country = \"GB\"\n")]);
    let mut browser = gate.browser();
    browser.language = "en-US".to_owned();
    assert_eq!(chosen(&mut browser), "GB", "the operator's");
    let page = browser.visit("/");
    browser.give_number(&page, ADA).is(200);
    assert_eq!(chosen(&mut browser), "US", "the one of the last number");
}
