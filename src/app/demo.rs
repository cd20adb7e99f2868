//! The demo app: shows the headers that it receives. An ordinary upstream on a loopback port.
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum::response::Html;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::config::Config;
use crate::gate::{ReservedNames, Upstream};
use crate::words::Safe;

pub(super) struct Demo {
    listener: TcpListener,
    address: SocketAddr,
}

const STYLE: &str = "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;\
    max-width:44rem;margin:3rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}\
    th,td{text-align:start;padding:.4rem .6rem;border-bottom:1px solid #8886;\
    overflow-wrap:anywhere;vertical-align:top}th{white-space:nowrap;font-weight:600}\
    pre{padding:.6rem;background:#8882;white-space:pre-wrap;overflow-wrap:anywhere}</style>";

/// Whether a site of the configuration leads to the demo.
pub(super) fn is_used(config: &Config) -> bool {
    config.sites.iter().any(|site| site.upstreams.contains(&Upstream::Demo))
}

impl Demo {
    pub(super) fn bind_if(wanted: bool) -> std::io::Result<Option<Self>> {
        if !wanted {
            return Ok(None);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Some(Self { listener, address }))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn run(self) {
        let served = match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => axum::serve(listener, Router::new().fallback(page)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = served {
            tracing::error!(%error, "demo app failed");
        }
    }
}

/// A table row for each header.
fn rows(headers: &[(&HeaderName, &HeaderValue)]) -> String {
    let row = |(name, value): &(&HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let (name, value) = (Safe::escape(name.as_str()), Safe::escape(&value));
        format!("<tr><th scope=\"row\">{}<td>{}", name.as_str(), value.as_str())
    };
    headers.iter().map(row).collect()
}

/// The decoded header and claims of an assertion; `None` for any other header.
fn decoded_assertion(value: &HeaderValue) -> Option<String> {
    let mut parts = value.to_str().ok()?.split('.');
    let mut part = || {
        let json = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let json: serde_json::Value = serde_json::from_slice(&json).ok()?;
        serde_json::to_string_pretty(&json).ok()
    };
    let text = Safe::escape(&format!("{}\n{}", part()?, part()?));
    Some(format!(
        "<p>Signed, so that an app need not believe who sent it (docs/identity.md says how to \
         check it):</p><pre>{}</pre>",
        text.as_str()
    ))
}

async fn page(uri: Uri, headers: HeaderMap) -> Html<String> {
    let ours = ReservedNames::new([].into_iter());
    let (told, others): (Vec<_>, Vec<_>) =
        headers.iter().partition(|(name, _)| ours.contains(name.as_str()));
    let signed: String = told.iter().filter_map(|(_, value)| decoded_assertion(value)).collect();
    let path = Safe::escape(uri.path());
    let (told, others, path) = (rows(&told), rows(&others), path.as_str());
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Doorcode demo app</title>\
         {STYLE}<main><h1>You are in the app</h1>\
         <p>This is a small app that knows nothing of sign-in. Doorcode sent it the request for \
         <code>{path}</code> and told it who you are:</p>\
         <table>{told}</table>{signed}<p>Try <a href=\"/public/\">a public page</a>, \
         <a href=\"/admin/\">a page for the role admin</a>, \
         <a href=\"/.doorcode/account\">your sessions</a>, or \
         <a href=\"/.doorcode/sign-out\">sign out</a>.</p>\
         <h2>What your browser sent</h2><table>{others}</table></main></html>"
    ))
}
