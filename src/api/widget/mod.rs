//! What `<sms-login>` asks: the login pages' steps, their words and their limits, as parts of a
//! page of somebody else. A login ends with a cookie of the issuer's; no answer holds a token.
mod answer;
mod asked;
mod script;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::call::Handed;
use super::error::ApiError;
use crate::login::{Gives, Over, StartError, Started, Verdict};
use crate::pages::Web;
use crate::pages::flow::Say;
use crate::pages::views::{CodeNotice, CodeProblem};
use crate::pages::visit::{Visit, with_cookie};
use asked::Asked;

pub(crate) use script::{script, types};

/// `GET /widget/start`: the form for a number, and the cookie that the login will belong to.
/// Where that would not come back, because the page is of another site, no form; nor for somebody
/// who is signed in.
pub(crate) async fn show(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    if here.is_cross_site() {
        return Ok(here.elsewhere(StatusCode::OK));
    }
    if here.is_shown_to_be_the_page() {
        match web.signed_in(&visit.headers, &visit.facts).await {
            Ok(Some(_)) => return Ok(here.signed_in_before()),
            Ok(None) => {}
            Err(_) => return Ok(here.unavailable()),
        }
    }
    let (_, cookie) = visit.or_new_browser(web.system.random());
    Ok(with_cookie(here.number_form(StatusCode::OK, None), cookie))
}

/// `POST /widget/start`: a number was typed. Nothing is sent for a browser that did not bring
/// its cookie: it could not use the code.
pub(crate) async fn start(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    Ok(text(&here, |_| None).await)
}

/// `POST /widget/resend`: the code is asked for once more.
pub(crate) async fn resend(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    let notice = |started| match started {
        Started::CoolingDown => Some(CodeNotice::NotYet { seconds: 1 }),
        Started::Queued => Some(CodeNotice::Resent),
    };
    Ok(text(&here, notice).await)
}

/// Asks for a text and then for its code. `notice`: what is said of it.
async fn text(here: &Asked<'_>, notice: fn(Started) -> Option<CodeNotice>) -> Response {
    let (asker, phone) = match here.number() {
        Ok(found) => found,
        Err(early) => return *early,
    };
    let kept = phone.country().map(|country| here.visit.country_cookie(country));
    let answer = match here.text(asker, &phone).await {
        Ok(started) => here.code_form(asker, phone, None, notice(started)).await,
        Err(StartError::Busy) => here.code_form(asker, phone, None, notice(Started::Queued)).await,
        Err(why) => here.not_started(&why),
    };
    with_cookie(answer, kept)
}

/// `POST /widget/verify`: a code was typed.
pub(crate) async fn verify(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    let (asker, phone) = match here.number() {
        Ok(found) => found,
        Err(early) => return Ok(*early),
    };
    // Asked before the code is spent: what fails from then on must not keep the person out.
    let Ok(before) = web.signed_in(&visit.headers, &visit.facts).await else {
        return Ok(here.unavailable());
    };
    let browser = visit.begins(before.map(|before| before.session()));
    let typed = call.text("code").unwrap_or_default();
    let wrong = |problem| here.code_form(asker, phone.clone(), Some(problem), None);
    Ok(match web.login.verify(&asker, &phone, typed, Gives::Browser(&browser)).await {
        Ok(Verdict::Right(who)) => {
            let lifetime = web.session.lifetime.as_secs();
            let cookie = who.token().map(|token| visit.session_cookie(token, lifetime));
            let keepsake = web.login.remember(asker.who, &phone, visit.keepsake());
            let kept = visit.keepsake_cookie(&keepsake);
            with_cookie(with_cookie(here.signed_in(), cookie), Some(kept))
        }
        Ok(Verdict::WrongLength) => wrong(CodeProblem::WrongLength).await,
        Ok(Verdict::Wrong { tries_left: 0 } | Verdict::Over(Over::NoTries)) => {
            here.number_form(StatusCode::FORBIDDEN, Some(Say::CodeDied))
        }
        Ok(Verdict::Wrong { tries_left }) => wrong(CodeProblem::Wrong { tries_left }).await,
        Ok(Verdict::Over(_)) => here.number_form(StatusCode::FORBIDDEN, Some(Say::CodeExpired)),
        Ok(Verdict::Limited(limited)) => here.limited(&limited),
        Ok(Verdict::Blocked) => here.denied(&phone),
        Err(_) => here.unavailable(),
    })
}
