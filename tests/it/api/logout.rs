//! `/v2/logout` and `/oidc/logout`.
use super::world::{World, asks, claims, encoded, refused};
use crate::support::browser::{Browser, between};
use crate::support::settings::{ADA, BOB};
use crate::support::tables::authorization_codes;

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

    let asked = browser.get(&query(&[("client_id", "spa")])).is(303);
    assert!(asked.location().ends_with("/sign-out"), "{asked}");
    let mut ada = world.signed_in(ADA);
    let asked = ada.get(&query(&[("id_token_hint", id), to])).is(303);
    assert!(asked.location().contains("/sign-out?to="), "{asked}");
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

    let all = [("id_token_hint", id), to, ("state", "a b+c&d")];
    let answer = browser.get(&query(&all)).is(302);
    assert_eq!(answer.location(), format!("{BYE}?{}", encoded(&[("state", "a b+c&d")])));
    assert!(!is_in(&mut browser) && is_in(&mut ada));
}

#[test]
fn who_is_asked_and_signs_out_is_led_on_with_the_state() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let query =
        encoded(&[("client_id", "spa"), ("post_logout_redirect_uri", BYE), ("state", "a b+c&d")]);
    let asked = browser.get(&format!("/.doorcode/oidc/logout?{query}")).is(303);
    let page = browser.follow(asked).is(200).says("Sign out").text();
    assert!(is_in(&mut browser), "until it is answered");
    let action = between(&page, "method=\"post\" action=\"", "\"").to_owned();
    let done = browser.post(&action, &[]).is(303);
    let page = browser.follow(done).is(200).says("http-equiv=\"refresh\"").text();
    let to = format!("{BYE}?{}", encoded(&[("state", "a b+c&d")])).replace('&', "&amp;");
    assert!(page.contains(&to), "{to} is not in {page}");
    assert!(!is_in(&mut browser));
    for sealed in ["https://evil.example/", "x", ""] {
        let page = browser.get(&format!("/.doorcode/signed-out?to={sealed}")).is(200).text();
        let leads = ["http-equiv=\"refresh\"", "href=\"https://evil"];
        assert!(!leads.iter().any(|lead| page.contains(lead)), "{page}");
    }
}

/// The ID token of an app is that of its own login, which another app's may have followed.
#[test]
fn an_older_hint_of_the_same_person_ends_the_session_that_goes_on() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let id = given["id_token"].as_str().unwrap();
    world.gate.pass(std::time::Duration::from_mins(2));
    let begun = browser.get(&asks(&[("prompt", "login")]));
    super::authorize::log_in(&world, &mut browser, begun, BOB);
    let form = [("id_token_hint", id), ("post_logout_redirect_uri", BYE)];
    let lines = [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")];
    let mut elsewhere = world.gate.browser();
    let asked = elsewhere.send("POST", "/.doorcode/oidc/logout", &lines, Some(&form)).is(303);
    // What a browser without a session is shown there leads on by itself.
    elsewhere.follow(asked).is(200).says("http-equiv=\"refresh\"");
    assert!(is_in(&mut browser));
    world.userinfo(&given["access_token"]).is(200);

    let mut ada = world.signed_in(ADA);
    let query = encoded(&form);
    let asked = ada.get(&format!("/.doorcode/oidc/logout?{query}")).is(303);
    assert!(asked.location().contains("/sign-out"), "another person's: {asked}");
    browser.get(&format!("/.doorcode/oidc/logout?{query}")).is(302);
    assert!(!is_in(&mut browser) && is_in(&mut ada));
    world.userinfo(&given["access_token"]).is(401);
}

/// Whoever has somebody's ID token: an app's log, a copied link.
#[test]
fn a_hint_ends_no_session_of_another_browser() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let id = given["id_token"].as_str().unwrap();
    let form = [("id_token_hint", id), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let target = format!("/.doorcode/oidc/logout?{}", encoded(&form));
    let mut stranger = world.gate.browser();
    let asked = stranger.get(&target).is(303);
    assert!(asked.location().contains("/sign-out?to="), "{asked}");
    // There is nothing to sign out of here: the page leads on by itself.
    stranger.follow(asked).is(200).says("http-equiv=\"refresh\"");
    let again = stranger.post("/.doorcode/oidc/logout", &form).is(303);
    assert!(again.location().contains("/oidc/logout?"), "{again}");
    stranger.follow(again).is(200).says("http-equiv=\"refresh\"");
    let sid = claims(&given["id_token"])["sid"].as_str().unwrap().to_owned();
    let by_sid = encoded(&[("logout_hint", &sid), ("client_id", "spa")]);
    stranger.get(&format!("/.doorcode/oidc/logout?{by_sid}")).is(200);
    let mut ada = world.signed_in(ADA);
    ada.get(&target).is(303);
    assert!(is_in(&mut browser) && is_in(&mut ada));
    world.userinfo(&given["access_token"]).is(200);
    // Once it is over, nothing is left to ask about.
    browser.get("/.doorcode/v2/logout").is(200);
    assert_eq!(stranger.get(&target).is(302).location(), format!("{BYE}?state=s"));
}

#[test]
fn an_expired_hint_and_a_bare_sid_name_somebody_and_prove_nothing() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let id = given["id_token"].as_str().unwrap();
    let sid = claims(&given["id_token"])["sid"].as_str().unwrap().to_owned();
    let to = ("post_logout_redirect_uri", BYE);
    world.gate.pass(std::time::Duration::from_hours(2));
    for pairs in [
        &[("id_token_hint", id), to][..],
        &[("id_token_hint", id), ("logout_hint", &sid), to],
        &[("logout_hint", &sid), ("client_id", "spa"), to],
    ] {
        let asked = browser.get(&format!("/.doorcode/oidc/logout?{}", encoded(pairs))).is(303);
        assert!(asked.location().contains("/sign-out?to="), "{asked}");
        browser.follow(asked).is(200).says("Sign out");
        assert!(is_in(&mut browser));
    }
}

#[test]
fn only_who_goes_there_is_signed_out() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let id = given["id_token"].as_str().unwrap();
    let v2 = format!("/.doorcode/v2/logout?{}", encoded(&[("client_id", "spa")]));
    let oidc = format!("/.doorcode/oidc/logout?{}", encoded(&[("id_token_hint", id)]));
    let image = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
    for (mode, dest, more) in [
        ("no-cors", "image", None),
        ("no-cors", "script", None),
        ("no-cors", "empty", Some(("Sec-Purpose", "prefetch"))),
        ("cors", "empty", None),
        ("navigate", "iframe", None),
        ("navigate", "frame", None),
        ("navigate", "object", None),
        ("navigate", "embed", None),
        ("navigate", "document", Some(("Sec-Purpose", "prefetch;prerender"))),
        ("navigate", "document", Some(("Purpose", "prefetch"))),
        ("navigate", "document", Some(("X-Moz", "prefetch"))),
    ] {
        for site in ["cross-site", "same-site", "same-origin"] {
            let lines =
                [("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest), ("Sec-Fetch-Site", site)];
            let lines: Vec<_> = lines.into_iter().chain(more).collect();
            for target in [&v2, &oidc] {
                let answer = browser.send("GET", target, &lines, None).is(400);
                assert!(answer.all("location").is_empty(), "{answer}");
                assert!(answer.all("set-cookie").is_empty(), "{answer}");
            }
        }
    }
    // A browser without Fetch Metadata.
    let session = browser.session();
    let cookie = format!("doorcode={session}");
    let old = [("Cookie", cookie.as_str()), ("Accept", image)];
    world.ask("GET", "/v2/logout?client_id=spa", &old, "").is(400);
    for site in ["cross-site", "same-origin", "none"] {
        let alone = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", site)];
        world.ask("GET", "/v2/logout?client_id=spa", &alone, "").is(400);
    }
    assert!(is_in(&mut browser), "none of them was a logout");
    let lines = [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "cross-site")];
    browser.send("GET", &v2, &lines, None).is(302);
    assert!(!is_in(&mut browser));
}

#[test]
fn to_look_at_a_link_does_nothing() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let codes = || world.gate.count(authorization_codes::ALL);
    for link in ["/.doorcode/v2/logout", "/.doorcode/oidc/logout", &asks(&[])] {
        let answer = browser.send("HEAD", link, &[], None).is(405);
        assert!(answer.all("location").is_empty() && answer.all("set-cookie").is_empty());
    }
    assert!(is_in(&mut browser));
    assert_eq!(codes(), 0);
    browser.get(&asks(&[])).is(303);
    assert_eq!(codes(), 1);
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
    // The cookie stays at home (SameSite=Lax).
    let mut elsewhere = world.gate.browser();
    let mut post = |form| elsewhere.send("POST", "/.doorcode/oidc/logout", &lines, Some(form));
    for nothing in [
        &[][..],
        &[("post_logout_redirect_uri", "https://app.example.com/bye?x=1"), ("client_id", "spa")],
    ] {
        let asked = post(nothing).is(303);
        assert!(asked.location().contains("/sign-out"), "our own page sees the cookie: {asked}");
        assert!(asked.all("set-cookie").is_empty(), "nothing was ended: {asked}");
    }
    assert!(is_in(&mut browser));
    // With a hint, the same question again, which the browser's cookie comes with.
    let again = post(&form).is(303);
    assert!(is_in(&mut browser), "the form alone has ended nothing");
    let target = browser.here(again.location());
    let answer = browser.get(&target).is(302);
    assert_eq!(answer.location(), "https://app.example.com/bye?x=1&state=s");
    assert!(!is_in(&mut browser));
    let text = "Unknown or invalid refresh token.";
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", text);
}
