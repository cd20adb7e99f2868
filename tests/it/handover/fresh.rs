//! A page on another host that needs a recent login.
use std::time::Duration;

use super::browser::Browser;
use super::world::{SHOP, WIKI, World};
use crate::support::words::word;

const ME: &str = "+12025550130";
const QUARTER: Duration = Duration::from_mins(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_long_ago_is_repeated_at_the_issuer() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    me.visit(&format!("{WIKI}/pages/")).await;
    world.pass(QUARTER + Duration::from_secs(1));
    assert!(me.visit(&format!("{SHOP}/orders")).await.is_the_app(ME));
    let page = me.visit(&format!("{SHOP}/billing/7?tab=open")).await;
    assert!(
        page.asks_for_a_number() && page.at.as_str().starts_with("https://auth.example.com/login")
    );
    let filled = page.body.contains("value=\"+1 202-555-0130\"");
    assert!(filled && page.body.contains(&word("number_login_too_old")), "{}", page.body);
    let out = me.log_in(&page, ME).await;
    let landed = me.follow(out, "none").await;
    assert_eq!(landed.at.as_str(), format!("{SHOP}/billing/7?tab=open"));
    assert!(landed.is_the_app(ME), "{landed:?}");
    assert_eq!(world.twilio.messages().len(), 2);
    // The login is new everywhere, and no other page asks again.
    assert!(me.visit(&format!("{WIKI}/pages/")).await.is_the_app(ME));
    assert_eq!(world.twilio.messages().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recent_login_at_the_issuer_is_enough() {
    let world = World::new().await;
    let mut me = Browser::new(&world);
    me.sign_in(&format!("{SHOP}/"), ME).await;
    let shop: Vec<_> =
        me.jar.iter().filter(|cookie| cookie.0 == "shop.example.com").cloned().collect();
    world.pass(QUARTER * 2);
    // Logged in again by way of another page.
    let page = me.visit(&format!("{SHOP}/billing/")).await;
    let out = me.log_in(&page, ME).await;
    me.follow(out, "none").await;
    me.jar.retain(|cookie| cookie.0 != "shop.example.com");
    me.jar.extend(shop);
    assert!(me.visit(&format!("{SHOP}/billing/x")).await.is_the_app(ME));
    assert_eq!(world.twilio.messages().len(), 2);
}
