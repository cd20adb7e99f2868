use std::time::Duration;

use http::{Method, StatusCode};

use super::browser::Browser;
use super::world::{ISSUER, SHOP, TOOLS, WIKI, World};
use crate::support::words::word;

const ME: &str = "+12025550110";
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_login_leads_to_the_page_of_another_host_with_its_query() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = format!("{SHOP}/orders/7?tab=open&q=a%20b");
    let login = me.visit(&page).await;
    assert!(login.asks_for_a_number() && login.body.contains("shop.example.com"));
    let out = me.log_in(&login, ME).await;
    let callback = me.get(out.location().unwrap().as_str()).await;
    assert_eq!(callback.status, StatusCode::SEE_OTHER);
    assert_eq!(callback.headers["referrer-policy"], "no-referrer");
    assert_eq!(callback.headers["cache-control"], "no-store");
    let landed = me.follow(callback, "none").await;
    assert_eq!(landed.at.as_str(), page);
    assert!(landed.is_the_app(ME), "{landed:?}");
    assert_eq!(world.twilio.messages().len(), 1);
    let names = ["-browser", "-country", "", "-known"].map(|name| format!("__Host-doorcode{name}"));
    assert_eq!(me.cookies("auth.example.com"), names);
    assert_eq!(me.cookies("shop.example.com"), ["__Host-doorcode"], "the state cookie is gone");
    let tokens: Vec<_> = me.jar.iter().filter(|c| c.1 == "__Host-doorcode").map(|c| &c.2).collect();
    assert_ne!(tokens[0], tokens[1], "each host has a token of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_already_gets_to_other_hosts_without_a_page_or_a_text() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    me.journey.clear();
    let landed = me.visit(&format!("{WIKI}/pages/a?b=c")).await;
    assert!(landed.is_the_app(ME), "{landed:?}");
    assert_eq!(landed.at.as_str(), format!("{WIKI}/pages/a?b=c"));
    assert_eq!(me.journey.len(), 6, "{:#?}", me.journey);
    assert_eq!(world.twilio.messages().len(), 1);
    me.journey.clear();
    assert!(me.visit(&format!("{WIKI}/pages/")).await.is_the_app(ME));
    assert_eq!(me.journey.len(), 1, "from then on pages come without a detour");
}

/// The language of a page of ours that is on every host.
async fn spoken_at(me: &mut Browser<'_>, origin: &str) -> String {
    let page = me.get(&format!("{origin}/.doorcode/nowhere")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.attribute("<html lang=\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_was_chosen_goes_along_to_every_host() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let login = me.visit(&format!("{SHOP}/orders/7")).await;
    let arabic = me.visit(&format!("{}&lang=ar", login.at)).await;
    assert_eq!(arabic.attribute("<html lang=\""), "ar");
    let out = me.log_in(&arabic, ME).await;
    assert!(me.follow(out, "none").await.is_the_app(ME));
    assert_eq!(spoken_at(&mut me, SHOP).await, "ar");
    // Another site gets it with a hand-over that shows no page.
    assert!(me.visit(&format!("{WIKI}/pages/a")).await.is_the_app(ME));
    assert_eq!(spoken_at(&mut me, WIKI).await, "ar");

    // The newest choice counts, wherever it was made.
    world.pass(MINUTE);
    me.visit(&format!("{WIKI}/.doorcode/language?lang=de&return_to=/.doorcode/sign-out")).await;
    assert_eq!(
        (spoken_at(&mut me, WIKI).await, spoken_at(&mut me, SHOP).await),
        ("de".into(), "ar".into())
    );
    me.post(&format!("{WIKI}/.doorcode/sign-out"), &[]).await;
    let login = me.visit(&format!("{WIKI}/pages/a")).await;
    assert_eq!(
        (login.at.host_str(), &*login.attribute("<html lang=\"")),
        (Some("auth.example.com"), "de")
    );
    let out = me.log_in(&login, ME).await;
    assert!(me.follow(out, "none").await.is_the_app(ME));
    assert!(me.visit(&format!("{SHOP}/a")).await.is_the_app(ME));
    assert_eq!(spoken_at(&mut me, SHOP).await, "de");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_of_the_issuer_leads_to_the_login() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    assert!(me.visit(&format!("{ISSUER}/")).await.asks_for_a_number());
    let page = me.get(&format!("{ISSUER}/nowhere")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(me.visit(&page.attribute("class=\"button\" href=\"")).await.asks_for_a_number());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_of_the_issuer_needs_no_hand_over() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let landed = me.sign_in(&format!("{TOOLS}/x?y"), ME).await;
    assert!(landed.is_the_app(ME) && landed.at.as_str() == format!("{TOOLS}/x?y"), "{landed:?}");
    assert!(!me.journey.iter().any(|at| at.contains("callback") || at.contains("request=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_at_the_issuer_itself_leads_to_none_of_several_sites() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = me.visit(&format!("{ISSUER}/login")).await;
    let out = me.log_in(&page, ME).await;
    let landed = me.follow(out, "none").await;
    assert_eq!(landed.at.as_str(), format!("{ISSUER}/account"));
    assert!(landed.body.contains(&word("account_title")), "{landed:?}");
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_page_is_at_the_issuer_and_at_every_site() {
    for (place, code) in
        [(format!("{ISSUER}/account"), "issuer"), (format!("{SHOP}/.doorcode/account"), "site")]
    {
        let world = World::new().await;
        let mut me = Browser::new(&world);
        let page = me.visit(&place).await;
        assert!(page.asks_for_a_number(), "{code}: {page:?}");
        let out = me.log_in(&page, ME).await;
        let landed = me.follow(out, "none").await;
        landed.assert_page(StatusCode::OK, "Your sessions");
        landed.assert_page(StatusCode::OK, "This browser");
    }
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let lost = me.visit(&format!("{ISSUER}/.doorcode/sign-in")).await;
    assert!(lost.asks_for_a_number(), "without a page to come back to: {lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_may_take_longer_than_the_cookie_of_the_site_lives() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = me.visit(&format!("{SHOP}/a?b")).await;
    world.pass(9 * MINUTE);
    let number = [("flow", page.flow()), ("phone", ME.to_owned())];
    let number = number.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = me.post(&format!("{ISSUER}/login"), &number).await;
    world.pass(4 * MINUTE);
    let page = me.type_code(&page, ME).await;
    let landed = me.visit(&format!("{ISSUER}{}", page.attribute("content=\"0;url="))).await;
    assert!(landed.is_the_app(ME), "{landed:?}");
    assert_eq!(landed.at.as_str(), format!("{SHOP}/a?b"));
    assert_eq!(world.twilio.messages().len(), 1, "nobody types anything twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_lead_to_two_destinations() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let (one, two) = (format!("{SHOP}/one?1"), format!("{SHOP}/two?2"));
    let first = me.visit(&one).await;
    let second = me.visit(&two).await;
    let out = me.log_in(&second, ME).await;
    let landed = me.follow(out, "none").await;
    assert!(landed.is_the_app(ME) && landed.at.as_str() == two, "{landed:?}");
    // The first tab asks again by itself: it stands at the issuer with its request.
    let landed = me.visit(first.at.as_str()).await;
    assert!(landed.is_the_app(ME) && landed.at.as_str() == one, "{landed:?}");
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_both_hold_a_ticket_both_arrive() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{WIKI}/pages/"), ME).await;
    let ways = [format!("{SHOP}/one"), format!("{SHOP}/two")];
    let mut callbacks = Vec::new();
    for way in &ways {
        let answer = me.get(way).await;
        callbacks.push(me.follow(answer, &format!("{SHOP}/.doorcode/callback")).await);
    }
    for (way, callback) in ways.iter().zip(callbacks) {
        let landed = me.follow(callback, "none").await;
        assert!(landed.is_the_app(ME) && landed.at.as_str() == way, "{landed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_tab_and_the_way_back_to_a_login_lead_on_too() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = format!("{SHOP}/a?b");
    let login = me.visit(&page).await;
    let out = me.log_in(&login, ME).await;
    me.follow(out, "none").await;
    for at in me.journey.clone().iter().rev().filter(|at| at.starts_with(ISSUER)) {
        let again = me.visit(at).await;
        let again = match again.body.split_once("0;url=") {
            Some(_) => me.visit(&format!("{ISSUER}{}", again.attribute("0;url="))).await,
            None => again,
        };
        // What was posted is no page to go back to.
        if !at.ends_with("/login") && !at.ends_with("/code") {
            assert!(again.is_the_app(ME) && again.at.as_str() == page, "{at}\n{again:?}");
        }
    }
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_on_one_host_signs_out_on_all_at_once() {
    let places = [(ISSUER, ""), (SHOP, "/.doorcode"), (WIKI, "/.doorcode"), (TOOLS, "/.doorcode")];
    for (origin, prefix) in places {
        let world = World::new().await;
        let mut me = Browser::new(&world);
        me.sign_in(&format!("{SHOP}/"), ME).await;
        me.visit(&format!("{WIKI}/pages/")).await;
        for (origin, prefix) in places {
            assert!(me.is_signed_in(origin, prefix).await, "{origin}");
        }
        me.post(&format!("{origin}{prefix}/sign-out"), &[])
            .await
            .assert_page(StatusCode::OK, "signed out");
        for (origin, prefix) in places {
            assert!(!me.is_signed_in(origin, prefix).await, "{origin}");
        }
        assert!(me.visit(&format!("{SHOP}/")).await.asks_for_a_number());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_used_on_one_host_stays_alive_on_the_others() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    for _ in 0..3 {
        world.pass(20 * 60 * MINUTE);
        assert!(me.visit(&format!("{SHOP}/")).await.is_the_app(ME));
    }
    assert!(me.visit(&format!("{WIKI}/pages/")).await.is_the_app(ME));
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_not_sent_is_told_on_the_other_host() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let answer = me.ask(Method::POST, &format!("{SHOP}/buy"), "a=b").await;
    let page = me.follow(answer, "none").await;
    page.assert_page(StatusCode::OK, "Your form was not sent");
    let out = me.log_in(&page, ME).await;
    let landed = me.follow(out, "none").await;
    assert!(landed.is_the_app(ME) && landed.at.path() == "/", "{landed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_on_the_same_browser_ends_the_first_session() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let waiting = me.visit(&format!("{SHOP}/waiting")).await;
    assert!(me.sign_in(&format!("{SHOP}/"), ME).await.is_the_app(ME));
    let mut before = me.clone();
    // The issuer's session is gone, the site's is not, and a tab from before still waits.
    me.jar.retain(|cookie| !(cookie.0 == "auth.example.com" && cookie.1 == "__Host-doorcode"));
    let other = "+12025550111";
    let page = me.visit(waiting.at.as_str()).await;
    let out = me.log_in(&page, other).await;
    let landed = me.follow(out, "none").await;
    assert!(landed.is_the_app(other) && landed.at.path() == "/waiting", "{landed:?}");
    assert!(!before.is_signed_in(SHOP, "/.doorcode").await);
    assert!(!before.is_signed_in(ISSUER, "").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuers_keys_are_at_its_own_host_and_not_at_those_of_its_sites() {
    let world = World::new().await;
    let mut app = Browser::new(&world);
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/assertion/jwks.json",
        "/.well-known/cloudflare/jwks.json",
        "/cdn-cgi/access/certs",
    ] {
        let keys = app.get(&format!("{ISSUER}{path}")).await;
        assert_eq!(keys.status, StatusCode::OK, "{keys:?}");
        assert_eq!(keys.headers["content-type"], "application/json");
        assert!(keys.body.starts_with("{\"keys\":["), "{keys:?}");
        let elsewhere = app.get(&format!("{SHOP}/.doorcode{path}")).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "{elsewhere:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_address_of_another_host_is_led_back_to() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = format!("{SHOP}/search?q=a|b&ids={}", "7,".repeat(4000));
    let landed = me.sign_in(&page, ME).await;
    assert!(landed.is_the_app(ME), "{landed:?}");
    assert_eq!(landed.at.as_str(), page);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_on_another_host_is_told_before_the_hand_over() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    let told =
        me.visit(&format!("{WIKI}/.doorcode/sign-in?return_to=%2Fpages%2F&lost=foreign")).await;
    told.assert_page(StatusCode::BAD_REQUEST, &word("lost_foreign_rule"));
    assert!(told.body.contains("wiki.example.org"), "{}", told.body);
    let on = told.attribute("class=\"button\" href=\"");
    let on = told.at.join(&on).unwrap();
    let done = me.visit(on.as_str()).await;
    let resume = done.attribute("content=\"0;url=");
    let landed = me.visit(&format!("{ISSUER}{resume}")).await;
    assert!(landed.is_the_app(ME) && landed.at.path() == "/pages/", "{landed:?}");
    assert_eq!(world.twilio.messages().len(), 1);
}
