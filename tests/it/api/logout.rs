//! `/v2/logout` and `/oidc/logout`.
use super::world::{World, encoded};
use crate::support::browser::Browser;
use crate::support::settings::{ADA, BOB};

const BYE: &str = "https://app.example.com/bye";

fn is_in(browser: &mut Browser) -> bool {
    browser.get("/orders").status == 200
}

#[test]
fn a_logout_leads_to_what_is_listed_and_nowhere_else() {
    let world = World::start();
    let query = |pairs: &[(&str, &str)]| format!("/.doorcode/v2/logout?{}", encoded(pairs));
    let mut browser = world.signed_in(BOB);
    for to in [
        "https://evil.example/",
        "https://app.example.com/bye/",
        "https://app.example.com/bye?x=2",
        "https://app.example.com/callback",
        "https://www.example.com/bye",
        "//app.example.com/bye",
        "https://app.example.com/bye\r\nx: y",
    ] {
        let answer = browser.get(&query(&[("client_id", "spa"), ("returnTo", to)])).is(400);
        assert!(answer.all("location").is_empty(), "{answer}");
        answer.says("returnTo is none of the logout URLs");
    }
    browser.get(&query(&[("returnTo", BYE)])).is(400);
    browser.get(&query(&[("client_id", "nobody")])).is(400);
    browser.get("/.doorcode/v2/logout?client_id=spa&client_id=other").is(400);
    assert!(is_in(&mut browser), "what is refused ends nothing");

    let answer = browser.get(&query(&[("client_id", "spa"), ("returnTo", BYE), ("federated", "")]));
    assert_eq!((answer.status, answer.location()), (302, BYE));
    assert!(!is_in(&mut browser));
    for (target, to) in [
        (query(&[("client_id", "spa")]), BYE),
        (query(&[("returnTo", "https://www.example.com/bye")]), "https://www.example.com/bye"),
        (format!("/.doorcode/v2/logout?&{}&federated", encoded(&[("client_id", "spa")])), BYE),
    ] {
        assert_eq!(browser.get(&target).is(302).location(), to, "{target}");
    }
    browser.get("/.doorcode/v2/logout").is(200).says("OK");
}

#[test]
fn a_hint_of_the_session_ends_it_and_without_one_the_person_is_asked() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let id = given["id_token"].as_str().unwrap();
    let query = |pairs: &[(&str, &str)]| format!("/.doorcode/oidc/logout?{}", encoded(pairs));
    let to = ("post_logout_redirect_uri", BYE);

    let asked = browser.get(&query(&[("client_id", "spa"), to])).is(303);
    assert!(asked.location().ends_with("/sign-out"), "{asked}");
    let mut ada = world.signed_in(ADA);
    assert!(ada.get(&query(&[("id_token_hint", id), to])).location().ends_with("/sign-out"));
    for wrong in [
        &[("client_id", "other"), ("id_token_hint", id)][..],
        &[("id_token_hint", "x")],
        &[("id_token_hint", given["access_token"].as_str().unwrap())],
        &[("id_token_hint", id), ("logout_hint", "another")],
        &[("id_token_hint", id), ("post_logout_redirect_uri", "https://evil.example/")],
        &[("post_logout_redirect_uri", BYE)],
    ] {
        let answer = browser.get(&query(wrong)).is(400);
        assert!(answer.all("location").is_empty(), "{answer}");
    }
    assert!(is_in(&mut browser) && is_in(&mut ada));

    world.gate.pass(std::time::Duration::from_hours(2));
    let all = [("id_token_hint", id), to, ("state", "a b+c&d")];
    let answer = browser.get(&query(&all)).is(302);
    assert_eq!(answer.location(), format!("{BYE}?{}", encoded(&[("state", "a b+c&d")])));
    assert!(!is_in(&mut browser) && is_in(&mut ada));
}

#[test]
fn a_form_of_the_app_s_page_may_end_it_too() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let form = [
        ("id_token_hint", given["id_token"].as_str().unwrap()),
        ("post_logout_redirect_uri", "https://app.example.com/bye?x=1"),
        ("state", "s"),
    ];
    let lines = [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")];
    let answer = browser.send("POST", "/.doorcode/oidc/logout", &lines, Some(&form)).is(302);
    assert_eq!(answer.location(), "https://app.example.com/bye?x=1&state=s");
    assert!(!is_in(&mut browser));
}
