use std::path::Path;
use std::sync::Arc;

use doorcode::system::{Clock, System};

use crate::support::browser::{Browser, Line};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::ports::free_port;
pub(super) use crate::support::proxies::{ALL, Kind};
use crate::support::proxies::{Proxy, deployed, write};

/// Whoever listens here may ask.
pub(super) const ASKED: (&str, &str) =
    ("[admin]\n", "[forward_auth]\nfrom = [\"127.0.0.1\"]\n[admin]\n");

/// The login pages may be below a path of a host where no site is.
pub(super) const SHARED: (&str, &str) =
    ("secret = \"env:SECRET\"", "secret = \"env:SECRET\"\nunsafe_shared_origin = true");

/// A proxy, the Doorcode that it asks, and the app behind it.
pub(super) struct Fronted {
    pub(super) kind: Kind,
    pub(super) gate: Gate,
    pub(super) port: u16,
    _proxy: Proxy,
}

impl Fronted {
    pub(super) fn start(kind: Kind) -> Self {
        Self::changed(kind, &[])
    }

    /// With each of `changes` made in Doorcode's settings.
    pub(super) fn changed(kind: Kind, changes: &[(&str, &str)]) -> Self {
        Self::at(kind, free_port(), changes)
    }

    /// Whose login pages are at this `issuer`, on another host than the site.
    pub(super) fn with_issuer(kind: Kind, issuer: &str) -> Self {
        let port = free_port();
        let own = format!("public_url = \"http://localhost:{port}/.doorcode\"");
        let other = format!("public_url = \"{issuer}/.doorcode\"");
        Self::at(kind, port, &[(&own, &other), SHARED])
    }

    fn at(kind: Kind, port: u16, changes: &[(&str, &str)]) -> Self {
        let origin = format!("http://localhost:{port}");
        let upstreams = format!("url = \"{origin}\"\nupstreams");
        let none = format!("url = \"{origin}\"\n# upstreams");
        let all = [&[ASKED, (&upstreams, &none)], changes].concat();
        let gate = Gate::at(Some(&origin), &all);
        let proxy = start(kind, (port, gate.port, gate.app.port));
        Self { kind, gate, port, _proxy: proxy }
    }

    pub(super) fn browser(&self) -> Browser {
        let clock: Arc<dyn Clock> = System::real().clock;
        Browser::new(&format!("http://localhost:{}", self.port), self.port, clock)
    }

    /// Sends a request that must not pass: refused, or led to the login, and not seen by the app.
    #[track_caller]
    pub(super) fn is_kept_out(
        &self,
        browser: &mut Browser,
        (method, target): (&str, &str),
        lines: &[Line<'_>],
    ) -> Answer {
        let before = self.gate.app.count();
        let answer = browser.send(method, target, lines, None);
        let passed = self.gate.app.count() - before;
        let kind = self.kind;
        assert_eq!(passed, 0, "{kind:?} {target} {lines:?}: {:?}", self.gate.app.last());
        let refused = matches!(answer.status, 303 | 400..=405 | 413 | 500 | 503);
        assert!(refused, "{kind:?} {method} {target} {lines:?}: {answer}");
        answer
    }
}

/// Where a proxy listens, whom it asks, and where it forwards to.
struct Places {
    port: u16,
    gate: String,
    app: String,
}

impl Places {
    /// What stands in the files in their place. The app's first: the gate's port may begin with 3000, and
    /// none with 8080.
    fn changes(&self) -> [(&str, &str); 2] {
        [("127.0.0.1:3000", &self.app), ("127.0.0.1:8080", &self.gate)]
    }
}

/// Starts a proxy at the first port, which asks at the second and forwards to the third.
fn start(kind: Kind, (port, gate, app): (u16, u16, u16)) -> Proxy {
    let places =
        Places { port, gate: format!("127.0.0.1:{gate}"), app: format!("127.0.0.1:{app}") };
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = match kind {
        Kind::Nginx => nginx(folder.path(), &places),
        Kind::Caddy => caddy(&places),
        Kind::Haproxy => haproxy(folder.path(), &places),
    };
    Proxy::start(kind, folder, port, &configuration)
}

fn nginx(folder: &Path, places: &Places) -> String {
    let listen = format!("listen 127.0.0.1:{};", places.port);
    let default = format!("listen 127.0.0.1:{} default_server;", places.port);
    let [app, gate] = places.changes();
    write(folder, "question.conf", &deployed("forward-auth/doorcode-question.conf", &[]));
    deployed(
        "forward-auth/nginx.conf",
        &[
            app,
            gate,
            ("listen 443 ssl;", &listen),
            ("listen 443 ssl default_server;", &default),
            ("    ssl_reject_handshake on;\n", ""),
            ("server_name app.example.com;", "server_name localhost;"),
            ("    ssl_certificate     /etc/ssl/app.example.com.pem;\n", ""),
            ("    ssl_certificate_key /etc/ssl/private/app.example.com.key;\n", ""),
            ("/etc/nginx/doorcode-question.conf", "question.conf"),
        ],
    )
}

fn caddy(places: &Places) -> String {
    let site = format!("http://localhost:{} {{", places.port);
    let [app, gate] = places.changes();
    let site = deployed("forward-auth/Caddyfile", &[app, gate, ("app.example.com {", &site)]);
    format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}")
}

fn haproxy(folder: &Path, places: &Places) -> String {
    let [app, gate] = places.changes();
    write(folder, "doorcode.lua", &deployed("forward-auth/doorcode.lua", &[gate]));
    let bind = format!("bind 127.0.0.1:{}", places.port);
    let tls = "bind :443 ssl crt /etc/ssl/private/app.example.com.pem";
    let lua = format!("{}/doorcode.lua", folder.display());
    let (own, host) = ("-i app.example.com }", format!("-i localhost:{} }}", places.port));
    let changes = [app, gate, (tls, &bind), ("/etc/haproxy/doorcode.lua", &lua), (own, &host)];
    deployed("forward-auth/haproxy.cfg", &changes)
}
