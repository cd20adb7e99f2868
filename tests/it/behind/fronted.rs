use std::path::Path;
use std::sync::Arc;

use doorcode::system::{Clock, System};

use super::visitors::Visitors;
use crate::support::browser::Browser;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::ports::free_port;
use crate::support::proxies::{Kind, Proxy, deployed, write};
use crate::support::tls::{Pair, Shelf};

pub(super) const HOST: &str = "shop.example.com";
const ORIGIN: &str = "https://shop.example.com";

/// A proxy with its file of `deploy/behind`, Doorcode behind it, and the app behind that.
pub(super) struct Fronted {
    pub(super) name: &'static str,
    pub(super) gate: Gate,
    pub(super) visitors: Visitors,
    /// Where the proxy leads from http to https, if it does.
    pub(super) plain: u16,
    _proxy: Proxy,
    _shelf: Option<Shelf>,
}

impl Fronted {
    pub(super) fn start(kind: Kind) -> Self {
        Self::changed(kind, &[])
    }

    /// With each of `changes` made in Doorcode's settings.
    pub(super) fn changed(kind: Kind, changes: &[(&str, &str)]) -> Self {
        let name = match kind {
            Kind::Nginx => "nginx.conf",
            Kind::Caddy => "Caddyfile",
            Kind::Haproxy => "haproxy.cfg",
        };
        let server = setting_of(name, "trusted_proxies");
        let gate = Gate::at(Some(ORIGIN), &[&[("[server]\n", &*server)], changes].concat());
        let ports = (free_port(), free_port());
        let (folder, pair) = (tempfile::tempdir().expect("a folder"), Pair::of(&[HOST]));
        write(folder.path(), "cert.pem", &pair.certificate);
        write(folder.path(), "key.pem", &pair.key);
        write(folder.path(), "both.pem", &format!("{}{}", pair.certificate, pair.key));
        let behind = format!("127.0.0.1:{}", gate.port);
        let text = configuration(kind, folder.path(), ports, &behind);
        let proxy = Proxy::start(kind, folder, ports.0, &text);
        Self::of(name, gate, ports, proxy, None)
    }

    /// `HAProxy` that passes on connections, and says by the PROXY protocol whose they are.
    pub(super) fn by_connections() -> Self {
        let (name, pair) = ("haproxy-tcp.cfg", Pair::of(&[HOST]));
        let shelf = Shelf::with(&[&pair]);
        let server = setting_of(name, "proxy_protocol_from") + &shelf.line();
        let gate = Gate::at(Some(ORIGIN), &[("[server]\n", &server)]);
        let (port, behind) = (free_port(), format!("127.0.0.1:{}", gate.port));
        let bind = format!("bind 127.0.0.1:{port}");
        let changes = [("127.0.0.1:8443", &*behind), ("bind :443", &bind)];
        let text = deployed(&format!("behind/{name}"), &changes);
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = Proxy::start(Kind::Haproxy, folder, port, &text);
        Self::of(name, gate, (port, 0), proxy, Some(shelf))
    }

    fn of(
        name: &'static str,
        gate: Gate,
        (port, plain): (u16, u16),
        proxy: Proxy,
        shelf: Option<Shelf>,
    ) -> Self {
        // It may listen there a moment later than for TLS.
        if plain != 0 {
            wait_for("the proxy without TLS", || Wire::try_to(plain).ok());
        }
        Self { name, gate, visitors: Visitors::of(port), plain, _proxy: proxy, _shelf: shelf }
    }

    pub(super) fn browser(&self) -> Browser {
        let clock: Arc<dyn Clock> = System::real().clock;
        Browser::new(ORIGIN, self.visitors.port, clock)
    }
}

/// What a file says that Doorcode's own needs, below `[server]`.
fn setting_of(name: &str, key: &str) -> String {
    let file = deployed(&format!("behind/{name}"), &[]);
    let line = file.lines().find_map(|line| {
        let said = line.strip_prefix("#   ")?;
        said.starts_with(&format!("{key} = ")).then_some(said)
    });
    format!("[server]\n{}\n", line.unwrap_or_else(|| panic!("{name} does not say {key}")))
}

/// The file, at ports and with a certificate of the test.
fn configuration(kind: Kind, folder: &Path, (port, plain): (u16, u16), behind: &str) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    let (cert, key, both) = (file("cert.pem"), file("key.pem"), file("both.pem"));
    let behind = ("127.0.0.1:8080", behind);
    match kind {
        Kind::Nginx => deployed(
            "behind/nginx.conf",
            &[
                behind,
                ("listen 80;", &format!("listen 127.0.0.1:{plain};")),
                ("listen 443 ", &format!("listen 127.0.0.1:{port} ")),
                ("/etc/ssl/shop.example.com.pem", &cert),
                ("/etc/ssl/private/shop.example.com.key", &key),
            ],
        ),
        Kind::Caddy => {
            let site = format!("{HOST} {{\n\ttls {cert} {key}\n");
            let site = deployed("behind/Caddyfile", &[behind, ("shop.example.com {\n", &site)]);
            format!(
                "{{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {plain}\n\t\
                 https_port {port}\n}}\n{site}"
            )
        }
        Kind::Haproxy => deployed(
            "behind/haproxy.cfg",
            &[
                behind,
                ("bind :80\n", &format!("bind 127.0.0.1:{plain}\n")),
                ("bind :443 ", &format!("bind 127.0.0.1:{port} ")),
                ("/etc/ssl/private/shop.example.com.pem", &both),
            ],
        ),
    }
}
