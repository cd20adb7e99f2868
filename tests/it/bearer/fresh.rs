//! Access tokens where a rule needs a recent login (RFC 9470).
use std::time::Duration;

use super::world::{HERE, gate, get, login, robot};
use crate::support::settings::ADA;

#[test]
fn a_token_of_an_old_login_is_told_to_log_in_again() {
    let rule = "[[site.rule]]\npath = \"/billing/*\"\nallow = [\"signed-in\", \"client:robot\"]\nfresh = \"5m\"";
    let changed = format!("{rule}\n[[site.rule]]\npath = \"/reports/*\"");
    let gate = gate(&[("[[site.rule]]\npath = \"/reports/*\"", &changed)]);
    let (ada, robot) = (login(&gate, ADA, HERE), robot(&gate));
    get(&gate, "/billing/x", ada.access()).is(200);
    gate.pass(Duration::from_mins(6));
    let before = gate.app.count();
    let answer = get(&gate, "/billing/x", ada.access()).is(401);
    let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"300\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(gate.app.count(), before);
    get(&gate, "/orders", ada.access()).is(200);
    // A client that acts for itself has no user who could.
    get(&gate, "/billing/x", &robot).is(200);
    get(&gate, "/billing/x", login(&gate, ADA, HERE).access()).is(200);
}
