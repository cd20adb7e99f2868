use reqwest::{Client, RequestBuilder};

use super::PHONE;
use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, NUMBER, SERVICE_SID};

type Form = Vec<(&'static str, String)>;

/// A form that Twilio takes, with these fields added or changed; an empty value takes one away.
fn form(changes: &[(&'static str, &str)]) -> Form {
    let mut form = vec![("To", PHONE), ("From", NUMBER), ("Body", "hi")];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form.retain(|(_, value)| !value.is_empty());
    form.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

async fn assert_refused(request: RequestBuilder, status: u16, code: u32) {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), status, "{code}");
    let body: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.into()));
    assert!(body["message"].is_string() && body["more_info"].is_string());
}

#[tokio::test]
async fn the_double_refuses_what_twilio_refuses() {
    let long = "é".repeat(1601);
    let rows: [(u32, &[(&'static str, &str)]); 13] = [
        (20001, &[("body", "hi")]),
        (21604, &[("To", "")]),
        (21211, &[("To", "2025550123")]),
        (21211, &[("To", "+1 202 555 0123")]),
        (21602, &[("Body", "")]),
        (21617, &[("Body", &long)]),
        (21603, &[("From", "")]),
        (21603, &[("MessagingServiceSid", SERVICE_SID)]),
        (21212, &[("From", SERVICE_SID)]),
        (21705, &[("From", ""), ("MessagingServiceSid", NUMBER)]),
        (21624, &[("From", "Shop"), ("ValidityPeriod", "0")]),
        (21624, &[("From", "12345"), ("ValidityPeriod", "1.5")]),
        (21624, &[("ValidityPeriod", "36001")]),
    ];
    let fake = FakeTwilio::start();
    let client = Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json", fake.base_url());
    for (code, changes) in rows {
        let request = client.post(&url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
        assert_refused(request.form(&form(changes)), 400, code).await;
    }
    assert_eq!(fake.messages(), []);
}

#[tokio::test]
async fn the_double_wants_the_right_door_and_the_right_key() {
    let fake = FakeTwilio::start();
    let client = Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json", fake.base_url());
    let post = |url: &str, token| client.post(url).basic_auth(ACCOUNT_SID, Some(token));
    let good = form(&[]);
    let mut twice = good.clone();
    twice.push(("To", PHONE.to_owned()));
    let wrong_path = url.replace("Messages", "Message");
    let get = client.get(&url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));

    assert_refused(post(&wrong_path, AUTH_TOKEN).form(&good), 404, 20404).await;
    assert_refused(post(&url, "no").form(&good), 401, 20003).await;
    assert_refused(client.post(&url).form(&good), 401, 20003).await;
    assert_refused(get, 405, 20004).await;
    assert_refused(post(&url, AUTH_TOKEN).json(&good), 400, 20001).await;
    assert_refused(post(&url, AUTH_TOKEN).form(&twice), 400, 20001).await;
    assert_eq!((fake.requests(), fake.messages().len()), (6, 0));
}
