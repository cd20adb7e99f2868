//! The ways in which an answer of `/authorize` gets to the client.
use serde_json::Value;

use super::world::{CALLBACK, PAGE, World, asks, claims, told};
use crate::support::browser::between;
use crate::support::http::Answer;
use crate::support::settings::BOB;

/// What a script in a page that is meant for frames may be hindered by.
#[track_caller]
fn may_be_framed(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(!policy.contains("frame-ancestors") && policy.contains("script-src 'sha256-"));
    for name in ["x-frame-options", "cross-origin-opener-policy"] {
        assert_eq!(answer.header(name), None, "{answer}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

/// What a page tells the page that opened it, once its script is one that its policy lets run.
#[track_caller]
fn message(answer: &Answer) -> Value {
    message_to(PAGE, answer)
}

#[track_caller]
fn message_to(page: &str, answer: &Answer) -> Value {
    use base64::Engine as _;
    let opener = page;
    may_be_framed(answer);
    let page = answer.text();
    let script = between(&page, "<script>", "</script>");
    let hash = doorcode::domain::sha256(script.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(hash);
    assert!(answer.header("content-security-policy").unwrap().contains(&hash), "{answer}");
    assert!(script.contains(&format!("var targetOrigin = \"{opener}\";")), "{script}");
    assert!(script.contains("mainWin.postMessage(authorizationResponse, targetOrigin)"));
    let response = between(script, "{type: \"authorization_response\",response: ", "};");
    serde_json::from_str(response).unwrap()
}

#[test]
fn a_message_goes_to_a_page_that_the_client_lists() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let silent = [("prompt", "none"), ("response_mode", "web_message")];
    let state = "</script><script>alert(1)//\u{2028}\"'";
    let hostile: Vec<_> = silent.iter().copied().chain([("state", state)]).collect();
    let answer = browser.get(&asks(&hostile)).is(200);
    let said = message(&answer);
    assert_eq!(said["state"], state);
    assert!(said["code"].is_string(), "{said}");
    assert_eq!(answer.text().matches("</script>").count(), 1, "{answer}");
    assert!(!answer.text().contains('\u{2028}'), "{answer}");

    let mut stranger = world.gate.browser();
    let said = message(&stranger.get(&asks(&silent)).is(200));
    assert_eq!((&said["error"], &said["state"]), (&"login_required".into(), &"~.-a+/b=&c".into()));

    let elsewhere: Vec<_> = silent
        .into_iter()
        .chain([("redirect_uri", "https://elsewhere.example.com/callback")])
        .collect();
    // The page of a callback learns what is wrong, so that its SDK need not wait for a minute.
    let answer = browser.get(&asks(&elsewhere)).is(200);
    let said = message_to("https://elsewhere.example.com", &answer);
    assert_eq!((&said["error"], said.get("code")), (&"invalid_request".into(), None), "{said}");
    let why = said["error_description"].as_str().unwrap();
    assert_eq!(why, "the page of redirect_uri is none of the client's web_origins");
}

#[test]
fn tokens_come_in_the_fragment_with_a_hash_of_one_in_the_other() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    for kind in ["token id_token", "id_token token"] {
        let scope = ("scope", "openid profile offline_access");
        let answer = browser.get(&asks(&[("response_type", kind), scope])).is(303);
        let location = answer.location();
        assert!(location.starts_with(&format!("{CALLBACK}#")), "{location}");
        assert!(!location.contains('+'), "{location}");
        assert_eq!(told(location, "state").as_deref(), Some("~.-a+/b=&c"));
        assert_eq!(told(location, "token_type").as_deref(), Some("Bearer"));
        assert_eq!(told(location, "scope").as_deref(), Some("openid profile"));
        assert_eq!(told(location, "refresh_token"), None);
        let access = told(location, "access_token").unwrap();
        let id = claims(&told(location, "id_token").unwrap().into());
        assert_eq!(id["nonce"], "n+1=");
        assert!(id["at_hash"].is_string(), "{id}");
        world.userinfo(&access.into()).is(200);
    }
    let answer = browser.get(&asks(&[("response_type", "id_token")])).is(303);
    assert_eq!(told(answer.location(), "access_token"), None);
    let id = claims(&told(answer.location(), "id_token").unwrap().into());
    assert!(id.get("at_hash").is_none(), "{id}");
}

#[test]
fn a_query_is_added_to_the_one_that_the_callback_has() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let answer = browser.get(&asks(&[("redirect_uri", "https://app.example.com/other?x=1")]));
    assert!(answer.location().starts_with("https://app.example.com/other?x=1&code="), "{answer}");
    let answer = browser.get(&asks(&[("response_mode", "fragment")])).is(303);
    assert!(answer.location().starts_with(&format!("{CALLBACK}#code=")), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

#[test]
fn a_form_posts_the_answer_and_holds_what_came_as_text() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let hostile = [("response_mode", "form_post"), ("state", "\"><script>alert(1)</script>")];
    let answer = browser.get(&asks(&hostile)).is(200);
    may_be_framed(&answer);
    let page = answer.text();
    assert!(page.contains(&format!("action=\"{CALLBACK}\"")), "{page}");
    assert!(page.contains("name=\"code\"") && page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
}

/// An application's popup goes through the pages of a login and reports to its opener in the end; the
/// account page is nobody's popup.
#[test]
fn only_the_account_page_leaves_its_opener() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let policy = |answer: &Answer| answer.header("cross-origin-opener-policy").map(str::to_owned);
    let account = browser.get("/.doorcode/account").is(200);
    assert_eq!(policy(&account).as_deref(), Some("same-origin"));
    for page in ["/.doorcode/login", "/.doorcode/sign-out", "/.doorcode/signed-out", "/.doorcode/x"]
    {
        assert_eq!(policy(&browser.get(page)), None, "{page}");
    }
}
