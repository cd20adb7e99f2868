//! A machine's clock that is set back makes no login young, and no overlap of refresh tokens long.
use std::time::Duration;

use super::authorize::{is_login, log_in};
use super::world::{World, asks, read, refused, told};
use crate::support::settings::BOB;

const STEP: Duration = Duration::from_secs(10);

#[test]
fn who_is_to_log_in_again_does_whatever_the_clock_shows() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    world.gate.clock.set_back(Duration::from_mins(5));
    for asked in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "0"),
        ("max_age", "5"),
        ("connection", "sms"),
    ] {
        world.gate.pass(STEP);
        let begun = browser.get(&asks(&[asked]));
        is_login(&begun);
        browser.follow(begun).is(200).says("name=\"phone\"");
    }
    let silent = browser.get(&asks(&[("prompt", "none"), ("max_age", "1")])).is(303);
    assert_eq!(told(silent.location(), "error").as_deref(), Some("login_required"));
    let begun = browser.get(&asks(&[("prompt", "login")]));
    let back = log_in(&world, &mut browser, begun, BOB);
    assert!(told(back.location(), "code").is_some(), "{back}");
}

#[test]
fn an_overlap_ends_in_its_time_whatever_the_clock_shows() {
    let world = World::start();
    let first = world.log_in("spa", BOB, "openid offline_access");
    let second = read(&world.refresh(&first["refresh_token"]).is(200));
    world.gate.clock.set_back(Duration::from_hours(1));
    world.gate.pass(STEP);
    let text = "Unknown or invalid refresh token.";
    refused(world.refresh(&first["refresh_token"]), 403, "invalid_grant", text);
    refused(world.refresh(&second["refresh_token"]), 403, "invalid_grant", text);
}
