//! Requests that an app of HTTP/2 breaks off: which of them it may have carried out, and its health.
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};

use super::gate;
use crate::support::gate::Gate;
use crate::support::http::Wire;
use crate::support::metrics::{metric, wait_until};

/// Does what the path of a request says.
struct Breaking {
    port: u16,
    desk: Arc<Desk>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Desk {
    /// The paths of all requests but health checks.
    seen: Mutex<Vec<String>>,
    /// How many of the next bodies are read and then refused.
    refuses: AtomicUsize,
    /// Of answers to `/healthz`.
    health: AtomicU16,
}

impl Breaking {
    fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let desk = Arc::new(Desk { health: AtomicU16::new(200), ..Desk::default() });
        let at_work = Arc::clone(&desk);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                Handle::current().spawn(Arc::clone(&at_work).serve(stream));
            }
        });
        Self { port, desk, _runtime: runtime }
    }

    fn upstream(&self) -> String {
        format!("h2c://127.0.0.1:{}", self.port)
    }

    fn count(&self) -> usize {
        self.desk.seen.lock().unwrap().len()
    }
}

impl Desk {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let path = request.uri().path().to_owned();
            if path == "/healthz" {
                let status = self.health.load(Ordering::SeqCst);
                let answer = Response::builder().status(status).body(()).expect("an answer");
                respond.send_response(answer, true).expect("sent");
                continue;
            }
            self.seen.lock().unwrap().push(path.clone());
            match path.as_str() {
                "/down/resets" => respond.send_reset(Reason::INTERNAL_ERROR),
                "/down/ends" => connection.abrupt_shutdown(Reason::INTERNAL_ERROR),
                "/down/begins" => {
                    let mut to = respond.send_response(Response::new(()), false).expect("sent");
                    to.send_data("a".into(), false).expect("sent");
                    // So that it arrives before the end does.
                    Handle::current().spawn(async move {
                        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                        to.send_reset(Reason::REFUSED_STREAM);
                    });
                }
                _ => drop(
                    Handle::current().spawn(Arc::clone(&self).read(request.into_body(), respond)),
                ),
            }
        }
    }

    /// Reads a body, and refuses it or says how long it was.
    async fn read(self: Arc<Self>, mut body: RecvStream, mut respond: SendResponse<Bytes>) {
        let mut length = 0;
        while let Some(Ok(part)) = body.data().await {
            let _ = body.flow_control().release_capacity(part.len());
            length += part.len();
        }
        let left = |left: usize| left.checked_sub(1);
        if self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            return respond.send_reset(Reason::REFUSED_STREAM);
        }
        let mut to = respond.send_response(Response::new(()), false).expect("sent");
        to.send_data(length.to_string().into(), true).expect("sent");
    }
}

/// Whether a request without a body is answered well.
fn is_answered(gate: &Gate, path: &str) -> bool {
    let mut wire = Wire::to(gate.port);
    let request = gate.browser().request("POST", path, &[("Origin", "")], None);
    wire.send(&request).expect("sent");
    wire.answer(false).is_ok_and(|answer| answer.status == 200)
}

#[test]
fn what_an_app_may_have_carried_out_is_not_sent_again() {
    for path in ["/down/resets", "/down/ends", "/down/begins"] {
        let (app, other) = (Breaking::start(), Breaking::start());
        for upstreams in [&[app.upstream()][..], &[app.upstream(), other.upstream()]] {
            let gate = gate(upstreams, "");
            let before = app.count() + other.count();
            assert!(!is_answered(&gate, path), "{path}");
            assert_eq!(app.count() + other.count(), before + 1, "{path}");
        }
    }
}

#[test]
fn a_refused_body_is_sent_again_only_as_long_as_all_of_it_is_there() {
    let app = Breaking::start();
    let gate = gate(&[app.upstream()], "");
    app.desk.refuses.store(1, Ordering::SeqCst);
    let answer = gate.browser().send("POST", "/down/x", &[], Some(&[("a", "b")])).is(200);
    assert_eq!((answer.text().as_str(), app.count()), ("3", 2));
    let large = "a".repeat(300_000);
    let send = || gate.browser().send("POST", "/down/x", &[], Some(&[("a", &large)]));
    assert_eq!(send().is(200).text(), "300002");
    app.desk.refuses.store(1, Ordering::SeqCst);
    let before = app.count();
    send().is(502);
    assert_eq!(app.count(), before + 1);
}

#[test]
fn an_app_of_http2_is_asked_how_it_is_by_http2() {
    let (ill, well) = (Breaking::start(), Breaking::start());
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[ill.upstream(), well.upstream()], lines);
    let up = |app: &Breaking| {
        format!("doorcode_upstream_up{{site=\"Down\",upstream=\"{}\"}}", app.upstream())
    };
    ill.desk.health.store(503, Ordering::SeqCst);
    wait_until(gate.admin, &up(&ill), 0);
    assert_eq!(metric(gate.admin, &up(&well)), 1);
    (0..4).for_each(|_| assert!(is_answered(&gate, "/down/x")));
    assert_eq!((ill.count(), well.count()), (0, 4));
    ill.desk.health.store(200, Ordering::SeqCst);
    wait_until(gate.admin, &up(&ill), 1);
}
