use axum::response::Response;
use http::StatusCode;

use super::super::call::Call;
use super::super::error::ApiError;
use crate::domain::{Country, Origin, PhoneNumber};
use crate::login::{Asker, Door, Start, StartError, Started};
use crate::oauth::Client;
use crate::pages::Web;
use crate::pages::number::problem_with;
use crate::pages::visit::Visit;

/// The way to log in that the element is for.
const CONNECTION: &str = "sms";

/// A call of the element, on a page that may log in.
pub(super) struct Asked<'a> {
    pub(super) web: &'a Web,
    pub(super) visit: &'a Visit,
    pub(super) call: &'a Call,
    pub(super) client: &'a Client,
    pub(super) page: &'a Origin,
}

impl<'a> Asked<'a> {
    /// The page shows that it is the client's, or our own, by its origin, which no script can
    /// choose. A GET of the same origin names none (Fetch §3.1), and gives nothing away.
    pub(super) fn read(web: &'a Web, visit: &'a Visit, call: &'a Call) -> Result<Self, ApiError> {
        let client = call.client(&web.oauth.clients);
        let client = client.filter(|client| client.has_connection(CONNECTION));
        let unknown = || {
            let text = "client-id names no client that may log in with a number.";
            ApiError::forbidden("unauthorized_client", text)
        };
        let client = client.ok_or_else(unknown)?;
        let own = &visit.facts.origin;
        let page = match &call.origin {
            Some(origin) if origin == own || client.trusts_page(origin) => origin,
            Some(origin) => {
                let text = format!("Origin {origin} is not among the web_origins of the client.");
                return Err(ApiError::forbidden("access_denied", text).foreign(origin));
            }
            None if !call.posted => own,
            None => return Err(ApiError::forbidden("access_denied", "Origin is missing.")),
        };
        Ok(Self { web, visit, call, client, page })
    }

    /// Whether the browser keeps our cookies (SameSite=Lax) from this page: it says so itself
    /// (Fetch Metadata §2.4).
    pub(super) fn is_cross_site(&self) -> bool {
        self.call.header("sec-fetch-site") == Some("cross-site")
    }

    /// Whether the page may be told who is signed in. A request that names no origin may be that
    /// of an element of another page, which reads no answer but may see what became of it.
    pub(super) fn is_shown_to_be_the_page(&self) -> bool {
        self.call.origin.is_some() || self.call.header("sec-fetch-site") == Some("same-origin")
    }

    /// The number, and in whose name its attempts are; or else what is to be answered.
    pub(super) fn number(&self) -> Result<(Asker, PhoneNumber), Box<Response>> {
        if self.is_cross_site() {
            return Err(Box::new(self.elsewhere(StatusCode::FORBIDDEN)));
        }
        let Some(browser) = self.visit.browser() else { return Err(Box::new(self.no_cookie())) };
        let who = browser.into();
        let home = self.country().or_else(|| self.web.only_country());
        let typed = self.call.text("phone").unwrap_or_default();
        let phone = self.web.login.number(typed, home).map_err(|why| {
            Box::new(self.number_form(StatusCode::BAD_REQUEST, Some(problem_with(why))))
        })?;
        let known = self.web.login.is_known(who, &phone, &self.visit.keepsake());
        let address = self.visit.facts.client;
        Ok((Asker { door: Door::Page, who, address, known }, phone))
    }

    pub(super) fn country(&self) -> Option<Country> {
        Country::parse(self.call.text("country")?).ok()
    }

    /// Asks for a text whose last line names the page's own host: there the browser offers it.
    pub(super) async fn text(
        &self,
        asker: Asker,
        phone: &PhoneNumber,
    ) -> Result<Started, StartError> {
        let start = Start {
            asker,
            phone,
            language: self.visit.language_header(),
            page_language: Some(self.web.spoken_with(self.visit).tag()),
            page_host: Some(self.page.host()),
            application: Some(&self.client.name),
        };
        self.web.login.start(start).await
    }
}
