use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;

use super::state::Web;
use crate::gate::FramedBy;
use crate::pages::{FailedRequest, HeaderClass, Problem, RequestContext, UnreadBody};
use crate::session::SignedIn;
use crate::store::StoreError;
use crate::{api, gate};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Anyone,
    /// Anyone, and forms of other origins too: what they carry decides, never a cookie alone.
    AnyPage,
    SignedIn,
    /// Applications. Each endpoint authenticates them in its own way; CORS is allowed for the
    /// origins that their client lists.
    Client,
    /// A provider of texts, by its signature. No cookie counts, nor where the request comes from.
    Provider,
}

/// Where a route stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedAt {
    /// At `public_url` only.
    Issuer,
    /// At the reserved prefix of every site.
    Site,
    Both,
}

/// What a route asks of a request, and which headers its answers get.
#[derive(Clone, Copy)]
pub(super) struct RouteGuard {
    /// As the table has it.
    pub(super) path: &'static str,
    pub(super) served_at: ServedAt,
    pub(super) access: Access,
    pub(super) class: HeaderClass,
}

/// Admits a request as its route demands, and writes the headers of its class to the answer.
pub(super) async fn admit(
    State((web, guard)): State<(Web, RouteGuard)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else {
        return refuse(&web, &Problem::Internal, &request);
    };
    let here_is = context.here(request.method(), request.uri());
    let refuse = |problem: &Problem, headers: &HeaderMap| {
        let failed = FailedRequest { here: &here_is, headers, at: Some(&context.origin) };
        web.problem(problem, &failed).map(Into::into)
    };
    let here = match guard.served_at {
        ServedAt::Issuer => context.issuer,
        ServedAt::Site => context.site,
        ServedAt::Both => true,
    };
    if !here {
        return refuse(&Problem::NotFound, request.headers());
    }
    if guard.access == Access::Client {
        let (path, class) = (guard.path, guard.class);
        return api::admit(&web.api, (path, class), context, request, next).await;
    }
    if let Some(UnreadBody(problem)) = request.extensions().get() {
        return refuse(problem, request.headers());
    }
    if gate::is_authorized_twice(request.headers()) {
        return refuse(&Problem::BadRequest, request.headers());
    }
    // No origin that a site lists counts here: our own pages are for themselves alone.
    if !matches!(guard.access, Access::AnyPage | Access::Provider)
        && gate::is_foreign_to_own_page(request.method(), request.headers(), &context.origin)
    {
        return refuse(&Problem::Foreign, request.headers());
    }
    if guard.access == Access::SignedIn {
        match web.signed_in(guard.class, request.headers(), &context).await {
            Ok(Some(who)) => {
                request.extensions_mut().insert(who);
            }
            Ok(None) if matches!(guard.class, HeaderClass::AccountPage | HeaderClass::FormPage) => {
                return web.sign_in_first(&context, &request);
            }
            Ok(None) => return web.unauthorized(&context),
            Err(_) => return refuse(&Problem::Unavailable, request.headers()),
        }
    }
    let mut response = next.run(request).await;
    let framed_by = response.extensions_mut().remove::<FramedBy>().unwrap_or_default();
    guard.class.write_framed(response.headers_mut(), &framed_by);
    response
}

impl Web {
    /// Who is signed in, for a route of a class. Pages that act for them are not shown in frames.
    async fn signed_in(
        &self,
        class: HeaderClass,
        headers: &HeaderMap,
        context: &RequestContext,
    ) -> Result<Option<SignedIn>, StoreError> {
        if class != HeaderClass::Json {
            return self.sessions.signed_in(headers, context).await;
        }
        let has_frames = self.shell.map().framed_by(&context.origin).is_some();
        self.sessions.signed_in_at_app(headers, (context, has_frames)).await
    }
}

pub(super) async fn wrong_method(State(web): State<Web>, request: Request) -> Response {
    refuse(&web, &Problem::MethodNotAllowed, &request)
}

pub(super) async fn not_found(State(web): State<Web>, request: Request) -> Response {
    refuse(&web, &Problem::NotFound, &request)
}

fn refuse(web: &Web, problem: &Problem, request: &Request) -> Response {
    let context = request.extensions().get::<RequestContext>();
    let here = context.map(|context| context.here(request.method(), request.uri()));
    let failed = FailedRequest {
        here: here.as_deref().unwrap_or_default(),
        headers: request.headers(),
        at: context.map(|context| &context.origin),
    };
    web.problem(problem, &failed).map(Into::into)
}
