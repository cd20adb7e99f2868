//! The same at the door for applications, as far as a login goes.
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{
    ClientId, GrantId, Origin, PhoneNumber, RefreshFamilyDigest, RefreshTokenDigest, Scope,
};
use doorcode::login::{LoginGrant, Requester, StartRequest, Verdict};
use doorcode::store::{NewGrant, RefreshDigests, SendOutcome, SignInContext};
use doorcode::system::Timestamp;

use super::recording::Record;
use super::world::World;
use super::{BLOCKED, STRANGER, USER};

fn gives() -> LoginGrant<'static> {
    let grant = NewGrant {
        id: GrantId::from_bytes([1; 16]),
        client: ClientId::parse("spa").unwrap(),
        scope: Scope::default(),
        audience: None,
        expires: Timestamp::from_millis(i64::MAX),
        idle: Duration::from_hours(1),
        refresh: Some(RefreshDigests {
            family: RefreshFamilyDigest::from_bytes([1; 32]),
            present: RefreshTokenDigest::from_bytes([2; 32]),
        }),
    };
    LoginGrant::Api { context: SignInContext::default(), grant }
}

/// What an application with this number saw, and what was called for it; the verdict on the right
/// code last.
async fn seen(sign_up: bool, number: &str) -> (Vec<String>, Vec<&'static str>, String) {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let world = World::new(sign_up, &front, &behind).await;
    let login = &world.login;
    let phone = PhoneNumber::from_e164(number).unwrap();
    let requester = Requester::api("spa", "sms", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let host = Origin::parse("http://localhost:8080").unwrap().host().clone();
    let start = StartRequest {
        requester,
        phone: &phone,
        accept_language: None,
        page_language: None,
        page_host: Some(&host),
        application: None,
        proof: None,
        channel: None,
    };
    let mut told = vec![format!("{:?}", login.start(start).await)];
    world.send_texts_if(true).await;
    let attempt = login.attempt_with_outcome(&requester, &phone, Duration::from_secs(10)).await;
    told.push(format!("{attempt:?}"));
    if !sign_up {
        assert_eq!(attempt.unwrap().unwrap().outcome, SendOutcome::Pending, "nobody is told");
    }
    for typed in ["000000", "12"] {
        told.push(format!("{:?}", login.verify_without_consuming(&requester, &phone, typed).await));
        told.push(format!("{:?}", login.verify(&requester, &phone, typed, gives()).await));
    }
    let calls = front.calls();
    let code = world.code(number).unwrap_or_else(|| "999999".to_owned());
    let verdict = match login.verify(&requester, &phone, &code, gives()).await.verdict.unwrap() {
        Verdict::Right(_) => "right".to_owned(),
        other => format!("{other:?}"),
    };
    (told, calls, verdict)
}

#[tokio::test]
async fn an_application_does_not_learn_who_is_a_user() {
    for sign_up in [true, false] {
        let (told, calls, verdict) = Box::pin(seen(sign_up, USER)).await;
        assert_eq!(verdict, "right");
        assert!(!calls.contains(&"users.with_number"), "{calls:?}");
        let stranger = if sign_up { "right" } else { "Wrong { tries_left: 1 }" };
        for (number, expected) in [(STRANGER, stranger), (BLOCKED, "Blocked")] {
            let other = Box::pin(seen(sign_up, number)).await;
            assert_eq!(other, (told.clone(), calls.clone(), expected.to_owned()), "{number}");
        }
    }
}
