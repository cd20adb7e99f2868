use std::time::Duration;

use doorcode::system::Timestamp;
use http::{HeaderMap, Method, Request, StatusCode, header};
use url::Url;

use super::world::{ISSUER, World};

/// What a browser does with cookies and redirects, and no more.
#[derive(Clone)]
pub(super) struct Browser<'w> {
    world: &'w World,
    /// Oldest first: host, name, value, end.
    pub(super) jar: Vec<(String, String, String, Option<Timestamp>)>,
    /// Every address that was asked for.
    pub(super) journey: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) at: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn location(&self) -> Option<Url> {
        let location = self.headers.get(header::LOCATION)?;
        Some(self.at.join(location.to_str().unwrap()).unwrap())
    }

    /// The value of what follows `before` up to the next quote.
    pub(super) fn attribute(&self, before: &str) -> String {
        let (_, rest) = self.body.split_once(before).unwrap_or_else(|| panic!("{}", self.body));
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }

    pub(super) fn flow(&self) -> String {
        self.attribute("name=\"flow\" value=\"")
    }

    pub(super) fn asks_for_a_number(&self) -> bool {
        self.status == StatusCode::OK && self.body.contains("name=\"phone\"")
    }

    pub(super) fn is_the_app(&self, phone: &str) -> bool {
        self.status == StatusCode::OK && self.body == format!("app {phone}")
    }

    #[track_caller]
    pub(super) fn assert_page(&self, status: StatusCode, words: &str) {
        assert_eq!(self.status, status, "{}\n{}", self.at, self.body);
        assert!(self.body.contains(words), "{}\n{}", self.at, self.body);
    }
}

pub(super) const NO_COOKIE: &str = "Your browser did not send our cookie back";
pub(super) const TIMED_OUT: &str = "Your sign-in timed out";

impl<'w> Browser<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self { world, jar: Vec::new(), journey: Vec::new() }
    }

    /// One request, with no redirect followed.
    pub(super) async fn ask(&mut self, method: Method, url: &str, body: &str) -> Answer {
        let at = Url::parse(url).unwrap();
        self.journey.push(at.to_string());
        let host = at.host_str().unwrap().to_owned();
        let authority = &at[url::Position::BeforeHost..url::Position::AfterPort];
        let now = self.world.now();
        self.jar.retain(|(.., end)| end.is_none_or(|end| now < end));
        let ours = self.jar.iter().filter(|(of, ..)| *of == host);
        let cookies: Vec<_> = ours.map(|(_, name, value, _)| format!("{name}={value}")).collect();
        let target = &at[url::Position::BeforePath..url::Position::AfterQuery];
        let request = Request::builder()
            .method(method.clone())
            .uri(target)
            .header("host", authority)
            .header("cookie", cookies.join("; "))
            .header("sec-fetch-mode", "navigate")
            .header("content-type", "application/x-www-form-urlencoded");
        let request = match method {
            Method::POST => request.header("origin", at.origin().ascii_serialization()),
            _ => request,
        };
        let request = request.body(body.to_owned()).unwrap();
        let (parts, body) = self.world.answer(authority, request).await.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(&host, cookie.to_str().unwrap());
        }
        let body = String::from_utf8(body.to_vec()).unwrap();
        crate::support::recording::routed(&format!("{method} {at}"), &parts, &body);
        Answer { at, status: parts.status, headers: parts.headers, body }
    }

    fn keep(&mut self, host: &str, line: &str) {
        let cookie = cookie::Cookie::parse(line.to_owned()).unwrap();
        let (name, value) = cookie.name_value();
        let safe = name.starts_with("__Host-doorcode")
            && cookie.secure() == Some(true)
            && cookie.http_only() == Some(true)
            && cookie.path() == Some("/")
            && cookie.domain().is_none();
        assert!(safe, "{line}");
        let place = self.jar.iter().position(|(of, known, ..)| of == host && known == name);
        let age =
            cookie.max_age().map(|age| Duration::from_secs(age.whole_seconds().unsigned_abs()));
        let end = age.map(|age| self.world.now() + age);
        let new = (host.to_owned(), name.to_owned(), value.to_owned(), end);
        match place {
            // A browser keeps the place of a cookie that is set again.
            Some(place) => self.jar[place] = new,
            None => self.jar.push(new),
        }
    }

    /// Goes on until no redirect is left, or until the next one leads to what starts with `stop`:
    /// then gives that redirect.
    pub(super) async fn follow(&mut self, mut answer: Answer, stop: &str) -> Answer {
        for _ in 0..12 {
            match answer.location() {
                Some(next) if !next.as_str().starts_with(stop) => {
                    assert_eq!(answer.status, StatusCode::SEE_OTHER);
                    answer = self.ask(Method::GET, next.as_str(), "").await;
                }
                _ => return answer,
            }
        }
        panic!("round and round: {:#?}", self.journey);
    }

    pub(super) async fn get(&mut self, url: &str) -> Answer {
        self.ask(Method::GET, url, "").await
    }

    pub(super) async fn visit(&mut self, url: &str) -> Answer {
        let answer = self.get(url).await;
        self.follow(answer, "none").await
    }

    pub(super) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.extend_pairs(fields).finish();
        let answer = self.ask(Method::POST, url, &body).await;
        // What `form-action 'self'` lets through: no redirect leads to another origin.
        if let Some(next) = answer.location() {
            assert_eq!(next.origin(), answer.at.origin());
        }
        self.follow(answer, "none").await
    }

    /// From a page that asks for a number to the redirect that leads out of the login pages.
    pub(super) async fn log_in(&mut self, page: &Answer, phone: &str) -> Answer {
        assert!(page.asks_for_a_number(), "{}\n{}", page.at, page.body);
        let flow = page.flow();
        let page =
            self.post(&format!("{ISSUER}/login"), &[("flow", &flow), ("phone", phone)]).await;
        let page = self.type_code(&page, phone).await;
        let resume = page.attribute("content=\"0;url=");
        assert!(resume.starts_with("/resume?"), "{resume}");
        self.get(&format!("{ISSUER}{resume}")).await
    }

    pub(super) async fn type_code(&mut self, page: &Answer, phone: &str) -> Answer {
        let texts = self.world.twilio.messages();
        let text = texts.iter().rfind(|text| text.to == phone).expect("a text");
        assert!(text.body.contains("\n@auth.example.com #"), "{}", text.body);
        let code = text.body.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
        let fields = [("flow", page.flow()), ("code", code.unwrap().to_owned())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.post(&format!("{ISSUER}/code"), &fields).await
    }

    /// From a protected page to it, signed in.
    pub(super) async fn sign_in(&mut self, url: &str, phone: &str) -> Answer {
        let page = self.visit(url).await;
        let out = self.log_in(&page, phone).await;
        self.follow(out, "none").await
    }

    /// From a protected page to the redirect that holds a ticket; the address of the callback.
    pub(super) async fn ticket(&mut self, url: &str, phone: &str) -> Url {
        let page = self.visit(url).await;
        let out = self.log_in(&page, phone).await;
        let callback = out.location().unwrap();
        assert!(callback.path() == "/.doorcode/callback", "{callback}");
        callback
    }

    /// Who a host says is signed in.
    pub(super) async fn is_signed_in(&mut self, origin: &str, prefix: &str) -> bool {
        match self.get(&format!("{origin}{prefix}/me")).await.status {
            StatusCode::OK => true,
            StatusCode::UNAUTHORIZED => false,
            other => panic!("{other}"),
        }
    }

    pub(super) fn cookies(&self, host: &str) -> Vec<&str> {
        let of = |(of, ..): &&(String, String, String, _)| of == host;
        self.jar.iter().filter(of).map(|(_, name, ..)| name.as_str()).collect()
    }
}
