use super::window::{Place, Window};
use super::{APP, FRIEND, ISSUER, ME, PORTAL, SHOP, gate};
use crate::support::browser::{WEBSOCKET, flow_of};

const EVIL: &str = "https://evil.example";

/// `Origin` and `Sec-Fetch-Site` of a request, empty where it has none, and whether it is let through.
const CASES: &[(&str, &str, bool)] = &[
    (APP, "same-origin", true),
    (APP, "", true),
    ("", "same-origin", true),
    (FRIEND, "cross-site", true),
    ("", "", false),
    ("", "none", false),
    ("", "same-site", false),
    ("", "cross-site", false),
    ("null", "same-origin", false),
    (PORTAL, "cross-site", false),
    (PORTAL, "same-origin", false),
    (ISSUER, "cross-site", false),
    (EVIL, "cross-site", false),
    ("https://app.example.org.evil.example", "", false),
];

#[test]
fn an_unsafe_request_has_to_say_that_it_comes_from_the_app() {
    let gate = gate();
    for place in [Place::Frame, Place::Window] {
        let mut frame = Window::new(&gate, place);
        frame.sign_in(&format!("{APP}/"), ME);
        gate.pass(std::time::Duration::from_mins(2));
        for (origin, site, passes) in CASES {
            for method in ["POST", "PUT", "DELETE"] {
                let before = gate.app.count();
                let lines =
                    [("Origin", *origin), ("Sec-Fetch-Site", *site), ("Sec-Fetch-Mode", "")];
                let url = format!("{APP}/orders");
                let answer = frame.send(method, &url, &lines, Some(&[("a", "b")])).answer;
                let case = format!("{place:?} {method} {origin} {site}: {answer}");
                assert_eq!(answer.status, if *passes { 200 } else { 403 }, "{case}");
                assert_eq!(gate.app.count() - before, usize::from(*passes), "{case}");
            }
        }
        // The page that it was sent from proves nothing: old browsers have no cookies of frames.
        let lines =
            [("Origin", ""), ("Sec-Fetch-Site", ""), ("Referer", "https://app.example.org/")];
        frame.send("POST", &format!("{APP}/orders"), &lines, Some(&[])).answer.is(403);
    }
}

#[test]
fn a_site_that_nobody_may_frame_judges_as_before() {
    let gate = gate();
    let mut window = Window::new(&gate, Place::Window);
    window.sign_in(&format!("{SHOP}/"), ME);
    let lines = [("Origin", ""), ("Sec-Fetch-Site", ""), ("Sec-Fetch-Mode", "")];
    // 502: it was let through to an app that is down.
    window.send("POST", &format!("{SHOP}/orders"), &lines, Some(&[])).answer.is(502);
    let lines = [("Origin", EVIL)];
    window.send("POST", &format!("{SHOP}/orders"), &lines, Some(&[])).answer.is(403);
}

#[test]
fn a_websocket_has_to_say_that_it_comes_from_the_app() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    for (origin, site, passes) in CASES {
        let said = [("Origin", *origin), ("Sec-Fetch-Site", *site), ("Sec-Fetch-Dest", "empty")];
        let lines = [&said[..], &WEBSOCKET].concat();
        let before = gate.app.count();
        let answer = frame.send("GET", &format!("{APP}/socket"), &lines, None).answer;
        let case = format!("{origin} {site}: {answer}");
        assert_eq!(answer.status == 403, !passes, "{case}");
        assert_eq!(gate.app.count() - before, usize::from(*passes), "{case}");
    }
}

#[test]
fn other_pages_of_the_frame_get_no_parts_with_the_session() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    let mut get = |path: &str, lines: &[(&str, &str)]| {
        let before = gate.app.count();
        let answer = frame.send("GET", &format!("{APP}{path}"), lines, None).answer;
        let phone = (gate.app.count() > before)
            .then(|| gate.app.last().header("x-forwarded-phone").map(str::to_owned));
        (answer.status, phone)
    };
    let me = Some(Some(ME.to_owned()));
    let part = |site| {
        [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")]
    };
    // A script or an image of the portal's, or of whatever else is in it.
    assert_eq!(get("/data.json", &part("cross-site")), (401, None));
    assert_eq!(get("/maybe/data.json", &part("cross-site")), (200, Some(None)));
    assert_eq!(get("/data.json", &part("same-origin")), (200, me.clone()));
    // A script's request of a listed origin, and of others.
    let cors = |origin| {
        [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Dest", "empty"),
            ("Origin", origin),
        ]
    };
    assert_eq!(get("/data.json", &cors(FRIEND)), (200, me.clone()));
    assert_eq!(get("/data.json", &cors(PORTAL)), (401, None));
    // The frame itself, and links to it.
    assert_eq!(get("/page", &[("Sec-Fetch-Site", "cross-site")]), (200, me));
}

#[test]
fn a_form_of_a_login_in_the_frame_has_to_come_from_our_page() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    let number = frame.visit(&format!("{APP}/"));
    let flow = flow_of(&number.answer);
    let form = [("flow", flow.as_str()), ("phone", ME)];
    for (origin, site) in [
        ("", ""),
        ("null", "same-origin"),
        (PORTAL, "cross-site"),
        (APP, "cross-site"),
        ("", "none"),
    ] {
        let lines = [("Origin", origin), ("Sec-Fetch-Site", site)];
        let url = format!("{ISSUER}/login");
        frame.send("POST", &url, &lines, Some(&form)).answer.is(403);
    }
    assert_eq!(gate.texts.messages().len(), 0);
    frame.give_number(&number, ME).answer.is(200).says("name=\"code\"");
    // So does the sign-out.
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), "+12025550112");
    for origin in ["", PORTAL] {
        let lines = [("Origin", origin), ("Sec-Fetch-Site", "")];
        let url = format!("{APP}/.doorcode/sign-out");
        frame.send("POST", &url, &lines, Some(&[])).answer.is(403);
    }
    assert!(frame.is_known(APP, "/.doorcode"));
}
