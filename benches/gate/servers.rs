//! THE table of servers, and how the command of each is found.

/// What a proxy asks whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorizer {
    /// The smallest possible service.
    Minimal,
    /// Doorcode, which has the site without its upstream.
    Doorcode,
}

/// A server of the comparison.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Its configuration file, in the folder of the run.
    pub(crate) file: &'static str,
    /// The template of that in `conf`.
    pub(crate) template: &'static str,
    pub(crate) command: &'static [&'static str],
    pub(crate) authorizer: Option<Authorizer>,
}

impl Server {
    const fn asking(mut self, authorizer: Authorizer) -> Self {
        self.authorizer = Some(authorizer);
        self
    }
}

const BARE: &[&str] = &["{self}", "serve-bare", "{port}", "{upstream}", "{folder}/bare.access"];
const DOORCODE: &[&str] = &["{doorcode}", "--config", "{folder}/{file}"];
const BEFORE: &[&str] = &["{before}", "--config", "{folder}/{file}"];
const NGINX: &[&str] = &["nginx", "-c", "{folder}/{file}"];
const HAPROXY: &[&str] = &["haproxy", "-db", "-f", "{folder}/{file}"];
const CADDY: &[&str] = &["caddy", "run", "--adapter", "caddyfile", "--config", "{folder}/{file}"];

const fn row(
    name: &'static str,
    file: &'static str,
    template: &'static str,
    command: &'static [&'static str],
) -> Server {
    Server { name, file, template, command, authorizer: None }
}

/// What Doorcode runs that is asked by `nginx-doorcode`.
pub(crate) const ASKED: &str = "doorcode-asked";

pub(crate) const SERVERS: &[Server] = &[
    row("direct", "direct.conf", "upstream.nginx", NGINX),
    row("bare", "", "", BARE),
    row("doorcode", "doorcode/doorcode.toml", "doorcode.toml", DOORCODE),
    row("doorcode-full", "doorcode-full/doorcode.toml", "doorcode.toml", DOORCODE),
    row("doorcode-shared", "doorcode-shared/doorcode.toml", "doorcode.toml", DOORCODE),
    row("doorcode-before", "doorcode-before/doorcode.toml", "doorcode.toml", BEFORE),
    row("nginx", "nginx.conf", "plain.nginx", NGINX),
    row("nginx-auth", "nginx-auth.conf", "auth_request.nginx", NGINX).asking(Authorizer::Minimal),
    row("nginx-doorcode", "nginx-doorcode.conf", "auth_request_doorcode.nginx", NGINX)
        .asking(Authorizer::Doorcode),
    row("haproxy", "haproxy.conf", "plain.haproxy", HAPROXY),
    row("haproxy-hs256", "haproxy-hs256.conf", "jwt.haproxy", HAPROXY),
    row("haproxy-rs256", "haproxy-rs256.conf", "jwt.haproxy", HAPROXY),
    row("caddy", "caddy.conf", "plain.caddy", CADDY),
    row("caddy-auth", "caddy-auth.conf", "forward_auth.caddy", CADDY).asking(Authorizer::Minimal),
];
