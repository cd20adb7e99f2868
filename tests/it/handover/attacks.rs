use std::time::Duration;

use http::StatusCode;
use url::Url;

use super::browser::{Answer, Browser, NO_COOKIE, TIMED_OUT};
use super::world::{ISSUER, SHOP, WIKI, World};

const ME: &str = "+12025550130";

/// The value of a query's field.
fn field(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
}

/// The redirect to the issuer, with its request.
async fn request(browser: &mut Browser<'_>, page: &str) -> Answer {
    let answer = browser.get(page).await;
    browser.follow(answer, ISSUER).await
}

async fn signed_in_at_shop(browser: &mut Browser<'_>) -> bool {
    browser.is_signed_in(SHOP, "/.doorcode").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_works_once() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    let mut thief = me.clone();
    assert!(me.visit(callback.as_str()).await.is_the_app(ME));
    // Whoever has even the cookies of that moment is too late.
    thief.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut thief).await);
    assert!(signed_in_at_shop(&mut me).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_for_another_origin_is_refused_and_spent() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    let elsewhere = format!("{WIKI}/.doorcode/callback?{}", callback.query().unwrap());
    me.visit(&elsewhere).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!me.is_signed_in(WIKI, "/.doorcode").await);
    me.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut me).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_without_its_state_cookie_is_refused_and_spent() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    // A link that somebody is lured to, to be signed in as somebody else.
    let mut lured = Browser::new(&world);
    lured.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, NO_COOKIE);
    assert!(lured.cookies("shop.example.com").is_empty());
    me.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_with_the_state_cookie_of_another_browser_is_refused() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let mut other = Browser::new(&world);
    request(&mut other, &format!("{SHOP}/")).await;
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    other.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_with_the_state_cookie_of_another_tab_is_refused() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    me.jar.retain(|cookie| cookie.0 != "shop.example.com");
    request(&mut me, &format!("{SHOP}/other")).await;
    me.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut me).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_cookie_under_the_name_of_another_is_refused() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    for cookie in &mut me.jar {
        if cookie.1.contains("-state-") {
            cookie.2 = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
        }
    }
    me.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lives_for_a_minute() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    world.pass(Duration::from_mins(1));
    let page = me.visit(callback.as_str()).await;
    page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut me).await);
    // "Try again" needs no code: the issuer still knows who it is.
    assert!(me.visit(&page.attribute("class=\"button\" href=\"")).await.is_the_app(ME));
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_a_session_that_ended_is_refused() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    me.post(&format!("{ISSUER}/sign-out"), &[]).await;
    me.visit(callback.as_str()).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut me).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guessed_ticket_spends_nothing_else() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/"), ME).await;
    let ticket = field(&callback, "ticket");
    let guesses = [
        String::new(),
        "A".repeat(43),
        ticket[1..].to_owned(),
        format!("{ticket}A"),
        ticket.to_lowercase(),
        format!("{ticket}&ticket=x"),
        "x".repeat(5000),
    ];
    for guess in guesses {
        let page = me.visit(&format!("{SHOP}/.doorcode/callback?ticket={guess}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{guess}");
    }
    assert!(me.visit(callback.as_str()).await.is_the_app(ME));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_takes_nothing_that_is_not_sealed_for_it() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let answer = request(&mut me, &format!("{SHOP}/")).await;
    let good = field(&answer.location().unwrap(), "request");
    let mut tampered = good.clone().into_bytes();
    tampered[30] = if tampered[30] == b'A' { b'B' } else { b'A' };
    let plain = "eyJvcmlnaW4iOiJodHRwczovL3Nob3AuZXhhbXBsZS5jb20iLCJwYXRoIjoiLyJ9";
    let bad = [
        String::new(),
        plain.to_owned(),
        String::from_utf8(tampered).unwrap(),
        good[..good.len() - 4].to_owned(),
        "A".repeat(9000),
    ];
    for bad in bad {
        let page = me.visit(&format!("{ISSUER}/login?request={bad}")).await;
        page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
        assert!(!page.body.contains("name=\"flow\""), "{bad}");
    }
    assert!(me.visit(&format!("{ISSUER}/login?request={good}")).await.asks_for_a_number());
    assert!(world.twilio.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_expired_is_refused_and_leads_back_to_its_page() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let answer = request(&mut me, &format!("{SHOP}/a?b")).await;
    world.pass(Duration::from_mins(10));
    let page = me.visit(answer.location().unwrap().as_str()).await;
    page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert_eq!(page.attribute("class=\"button\" href=\""), format!("{SHOP}/a?b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_no_request_and_a_request_is_no_flow() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let answer = request(&mut me, &format!("{SHOP}/")).await;
    let request = field(&answer.location().unwrap(), "request");
    let flow = me.visit(answer.location().unwrap().as_str()).await.flow();
    let page = me.visit(&format!("{ISSUER}/login?request={flow}")).await;
    page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    for path in ["login", "code", "done", "resume"] {
        let page = me.visit(&format!("{ISSUER}/{path}?flow={request}")).await;
        page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    }
    for path in ["login", "code", "resend"] {
        let fields = [("flow", request.as_str()), ("phone", ME), ("code", "123456")];
        let page = me.post(&format!("{ISSUER}/{path}"), &fields).await;
        page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    }
    assert!(world.twilio.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_one_host_is_worth_nothing_on_another() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    me.visit(&format!("{WIKI}/pages/")).await;
    let places = [
        ("auth.example.com", ISSUER, ""),
        ("shop.example.com", SHOP, "/.doorcode"),
        ("wiki.example.org", WIKI, "/.doorcode"),
    ];
    for (from, ..) in places {
        let cookie = me.jar.iter().find(|c| c.0 == from && c.1 == "__Host-doorcode").unwrap();
        for (to, origin, prefix) in places {
            let mut thief = Browser::new(&world);
            thief.jar.push((to.to_owned(), cookie.1.clone(), cookie.2.clone(), None));
            assert_eq!(thief.is_signed_in(origin, prefix).await, from == to, "{from} at {to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_login_of_somebody_else_signs_nobody_in_at_the_site() {
    let world = World::new().await;
    let mut attacker = Browser::new(&world);
    let answer = request(&mut attacker, &format!("{SHOP}/")).await;
    let link = answer.location().unwrap();
    // The victim is signed in at the issuer; the ticket it gets is bound to another browser.
    let mut victim = Browser::new(&world);
    victim.sign_in(&format!("{WIKI}/pages/"), ME).await;
    victim.visit(link.as_str()).await.assert_page(StatusCode::BAD_REQUEST, NO_COOKIE);
    let callback = victim.journey.iter().rfind(|at| at.contains("ticket=")).unwrap().clone();
    attacker.visit(&callback).await.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    assert!(!signed_in_at_shop(&mut attacker).await);
}
