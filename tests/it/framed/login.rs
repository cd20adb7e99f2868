use super::window::{Place, Window};
use super::{APP, ISSUER, ME, OTHER, SHOP, gate};

/// The attributes of a cookie, without its name, value and lifetime.
fn attributes(line: &str) -> String {
    let parts = line.split("; ").skip(1).filter(|part| !part.starts_with("Max-Age="));
    parts.collect::<Vec<_>>().join("; ")
}

const USUAL: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
const IN_FRAME: &str = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned";

#[test]
fn a_login_in_the_frame_ends_in_the_frame() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    let shown = frame.sign_in(&format!("{APP}/orders/7?tab=open"), ME);
    assert_eq!(shown.at.as_str(), format!("{APP}/orders/7?tab=open"));
    shown.answer.is(200).says("the app: GET /orders/7?tab=open");
    let seen = gate.app.last();
    assert_eq!(seen.header("x-forwarded-phone"), Some(ME));
    assert_eq!(seen.header("cookie"), None, "no app gets our cookies");
    for (host, line) in &frame.lines {
        assert!(line.starts_with("__Host-doorcode-framed"), "{host}: {line}");
        assert_eq!(attributes(line), IN_FRAME, "{host}: {line}");
    }
    let names: Vec<_> =
        frame.lines.iter().map(|(_, line)| line.split('=').next().unwrap()).collect();
    assert!(names.contains(&"__Host-doorcode-framed"), "{names:?}");
    assert_eq!(frame.names(APP), ["__Host-doorcode-framed"], "the state is gone");
    // From then on without a detour, for the app's scripts too.
    frame.journey.clear();
    frame.visit(&format!("{APP}/orders")).answer.is(200).says("the app: GET /orders");
    assert_eq!(frame.journey.len(), 1);
    assert!(frame.is_known(APP, "/.doorcode"));
}

#[test]
fn a_login_in_a_window_has_the_usual_cookies() {
    let gate = gate();
    for page in [format!("{APP}/orders"), format!("{SHOP}/orders")] {
        let mut window = Window::new(&gate, Place::Window);
        window.sign_in(&page, ME);
        assert!(window.lines.len() >= 5, "{:?}", window.lines);
        for (host, line) in &window.lines {
            assert_eq!(attributes(line), USUAL, "{host}: {line}");
            assert!(!line.contains("framed"), "{host}: {line}");
        }
        gate.pass(std::time::Duration::from_mins(2));
    }
}

#[test]
fn a_site_that_nobody_may_frame_has_the_usual_cookies_in_a_frame_too() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::FrameOfSameSite);
    let shown = frame.visit(&format!("{SHOP}/orders"));
    let policy = shown.answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    frame.sign_in(&format!("{SHOP}/orders"), ME);
    assert!(frame.is_known(SHOP, "/.doorcode"));
    assert!(frame.lines.iter().all(|(_, line)| attributes(line) == USUAL), "{:?}", frame.lines);
    // A browser that sends such a cookie all the same gets nothing for it.
    let value = frame.value(SHOP, "__Host-doorcode").unwrap().to_owned();
    let renamed = format!("__Host-doorcode-framed={value}");
    let lines = [("Cookie", renamed.as_str())];
    frame.send("GET", &format!("{SHOP}/orders"), &lines, None).answer.is(303);
    frame.send("GET", &format!("{SHOP}/.doorcode/me"), &lines, None).answer.is(401);
    let token = frame.value(ISSUER, "__Host-doorcode").unwrap().to_owned();
    let renamed = format!("__Host-doorcode-framed={token}");
    for page in ["/account", "/me", "/account/tokens"] {
        let lines = [("Cookie", renamed.as_str())];
        let shown = frame.send("GET", &format!("{ISSUER}{page}"), &lines, None);
        assert_ne!(shown.answer.status, 200, "{page}: {}", shown.answer);
    }
}

#[test]
fn the_login_of_the_frame_and_that_of_the_window_are_two() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    let mut window = Window::new(&gate, Place::Window);
    frame.sign_in(&format!("{APP}/"), ME);
    assert!(!window.is_known(APP, "/.doorcode"));
    gate.pass(std::time::Duration::from_mins(2));
    window.sign_in(&format!("{APP}/"), ME);
    frame.visit(&format!("{APP}/.doorcode/sign-out")).answer.is(200);
    frame.post(&format!("{APP}/.doorcode/sign-out"), &[]).answer.is(200).says("signed out");
    assert!(!frame.is_known(APP, "/.doorcode"));
    assert!(window.is_known(APP, "/.doorcode"), "that of the window goes on");
}

#[test]
fn a_sign_out_in_the_frame_ends_the_session_and_deletes_its_cookie() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    let thief = frame.clone();
    frame.lines.clear();
    frame.post(&format!("{APP}/.doorcode/sign-out"), &[]);
    let cleared = format!("__Host-doorcode-framed=; Path=/; Max-Age=0; {}", &IN_FRAME[8..]);
    assert!(frame.lines.iter().any(|(_, line)| *line == cleared), "{:?}", frame.lines);
    assert_eq!(frame.names(APP), Vec::<&str>::new());
    let mut thief = thief;
    assert!(!thief.is_known(APP, "/.doorcode"), "also on the server");
    // The login pages know nobody either.
    let page = frame.visit(&format!("{APP}/"));
    page.answer.is(200).says("name=\"phone\"");
}

#[test]
fn a_login_page_is_shown_before_another_site_of_the_frame_is_signed_in() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    // The login is known, but the portal may not frame this site: the browser must get to say so.
    frame.journey.clear();
    let done = frame.visit(&format!("{OTHER}/"));
    assert_eq!(done.at.path(), "/done", "{:?}", frame.journey);
    let policy = done.answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy.ends_with("frame-ancestors https://intranet.example.net"), "{policy}");
    assert!(!frame.is_known(OTHER, "/.doorcode"));
    assert_eq!(frame.go_on(&done).answer.status, 502, "where it may, no second text is needed");
    assert_eq!(gate.texts.messages().len(), 1);
}

#[test]
fn a_login_in_the_frame_is_repeated_where_a_page_needs_a_new_one() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    gate.pass(std::time::Duration::from_mins(16));
    frame.visit(&format!("{APP}/orders")).answer.is(200).says("the app");
    let number = frame.visit(&format!("{APP}/billing/7"));
    assert_eq!(number.at.path(), "/login");
    let code = frame.give_number(&number, ME);
    let done = frame.give_code(&code);
    frame.go_on(&done).answer.is(200).says("the app: GET /billing/7");
}

#[test]
fn in_a_frame_of_the_same_site_there_is_one_login() {
    let gate = gate();
    let mut browser = Window::new(&gate, Place::Window);
    browser.sign_in(&format!("{APP}/"), ME);
    browser.place = Place::FrameOfSameSite;
    browser.visit(&format!("{APP}/x")).answer.is(200).says("the app: GET /x");
    gate.pass(std::time::Duration::from_mins(16));
    // A new login in the frame replaces that of the window.
    browser.sign_in(&format!("{APP}/billing/7"), ME).answer.is(200).says("the app");
    browser.place = Place::Window;
    browser.visit(&format!("{APP}/billing/7")).answer.is(200).says("the app");
    browser.post(&format!("{APP}/.doorcode/sign-out"), &[]);
    assert!(!browser.is_known(APP, "/.doorcode"));

    // One that began in the frame, before the window's: whatever counts, a sign-out ends both.
    let mut browser = Window::new(&gate, Place::FrameOfSameSite);
    browser.sign_in(&format!("{APP}/"), "+12025550111").answer.is(200);
    assert_eq!(browser.names(APP), ["__Host-doorcode-framed"]);
    browser.place = Place::Window;
    gate.pass(std::time::Duration::from_mins(16));
    browser.sign_in(&format!("{APP}/billing/7"), "+12025550111").answer.is(200).says("the app");
    assert_eq!(browser.names(APP), ["__Host-doorcode-framed", "__Host-doorcode"]);
    browser.post(&format!("{APP}/.doorcode/sign-out"), &[]);
    assert!(!browser.is_known(APP, "/.doorcode"));
    assert_eq!(browser.names(APP), Vec::<&str>::new());
}

#[test]
fn a_browser_without_cookies_in_frames_is_told_so() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    let number = frame.visit(&format!("{APP}/"));
    let mut without = Window::new(&gate, Place::Frame);
    let shown = without.give_number(&number, ME);
    let policy = shown.answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains(super::ANCESTORS), "{policy}");
    shown.answer.is(400).says("Your browser did not send our cookie back");
}
