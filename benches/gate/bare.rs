//! Plain Pingora: the cost of the framework. Sets the forwarding headers and writes an access line,
//! as every subject does.
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::mpsc::{SyncSender, sync_channel};

use async_trait::async_trait;
use pingora::Result;
use pingora::upstreams::peer::HttpPeer;
use pingora_core::modules::http::HttpModules;
use pingora_core::server::Server;
use pingora_core::server::configuration::ServerConf;
use pingora_http::RequestHeader;
use pingora_proxy::{ProxyHttp, Session};

struct Bare {
    upstream: std::net::SocketAddr,
    lines: SyncSender<String>,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn upstream_peer(&self, _: &mut Session, _ctx: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.upstream, false, String::new())))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        _ctx: &mut (),
    ) -> Result<()> {
        if let Some(client) = session.client_addr().and_then(|address| address.as_inet()) {
            request.insert_header("X-Forwarded-For", client.ip().to_string())?;
        }
        if let Some(host) = request.headers.get("host").cloned() {
            request.insert_header("X-Forwarded-Host", host)?;
        }
        request.insert_header("X-Forwarded-Proto", "http")
    }

    async fn logging(&self, session: &mut Session, _error: Option<&pingora::Error>, _ctx: &mut ()) {
        let request = session.req_header();
        let mut line = String::with_capacity(128);
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        let (method, path) = (&request.method, request.uri.path());
        let _ = writeln!(line, "{method} {path} {status} {}", session.body_bytes_sent());
        drop(self.lines.try_send(line));
    }
}

/// `arguments`: port, port of the upstream, file of the access lines.
pub(crate) fn serve(arguments: &[String]) {
    let [port, upstream, access] = arguments else { panic!("serve-bare PORT UPSTREAM FILE") };
    let mut file = std::fs::File::create(access).expect("a file");
    let (lines, waiting) = sync_channel::<String>(16_384);
    std::thread::spawn(move || {
        while let Ok(line) = waiting.recv() {
            let all: String = std::iter::once(line).chain(waiting.try_iter()).collect();
            drop(file.write_all(all.as_bytes()));
        }
    });
    let conf = ServerConf { threads: 1, max_retries: 2, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let upstream = std::net::SocketAddr::from(([127, 0, 0, 1], upstream.parse().expect("a port")));
    let mut service =
        pingora_proxy::http_proxy_service(&server.configuration, Bare { upstream, lines });
    service.add_tcp(&format!("127.0.0.1:{port}"));
    server.add_service(service);
    server.run_forever();
}
