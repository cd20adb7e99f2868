//! `Destination` (RFC 4918 §10.3): the second path of a request that copies or moves.
use http::{HeaderMap, HeaderValue};

use crate::domain::Origin;
use crate::gate::SiteUrl;

pub(super) const DESTINATION: &str = "destination";

/// The path of the destination at a site's origin, as it was sent; `None`: there is none.
///
/// # Errors
/// When it is given twice, is no URL or path, or names another host.
pub(super) fn path<'h>(headers: &'h HeaderMap, at: &Origin) -> Result<Option<&'h str>, Elsewhere> {
    let mut all = headers.get_all(DESTINATION).iter();
    let Some(only) = all.next() else { return Ok(None) };
    let text = only.to_str().ok().filter(|_| all.next().is_none()).ok_or(Elsewhere)?;
    let path = if text.starts_with('/') {
        text
    } else {
        let after = |scheme: &str| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        // Clients write the scheme that they see, which may end at a proxy before us.
        let rest = after("https://").or_else(|| after("http://")).ok_or(Elsewhere)?;
        let (authority, path) = rest.split_at(rest.find('/').ok_or(Elsewhere)?);
        if !is_authority_of(authority, at) {
            return Err(Elsewhere);
        }
        path
    };
    Ok(Some(path.split('?').next().unwrap_or_default()))
}

fn is_authority_of(authority: &str, at: &Origin) -> bool {
    let whole = format!("{}:{}", at.host(), at.port());
    [at.authority(), whole].iter().any(|own| own.eq_ignore_ascii_case(authority))
}

/// The destination is not at the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere;

/// Takes the site's own path out of the destination, as it is taken out of the request's.
pub(super) fn strip_prefix(headers: &mut HeaderMap, site: &SiteUrl) {
    let Ok(Some(path)) = path(headers, &site.origin) else { return };
    let Some(rest) = path.strip_prefix(site.path.as_str()) else { return };
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let stripped = HeaderValue::try_from(format!("{}{slash}{rest}", site.origin));
    // Parts of a header value, behind an origin.
    if let Ok(stripped) = stripped {
        headers.insert(DESTINATION, stripped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&str]) -> Result<Option<String>, Elsewhere> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(DESTINATION, HeaderValue::from_str(value).unwrap());
        }
        let at = Origin::parse("https://dav.example.com").unwrap();
        path(&headers, &at).map(|path| path.map(str::to_owned))
    }

    #[test]
    fn a_destination_loses_the_prefix_that_the_path_loses() {
        let site = SiteUrl::parse("https://dav.example.com/shop").unwrap();
        for (sent, passed_on) in [
            ("https://dav.example.com/shop/a%2Fb", "https://dav.example.com/a%2Fb"),
            ("/shop/a", "https://dav.example.com/a"),
            ("/shop", "https://dav.example.com/"),
        ] {
            let mut headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(DESTINATION),
                HeaderValue::from_static(sent),
            )]);
            strip_prefix(&mut headers, &site);
            assert_eq!(headers[DESTINATION], passed_on);
        }
    }

    #[test]
    fn a_destination_is_a_path_of_this_site() {
        assert_eq!(found(&[]), Ok(None));
        for (value, expected) in [
            ("https://dav.example.com/a/b", "/a/b"),
            ("https://DAV.example.com:443/a%2Fb?c", "/a%2Fb"),
            ("http://dav.example.com/a", "/a"),
            ("HTTPS://dav.example.com/", "/"),
            ("/a/../b", "/a/../b"),
        ] {
            assert_eq!(found(&[value]), Ok(Some(expected.to_owned())), "{value}");
        }
        for value in [
            "",
            "a",
            "https://dav.example.com",
            "https://other.example.com/a",
            "https://dav.example.com:8443/a",
            "https://dav.example.com@other.example.com/a",
            "ftp://dav.example.com/a",
            "https:/a",
            "*",
        ] {
            assert_eq!(found(&[value]), Err(Elsewhere), "{value}");
        }
        assert_eq!(found(&["/a", "/a"]), Err(Elsewhere));
    }
}
