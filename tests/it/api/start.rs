//! `POST /passwordless/start`.
use std::time::Duration;

use doorcode::domain::AttemptReference;
use doorcode::system::Clock as _;
use serde_json::{Value, json};

use super::world::{PAGE, Pairs, SECRET, World, basic, read, refused};
use crate::people::history_of;
use crate::support::provider::Outcome;
use crate::support::puzzle::solve;
use crate::support::settings::{ADA, BOB};

fn good() -> Value {
    json!({"client_id": "spa", "connection": "sms", "phone_number": BOB, "send": "code"})
}

/// What is different from a good call, and the refusal.
type Case = (Value, u16, &'static str, &'static str);

fn wrong_clients() -> Vec<Case> {
    vec![
        (json!({"client_id": null}), 400, "bad.client_id", "Missing required property: client_id"),
        (json!({"client_id": ""}), 400, "bad.client_id", "Missing required property: client_id"),
        (json!({"client_id": "nobody"}), 403, "unauthorized_client", "invalid client"),
        (
            json!({"client_id": "web"}),
            403,
            "unauthorized_client",
            "Client authentication is required",
        ),
        (
            json!({"client_id": "web", "client_secret": "wrong"}),
            401,
            "access_denied",
            "Unauthorized",
        ),
        (
            json!({"client_id": "bare"}),
            403,
            "unauthorized_client",
            "Grant type 'http://auth0.com/oauth/grant-type/passwordless/otp' not allowed",
        ),
    ]
}

fn wrong_texts() -> Vec<Case> {
    let pattern = "String does not match pattern: ^\\+[0-9]{1,15}$";
    vec![
        (
            json!({"connection": null}),
            400,
            "bad.connection",
            "Missing required property: connection",
        ),
        (json!({"connection": "email"}), 400, "bad.connection", "Connection does not exist"),
        (
            json!({"phone_number": ""}),
            400,
            "bad.phone_number",
            "Missing required property: phone_number",
        ),
        (json!({"phone_number": "0049123"}), 400, "bad.phone_number", pattern),
        (json!({"phone_number": "+49 123"}), 400, "bad.phone_number", pattern),
        (json!({"phone_number": "+"}), 400, "bad.phone_number", pattern),
        (json!({"phone_number": "+1234567890123456"}), 400, "bad.phone_number", pattern),
        (json!({"phone_number": "+1"}), 400, "bad.phone_number", "There is no such phone number"),
        (
            json!({"phone_number": "+33612345678"}),
            400,
            "bad.phone_number",
            "Texts are not sent to numbers of this country",
        ),
        (
            json!({"authParams": "scope=openid"}),
            400,
            "bad.authParams",
            "error in authParams - invalid type: string (expected object)",
        ),
        (
            json!({"authParams": ["openid"]}),
            400,
            "bad.authParams",
            "error in authParams - invalid type: array (expected object)",
        ),
        (
            json!({"extra": "1"}),
            400,
            "bad.request",
            "the following properties are not allowed: extra",
        ),
        (json!({"send": "link"}), 400, "bad.send", "send must be `code`"),
        (json!({"phone_number": [BOB]}), 400, "invalid_request", "phone_number must be a text"),
        (json!({"connection": {"a": 1}}), 400, "invalid_request", "connection must be a text"),
    ]
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_sent() {
    let world = World::start();
    for (changes, status, error, text) in wrong_clients().into_iter().chain(wrong_texts()) {
        let mut body = good();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        refused(world.json("/passwordless/start", &body), status, error, text);
    }
    assert_eq!(world.gate.texts.requests(), 0);
}

#[test]
fn a_start_answers_alike_for_everybody_and_holds_nothing_of_a_user() {
    let world = World::start();
    let ids = [ADA, BOB].map(|phone| {
        let before = world.gate.texts.messages().len();
        let mut body = good();
        body["phone_number"] = json!(phone);
        body["authParams"] = json!({"scope": "openid", "nonce": "n", "_csrf": "x"});
        let lines = [("X-Request-Language", "fr-FR"), ("Auth0-Client", "eyJuIjoieCJ9")];
        let answer = read(&world.json_with("/passwordless/start", &lines, &body).is(200));
        assert_eq!(answer["phone_number"], phone);
        assert_eq!(answer["phone_verified"], false);
        assert_eq!(answer["request_language"], "fr-FR");
        assert_eq!(world.gate.texts.text(before + 1).to, phone);
        answer["_id"].as_str().unwrap().to_owned()
    });
    assert_ne!(ids[0], ids[1]);
    for id in ids {
        assert!(id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    }
}

#[test]
fn the_text_names_the_application_and_speaks_the_language_that_is_asked_for() {
    let template = "template = \"{{ code }} for {{ application.name }} {% if request_language contains 'fr' %}FR{% else %}EN{% endif %}\"";
    let world =
        World::changed(&[("template = \"{{ code }} for {{ application.name }}\"", template)]);
    let table: [(&str, Pairs<'_>, &str); 3] = [
        (ADA, &[("X-Request-Language", "fr-FR"), ("Accept-Language", "en")], "My SPA FR"),
        (BOB, &[("Accept-Language", "fr-CA,fr;q=0.9")], "My SPA FR"),
        ("+12025550188", &[], "My SPA EN"),
    ];
    for (n, (phone, lines, said)) in table.into_iter().enumerate() {
        let mut body = good();
        body["phone_number"] = json!(phone);
        world.json_with("/passwordless/start", lines, &body).is(200);
        let text = world.gate.texts.text(n + 1).body;
        assert!(text.contains(said), "`{said}` is not in {text}");
    }
}

#[test]
fn a_page_of_the_client_gets_a_text_that_browsers_fill_in_there_and_no_other_page_does() {
    let world = World::start();
    let own = world.gate.origin.clone();
    for (n, (origin, phone, bound)) in
        [(PAGE, ADA, true), (own.as_str(), BOB, false)].into_iter().enumerate()
    {
        let mut body = good();
        body["phone_number"] = json!(phone);
        world.json_with("/passwordless/start", &[("Origin", origin)], &body).is(200);
        let text = world.gate.texts.text(n + 1).body;
        assert_eq!(text.contains("@app.example.com #"), bound, "{text}");
        assert_eq!(text.contains('@'), bound, "{text}");
    }
}

#[test]
fn the_provider_s_refusal_is_told_with_its_code_where_everybody_is_texted() {
    let world = World::start();
    world.gate.texts.script(Outcome::Refuse(21211));
    let answer = world.json("/passwordless/start", &good());
    let said = read(&answer)["error_description"].as_str().unwrap().to_owned();
    assert!(said.ends_with("(Code: 21211)"), "{said}");
    // The attempt lives, and its id is told when a text is sent.
    let reference = read(&answer)["reference"].as_str().unwrap().to_owned();
    refused(answer, 400, "sms_provider_error", "The provider does not text this number");
    world.gate.pass(Duration::from_mins(1));
    let sent = read(&world.json("/passwordless/start", &good()).is(200));
    let id = AttemptReference::parse(sent["_id"].as_str().unwrap()).unwrap();
    assert_eq!(reference, id.in_groups());
}

#[test]
fn what_the_person_can_do_about_a_refusal_is_told_to_programs_too() {
    let world = World::start();
    for (code, said) in [
        (21408, "The provider does not send texts to this country (Code: 21408)"),
        (60203, "The provider sent too many texts to this number. Try again later (Code: 60203)"),
        (30003, "The phone could not be reached (Code: 30003)"),
        (30007, "The text to this number was blocked (Code: 30007)"),
        (30450, "The text could not be sent (Code: 30450)"),
    ] {
        world.gate.texts.script(Outcome::Refuse(code));
        let answer = world.json("/passwordless/start", &good());
        refused(answer, 400, "sms_provider_error", said);
        world.gate.pass(Duration::from_hours(1));
    }
}

#[test]
fn a_start_that_is_refused_has_a_reference_of_its_own() {
    let world = World::changed(&[("[limits]\n", "[limits]\ntexts_1h = 1\n")]);
    world.json("/passwordless/start", &good()).is(200);
    let references = [ADA, "+447400123457"].map(|phone| {
        let mut body = good();
        body["phone_number"] = json!(phone);
        let answer = read(&world.json("/passwordless/start", &body).is(429));
        let reference = answer["reference"].as_str().expect("a reference").to_owned();
        assert!(AttemptReference::parse(&reference).is_some(), "{answer}");
        reference
    });
    assert_ne!(references[0], references[1]);
}

#[test]
fn where_only_users_are_texted_nobody_learns_who_is_one() {
    let world = World::changed(&[("[login]\n", "[login]\nsign_up = false\n")]);
    world.gate.texts.script(Outcome::Refuse(21211));
    let answers = [BOB, ADA].map(|phone| {
        let mut body = good();
        body["phone_number"] = json!(phone);
        let mut told = read(&world.json("/passwordless/start", &body).is(200));
        told["_id"] = Value::Null;
        told["phone_number"] = Value::Null;
        told
    });
    assert_eq!(answers[0], answers[1]);
    let wrong = |phone| {
        let answer = world.json("/oauth/token", &World::otp("spa", phone, "000000"));
        (answer.status, answer.text())
    };
    assert_eq!(wrong(ADA), wrong(BOB));
}

#[test]
fn a_limit_is_told_with_when_there_is_room_again() {
    let world = World::changed(&[("starts_per_address_10m = 1000", "starts_per_address_10m = 2")]);
    for phone in [ADA, BOB] {
        world.code_for("spa", phone);
    }
    let mut body = good();
    body["phone_number"] = json!("+12025550188");
    let answer = world.json_with("/passwordless/start", &[("Origin", PAGE)], &body);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("retry-after") && exposed.contains("x-ratelimit-reset"));
    let number = |name| answer.header(name).unwrap().parse::<i64>().unwrap();
    assert_eq!((number("x-ratelimit-limit"), number("x-ratelimit-remaining")), (2, 0));
    let (wait, reset) = (number("retry-after"), number("x-ratelimit-reset"));
    assert_eq!(reset, world.gate.clock.now().as_millis() / 1000 + wait);
    refused(answer, 429, "too_many_requests", "Too many requests.");
    assert_eq!(world.gate.texts.requests(), 2);
    world.gate.pass(Duration::from_secs(wait.unsigned_abs()));
    world.json("/passwordless/start", &body).is(200);
}

#[test]
fn a_server_that_does_not_tell_its_visitors_has_a_limit_of_its_own() {
    let limits = "starts_per_server_1h = 3\nstarts_per_address_10m = 1";
    let world = World::changed(&[("starts_per_address_10m = 1000", limits)]);
    let ask = |visitor: Option<&str>, n: u32| {
        let phone = format!("+120255501{n}");
        let body = json!({"connection": "sms", "phone_number": phone});
        let auth = basic("web", SECRET);
        let mut lines = vec![("Authorization", auth.as_str())];
        lines.extend(visitor.map(|address| ("auth0-forwarded-for", address)));
        world.json_with("/passwordless/start", &lines, &body).status
    };
    let alone = [10, 11, 12, 13].map(|n| ask(None, n));
    assert_eq!(alone, [200, 200, 200, 429]);
    // For a visitor whose address it tells, that of the address counts.
    assert_eq!([14, 15].map(|n| ask(Some("203.0.113.1"), n)), [200, 429]);
    // Nobody else at the server's address is shut out by it.
    let body = json!({"client_id": "spa", "connection": "sms", "phone_number": "+12025550116"});
    world.json_with("/passwordless/start", &[("Origin", PAGE)], &body).is(200);
}

#[test]
fn the_address_of_a_visitor_is_believed_only_from_a_server_that_may_say_it() {
    let world = World::changed(&[("starts_per_address_10m = 1000", "starts_per_address_10m = 1")]);
    let ask = |client: &str, secret: &str, address: &str, n: u32| {
        let phone = format!("+120255501{n}");
        let mut body = json!({"client_id": client, "connection": "sms", "phone_number": phone});
        let auth = basic(client, secret);
        let mut lines = vec![("auth0-forwarded-for", address)];
        if !secret.is_empty() {
            lines.push(("Authorization", &auth));
            body["client_id"].take();
        }
        world.json_with("/passwordless/start", &lines, &body).status
    };
    let got = [
        ask("web", SECRET, "203.0.113.1", 10),
        ask("web", SECRET, "203.0.113.2", 11),
        ask("web", SECRET, "203.0.113.2", 12),
        ask("spa", "", "203.0.113.3", 13),
        ask("spa", "", "203.0.113.4", 14),
    ];
    assert_eq!(got, [200, 200, 429, 200, 429]);
}

#[test]
fn a_second_start_sends_the_same_code_while_it_lives() {
    let world = World::start();
    let first = world.code_for("spa", BOB);
    world.gate.pass(Duration::from_mins(2));
    assert_eq!(world.code_for("spa", BOB), first);
    world.json("/oauth/token", &World::otp("spa", BOB, &first)).is(200);
    world.gate.pass(Duration::from_mins(2));
    let second = world.code_for("spa", BOB);
    assert_ne!(second, first);
    refused(
        world.json("/oauth/token", &World::otp("spa", BOB, &first)),
        403,
        "invalid_grant",
        super::world::WRONG,
    );
    world.json("/oauth/token", &World::otp("spa", BOB, &second)).is(200);
}

#[test]
fn beyond_the_limit_of_an_address_a_proof_in_a_field_of_its_own_is_taken() {
    let one = ("starts_per_address_10m = 1000", "starts_per_address_10m = 1");
    let easy = ("countries = [", "challenge_bits = 8\ncountries = [");
    let world = World::changed(&[one, easy]);
    world.json("/passwordless/start", &good()).is(200);
    let mut wanted = good();
    wanted["phone_number"] = json!(ADA);
    let answer = world.json("/passwordless/start", &wanted).is(429);
    assert!(answer.header("retry-after").is_some(), "{answer}");
    let told = read(&answer);
    assert_eq!(told["error"], "too_many_requests");
    let puzzle = told["challenge"]["puzzle"].as_str().expect("a puzzle");
    let bits = u8::try_from(told["challenge"]["bits"].as_u64().expect("bits")).unwrap();
    let number = solve(puzzle, bits);
    wanted["proof"] = json!(format!("{puzzle}.{number}0x"));
    let answer = world.json("/passwordless/start", &wanted).is(429);
    let reference = read(&answer)["reference"].as_str().expect("a reference").to_owned();
    let story = &history_of(&world.gate, &reference)[0].text;
    assert!(story.ends_with("; that which came was not accepted (wrong)"), "{story}");
    wanted["proof"] = json!(format!("{puzzle}.{number}"));
    world.json("/passwordless/start", &wanted).is(200);
    // Of another number.
    wanted["phone_number"] = json!("+12025550177");
    world.json("/passwordless/start", &wanted).is(429);
    assert_eq!(world.gate.texts.requests(), 2);
}
