//! THE tables of shapes: how requests got past other gateways. `{P}` is a path that is kept from the
//! attacker, `{Q}` one that everybody may ask for, `{H}` the site's host.
use http::HeaderName;

/// Stands for what only an attacker writes: no app may see it.
pub(super) const MARK: &str = "doorcode-forged";

/// Targets that an app may read as `{P}`.
pub(super) const TARGETS: &[&str] = &[
    "{P}",
    "{P}/",
    "{P}//",
    "{P}?{Q}",
    "{P}?x={Q}",
    "{P}#{Q}",
    "{P}%23{Q}",
    "{P}%2523{Q}",
    "{P}%3f{Q}",
    "{P};{Q}",
    "{P};x=1",
    "{P}%3b{Q}",
    "{P}/.",
    "{P}/./",
    "{P}/%2e",
    "{P}/x/..",
    "{P}.",
    "{P}%20",
    "{P}%00",
    "{P}%00{Q}",
    "{P}%0a",
    "{P}%0d%0aX-Forged:%20{M}",
    "{P}::$DATA",
    "{P}:$I30:$INDEX_ALLOCATION",
    "{P}\\",
    "{P}%5c",
    "/{P}",
    "//{P}",
    "/.{P}",
    "/%2e{P}",
    "/%252e{P}",
    "/x/..{P}",
    "/x/%2e%2e{P}",
    "/x/%252e%252e{P}",
    "/x/..;{P}",
    "/x/..;a=b{P}",
    "/x\\..{P}",
    "/x%2f..{P}",
    "/x%5c..{P}",
    "/x%c0%af..{P}",
    "/x/%EF%BC%8E%EF%BC%8E{P}",
    "{Q}{UP}{P}",
    "{Q}{UP:%2e%2e}{P}",
    "{Q}{UP:%2E.}{P}",
    "{Q}{UP:.%2e}{P}",
    "{Q}{UP:%252e%252e}{P}",
    "{Q}{UP:..;}{P}",
    "{Q}{UP:..;x}{P}",
    "{Q}{UP:%2e%2e;}{P}",
    "{Q}{UP:..%00}{P}",
    "{Q}{UP:..%20}{P}",
    "{Q}{UP:...}{P}",
    "{Q}/x/..{UP}{P}",
    "{Q}%2f..{UP}{P}",
    "{Q}%5c..{UP}{P}",
    "{Q}\\..{UP}{P}",
    "{Q}?{UP}{P}",
    "{P:percent}",
    "{P:twice}",
    "{P:upper}",
    "{P:slashes=%2f}",
    "{P:slashes=%252f}",
    "{P:slashes=%5c}",
    "{P:slashes=\\}",
    "{P:slashes=//}",
    "{P:slashes=/./}",
    "{P:slashes=;/}",
    "http://{H}{P}",
    "http://{H}{Q}{UP}{P}",
    "http://x@{H}{P}",
    "*{P}",
    "{P:bare}",
];

/// Targets that an app may read as one of Doorcode's own; `{O}` is `server.prefix`.
pub(super) const OWN: &[&str] = &[
    "{O}/x",
    "{O}//x",
    "{O}%2fx",
    "{O};x/me",
    "{O}./me",
    "{O}%20/me",
    "/{O}/me",
    "/.{O}/me",
    "/x/..{O}/me",
    "/x/%2e%2e{O}/me",
    "/x/..;{O}/me",
    "{O:percent}/me",
    "{O:twice}/me",
    "{O:upper}/me",
    "{Q}{UP}{O}/me",
    "{Q}{UP:%2e%2e}{O}/me",
];

/// Methods other than those that a rule may have been written for.
pub(super) const METHODS: &[&str] = &[
    "get", "gEt", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "TRACK", "CONNECT",
    "PROPFIND", "DEBUG", "FOO", "GETX",
];

/// Header lines by which a gateway or an app takes `{P}` for another path, or whoever sends them for
/// somebody else.
pub(super) const LINES: &[&str] = &[
    "X-Original-URL: {Q}",
    "X-Original-URI: {Q}",
    "X-Rewrite-URL: {Q}",
    "X-Forwarded-Uri: {Q}",
    "X-Forwarded-Path: {Q}",
    "X-Forwarded-Prefix: {Q}",
    "X-Forwarded-Method: OPTIONS",
    "X-Forwarded-Host: evil.example",
    "X-HTTP-Method-Override: OPTIONS",
    "X-Original-Method: OPTIONS",
    "Authorization: Bearer x",
    "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzbXN8MCJ9.",
    "Authorization: Basic eDp5",
    "Cookie: doorcode=x; __Host-doorcode=x",
    "Cookie: doorcode=; __Host-doorcode=",
    "Cookie: doorcode=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; __Host-doorcode=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "X-Forwarded-For: a",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-For: {N}",
    "X-Forwarded-For: {N}, {N}",
    "X_Forwarded_For: {N}",
    "X-Real-IP: {N}",
    "Forwarded: for={N}",
    "CF-Connecting-IP: {N}",
    "True-Client-IP: {N}",
    "X-Forwarded-User: admin",
    "X-Forwarded-Groups: admin",
    "Remote-User: admin",
    "User-Agent: kube-probe/1.30",
    "User-Agent: GoogleHC/1.0",
    "User-Agent: ELB-HealthChecker/2.0",
    "Connection: close, cookie, authorization, x-forwarded-for",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors",
    "Access-Control-Request-Method: GET\r\nOrigin: https://evil.example",
    "Expect: 100-continue",
    "Range: bytes=0-0",
];

/// Header lines in place of `Host: {H}`, asking for `{Q}`: another site's, or none.
pub(super) const HOSTS: &[&str] = &[
    "",
    "Host:",
    "Host: evil.example",
    "Host: {H}.evil.example",
    "Host: evil.example\r\nHost: {H}",
    "Host: {H}\r\nHost: evil.example",
    "Host: evil.example\r\nX-Forwarded-Host: {H}",
    "Host: {H}@evil.example",
    "Host: evil.example@{H}",
    "Host: {H}/x",
    "Host: {H}, evil.example",
    "Host: *",
];

/// Whole requests for `{Q}` with a second one for `{P}` inside. `{A}` is the attacker's cookie line.
pub(super) const SMUGGLED: &[&str] = &[
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L+5}\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: 0\r\nContent-Length: {L}\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L}, 0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: +0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: 0x0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content_Length: {L}\r\n\r\n{I}",
    "POST {Q} HTTP/1.0\r\nHost: {H}\r\n{A}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{I}",
    "GET {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Content-Length: {L}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n{I}",
    "GET {Q} HTTP/1.1\r\nHost: {H}\r\n{A}X: y\n\n{I}",
    "GET {Q} HTTP/1.1\r\nHost: {H}\r\n{A}X: y\r\n z: \r\n\r\n{I}",
    "GET {Q} HTTP/1.1\r\nHost: {H}\r\n{A}X: y\0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Transfer-Encoding: chunked\r\n\r\n1;\n0\r\nx\r\n0\r\n\r\n{I}",
    "POST {Q} HTTP/1.1\r\nHost: {H}\r\n{A}Transfer-Encoding: chunked\r\n\r\n0\r\nHost: evil.example\r\n\r\n{I}",
];

/// Requests that pages of other sites make with a visitor's session.
pub(super) const FOREIGN: &[(&str, &str)] = &[
    ("POST", "Origin: https://evil.example"),
    ("POST", "Origin: null"),
    ("POST", "Sec-Fetch-Site: cross-site"),
    ("DELETE", "Origin: https://evil.example"),
    (
        "GET",
        "Origin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
];

/// Names of headers that tell an app who calls and from where, beside those of the site's own mapping.
pub(super) const NAMES: &[&str] = &[
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Phone",
    "X-Forwarded-Access-Token",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Uri",
    "X-Forwarded",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Doorcode-Assertion",
    "X-Doorcode-User",
    "X-Request-Id",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Pomerium-Jwt-Assertion",
    "X-Pomerium-Claim-Email",
    "Cf-Access-Jwt-Assertion",
    "Cf-Access-Authenticated-User-Email",
    "CF-Connecting-IP",
    "True-Client-IP",
    "Forwarded",
    "Remote-User",
    "Remote-Groups",
    "Remote-Email",
    "Proxy",
];

/// A name as CGI, WSGI and PHP may not tell it from the real one.
pub(super) fn spellings(name: &HeaderName) -> [String; 5] {
    let name = name.as_str();
    let mixed: String = name
        .char_indices()
        .map(|(n, letter)| if n % 2 == 0 { letter.to_ascii_uppercase() } else { letter })
        .collect();
    [
        name.to_owned(),
        name.to_ascii_uppercase(),
        name.replace('-', "_"),
        name.replace('-', "."),
        mixed.replacen('-', "_", 1),
    ]
}
