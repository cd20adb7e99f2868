//! Upstreams over HTTP/2, and gRPC through them from end to end.
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_rustls::TlsAcceptor;

use super::app::App;
use super::tls::{ca, server};
use super::{at, gate};
use crate::support::gate::Gate;
use crate::support::tls::{Pair, Shelf};

/// A server that gives back what it gets, message by message, and ends with the status in trailers, as
/// gRPC does.
pub(crate) struct Echo {
    pub(crate) port: u16,
    desk: Arc<Desk>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Desk {
    connections: AtomicUsize,
    seen: Mutex<Vec<Request<()>>>,
    /// How many of the next requests are refused unseen.
    refuses: AtomicUsize,
    /// Requests after which a connection takes no more; 0: any number.
    most: AtomicUsize,
}

impl Echo {
    pub(crate) fn start(tls: Option<TlsAcceptor>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let desk = Arc::new(Desk::default());
        let at_work = Arc::clone(&desk);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (desk, tls) = (Arc::clone(&at_work), tls.clone());
                Handle::current().spawn(async move {
                    match tls {
                        None => desk.serve(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                desk.serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, desk, _runtime: runtime }
    }

    fn seen(&self) -> Vec<Request<()>> {
        self.desk.seen.lock().unwrap().clone()
    }

    fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::SeqCst)
    }
}

impl Desk {
    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        self.connections.fetch_add(1, Ordering::SeqCst);
        let mut count = 0;
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let refuses = |left: usize| left.checked_sub(1);
            if self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuses).is_ok() {
                respond.send_reset(Reason::REFUSED_STREAM);
                continue;
            }
            let (head, body) = request.into_parts();
            self.seen.lock().unwrap().push(Request::from_parts(head, ()));
            Handle::current().spawn(echo(body, respond));
            count += 1;
            if count == self.most.load(Ordering::SeqCst) {
                connection.graceful_shutdown();
            }
        }
    }
}

async fn echo(mut body: RecvStream, mut respond: SendResponse<Bytes>) {
    let head = Response::builder().header("content-type", "application/grpc").body(());
    let mut to = respond.send_response(head.expect("a head"), false).expect("sent");
    while let Some(Ok(part)) = body.data().await {
        let _ = body.flow_control().release_capacity(part.len());
        to.send_data(part, false).expect("sent");
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().expect("a value"));
    trailers.insert("grpc-message", "done".parse().expect("a value"));
    to.send_trailers(trailers).expect("sent");
}

/// A message with its length before it, as gRPC has them.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("a length").to_be_bytes();
    [&[0][..], &length, text.as_bytes()].concat().into()
}

/// What a call gave: status, body, trailers.
type Called = (u16, Vec<u8>, Option<HeaderMap>);

/// One call over HTTP/2 with two messages, the second of which is sent when the first came back.
async fn call(gate: &Gate, authority: &str) -> Called {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).await.expect("a connection");
    let (mut client, connection) = h2::client::handshake(socket).await.expect("a handshake");
    let driver = Handle::current().spawn(connection);
    let request = Request::post(format!("http://{authority}/down/pkg.Service/Method"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(());
    let (answer, mut body) = client.send_request(request.expect("a request"), false).expect("sent");
    body.send_data(message("one"), false).expect("sent");
    let answer = answer.await.expect("an answer");
    let status = answer.status().as_u16();
    let mut from = answer.into_body();
    let mut got =
        from.data().await.and_then(Result::ok).map(|part| part.to_vec()).unwrap_or_default();
    // An answer of the gate's own may have ended it.
    let _ = body.send_data(message("two"), true);
    while let Some(Ok(part)) = from.data().await {
        let _ = from.flow_control().release_capacity(part.len());
        got.extend(part);
    }
    let trailers = from.trailers().await.unwrap_or_default();
    driver.abort();
    (status, got, trailers)
}

/// A call without a message.
async fn one(gate: &Gate, authority: &str) -> Called {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).await.expect("a connection");
    let (mut client, connection) = h2::client::handshake(socket).await.expect("a handshake");
    let driver = Handle::current().spawn(connection);
    let request = Request::post(format!("http://{authority}/down/pkg.Service/Method")).body(());
    let (answer, _) = client.send_request(request.expect("a request"), true).expect("sent");
    let answer = answer.await.expect("an answer");
    let status = answer.status().as_u16();
    let trailers = answer.into_body().trailers().await.unwrap_or_default();
    driver.abort();
    (status, Vec::new(), trailers)
}

#[track_caller]
fn is_whole((status, body, trailers): Called) {
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    assert_eq!(body, [message("one"), message("two")].concat());
    let trailers = trailers.expect("trailers");
    assert_eq!(trailers["grpc-status"], "0");
    assert_eq!(trailers["grpc-message"], "done");
}

#[test]
fn grpc_passes_from_end_to_end_without_tls() {
    let app = Echo::start(None);
    let gate = gate(&[format!("h2c://127.0.0.1:{}", app.port)], "");
    let authority = gate.browser().authority;
    (0..10).for_each(|_| is_whole(gate.run(call(&gate, &authority))));
    // A connection is kept a moment after its answer: the next call may come before that.
    assert!(app.connections() < 10, "none is kept: {}", app.connections());
    let seen = app.seen().pop().expect("a request");
    assert_eq!(seen.uri().path(), "/down/pkg.Service/Method");
    assert_eq!(seen.headers()["te"], "trailers");
    assert_eq!(seen.headers()["content-type"], "application/grpc");
    assert!(seen.headers().contains_key("x-forwarded-for"), "{seen:?}");
    assert!(!seen.headers().contains_key("connection"), "{seen:?}");
}

#[test]
fn grpc_passes_from_end_to_end_with_tls() {
    let pair = Pair::of(&["127.0.0.1"]);
    let mut tls = server(&pair, None);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let (app, shelf) = (Echo::start(Some(TlsAcceptor::from(Arc::new(tls)))), Shelf::with(&[&pair]));
    let upstream = [format!("h2://127.0.0.1:{}", app.port)];
    let good = gate(&upstream, &ca(&shelf));
    let authority = good.browser().authority;
    (0..10).for_each(|_| is_whole(good.run(call(&good, &authority))));
    // A connection is kept a moment after its answer: the next call may come before that.
    assert!(app.connections() < 10, "none is kept: {}", app.connections());
    // Not trusted: nothing is sent.
    let wrong = Shelf::with(&[&Pair::of(&["127.0.0.1"])]);
    let wary = gate(&upstream, &ca(&wrong));
    let authority = wary.browser().authority;
    assert_eq!(wary.run(call(&wary, &authority)).0, 502);
    assert_eq!(app.seen().len(), 10);
}

#[test]
fn an_app_that_does_not_speak_http2_gets_no_request_by_another_protocol() {
    let pair = Pair::of(&["127.0.0.1"]);
    let (app, shelf) = (App::secure(server(&pair, None)), Shelf::with(&[&pair]));
    let gate = gate(&[format!("h2://127.0.0.1:{}", app.port)], &ca(&shelf));
    gate.browser().get("/down/x").is(502);
    assert_eq!(app.requests(), 0);
}

#[test]
fn a_call_that_the_app_did_not_look_at_is_made_again() {
    let app = Echo::start(None);
    let gate = gate(&[format!("h2c://127.0.0.1:{}", app.port)], "");
    let authority = gate.browser().authority;
    app.desk.refuses.store(2, Ordering::SeqCst);
    let (status, _, trailers) = gate.run(one(&gate, &authority));
    assert_eq!(
        (status, &trailers.expect("trailers")["grpc-status"]),
        (200, &HeaderValue::from_static("0"))
    );
    assert_eq!(app.seen().len(), 1);
}

#[test]
fn a_connection_that_the_app_ends_in_order_costs_no_call() {
    let app = Echo::start(None);
    app.desk.most.store(1, Ordering::SeqCst);
    let gate = gate(&[format!("h2c://127.0.0.1:{}", app.port)], "");
    let authority = gate.browser().authority;
    for _ in 0..4 {
        is_whole(gate.run(call(&gate, &authority)));
    }
    assert_eq!(app.connections(), 4);
}

#[test]
fn a_client_of_http1_reaches_an_app_of_http2() {
    let app = Echo::start(None);
    let gate = gate(&[format!("h2c://127.0.0.1:{}", app.port)], "");
    let answer = gate.browser().send("PUT", "/down/x", &[], Some(&[("a", "b")])).is(200);
    assert_eq!(answer.text(), "a=b");
    let large = "a".repeat(300_000);
    let answer = gate.browser().send("PUT", "/down/x", &[], Some(&[("a", &large)])).is(200);
    assert_eq!(answer.body.len(), 2 + large.len());
}

#[test]
fn a_dead_upstream_of_http2_fails_no_call() {
    let app = Echo::start(None);
    let dead = format!("h2c://{}", at(1));
    let gate = gate(&[dead, format!("h2c://127.0.0.1:{}", app.port)], "");
    let authority = gate.browser().authority;
    for _ in 0..6 {
        is_whole(gate.run(call(&gate, &authority)));
    }
}

/// Clients of gRPC map 401 to UNAUTHENTICATED, and would take a redirect for a broken server. tonic takes
/// the body for a message, unless a status of gRPC's stands before it.
#[test]
fn a_call_without_a_session_is_refused_without_a_redirect() {
    let gate = gate(&[at(1)], "");
    let host = gate.browser().authority;
    let post = |path: &str, kind: &str| {
        gate.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\n\
             TE: trailers\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let refused = post("/pkg.Service/Method", "application/grpc").is(401);
    assert_eq!(refused.header("grpc-status"), Some("16"), "{refused}");
    assert_eq!(refused.header("grpc-message"), Some("HTTP 401 Unauthorized"), "{refused}");
    // Whatever it says besides.
    let page = "application/grpc\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate";
    assert_eq!(post("/pkg.Service/Method", page).is(401).header("grpc-status"), Some("16"));
    let other = post("/pkg.Service/Method", "application/json").is(401);
    assert_eq!(other.header("grpc-status"), None, "{other}");
    // Nor does the app answer.
    let failed = post("/down/pkg.Service/Method", "application/grpc").is(502);
    assert_eq!(failed.header("grpc-status"), Some("14"), "{failed}");
}
