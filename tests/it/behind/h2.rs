//! Browsers speak HTTP/2 to the proxy, which speaks HTTP/1.1 to Doorcode.
use http::{Request, StatusCode};
use tokio::runtime::Handle;

use super::fronted::{Fronted, HOST};
use super::visitors::VISITOR;
use crate::support::proxies::ALL;

#[test]
fn a_request_by_http_2_is_that_of_the_visitor() {
    for kind in ALL {
        let front = Fronted::start(kind);
        let status = front.visitors.with("h2", |stream| async {
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "{kind:?}");
            let (mut sender, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
            let driver = Handle::current().spawn(connection);
            let request = Request::get(format!("https://{HOST}/public/x"))
                .header("x-forwarded-for", "10.1.2.3")
                .header("x-forwarded-host", "evil.example")
                .body(())
                .expect("a request");
            let (answer, _) = sender.send_request(request, true).expect("sent");
            let status = answer.await.expect("an answer").status();
            drop(sender);
            drop(driver);
            status
        });
        assert_eq!(status, StatusCode::OK, "{kind:?}");
        let seen = front.gate.app.last();
        assert_eq!(seen.header("x-forwarded-for"), Some(VISITOR), "{kind:?}: {seen:?}");
        assert_eq!(seen.header("x-forwarded-host"), Some(HOST), "{kind:?}: {seen:?}");
        assert_eq!(seen.header("host"), Some(HOST), "{kind:?}: {seen:?}");
    }
}
