//! A whole login over sockets within this process: page, number, text by a fake provider, code, the
//! app's page.
use super::measure;
use super::support::gate::Gate;

const LOGINS: usize = 200;

pub(crate) fn run() {
    let gate = Gate::start();
    measure("login: from page to page", 0..LOGINS, |number| {
        let phone = format!("+1202555{number:04}");
        gate.browser().sign_in("/orders", &phone, &gate.texts);
    });
}
