use std::time::Duration;

use http::{HeaderMap, header};

use super::lost::LOST;
use super::request::PageRequest;
use super::shell::Shell;
use super::sign_in::MAX_AGE;
use super::views::Lost;
use crate::domain::{Origin, ReturnTo};
use crate::gate::Site;

/// Where a login, a sign-out or a problem may lead: only to pages of configured sites and to our
/// own.
impl Shell {
    /// Whether a login may lead to this page.
    pub(crate) fn is_page(&self, origin: &Origin, path: &ReturnTo) -> bool {
        let path = path.as_str().split('?').next().unwrap_or_default();
        self.map.is_page(origin, path)
    }

    /// Whether an origin cannot see the issuer's session. Cookies belong to hosts: another port
    /// sees it.
    pub(crate) fn is_elsewhere(&self, origin: &Origin) -> bool {
        origin.host() != self.map.issuer().origin().host()
    }

    /// A site on the host of `request`, or else the only one there is.
    pub(super) fn home(&self, request: &PageRequest) -> Option<&Site> {
        self.home_at(Some(&request.context.origin))
    }

    /// A site at this origin, or else the only one there is.
    pub(super) fn home_at(&self, at: Option<&Origin>) -> Option<&Site> {
        let sites = self.map.sites();
        let here = sites.iter().rfind(|site| Some(&site.url.origin) == at);
        here.or(match sites {
            [only] => Some(only),
            _ => None,
        })
    }

    /// Where to start again without a known destination: the first page of [`Self::home`], else
    /// the login page. Which of several sites was meant is not guessed.
    pub(super) fn begin_again(&self, request: &PageRequest) -> String {
        self.begin_again_at(Some(&request.context.origin))
    }

    fn begin_again_at(&self, at: Option<&Origin>) -> String {
        match self.home_at(at) {
            Some(site) => format!("{}/", site.url),
            None => self.map.issuer().url("/login"),
        }
    }

    /// The same for the page of a problem; empty at that very page.
    pub(super) fn home_from(&self, at: Option<&Origin>, here: &str) -> String {
        let home = self.begin_again_at(at);
        let is_here = at.is_some_and(|at| home == format!("{at}{here}"));
        if is_here { String::new() } else { home }
    }

    /// The page of this host that `request` asks to return to, else the first page of its site.
    pub(super) fn return_path(&self, request: &PageRequest) -> Option<ReturnTo> {
        let asked = request.param("return_to").and_then(ReturnTo::parse);
        let page = asked.filter(|path| self.is_page(&request.context.origin, path));
        page.or_else(|| self.home(request).filter(|_| request.context.site).map(root))
    }

    /// The address of a site's sign-in.
    pub(crate) fn sign_in_address(&self, sign_in: &SignInAddress<'_>) -> String {
        let SignInAddress { origin, back, lost, max_age } = sign_in;
        let back = back.encoded();
        let lost = lost.map(|lost| format!("&{LOST}={}", lost.as_param())).unwrap_or_default();
        let max_age =
            max_age.map(|age| format!("&{MAX_AGE}={}", age.as_secs())).unwrap_or_default();
        format!("{origin}{}/sign-in?return_to={back}{lost}{max_age}", self.map.prefix())
    }
}

/// What the address of a sign-in says.
pub(crate) struct SignInAddress<'a> {
    /// That of the site.
    pub(crate) origin: &'a Origin,
    /// Where it returns to.
    pub(crate) back: &'a ReturnTo,
    /// What is not repeated after it.
    pub(crate) lost: Option<Lost>,
    /// How long ago a login may be that suffices.
    pub(crate) max_age: Option<Duration>,
}

/// The first page of a site.
pub(crate) fn root(site: &Site) -> ReturnTo {
    ReturnTo::parse(&format!("{}/", site.url.path)).unwrap_or_default()
}

/// The page of `origin` that the request's `Referer` names.
pub(crate) fn sent_from(headers: &HeaderMap, origin: &Origin) -> Option<ReturnTo> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let page = url::Url::parse(referer).ok()?;
    let same = Origin::of(&page).is_ok_and(|from| from == *origin);
    same.then(|| ReturnTo::parse(&page[url::Position::BeforePath..url::Position::AfterQuery]))?
}
