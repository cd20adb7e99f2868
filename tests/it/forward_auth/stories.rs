//! What a visitor of a site meets that another proxy forwards: the same as behind the gate.
use std::net::TcpListener;
use std::time::Duration;

use super::proxies::{ALL, Fronted, Kind};
use crate::personal_tokens::{SHOP, basic, program_at, token};
use crate::support::browser::WEBSOCKET;
use crate::support::gate::wait_for;
use crate::support::http::exchange;
use crate::support::settings::{ADA, BOB};

const SCRIPT: [(&str, &str); 2] = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];

fn each(story: impl Fn(&Fronted)) {
    for kind in ALL {
        story(&Fronted::start(kind));
    }
}

#[test]
fn a_person_signs_in_and_out_and_the_app_learns_who_it_is() {
    each(|proxy| {
        let (kind, app) = (proxy.kind, &proxy.gate.app);
        let mut ada = proxy.browser();
        ada.keep_cookie("own", "of-the-app");
        ada.sign_in("/orders?a=%2F&b=c", ADA, &proxy.gate.texts).is(200);
        let seen = app.last();
        assert_eq!(seen.target, "/orders?a=%2F&b=c", "{kind:?}");
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{kind:?}");
        assert_eq!(seen.header("x-forwarded-groups"), Some("admin,staff"), "{kind:?}");
        assert!(seen.header("x-doorcode-assertion").is_some(), "{kind:?}: {seen:?}");
        let cookie = seen.header("cookie").expect("a cookie");
        assert!(cookie.contains("own=of-the-app"), "{kind:?}: {cookie}");
        assert!(!cookie.contains(&ada.session()), "{kind:?}: {cookie}");

        ada.post("/form", &[("a", "b")]).is(200);
        let seen = app.last();
        assert_eq!((seen.method.as_str(), seen.body.as_slice()), ("POST", &b"a=b"[..]), "{kind:?}");
        ada.send("DELETE", "/orders/1", &[], None).is(200);
        assert_eq!(app.last().method, "DELETE", "{kind:?}");

        let page = ada.get("/.doorcode/sign-out").is(200);
        let left = ada.post("/.doorcode/sign-out", &[]);
        assert!(matches!(left.status, 200 | 303), "{kind:?}: {left} {page}");
        proxy.is_kept_out(&mut ada, ("GET", "/orders"), &[]).is(303);
    });
}

#[test]
fn a_page_that_needs_a_recent_login_gets_one_and_a_form_is_said_to_be_lost() {
    let (from, rule) = ("allow = [\"role:admin\"]", "allow = [\"role:admin\"]\nfresh = \"15m\"");
    for kind in ALL {
        let proxy = Fronted::changed(kind, &[(from, rule)]);
        let mut ada = proxy.browser();
        ada.sign_in("/admin/x", ADA, &proxy.gate.texts).is(200);
        proxy.gate.pass(Duration::from_mins(16));
        ada.get("/orders").is(200);
        proxy.is_kept_out(&mut ada, ("GET", "/admin/x"), &[]).is(303);
        let told = proxy.is_kept_out(&mut ada, ("GET", "/admin/x"), &SCRIPT).is(401);
        let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"900\"";
        assert_eq!(told.header("www-authenticate"), Some(challenge), "{kind:?}");
        // Its body is with the proxy.
        let mut other = proxy.browser();
        other.keep_cookie("doorcode", &ada.session());
        let lost = other.post("/admin/x", &[("a", "b")]).is(303);
        assert!(lost.location().contains("lost=1"), "{kind:?}: {lost}");
        ada.sign_in("/admin/x?y=z", ADA, &proxy.gate.texts).is(200);
        assert_eq!(proxy.gate.app.last().target, "/admin/x?y=z", "{kind:?}");
    }
}

#[test]
fn a_script_without_a_session_is_told_where_to_sign_in() {
    each(|proxy| {
        let answer = proxy.is_kept_out(&mut proxy.browser(), ("GET", "/orders"), &SCRIPT).is(401);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
        answer.says("/.doorcode/sign-in?return_to=%2Forders");
        proxy.is_kept_out(&mut proxy.browser(), ("POST", "/orders"), &SCRIPT).is(401);
    });
}

#[test]
fn what_is_public_passes_without_a_name_and_what_is_not_allowed_is_refused() {
    each(|proxy| {
        let (kind, app) = (proxy.kind, &proxy.gate.app);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        for browser in [&mut proxy.browser(), &mut bob] {
            browser.get("/public/x").is(200);
            let told = app.last().header("x-forwarded-user").unwrap_or_default().to_owned();
            assert_eq!(told, "", "{kind:?}");
        }
        bob.get("/maybe/x").is(200);
        assert_eq!(app.last().header("x-forwarded-phone"), Some(BOB), "{kind:?}");
        proxy.browser().get("/maybe/x").is(200);
        proxy.is_kept_out(&mut bob, ("GET", "/admin/x"), &[]).is(403).says("<html");
    });
}

#[test]
fn a_page_of_another_origin_does_nothing_in_somebodys_name() {
    each(|proxy| {
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        let foreign = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
        proxy.is_kept_out(&mut bob, ("POST", "/orders"), &foreign).is(403);
        let socket = [&foreign[..], &WEBSOCKET].concat();
        proxy.is_kept_out(&mut bob, ("GET", "/socket"), &socket).is(403);
    });
}

#[test]
fn without_doorcode_nothing_passes() {
    for kind in ALL {
        let mut proxy = Fronted::start(kind);
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        proxy.gate.end();
        // Kept, so that no other test's server answers there; closes each connection.
        let port = ("127.0.0.1", proxy.gate.port);
        let nobody = wait_for("the port", || TcpListener::bind(port).ok());
        std::thread::spawn(move || nobody.incoming().for_each(drop));
        let before = proxy.gate.app.count();
        let answer = bob.get("/orders");
        assert!(answer.status >= 500, "{kind:?}: {answer}");
        assert_eq!(proxy.gate.app.count(), before, "{kind:?}");
    }
}

/// Nobody asks about these paths but the proxy itself.
#[test]
fn a_visitor_cannot_ask() {
    each(|proxy| {
        let mut bob = proxy.browser();
        bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
        for path in ["/check", "/check/forward-auth", "/check/answer", "/check/ext-authz/orders"] {
            let lines = [
                ("X-Forwarded-Method", "GET"),
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-Host", &bob.authority.clone()),
                ("X-Forwarded-Uri", "/orders"),
            ];
            let answer = bob.send("GET", &format!("/.doorcode{path}"), &lines, None);
            assert_eq!(answer.status, 404, "{:?} {path}: {answer}", proxy.kind);
        }
    });
}

#[test]
fn the_app_is_not_reached_past_the_proxy() {
    let proxy = Fronted::start(Kind::Nginx);
    let mut bob = proxy.browser();
    bob.sign_in("/orders", BOB, &proxy.gate.texts).is(200);
    for target in ["/orders", "/public/x"] {
        let before = proxy.gate.app.count();
        let request = bob.request("GET", target, &[], None);
        exchange(proxy.gate.port, &request).is(404);
        assert_eq!(proxy.gate.app.count(), before, "Doorcode knows no address of the app");
    }
}

#[test]
fn a_personal_access_token_passes_and_stays_with_the_proxy() {
    for kind in ALL {
        let proxy = Fronted::changed(kind, &[SHOP]);
        let (gate, app) = (&proxy.gate, &proxy.gate.app);
        let mut ada = proxy.browser();
        ada.sign_in("/orders", ADA, &gate.texts).is(200);
        let token = token(gate, &mut ada);
        let asks = |lines: &[(&str, &str)]| {
            program_at(proxy.port, &gate.origin, "PROPFIND", "/dav/", lines)
        };
        let value = basic("a", &token);
        asks(&[("Authorization", &value)]).is(200);
        let seen = app.last();
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{kind:?}");
        assert_eq!(seen.header("authorization").unwrap_or_default(), "", "{kind:?}: {seen:?}");
        ada.send("GET", "/orders", &[("Authorization", "Basic YTpi")], None).is(200);
        assert_eq!(app.last().header("authorization"), Some("Basic YTpi"), "{kind:?}");
        ada.send("GET", "/orders", &[], None).is(200);
        assert_eq!(app.last().header("authorization").unwrap_or_default(), "", "{kind:?}");

        let before = app.count();
        let realm = format!("Basic realm=\"{}\", charset=\"UTF-8\"", gate.origin);
        for lines in [&[][..], &[("Authorization", "Bearer dcp_aaaa")]] {
            let answer = asks(lines).is(401);
            assert_eq!(answer.all("www-authenticate"), [realm.as_str()], "{kind:?}: {answer}");
        }
        proxy.is_kept_out(&mut proxy.browser(), ("GET", "/orders"), &[]).is(303);
        assert_eq!(app.count(), before, "{kind:?}");
    }
}
