//! Whom rules let in that comes with a token.
use super::world::{HERE, ask, gate, get, login, robot};
use crate::support::settings::{ADA, BOB};

#[test]
fn who_passes_which_rule() {
    let gate = gate(&[]);
    let (ada, bob, robot) = (login(&gate, ADA, HERE), login(&gate, BOB, HERE), robot(&gate));
    for (path, adas, bobs, robots) in [
        ("/orders", 200, 200, 403),
        ("/public/x", 200, 200, 200),
        ("/maybe/x", 200, 200, 200),
        ("/admin/x", 200, 403, 403),
        ("/reports/x", 403, 403, 200),
        ("/british/x", 403, 200, 403),
        ("/mixed/x", 200, 200, 403),
    ] {
        for (token, status) in [(ada.access(), adas), (bob.access(), bobs), (&robot, robots)] {
            let before = gate.app.count();
            let answer = get(&gate, path, token).is(status);
            assert_eq!(gate.app.count(), before + usize::from(status == 200), "{path}: {answer}");
            if status == 403 {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{path}: {answer}");
            }
        }
    }
    ask(&gate, "GET", "/reports/x", &[]).is(401);
    let mut browser = gate.browser();
    browser.sign_in("/orders", ADA, &gate.texts).is(200);
    let before = gate.app.count();
    browser.get("/reports/x").is(403);
    assert_eq!(gate.app.count(), before, "a person is no client");
}

#[test]
fn a_client_that_acts_for_itself_is_named_and_is_no_person() {
    let gate = gate(&[]);
    let robot = robot(&gate);
    for _ in 0..2 {
        get(&gate, "/reports/x", &robot).is(200);
        let seen = gate.app.last();
        assert_eq!(seen.header("x-forwarded-user"), Some("robot@clients"));
        for none in ["x-forwarded-phone", "x-forwarded-groups", "x-doorcode-assertion"] {
            assert_eq!(seen.header(none), None, "{seen:?}");
        }
    }
    let lines = [("X-Forwarded-User", "admin"), ("X-Forwarded-Groups", "admin")];
    let token = super::world::bearer(&robot);
    ask(&gate, "GET", "/reports/x", &[lines[0], lines[1], ("Authorization", &token)]).is(200);
    assert_eq!(gate.app.last().header("x-forwarded-user"), Some("robot@clients"));
    assert_eq!(gate.app.last().header("x-forwarded-groups"), None);
}
