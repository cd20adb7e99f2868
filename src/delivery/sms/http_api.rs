use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use ipnet::IpNet;
use serde::Serialize;
use url::Url;

use super::status;
use super::verification::{CodeAnswer, CodeCheck, CodeOwner};
use super::{AccountCheck, Message, Receipt, SmsProvider};
use crate::delivery::message_id::is_message_id;
use crate::delivery::{Failure, ReceiptApi, ReceiptInbox, SendError};
use crate::domain::{Origin, TextChannel};
use crate::outbound::{AddressRule, HttpAnswer, HttpClient, HttpTimeouts, NoAnswer};
use crate::system::{System, Timestamp};

/// The HTTP API of one provider: its settings, the request for a text, and what its answers mean.
pub trait HttpApi: fmt::Debug + Send + Sync {
    /// The name in `sms.providers`, the log and the metrics.
    fn name(&self) -> &'static str;

    /// How its messages reach a phone.
    fn channel(&self) -> TextChannel {
        TextChannel::Sms
    }

    /// Any URL of the host that all requests go to.
    fn base_url(&self) -> &Url;

    /// Who texts come from, as the settings say it: a number, a short code or a name. `None` if the
    /// provider chooses, or nobody can text it back.
    fn sender(&self) -> Option<&str> {
        None
    }

    /// The longest text, in characters, by the provider's documentation.
    fn longest_text(&self) -> usize;

    /// The one request that sends a text.
    ///
    /// # Errors
    ///
    /// Why this text cannot be sent by this provider.
    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure>;

    /// A request that changes nothing, and that only the owner of the credentials may make; `None`: the
    /// provider has none. `now`: for those that are signed.
    fn account_request(&self, _now: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        None
    }

    /// What a 200 to that request says of the settings.
    ///
    /// # Errors
    ///
    /// Why they do not fit the account.
    fn read_account(&self, _: &HttpAnswer) -> Result<(), Failure> {
        Ok(())
    }

    /// What another answer than 200 to that request means.
    fn account_failure(&self, answer: &HttpAnswer) -> Failure {
        match answer.status {
            401 | 403 => Failure::Misconfigured,
            status => status::meaning(status),
        }
    }

    /// What an answer means.
    ///
    /// # Errors
    ///
    /// [`Refused`], unless the text was accepted.
    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused>;

    /// How its receipts are checked; `None`: it has none, or they are not set up.
    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        None
    }

    /// If the codes of its texts are its own.
    fn verification(&self) -> Option<&dyn VerificationApi> {
        None
    }
}

/// How a provider is asked about a code of its own.
pub trait VerificationApi: Send + Sync {
    /// # Errors
    ///
    /// Why it cannot be asked.
    fn check_request(&self, check: &CodeCheck<'_>) -> Result<Request<Vec<u8>>, Failure>;

    /// What the answer to a check means.
    ///
    /// # Errors
    ///
    /// When it is no verdict.
    fn read_check(&self, answer: &HttpAnswer) -> Result<CodeAnswer, Refused>;

    /// # Errors
    ///
    /// Why it cannot be asked.
    fn cancel_request(&self, id: &str) -> Result<Request<Vec<u8>>, Failure>;
}

/// One call to a provider.
#[derive(Clone, Debug)]
pub struct Call {
    pub now: Timestamp,
    /// Random, of letters and digits; each call has its own.
    pub id: String,
    /// Where the provider is asked to send receipts.
    pub receipts: Option<String>,
}

/// The provider took the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of the message, if it has one.
    pub id: Option<String>,
    /// Billed segments, if told.
    pub segments: Option<u32>,
}

impl Accepted {
    /// Without the number of segments. An id with other characters than letters, digits and `._-`
    /// is none, since it is logged: whether the text was sent is then unclear.
    ///
    /// # Errors
    ///
    /// [`Failure::Unclear`].
    pub fn with_id(id: &str) -> Result<Self, Refused> {
        let accepted = || Self { id: Some(id.to_owned()), segments: None };
        is_message_id(id).then(accepted).ok_or(Refused::from(Failure::Unclear))
    }
}

/// The provider did not take the text, or it is unclear whether it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub failure: Failure,
    /// The provider's error code, if it is a number.
    pub code: Option<u32>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, code: None }
    }
}

impl Refused {
    /// By a row of a provider's table of codes; by the status if the code is missing or unknown.
    ///
    /// A success that is not the documented one may have sent the text, whatever its body says.
    pub fn by_code(status: u16, code: Option<u32>, known: Option<Failure>) -> Self {
        let known = known.filter(|_| !(200..300).contains(&status));
        Self { failure: known.unwrap_or_else(|| status::meaning(status)), code }
    }
}

/// A provider's table of error codes, by what they mean.
pub(super) type Codes = &'static [(Failure, &'static [u32])];

/// What the code means by this table.
pub(super) fn meaning(codes: Codes, code: u32) -> Option<Failure> {
    codes.iter().find(|(_, codes)| codes.contains(&code)).map(|(failure, _)| *failure)
}

/// How providers are called, whichever they are.
#[derive(Clone)]
pub struct ProviderCalls {
    pub timeouts: HttpTimeouts,
    /// `sms.allow_private`: networks that are not public.
    pub allowed: Vec<IpNet>,
    /// Below which URL receipts are taken, each provider's by its name; `None`: they are not.
    pub receipts: Option<Url>,
    /// Who takes receipts that come over a session; `None`: sessions are for sending only.
    pub inbox: Option<Arc<dyn ReceiptInbox>>,
    pub system: System,
}

impl ProviderCalls {
    /// To public addresses, with the default timeouts.
    pub fn new(system: System) -> Self {
        let (allowed, receipts, inbox) = (Vec::new(), None, None);
        Self { timeouts: HttpTimeouts::default(), allowed, receipts, inbox, system }
    }

    /// The URL that a provider is asked to send receipts to. None that it cannot reach: nobody does from
    /// elsewhere where it is this machine's own.
    fn receipts_of(&self, api: &dyn HttpApi) -> Option<String> {
        let url = self.receipts.as_ref().filter(|_| api.receipts().is_some())?;
        let is_here = |url| Origin::of(url).is_ok_and(|origin| origin.host().is_loopback());
        let reachable = !is_here(url) || is_here(api.base_url());
        reachable.then(|| below(url, &[api.name()]).ok()).flatten().map(Into::into)
    }
}

/// A provider with an HTTP API.
pub(super) struct HttpProvider {
    api: Arc<dyn HttpApi>,
    client: HttpClient,
    receipts: Option<String>,
    system: System,
}

impl HttpProvider {
    pub(super) fn new(api: Arc<dyn HttpApi>, connections: &ProviderCalls) -> Self {
        let rule = AddressRule::new(api.base_url(), connections.allowed.clone());
        let client = HttpClient::new(api.base_url(), rule, connections.timeouts);
        let receipts = connections.receipts_of(&*api);
        Self { api, client, receipts, system: connections.system.clone() }
    }

    fn error(&self, failure: Failure) -> SendError {
        SendError::new(self.api.name(), failure)
    }

    fn refused(&self, Refused { failure, code }: Refused, answer: &HttpAnswer) -> SendError {
        let (status, retry_after) = (Some(answer.status), answer.retry_after);
        SendError { code, status, retry_after, ..self.error(failure) }
    }

    /// What the request about a code is answered with.
    async fn ask(
        &self,
        request: impl FnOnce(&dyn VerificationApi) -> Result<Request<Vec<u8>>, Failure>,
    ) -> Result<(&dyn VerificationApi, HttpAnswer), SendError> {
        let api = self.api.verification().ok_or_else(|| self.error(Failure::Misconfigured))?;
        let request = request(api).map_err(|failure| self.error(failure))?;
        let answer = self.client.send(request, self.system.now()).await;
        Ok((api, answer.map_err(|why| self.error(without_answer(why)))?))
    }
}

#[async_trait]
impl CodeOwner for HttpProvider {
    async fn check(&self, check: &CodeCheck<'_>) -> Result<CodeAnswer, SendError> {
        let (api, answer) = self.ask(|api| api.check_request(check)).await?;
        api.read_check(&answer).map_err(|refused| self.refused(refused, &answer))
    }

    async fn cancel(&self, id: &str) -> Result<(), SendError> {
        let (_, answer) = self.ask(|api| api.cancel_request(id)).await?;
        let done = (200..300).contains(&answer.status);
        done.then_some(())
            .ok_or_else(|| self.refused(Refused::by_code(answer.status, None, None), &answer))
    }
}

#[async_trait]
impl SmsProvider for HttpProvider {
    fn name(&self) -> &'static str {
        self.api.name()
    }

    fn channel(&self) -> TextChannel {
        self.api.channel()
    }

    fn gives_receipts(&self) -> bool {
        self.receipts.is_some()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        let length = message.text.chars().count();
        if !(1..=self.api.longest_text()).contains(&length) {
            return Err(self.error(Failure::TextRefused));
        }
        let id = data_encoding::HEXLOWER.encode(&self.system.random::<16>());
        let call = Call { now: self.system.now(), id, receipts: self.receipts.clone() };
        let request = self.api.request(message, &call).map_err(|failure| self.error(failure))?;
        let read = match self.client.send(request, call.now).await {
            Ok(answer) => self.api.read(&answer).map_err(|refused| self.refused(refused, &answer)),
            Err(why) => Err(self.error(without_answer(why))),
        };
        let own = call.id.clone();
        let unclear = |error: &SendError| (error.failure == Failure::Unclear).then_some(call.id);
        let Accepted { id, segments } =
            read.map_err(|error| SendError { message_id: unclear(&error), ..error })?;
        Ok(Receipt { provider: self.api.name(), id: id.unwrap_or(own), segments })
    }

    fn code_owner(&self) -> Option<&dyn CodeOwner> {
        self.api.verification().map(|_| self as &dyn CodeOwner)
    }

    async fn check_account(&self) -> AccountCheck {
        let now = self.system.now();
        let Some(request) = self.api.account_request(now) else { return AccountCheck::NotAsked };
        let answer = match request {
            Ok(request) => self.client.send(request, now).await,
            Err(failure) => return AccountCheck::Failed(self.error(failure)),
        };
        match answer {
            Ok(answer) if answer.status == 200 => match self.api.read_account(&answer) {
                Ok(()) => AccountCheck::Good { date: answer.date },
                Err(failure) => AccountCheck::Failed(self.error(failure)),
            },
            Ok(answer) => {
                let failure = self.api.account_failure(&answer);
                AccountCheck::Failed(SendError {
                    status: Some(answer.status),
                    ..self.error(failure)
                })
            }
            Err(why) => AccountCheck::Failed(self.error(without_answer(why))),
        }
    }
}

/// A request without a body.
pub(super) fn get(
    url: &Url,
    header: (HeaderName, HeaderValue),
) -> Result<Request<Vec<u8>>, Failure> {
    request(Method::GET, url, std::iter::once(header), Vec::new())
}

pub(super) const fn without_answer(why: NoAnswer) -> Failure {
    match why {
        NoAnswer::Invalid => Failure::Misconfigured,
        NoAnswer::PrivateAddress => Failure::PrivateAddress,
        NoAnswer::Unreachable => Failure::Unreachable,
        NoAnswer::Unclear => Failure::Unclear,
    }
}

/// `base` and these path segments.
pub(super) fn below(base: &Url, segments: &[&str]) -> Result<Url, Failure> {
    let mut url = base.clone();
    let mut path = url.path_segments_mut().map_err(|()| Failure::Misconfigured)?;
    path.pop_if_empty().extend(segments);
    drop(path);
    Ok(url)
}

/// `Authorization: SCHEME TOKEN`.
pub(super) fn authorization(
    scheme: &str,
    token: &str,
) -> Result<(HeaderName, HeaderValue), Failure> {
    header(AUTHORIZATION, &format!("{scheme} {token}"))
}

/// A header whose value is not shown by `Debug`.
pub(super) fn header(name: HeaderName, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Failure::Misconfigured)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Basic authentication (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    use base64::Engine as _;
    let token = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
    authorization("Basic", &token)
}

/// A POST of a form.
pub(super) fn form(
    url: &Url,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    fields: &[(&str, &str)],
) -> Result<Request<Vec<u8>>, Failure> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    request(Method::POST, url, headers.into_iter().chain([kind]), body.into_bytes())
}

/// A POST of JSON.
pub(super) fn json(
    url: &Url,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    body: &impl Serialize,
) -> Result<Request<Vec<u8>>, Failure> {
    let body = serde_json::to_vec(body).map_err(|_| Failure::Misconfigured)?;
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request(Method::POST, url, headers.into_iter().chain([kind]), body)
}

pub(super) fn request(
    method: Method,
    url: &Url,
    headers: impl Iterator<Item = (HeaderName, HeaderValue)>,
    body: Vec<u8>,
) -> Result<Request<Vec<u8>>, Failure> {
    let mut request = Request::builder().method(method).uri(url.as_str());
    if let Some(all) = request.headers_mut() {
        all.extend(headers);
    }
    request.body(body).map_err(|_| Failure::Misconfigured)
}
