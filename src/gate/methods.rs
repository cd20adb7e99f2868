use http::Method;

/// The methods that are forwarded, as `Allow` lists them: all that are registered (IANA, HTTP Method
/// Registry) but for `CONNECT`, `PRI` and `TRACE`, which are for proxies and connections. Those of HTTP
/// itself, then `WebDAV` and what was built on it (RFC 3253, 3648, 3744, 4437, 4791, 4918, 5323, 5842).
pub const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY, ACL, BASELINE-CONTROL, BIND, \
    CHECKIN, CHECKOUT, COPY, LABEL, LINK, LOCK, MERGE, MKACTIVITY, MKCALENDAR, MKCOL, MKREDIRECTREF, \
    MKWORKSPACE, MOVE, ORDERPATCH, PROPFIND, PROPPATCH, REBIND, REPORT, SEARCH, UNBIND, UNCHECKOUT, \
    UNLINK, UNLOCK, UPDATE, UPDATEREDIRECTREF, VERSION-CONTROL";

/// Whether requests with this method are forwarded. All but `GET`, `HEAD`, `OPTIONS` and `QUERY` count as
/// unsafe, also `PROPFIND` and its like, which are registered as safe: a form or script of another origin may not send them with a
/// session.
pub fn is_forwarded(method: &Method) -> bool {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => true,
        _ => METHODS.split(", ").any(|known| known == method.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_method_is_forwarded_and_no_other_spelling() {
        for name in METHODS.split(", ") {
            assert!(is_forwarded(&name.parse().unwrap()), "{name}");
            assert!(!is_forwarded(&name.to_lowercase().parse().unwrap()), "{name}");
            let method: Method = name.parse().unwrap();
            assert_eq!(
                method.is_safe(),
                ["GET", "HEAD", "OPTIONS", "QUERY"].contains(&name),
                "{name}"
            );
        }
        for name in ["CONNECT", "TRACE", "PRI", "BREW", "DEBUG", "GET,"] {
            assert!(name.parse().is_ok_and(|method| !is_forwarded(&method)) || name == "GET,");
        }
    }
}
