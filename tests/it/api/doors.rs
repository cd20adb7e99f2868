//! What every door that a code opens refuses alike, each in the words that its SDK looks for.
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{OTP, PAGE, SECRET, World, asks, encoded, read, refused, told};
use crate::people::shown_reference;
use crate::support::browser::{Browser, between, unlike};
use crate::support::http::{Answer, exchange};
use crate::support::tables::sessions;

/// A door, whose client it is for, and what it says to somebody who is blocked: status, code, and
/// how the description begins.
struct Door {
    path: &'static str,
    client: &'static str,
    blocked: (u16, &'static str, &'static str),
}

const DOORS: [Door; 5] = [
    door("/oauth/token", "spa", (401, "unauthorized", "user is blocked")),
    door("/oauth/ro", "web", (401, "unauthorized", "user is blocked")),
    door("/co/authenticate", "spa", (403, "blocked_user", "Blocked user")),
    door("/passwordless/verify", "spa", (401, "unauthorized", "user is blocked")),
    door(REDIRECT, "spa", (403, "", "")),
];
/// The one that a person goes to, and that answers with a page.
const REDIRECT: &str = "/passwordless/verify_redirect";

const fn door(
    path: &'static str,
    client: &'static str,
    blocked: (u16, &'static str, &'static str),
) -> Door {
    Door { path, client, blocked }
}

impl Door {
    /// Somebody knocks with a code, in the browser that `/authorize` sent to the login page.
    fn knock(
        &self,
        world: &World,
        (browser, flow): &mut (Browser, String),
        typed: &[&str; 2],
    ) -> Answer {
        let [phone, code] = *typed;
        let body = match self.path {
            "/oauth/token" => World::otp("spa", phone, code),
            "/oauth/ro" => json!({
                "client_id": "web", "client_secret": SECRET, "connection": "sms",
                "username": phone, "password": code, "grant_type": "password", "scope": "openid",
            }),
            "/co/authenticate" => json!({
                "client_id": "spa", "credential_type": OTP, "username": phone, "otp": code,
                "realm": "sms",
            }),
            "/passwordless/verify" => json!({
                "client_id": "spa", "connection": "sms", "phone_number": phone,
                "verification_code": code,
            }),
            path => {
                let query = encoded(&[
                    ("client_id", "spa"),
                    ("connection", "sms"),
                    ("phone_number", phone),
                    ("verification_code", code),
                    ("state", flow),
                ]);
                return browser.get(&format!("/.doorcode{path}?{query}"));
            }
        };
        let own = world.gate.origin.clone();
        let page = if self.path == "/co/authenticate" { PAGE } else { &own };
        let page = Some(page).filter(|_| self.client == "spa" && self.path != "/oauth/token");
        self.post(world, browser, page, &body)
    }

    fn post(
        &self,
        world: &World,
        browser: &mut Browser,
        page: Option<&str>,
        body: &Value,
    ) -> Answer {
        let body = body.to_string();
        let length = body.len().to_string();
        let mut lines = vec![("Content-Type", "application/json"), ("Content-Length", &*length)];
        lines.extend(page.map(|page| ("Origin", page)));
        let target = format!("/.doorcode{}", self.path);
        let mut request = browser.request("POST", &target, &lines, None);
        request.extend(body.as_bytes());
        let answer = exchange(world.gate.port, &request);
        browser.take_cookies(&answer);
        answer
    }
}

fn begun(world: &World) -> (Browser, String) {
    let mut browser = world.gate.browser();
    let answer = browser.get(&asks(&[])).is(303);
    let location = format!("{}&", answer.location());
    (browser, between(&location, "flow=", "&").to_owned())
}

/// The reference that an answer shows: the field of a program's, or the small print of a page.
#[track_caller]
fn reference_of(answer: &Answer) -> String {
    if answer.text().contains("<main>") {
        return shown_reference(answer);
    }
    read(answer)["reference"]
        .as_str()
        .unwrap_or_else(|| panic!("no reference: {answer}"))
        .to_owned()
}

/// A number for each door.
fn numbered() -> impl Iterator<Item = (String, &'static Door)> {
    (0..).map(|n| format!("+1202555012{n}")).zip(&DOORS)
}

#[test]
fn who_is_blocked_learns_it_after_the_right_code_alone_and_is_given_nothing() {
    let world = World::start();
    for (phone, door) in numbered() {
        world.log_in("spa", &phone, "openid");
        world.block(&phone, true);
        world.gate.pass(Duration::from_mins(2));
        let (code, reference) = world.attempt_for(door.client, &phone);
        let mut person = begun(&world);
        let wrong = door.knock(&world, &mut person, &[&phone, &unlike(&code, 0)]).text();
        assert!(!wrong.to_lowercase().contains("blocked"), "{}: {wrong}", door.path);
        let answer = door.knock(&world, &mut person, &[&phone, &code]);
        let (status, error, text) = door.blocked;
        assert_eq!(reference_of(&answer), reference, "{}", door.path);
        if error.is_empty() {
            answer.is(status).says("have access");
        } else {
            refused(answer, status, error, text);
        }
        assert_eq!(person.0.cookie("doorcode"), None, "{}", door.path);
    }
    assert_eq!(world.gate.count(sessions::OPEN), 0, "nobody was let in");
}

#[test]
fn who_is_blocked_while_signed_in_gets_nothing_more() {
    let world = World::start();
    let phone = "+12025550120";
    let mut browser = world.signed_in(phone);
    world.gate.pass(Duration::from_mins(2));
    let given = world.log_in("spa", phone, "openid");
    world.userinfo(&given["access_token"]).is(200);
    world.block(phone, true);
    world.userinfo(&given["access_token"]).is(401);
    // Straight from here, as nobody asks about a code before it is redeemed.
    let asked = asks(&[("prompt", "none"), ("response_type", "token id_token")]);
    let answer = browser.get(&asked).is(303);
    let error = told(answer.location(), "error");
    assert_eq!(error.as_deref(), Some("login_required"), "{}", answer.location());
}

#[test]
fn after_too_many_wrong_codes_the_right_one_waits_too() {
    let limit = ("[limits]", "[limits]\nwrong_codes_per_number_15m = 1");
    let world = World::changed(&[limit]);
    for (phone, door) in numbered() {
        let (code, reference) = world.attempt_for(door.client, &phone);
        let mut person = begun(&world);
        door.knock(&world, &mut person, &[&phone, &unlike(&code, 0)]);
        let answer = door.knock(&world, &mut person, &[&phone, &code]).is(429);
        assert_eq!(reference_of(&answer), reference, "{}", door.path);
        let number = |name| answer.header(name).unwrap_or_default().parse::<i64>().unwrap_or(0);
        assert!((1..=900).contains(&number("retry-after")), "{}: {answer}", door.path);
        if door.path == REDIRECT {
            continue;
        }
        assert_eq!((number("x-ratelimit-limit"), number("x-ratelimit-remaining")), (1, 0));
        assert!(number("x-ratelimit-reset") > 0, "{answer}");
        refused(answer, 429, "too_many_attempts", "");
    }
    assert_eq!(world.gate.count(sessions::ALL), 0, "nobody was let in");
}

#[test]
fn a_code_that_died_names_its_attempt_and_a_wrong_one_does_not_tell_that_there_is_one() {
    let world = World::start();
    let stranger = "+12025550188";
    for (phone, door) in numbered().filter(|(_, door)| door.path != REDIRECT) {
        let (code, reference) = world.attempt_for(door.client, &phone);
        let mut person = begun(&world);
        let wrong = door.knock(&world, &mut person, &[&phone, &unlike(&code, 0)]);
        let unknown = door.knock(&world, &mut person, &[stranger, &unlike(&code, 0)]);
        assert_eq!((wrong.status, wrong.text()), (unknown.status, unknown.text()), "{}", door.path);
        assert!(read(&wrong).get("reference").is_none(), "{wrong}");
        for n in 1..3 {
            door.knock(&world, &mut person, &[&phone, &unlike(&code, n)]);
        }
        let died = door.knock(&world, &mut person, &[&phone, &code]);
        assert_eq!(reference_of(&died), reference, "{}: {died}", door.path);
        assert!(died.text().contains("maximum number of attempts"), "{died}");

        world.gate.pass(Duration::from_mins(40));
        let (code, reference) = world.attempt_for(door.client, &phone);
        world.gate.pass(Duration::from_mins(6));
        let mut person = begun(&world);
        let expired = door.knock(&world, &mut person, &[&phone, &code]);
        assert_eq!(reference_of(&expired), reference, "{}: {expired}", door.path);
        assert!(expired.text().contains("has expired"), "{expired}");
    }
}

#[test]
fn a_login_whose_session_cannot_be_stored_names_its_attempt() {
    let world = World::start();
    let (code, reference) = world.attempt_for("spa", "+12025550120");
    let mut database = world.gate.database();
    let away = "ALTER TABLE sessions RENAME TO elsewhere";
    world.gate.run(sqlx::query(away).execute(&mut database)).expect("renamed");
    let answer = world.json("/oauth/token", &World::otp("spa", "+12025550120", &code)).is(503);
    assert_eq!(reference_of(&answer), reference, "{answer}");
}
