//! Where a sign-in leads no further: pages that say so, and no way round and round.
use std::time::Duration;

use http::StatusCode;

use super::browser::{Answer, Browser, NO_COOKIE, TIMED_OUT};
use super::world::{ISSUER, SHOP, WIKI, World};

const ME: &str = "+12025550120";

#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_at_the_issuer_the_first_form_says_so() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = me.visit(&format!("{SHOP}/a?b")).await;
    let flow = page.flow();
    me.jar.retain(|cookie| cookie.0 != "auth.example.com");
    let page = me.post(&format!("{ISSUER}/login"), &[("flow", &flow), ("phone", ME)]).await;
    page.assert_page(StatusCode::BAD_REQUEST, NO_COOKIE);
    assert_eq!(page.attribute("class=\"button\" href=\""), format!("{SHOP}/a?b"));
    assert!(world.twilio.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_at_the_site_the_callback_says_so() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/a?b"), ME).await;
    me.jar.retain(|cookie| cookie.0 == "auth.example.com");
    let page = me.visit(callback.as_str()).await;
    page.assert_page(StatusCode::BAD_REQUEST, NO_COOKIE);
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.attribute("class=\"button\" href=\""), format!("{SHOP}/a?b"));
}

/// The link of a page to itself in Arabic.
fn in_arabic(page: &Answer) -> String {
    let (before, _) = page.body.split_once("\" hreflang=\"ar\"").expect("a link");
    let target = before.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
    page.at.join(&target).unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_kept_in_every_language_and_at_a_reload() {
    let world = World::new().await;
    let button = "class=\"button\" href=\"";
    for (gone, late) in [("shop.example.com", false), ("", true)] {
        let mut me = Browser::new(&world);
        let callback = me.ticket(&format!("{SHOP}/a?b"), ME).await;
        me.jar.retain(|cookie| cookie.0 != gone);
        if late {
            world.pass(Duration::from_mins(1));
        }
        let page = me.visit(callback.as_str()).await;
        let status = StatusCode::BAD_REQUEST;
        page.assert_page(status, if late { TIMED_OUT } else { NO_COOKIE });
        for again in [page.at.to_string(), in_arabic(&page)] {
            let page = me.visit(&again).await;
            assert_eq!((page.status, page.attribute(button)), (status, format!("{SHOP}/a?b")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_opened_again_leads_on_for_who_is_signed_in() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/a?b"), ME).await;
    assert!(me.visit(callback.as_str()).await.is_the_app(ME));
    let again = me.visit(callback.as_str()).await;
    assert!(again.is_the_app(ME) && again.at.as_str() == format!("{SHOP}/"), "{again:?}");
    assert_eq!(world.twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_many_logins_has_timed_out_and_its_button_leads_on() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let page = me.visit(&format!("{SHOP}/first")).await;
    for n in 0..20 {
        me.visit(&format!("{SHOP}/{n}")).await;
    }
    let out = me.log_in(&page, ME).await;
    let page = me.follow(out, "none").await;
    page.assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
    let landed = me.visit(&page.attribute("class=\"button\" href=\"")).await;
    assert!(landed.is_the_app(ME) && landed.at.path() == "/first", "{landed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cookie_that_does_not_come_back_is_told_and_no_loop_begins() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let callback = me.ticket(&format!("{SHOP}/a?b"), ME).await;
    let answer = me.get(callback.as_str()).await;
    me.jar.retain(|cookie| cookie.0 == "auth.example.com");
    me.journey.clear();
    let page = me.follow(answer, "none").await;
    page.assert_page(StatusCode::BAD_REQUEST, NO_COOKIE);
    assert_eq!(me.journey.len(), 1, "{:#?}", me.journey);
    assert_eq!(page.attribute("class=\"button\" href=\""), format!("{SHOP}/a?b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_another_origin() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{WIKI}/pages/"), ME).await;
    for evil in
        ["//evil.example", "https://evil.example/", "/\\evil.example", "/outside", "/%2e%2e"]
    {
        let evil: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        for step in ["sign-in", "arrived"] {
            let answer = me.get(&format!("{WIKI}/.doorcode/{step}?return_to={evil}")).await;
            assert_eq!(answer.location().unwrap().as_str(), format!("{WIKI}/pages/"), "{evil}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tabs_do_not_fill_the_browser_with_cookies() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    let mut last = None;
    for n in 0..60 {
        let answer = me.get(&format!("{SHOP}/{n}")).await;
        last = Some(me.follow(answer, ISSUER).await);
    }
    me.get(&format!("{SHOP}/.doorcode/me")).await;
    let waiting = me.jar.iter().filter(|cookie| cookie.1.contains("-state-"));
    assert!(waiting.count() <= 20);
    let page = me.follow(last.unwrap(), "none").await;
    let out = me.log_in(&page, ME).await;
    let landed = me.follow(out, "none").await;
    assert!(landed.is_the_app(ME) && landed.at.path() == "/59", "{landed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_hand_over_stand_at_sites_only() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    for path in ["callback", "arrived"] {
        for base in [ISSUER.to_owned(), format!("{ISSUER}/.doorcode")] {
            assert_eq!(me.get(&format!("{base}/{path}")).await.status, StatusCode::NOT_FOUND);
        }
    }
    for path in ["login", "code", "done", "resume"] {
        let answer = me.get(&format!("{SHOP}/.doorcode/{path}?request=x")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    me.get(&format!("{SHOP}/.doorcode/callback"))
        .await
        .assert_page(StatusCode::BAD_REQUEST, TIMED_OUT);
}
