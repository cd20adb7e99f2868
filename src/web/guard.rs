use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;

use super::{Place, Who};
use crate::pages::{Facts, HeaderClass, Problem, Unread, Web};
use crate::{api, gate};

/// What a row of the table asks of a request.
#[derive(Clone, Copy)]
pub(super) struct Access {
    /// As the table has it.
    pub(super) path: &'static str,
    pub(super) place: Place,
    pub(super) who: Who,
    pub(super) class: HeaderClass,
}

/// Lets a request in as its row says, and gives the answer the headers of its row.
pub(super) async fn admit(
    State((web, access)): State<(Arc<Web>, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(facts) = request.extensions().get::<Facts>().cloned() else {
        return web.problem(&Problem::Internal, request.headers(), None).map(Into::into);
    };
    let refuse = |problem: &Problem, headers: &HeaderMap| {
        web.problem(problem, headers, Some(&facts.origin)).map(Into::into)
    };
    let here = match access.place {
        Place::Issuer => facts.issuer,
        Place::Site => facts.site,
        Place::Both => true,
    };
    if !here {
        return refuse(&Problem::NotFound, request.headers());
    }
    if access.who == Who::Client {
        return api::admit(&web, (access.path, access.class), facts, request, next).await;
    }
    if let Some(Unread(problem)) = request.extensions().get() {
        return refuse(problem, request.headers());
    }
    // Whatever a site lists: our own pages are for nobody else's.
    if access.who != Who::AnyPage
        && gate::is_foreign(request.method(), request.headers(), &facts.origin, &[])
    {
        return refuse(&Problem::Foreign, request.headers());
    }
    if access.who == Who::SignedIn {
        match web.signed_in(request.headers(), &facts).await {
            Ok(Some(who)) => {
                request.extensions_mut().insert(who);
            }
            Ok(None) if access.class == HeaderClass::Page => {
                return web.sign_in_first(&facts, &request);
            }
            Ok(None) => return web.unauthorized(&facts),
            Err(_) => return refuse(&Problem::Unavailable, request.headers()),
        }
    }
    let mut response = next.run(request).await;
    access.class.write(response.headers_mut());
    response
}

pub(super) async fn wrong_method(State(web): State<Arc<Web>>, request: Request) -> Response {
    refuse(&web, &Problem::MethodNotAllowed, &request)
}

pub(super) async fn not_found(State(web): State<Arc<Web>>, request: Request) -> Response {
    refuse(&web, &Problem::NotFound, &request)
}

fn refuse(web: &Web, problem: &Problem, request: &Request) -> Response {
    let origin = request.extensions().get::<Facts>().map(|facts| &facts.origin);
    web.problem(problem, request.headers(), origin).map(Into::into)
}
