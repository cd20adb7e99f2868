//! Why a form was refused, as a page of its own: a POST always leads to a GET, so that nothing is
//! posted again by a look at the page, by going back, or by choosing another language.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

use super::flow::{Flow, Say};
use super::views::{Limit, MessagePage};
use super::visit::{Astray, Visit};
use super::{Problem, Web};
use crate::gate;
use crate::login::{By, Limited, What};
use crate::system::Timestamp;

/// When a store may answer again, in seconds.
pub(crate) const SOON: u64 = 5;

/// Forms that belong to no login, by the word in the query.
const DOWN: &str = "down";

/// Tells what [`Web::refuse_form`] and the others below were about.
pub(crate) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let Some(sealed) = visit.asked("flow") else {
        let problem = match visit.asked("why") {
            Some(DOWN) => return web.unavailable_page(&visit, ""),
            _ => MessagePage::BadRequest,
        };
        return web.page(&visit, StatusCode::BAD_REQUEST, &problem);
    };
    match web.flow(&visit, sealed) {
        Ok(flow) => web.refused_page(&visit, flow),
        // A limit may last for longer than a login.
        Err(Astray::Old(flow)) if matches!(flow.say, Some(Say::Limited { .. })) => {
            web.refused_page(&visit, *flow)
        }
        Err(astray) => web.astray(&visit, &astray),
    }
}

impl Web {
    /// A form of a login was refused: there was too much of something.
    pub(crate) fn limited(&self, visit: &Visit, flow: Flow, limited: Limited) -> Response {
        let Limited { row, retry_after } = limited;
        let limit = told(row.what, row.by);
        if !gate::is_navigation(&visit.headers) {
            let seconds = u64::try_from(retry_after.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
            return self.refuse(visit, &Problem::Limited { limit, key: row.key, seconds });
        }
        let until = (self.system.now() + retry_after).as_millis();
        self.to_refused(visit, &flow.saying(Say::Limited { limit, until }))
    }

    /// The code was right, but its owner may not sign in.
    pub(crate) fn denied(&self, visit: &Visit, flow: Flow) -> Response {
        match &flow.phone {
            Some(phone) if !gate::is_navigation(&visit.headers) => {
                self.refuse(visit, &Problem::Denied(phone.clone()))
            }
            _ => self.to_refused(visit, &flow.saying(Say::Denied)),
        }
    }

    /// A store did not do what a form of a login needs.
    pub(crate) fn unavailable_form(&self, visit: &Visit, flow: Flow) -> Response {
        if !gate::is_navigation(&visit.headers) {
            return self.unavailable(visit);
        }
        self.to_refused(visit, &flow.saying(Say::Unavailable))
    }

    /// A form that belongs to no login, or that cannot be read.
    pub(crate) fn refuse_form(&self, visit: &Visit, problem: &Problem) -> Response {
        match problem {
            _ if !gate::is_navigation(&visit.headers) => self.refuse(visit, problem),
            Problem::Unavailable => visit.to_own(&format!("/refused?why={DOWN}")).into_response(),
            Problem::BadRequest => visit.to_own("/refused?why=form").into_response(),
            other => self.refuse(visit, other),
        }
    }

    /// A form whose login leads no further: the page of the number tells why.
    pub(crate) fn astray_form(&self, visit: &Visit, sealed: &str, astray: &Astray) -> Response {
        if !gate::is_navigation(&visit.headers) {
            return self.astray(visit, astray);
        }
        // Only what we sealed is known to fit into an address.
        let sealed = if matches!(astray, Astray::NotOurs) { "" } else { sealed };
        visit.to_own(&format!("/login?flow={sealed}")).into_response()
    }

    fn to_refused(&self, visit: &Visit, flow: &Flow) -> Response {
        visit.to_own(&format!("/refused?flow={}", self.seal(flow))).into_response()
    }

    fn refused_page(&self, visit: &Visit, flow: Flow) -> Response {
        let now = self.system.now();
        match (flow.say, &flow.phone) {
            (Some(Say::Limited { limit, until }), _) if now < Timestamp::from_millis(until) => {
                self.limited_page(visit, &flow, limit, Timestamp::from_millis(until).since(now))
            }
            (Some(Say::Denied), Some(phone)) => {
                // Nobody is signed in: there is nothing to sign out of first.
                let sealed = self.seal(&flow.afresh());
                let again = format!("{}/login?flow={sealed}", visit.facts.base);
                let host = flow.origin.host().as_str();
                let page = MessagePage::Denied { phone, host, again: &again };
                self.page(visit, StatusCode::FORBIDDEN, &page)
            }
            (Some(Say::Unavailable), _) => {
                let form = if flow.phone.is_some() { "code" } else { "login" };
                let sealed = self.seal(&Flow { say: None, ..flow });
                let again = format!("{}/{form}?flow={sealed}", visit.facts.base);
                self.unavailable_page(visit, &again)
            }
            // It is over.
            _ => {
                let sealed = self.seal(&Flow { say: None, ..flow });
                visit.to_own(&format!("/login?flow={sealed}")).into_response()
            }
        }
    }

    fn limited_page(&self, visit: &Visit, flow: &Flow, limit: Limit, left: Duration) -> Response {
        let seconds = whole_minutes(left);
        let until = self.system.now() + Duration::from_secs(seconds);
        let again = flow.destination();
        let page = MessagePage::Limited { limit, seconds, until, again: &again };
        retry_after(self.page(visit, StatusCode::TOO_MANY_REQUESTS, &page), seconds)
    }

    fn unavailable_page(&self, visit: &Visit, again: &str) -> Response {
        let page = MessagePage::Unavailable { again };
        retry_after(self.page(visit, StatusCode::SERVICE_UNAVAILABLE, &page), SOON)
    }
}

fn retry_after(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The page tells minutes; the header tells the same span, not another one.
pub(crate) fn whole_minutes(left: Duration) -> u64 {
    let minutes = left.as_millis().div_ceil(60_000).max(1);
    u64::try_from(minutes).unwrap_or(u64::MAX).saturating_mul(60)
}

pub(crate) const fn told(what: What, by: By) -> Limit {
    match (what, by) {
        (_, By::Address) => Limit::Network,
        (_, By::All) => Limit::Service,
        (What::WrongCode, By::Number) => Limit::Tries,
        (_, By::Number) => Limit::Number,
    }
}
