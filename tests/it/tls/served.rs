//! What comes through TLS is judged, passed on, counted and written down like everything else.
use std::net::{Ipv4Addr, SocketAddr};

use reqwest::redirect::Policy;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{ORIGIN, gate};
use crate::support::gate::{Gate, wait_for};
use crate::support::metrics::{scraped, wait_until};
use crate::support::tls::{Hello, Pair, Shelf};

/// A visitor who believes in `pair` and nobody else, and speaks HTTP/1.1.
fn visitor(gate: &Gate, pair: &Pair) -> reqwest::Client {
    let root = reqwest::Certificate::from_der(&pair.der).expect("a certificate");
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, gate.port));
    reqwest::Client::builder()
        .tls_certs_only([root])
        .resolve("shop.example.com", here)
        .resolve("wiki.example.com", here)
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .expect("a client")
}

#[test]
fn the_older_version_comes_through() {
    let pair = Pair::of(&["shop.example.com"]);
    let gate = gate(&Shelf::with(&[&pair]), "");
    let client = visitor(&gate, &pair);
    let get = |path: &str| gate.run(client.get(format!("{ORIGIN}{path}")).send()).expect("sent");

    let answer = get("/public/x?a=b");
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"), "{answer:?}");
    let seen = gate.app.last();
    for (name, value) in [
        ("host", "shop.example.com"),
        ("x-forwarded-host", "shop.example.com"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    let before = gate.app.count();
    let refused = get("/orders");
    assert_eq!(refused.status(), 401);
    assert_eq!(gate.app.count(), before);
    let problem = gate.run(refused.text()).expect("a body");
    assert!(problem.contains("\"https://shop.example.com/.doorcode/sign-in?"), "{problem}");
    let page =
        gate.run(client.get(format!("{ORIGIN}/orders")).header("accept", "text/html").send());
    let page = page.expect("an answer");
    assert_eq!(page.status(), 303);
    let cookies = get("/.doorcode/sign-in?return_to=/orders");
    let set = cookies.headers().get("set-cookie").expect("a cookie").to_str().expect("text");
    assert!(set.starts_with("__Host-doorcode") && set.contains("; Secure"), "{set}");

    // A name that no certificate has: a visitor who looks at certificates goes no further.
    assert!(gate.run(client.get("https://wiki.example.com/").send()).is_err());
    wait_for("access line", || gate.access_log().contains("\"path\":\"/public/x\"").then_some(()));
    let counted = "doorcode_http_requests_total{decision=\"forward\",site=\"Shop\"}";
    wait_until(gate.admin, counted, 1);
    scraped(gate.admin).says("\ndoorcode_tls_certificate_end_timestamp_seconds 6");
}

/// What each of these is answered on one connection of HTTP/2: status and body.
async fn asked(port: u16, requests: Vec<http::Request<()>>) -> Vec<(u16, String)> {
    let hello = Hello { protocols: &["h2"], ..Hello::USUAL };
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("a connection");
    let name = ServerName::try_from("shop.example.com").expect("a name");
    let stream = TlsConnector::from(hello.config()).connect(name, socket).await.expect("TLS");
    let (mut client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    tokio::select! {
        ended = connection => panic!("the connection ended: {ended:?}"),
        answers = all_of(&mut client, requests) => answers,
    }
}

async fn all_of(
    client: &mut h2::client::SendRequest<bytes::Bytes>,
    requests: Vec<http::Request<()>>,
) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    for request in requests {
        let (answer, _) = client.send_request(request, true).expect("sent");
        let (head, mut body) = answer.await.expect("an answer").into_parts();
        let mut text = Vec::new();
        while let Some(part) = body.data().await {
            text.extend(part.expect("a part"));
        }
        answers.push((head.status.as_u16(), String::from_utf8_lossy(&text).into_owned()));
    }
    answers
}

#[test]
fn the_newer_version_is_judged_by_its_authority_and_not_by_the_name_in_the_handshake() {
    let gate = gate(&Shelf::with(&[&Pair::of(&["shop.example.com"])]), "");
    let get = |url: &str| http::Request::get(url).header("accept", "text/html");
    let plain = |url: &str| get(url).body(()).expect("a request");
    let answers = gate.run(asked(
        gate.port,
        vec![
            plain("https://shop.example.com/public/x"),
            plain("https://shop.example.com/orders"),
            plain("https://evil.example.com/public/hidden"),
            plain("https://shop.example.com/public/../orders"),
            get("https://shop.example.com/public/hidden")
                .header("host", "evil.example.com")
                .body(())
                .expect("a request"),
            plain("https://shop.example.com/.doorcode/signed-out"),
        ],
    ));
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 303, 404, 400, 400, 200], "{answers:?}");
    assert_eq!(answers[0].1, "the app: GET /public/x\n");
    let seen = gate.app.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].header("x-forwarded-proto"), Some("https"));
    assert_eq!(seen[0].header("x-forwarded-for"), Some("127.0.0.1"));
    // One with two hosts goes no further than Pingora.
    wait_for("access lines", || (gate.access_log().lines().count() == 5).then_some(()));
    let log = gate.access_log();
    let at = |host| log.lines().filter(|l| l.contains(&format!("\"host\":\"{host}\""))).count();
    assert_eq!((at("shop.example.com"), at("evil.example.com")), (4, 1), "{log}");
}
