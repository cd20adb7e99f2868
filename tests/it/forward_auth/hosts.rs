//! A site behind another proxy whose login pages are on another host.
use std::sync::Arc;

use doorcode::system::{Clock, System};

use super::proxies::{ALL, Fronted, SHARED};
use crate::support::browser::{Browser, between, code_in};
use crate::support::http::exchange;
use crate::support::settings::ADA;

const ISSUER: &str = "http://127.0.0.1";

#[test]
fn a_login_is_handed_over_to_the_site_and_ends_at_both() {
    for kind in ALL {
        let proxy = Fronted::with_issuer(kind, ISSUER);
        let gate = &proxy.gate;
        let clock: Arc<dyn Clock> = System::real().clock;
        // One browser, at either host.
        let (mut site, mut login) = (proxy.browser(), Browser::new(ISSUER, gate.port, clock));
        let asked = proxy.is_kept_out(&mut site, ("GET", "/orders?a=b"), &[]).is(303);
        let asked = site.get(&site.here(asked.location())).is(303);
        let number = login.visit(&login.here(asked.location())).is(200).says("name=\"phone\"");
        let page = login.give_number(&number, ADA).is(200).says("name=\"code\"");
        let right = login.give_code(&page, &code_in(&gate.texts.text(1).body)).is(303);
        let done = login.follow(right).is(200).text();
        let out = login.get(between(&done, "content=\"0;url=", "\"")).is(303);
        let arrived = site.get(&site.here(out.location()));
        site.follow(arrived).is(200);
        let seen = gate.app.last();
        assert_eq!(seen.target, "/orders?a=b", "{kind:?}");
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{kind:?}");
        assert!(!seen.header("cookie").unwrap_or_default().contains("doorcode"), "{kind:?}");
        login.get("/.doorcode/me").is(200);

        site.get("/.doorcode/sign-out").is(200);
        site.post("/.doorcode/sign-out", &[]);
        proxy.is_kept_out(&mut site, ("GET", "/orders"), &[]).is(303);
        login.get("/.doorcode/me").is(401);
    }
}

#[test]
fn no_other_host_leads_to_the_app() {
    for kind in ALL {
        // Another site of the same Doorcode, whose rules let everybody pass.
        let other = "[[site]]\nname = \"Open\"\nurl = \"http://open.localhost\"\n\
            [[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n[[site]]\nname = \"Shop\"";
        let proxy = Fronted::changed(kind, &[SHARED, ("[[site]]\nname = \"Shop\"", other)]);
        for host in ["open.localhost", "OPEN.localhost:80", "127.0.0.1", "localhost.evil.example"] {
            let raw = format!("GET /orders HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let before = proxy.gate.app.count();
            let answer = exchange(proxy.port, raw.as_bytes());
            assert_eq!(proxy.gate.app.count(), before, "{kind:?} {host}: {answer}");
        }
        // Doorcode would let it pass.
        let asked = "GET /.doorcode/check HTTP/1.1\r\nHost: doorcode\r\nX-Forwarded-Method: GET\r\n\
            X-Forwarded-Proto: http\r\nX-Forwarded-Host: open.localhost\r\nX-Forwarded-Uri: /orders\r\n\r\n";
        proxy.gate.exchange(asked).is(200);
    }
}
