//! What became of a text, for the page that waits for its code.
//! Tells what the page itself would tell when it is loaded again, and where only users are texted nothing.
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::login_pages::LoginPages;
use super::request::PageRequest;
use super::views::{News, NewsPart, TextArrival};
use crate::domain::TextChannel;
use crate::login::TextNews;
use crate::store::Attempt;

/// Seconds until the page asks again.
const AGAIN: u64 = 4;

/// `GET /code/news`: `html` for the page, and `after` how many seconds it asks again; 0: not any more.
pub(crate) async fn show(
    State(pages): State<Arc<LoginPages>>,
    request: PageRequest,
) -> Json<Value> {
    let request = pages.in_flow_of_query(request);
    let sealed = request.param("flow").unwrap_or_default();
    let flow = pages.flow(&request, sealed).ok();
    let Some((flow, phone)) = flow.and_then(|flow| flow.phone.clone().map(|phone| (flow, phone)))
    else {
        return over();
    };
    let requester = pages.requester(&request, flow.browser, &phone);
    // Not for the outcome: the page asks again.
    let found = pages.login.attempt_with_outcome(&requester, &phone, Duration::ZERO).await;
    let Ok(found) = found else { return answer("", AGAIN) };
    let alive = found.filter(|attempt| pages.login.is_alive(attempt));
    match alive.as_ref().and_then(|attempt| pages.news(attempt)) {
        Some(news) => {
            let html = pages.shell.fragment(&request, &NewsPart(news));
            answer(&html, if news.more { AGAIN } else { 0 })
        }
        None => over(),
    }
}

fn over() -> Json<Value> {
    answer("", 0)
}

fn answer(html: &str, after: u64) -> Json<Value> {
    Json(json!({ "html": html, "after": after }))
}

impl LoginPages {
    /// What is said of the latest text of an attempt.
    pub(crate) fn news(&self, attempt: &Attempt) -> Option<News<'_>> {
        let news = self.login.news(attempt);
        let say = match attempt.channel {
            TextChannel::Sms => of_text(news),
            TextChannel::WhatsApp => of_whatsapp(news),
            TextChannel::Voice => of_call(news),
        }?;
        let provider = attempt.text.provider.as_deref();
        let texts_from = self.login.settings().start_number(provider);
        Some(News { say, more: !news.is_last(), texts_from })
    }
}

/// What is said of a text; `None`: nothing, whatever becomes of it.
const fn of_text(news: TextNews) -> Option<TextArrival> {
    Some(match news {
        TextNews::None => return None,
        TextNews::Awaited => TextArrival::Awaited,
        TextNews::Late => TextArrival::Late,
        TextNews::Again { .. } => TextArrival::Again,
        TextNews::Delivered => TextArrival::Arrived,
        TextNews::Undelivered(why) => TextArrival::Failed(why),
    })
}

/// The same of a message by WhatsApp. One that is sent again is still on its way, as the page says.
const fn of_whatsapp(news: TextNews) -> Option<TextArrival> {
    Some(match news {
        TextNews::None => return None,
        TextNews::Awaited | TextNews::Again { .. } => TextArrival::Awaited,
        TextNews::Late => TextArrival::LateByWhatsApp,
        TextNews::Delivered => TextArrival::ArrivedByWhatsApp,
        TextNews::Undelivered(_) => TextArrival::FailedByWhatsApp,
    })
}

/// The same of a call, which is not late, and of which whoever answered it knows.
const fn of_call(news: TextNews) -> Option<TextArrival> {
    Some(match news {
        TextNews::None => return None,
        TextNews::Undelivered(_) => TextArrival::NotAnswered,
        _ => TextArrival::Awaited,
    })
}
