use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use doorcode::access::{AccessDecision, AccessRequest};
use doorcode::app::{AppDeps, build};
use doorcode::config::Config;
use doorcode::gate::{self, RouteMatch};
use doorcode::pages::RequestContext;
use doorcode::proxy::{AccessLog, AdminRequests, Shared};
use doorcode::system::{Clock, System, Timestamp};
use doorcode::web::LoginChallenge;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::support::still::StillClock;
use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, SERVICE_SID};

pub(super) const ISSUER: &str = "https://auth.example.com";
pub(super) const SHOP: &str = "https://shop.example.com";
pub(super) const WIKI: &str = "https://wiki.example.org:8443";
/// On the issuer's host: sees its cookies.
pub(super) const TOOLS: &str = "https://auth.example.com:8443";

const SETTINGS: &str = r#"
[server]
public_url = "https://auth.example.com"
secret = "env:SECRET"
[login]
countries = ["US"]
[sms]
providers = ["twilio"]
[[site]]
name = "Shop"
url = "https://shop.example.com"
upstreams = ["127.0.0.1:1"]
[[site.rule]]
path = "/billing/*"
allow = ["signed-in"]
fresh = "15m"
[[site]]
name = "Wiki"
url = "https://wiki.example.org:8443/pages"
upstreams = ["127.0.0.1:1"]
[[site]]
name = "Tools"
url = "https://auth.example.com:8443"
upstreams = ["127.0.0.1:1"]
"#;

/// The whole program without its sockets: requests go in where Pingora would bring them.
pub(super) struct World {
    clock: Arc<StillClock>,
    pub(super) twilio: FakeTwilio,
    shared: Shared,
    _jobs: JoinSet<()>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let twilio = FakeTwilio::start();
        let twilio_settings = format!(
            "[sms.twilio]\naccount_sid = \"{ACCOUNT_SID}\"\nauth_token = \"env:TOKEN\"\n\
             messaging_service_sid = \"{SERVICE_SID}\"\nbase_url = \"{}\"\n",
            twilio.base_url()
        );
        let text = SETTINGS.replacen("[[site]]", &format!("{twilio_settings}[[site]]"), 1);
        let environment = |name: &str| match name {
            "SECRET" => Some("correct-horse-battery-staple-0123".to_owned()),
            "TOKEN" => Some(AUTH_TOKEN.to_owned()),
            _ => None,
        };
        let config = Config::read(&text, "my.toml", folder.path(), &environment).unwrap();
        let clock = Arc::new(StillClock::new());
        let system = System::new(Arc::clone(&clock) as _, System::real().random);
        let (access_log, exit, reloads) = (AccessLog::off(), Box::new(|| ()), AdminRequests::new());
        let around = AppDeps { system, access_log, exit, reloads, predecessor: None };
        let parts = build(config, around).await.unwrap();
        let jobs = parts.jobs.into_iter().map(|job| job.run).collect();
        Self { clock, twilio, shared: parts.shared, _jobs: jobs, _folder: folder }
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Answers as the proxy would; an app says only who it is told.
    pub(super) async fn answer(
        &self,
        authority: &str,
        request: Request<String>,
    ) -> Response<Bytes> {
        let live = self.shared.snapshot.load_full();
        let path = request.uri().path().to_owned();
        let readings = gate::readings(&path).unwrap();
        match live.map.locate(authority, &readings) {
            RouteMatch::Own(own) => {
                let context = RequestContext::new(&own, "192.0.2.1".parse().unwrap());
                let (mut parts, body) = request.into_parts();
                let target = parts.uri.path_and_query().unwrap().as_str();
                parts.uri = target.strip_prefix(&context.base).unwrap().parse().unwrap();
                parts.extensions.insert(context);
                let request = Request::from_parts(parts, Body::from(body));
                let Ok(answer) = live.router.clone().oneshot(request).await;
                let (parts, body) = answer.into_parts();
                Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
            }
            RouteMatch::Site { index, site } => {
                let (parts, _) = request.into_parts();
                let access = AccessRequest {
                    index,
                    site,
                    method: &parts.method,
                    readings: &readings,
                    headers: &parts.headers,
                    client: "192.0.2.1".parse().unwrap(),
                };
                let outcome = live.authorizer.authorize(&access).await;
                match (&outcome.decision, outcome.caller.person()) {
                    (AccessDecision::Forward, Some((who, _))) => {
                        Response::new(Bytes::from(format!("app {}", who.phone().e164())))
                    }
                    (AccessDecision::SignIn, None) => {
                        live.web.challenge(&site.url.origin, &parts, LoginChallenge::default())
                    }
                    (AccessDecision::LogInAgain { max_age }, Some(_)) => {
                        let challenge = LoginChallenge { max_age: Some(*max_age), basic: None };
                        live.web.challenge(&site.url.origin, &parts, challenge)
                    }
                    _ => panic!("{authority}{path}: {outcome:?}"),
                }
            }
            other => panic!("{authority}{path} is {other:?}"),
        }
    }
}
