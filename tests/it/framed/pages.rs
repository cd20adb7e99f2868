use super::window::{Place, Shown, Window};
use super::{ANCESTORS, APP, ISSUER, ME, gate, gate_of_one_host};

/// What a page says of who may show it.
fn ancestors(shown: &Shown) -> String {
    let policy = shown.answer.header("content-security-policy");
    let policy = policy.unwrap_or_else(|| panic!("no policy: {}", shown.answer));
    assert_eq!(shown.answer.header("x-frame-options"), None);
    let found = policy.split("; ").find(|part| part.starts_with("frame-ancestors"));
    found.unwrap_or_else(|| panic!("{policy}")).to_owned()
}

#[test]
fn every_page_of_the_login_may_be_shown_by_the_listed_origins() {
    let gate = gate();
    for place in [Place::Frame, Place::Window] {
        let mut frame = Window::new(&gate, place);
        let number = frame.visit(&format!("{APP}/orders"));
        assert_eq!(ancestors(&number), ANCESTORS);
        let policy = number.answer.header("content-security-policy").unwrap();
        let usual = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                     connect-src 'self'; form-action 'self'; base-uri 'none'; ";
        assert_eq!(policy, format!("{usual}{ANCESTORS}"), "nothing else is any different");
        let wrong = frame.give_number(&number, "12");
        assert!(wrong.answer.text().contains("role=\"alert\""));
        assert_eq!(ancestors(&wrong), ANCESTORS);
        let code = frame.give_number(&wrong, ME);
        assert_eq!((code.at.path(), ancestors(&code)), ("/code", ANCESTORS.to_owned()));
        let language = frame.visit(&format!("{}&lang=de", code.at));
        assert_eq!(ancestors(&language), ANCESTORS);
        let done = frame.give_code(&language);
        assert_eq!((done.at.path(), ancestors(&done)), ("/done", ANCESTORS.to_owned()));
        frame.go_on(&done).answer.is(200).says("the app: GET /orders");
        let ask = frame.visit(&format!("{APP}/.doorcode/sign-out"));
        assert_eq!(ancestors(&ask), ANCESTORS);
        let out = frame.post(&format!("{APP}/.doorcode/sign-out"), &[]);
        assert_eq!(
            (out.at.path(), ancestors(&out)),
            ("/.doorcode/signed-out", ANCESTORS.to_owned())
        );
        gate.pass(std::time::Duration::from_mins(2));
    }
}

#[test]
fn what_goes_wrong_is_told_in_the_frame_too() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    let denied = frame.visit(&format!("{APP}/admin/"));
    assert_eq!((denied.answer.status, ancestors(&denied)), (403, ANCESTORS.to_owned()));
    let mut other = Window::new(&gate, Place::Frame);
    let lost = other.visit(&format!("{APP}/.doorcode/callback?ticket=x"));
    assert_eq!((lost.answer.status, ancestors(&lost)), (400, ANCESTORS.to_owned()));
}

#[test]
fn no_other_page_may_be_shown_by_anybody() {
    let gate = gate();
    let mut frame = Window::new(&gate, Place::Frame);
    frame.sign_in(&format!("{APP}/"), ME);
    let mut window = Window::new(&gate, Place::Window);
    gate.pass(std::time::Duration::from_mins(2));
    window.sign_in(&format!("{APP}/"), ME);
    let none = "frame-ancestors 'none'";
    for page in ["/account", "/account/tokens", "/sign-out", "/signed-out"] {
        let shown = window.visit(&format!("{ISSUER}{page}"));
        assert_eq!(ancestors(&shown), none, "{page}");
    }
    assert_eq!(ancestors(&window.visit(&format!("{APP}/.doorcode/account"))), none);
    // The session of a frame is none for them: they lead to a login that no page may show either.
    for page in
        [format!("{APP}/.doorcode/account"), format!("{ISSUER}/account"), format!("{ISSUER}/login")]
    {
        let shown = frame.visit(&page);
        assert_eq!((shown.at.path(), ancestors(&shown)), ("/login", none.to_owned()), "{page}");
    }
    // Nor a login that leads to an application.
}

#[test]
fn beside_the_app_the_login_pages_may_be_shown_for_its_own_logins_only() {
    let gate = gate_of_one_host();
    let own = format!("{APP}/.doorcode");
    let none = "frame-ancestors 'none'";
    let mut frame = Window::new(&gate, Place::Frame);
    assert_eq!(ancestors(&frame.visit(&format!("{APP}/orders"))), ANCESTORS);
    frame.lines.clear();
    let asked = "client_id=portal&response_type=code&scope=openid&state=x&code_challenge_method=S256\
                 &redirect_uri=https%3A%2F%2Fportal.example.net%2Fcallback\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let pages = ["/account", "/account/tokens", "/login", &format!("/authorize?{asked}")];
    for page in pages {
        let shown = frame.visit(&format!("{own}{page}"));
        let policy = shown.answer.header("content-security-policy").unwrap_or_default();
        assert!(!policy.contains(super::PORTAL), "{page}: {}", shown.answer);
    }
    assert_eq!(ancestors(&frame.visit(&format!("{own}/authorize?{asked}"))), none);
    assert!(!frame.lines.iter().any(|(_, line)| line.contains("framed")), "{:?}", frame.lines);
    // Who is signed in in the frame is not for the portal as an application.
    frame.sign_in(&format!("{APP}/orders"), ME).answer.is(200).says("the app: GET /orders");
    assert!(frame.names(APP).contains(&"__Host-doorcode-framed"));
    let silent = frame.visit(&format!("{own}/authorize?{asked}"));
    assert_eq!((silent.at.path(), &*ancestors(&silent)), ("/.doorcode/login", none));
    frame.post(&format!("{own}/sign-out"), &[]).answer.is(200).says("signed out");
    assert!(!frame.is_known(APP, "/.doorcode"));
}
