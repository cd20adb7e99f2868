use std::net::IpAddr;
use std::time::Duration;

use crate::domain::{
    AttemptId, Country, GrantId, Host, Peer, PhoneNumber, SessionId, TextChannel, UserId,
};

/// A request for a code that led to none.
#[derive(Clone, Copy, Debug)]
pub struct AskedStart<'a> {
    pub phone: &'a PhoneNumber,
    /// The name of the client that asked; `None`: the login pages.
    pub application: Option<&'a str>,
    /// By the API, which has no pages.
    pub by_program: bool,
    /// By a browser that has signed in with the number before.
    pub by_known: bool,
}

/// Something that happened, for logs, metrics and audits.
///
/// Contains no code, no token and no full phone number: `PhoneNumber` prints its last digits only.
#[derive(Debug)]
pub enum Event<'a> {
    /// A code was requested.
    CodeRequested {
        attempt: AttemptId,
        phone: &'a PhoneNumber,
        /// Whether an existing attempt was resumed.
        again: bool,
        /// The name of the client that asked; `None`: the login pages.
        application: Option<&'a str>,
        /// How the proof that came with it was made, as in [`Event::ChallengeSolved`], or else why it was
        /// not accepted.
        proof: Option<Result<&'static str, &'static str>>,
    },
    /// A provider accepted the text.
    TextSent {
        attempt: AttemptId,
        provider: &'a str,
        /// The provider's id of the text.
        message_id: &'a str,
        /// The code is the provider's own.
        own_code: bool,
        channel: TextChannel,
    },
    /// A provider did not accept the text. `provider` is empty if none was called.
    TextFailed {
        attempt: AttemptId,
        provider: &'a str,
        /// It may have been sent all the same.
        unclear: bool,
        reason: &'a str,
        /// That of the number: accounts are opened for countries one by one.
        country: Option<Country>,
    },
    /// A provider says that a text arrived.
    TextDelivered {
        attempt: AttemptId,
        provider: &'a str,
        message_id: &'a str,
        channel: TextChannel,
        /// After it was taken.
        seconds: u64,
    },
    /// A provider says that a text that it took did not arrive.
    TextUndelivered {
        attempt: AttemptId,
        provider: &'a str,
        message_id: &'a str,
        channel: TextChannel,
        reason: &'a str,
        /// The provider's error code.
        code: Option<u32>,
    },
    /// The same code is sent by another provider, since the text of `instead_of` did not arrive.
    TextSentAgain {
        attempt: AttemptId,
        instead_of: &'a str,
    },
    /// What came to the place for a provider's receipts is none.
    ReceiptRefused {
        /// As in `sms.providers`; empty for another name.
        provider: &'a str,
        why: &'a str,
    },
    /// The chosen template made no text with the code: another one was taken.
    TextReplaced {
        attempt: AttemptId,
        reason: &'a str,
    },
    /// The attempt was dead before its text was sent.
    TextDropped {
        attempt: AttemptId,
    },
    /// The number belongs to no user, and only users are texted.
    TextWithheld {
        attempt: AttemptId,
    },
    /// The queue of texts is full.
    QueueFull {
        attempt: AttemptId,
    },
    /// A provider failed so often in a row that others are asked in its place, or answers again.
    ProviderBreaker {
        provider: &'a str,
        is_open: bool,
        /// There is no other.
        alone: bool,
    },
    /// The provider that made the code did not say whether an answer is right, or did not end the code.
    CodeNotChecked {
        attempt: AttemptId,
        provider: &'a str,
        reason: &'a str,
    },
    WrongCode {
        attempt: AttemptId,
        tries_left: u8,
    },
    /// A code was entered for an attempt that is dead, for the reason `why`.
    DeadCode {
        attempt: Option<AttemptId>,
        why: &'static str,
    },
    SignedIn {
        attempt: AttemptId,
        user: UserId,
        session: SessionId,
        new_user: bool,
    },
    /// The right code was entered, but the user is blocked.
    BlockedUser {
        attempt: AttemptId,
        user: UserId,
    },
    /// The right code was entered, but its number belongs to no user.
    UnknownUser {
        attempt: AttemptId,
    },
    /// A session was handed over from the issuer to a site on another host.
    HandedOver {
        user: UserId,
        session: SessionId,
        host: &'a Host,
    },
    /// A hand-over ticket was rejected at `host`, for the reason `why`.
    TicketRefused {
        host: &'a Host,
        why: &'static str,
    },
    SignedOut {
        user: UserId,
        session: SessionId,
    },
    /// A user made a personal access token for `site`, a url.
    PersonalTokenMade {
        user: UserId,
        token: SessionId,
        site: &'a str,
    },
    PersonalTokenEnded {
        user: UserId,
        token: SessionId,
    },
    /// A request of a client, authenticated or not, was refused.
    ClientRefused {
        /// A configured client; `None` if it is unknown.
        client: Option<&'a str>,
        /// The path of an endpoint, or the name of a site.
        at: &'a str,
        /// The error code in the response (RFC 6749 §5.2 and others).
        error: &'static str,
        why: &'a str,
        /// The origin, URL or audience that is not configured, without secret parts.
        named: Option<&'a str>,
        /// In what a URL differs from those that are configured.
        differs: Option<&'static str>,
    },
    /// Tokens were issued to a client by the grant type `grant`.
    TokensGiven {
        client: &'a str,
        grant: &'static str,
    },
    /// A code or refresh token was used twice, so that two parties hold it. Its grant is revoked.
    Reused {
        what: &'static str,
        client: &'a str,
        grant: GrantId,
    },
    /// A client revoked a grant.
    GrantRevoked {
        client: &'a str,
        grant: GrantId,
    },
    /// A limit was exceeded.
    Limited {
        limit: &'static str,
        /// The login that it is of, even if it did not begin; `None`: none.
        attempt: Option<AttemptId>,
        /// The request for a code that it refused, if it was one.
        start: Option<AskedStart<'a>>,
        /// The time to wait.
        seconds: u64,
        /// The network that the request came from: IPv4 /24, IPv6 /48.
        network: &'a str,
        /// A limit of an address, and all recent requests came from this one, which is private:
        /// perhaps that of a proxy.
        only_address: bool,
        /// The window of a limit that many share, so that it matters to more than who met it.
        shared: Option<Duration>,
    },
    /// A store failed while a code was asked for: nothing was sent.
    StartFailed {
        /// The one that would have begun, or would have been resumed.
        attempt: AttemptId,
        start: AskedStart<'a>,
        reason: &'a str,
    },
    /// A stranger was asked for a proof before another text, for the reason `why`.
    ChallengeAsked {
        /// As in [`Event::StartFailed`].
        attempt: AttemptId,
        start: AskedStart<'a>,
        why: &'static str,
        /// Why the proof that came was not accepted.
        fault: Option<&'static str>,
        /// As in [`Event::Limited`].
        network: &'a str,
        /// As in [`Event::Limited`].
        only_address: bool,
    },
    /// A proof was right: by calculating (`work`), by waiting (`wait`) or by a captcha.
    ChallengeSolved {
        by: &'static str,
    },
    /// A proof was not accepted.
    ChallengeFailed {
        why: &'static str,
    },
    /// Texts have used up so many percent of a budget, half or all, or half of a limit of texts. Told once in its
    /// window.
    BudgetUsed {
        limit: &'static str,
        /// The country or the first digits of the numbers; empty for all.
        of: &'a str,
        percent: u8,
    },
    /// Few of the codes of some hours were used: told once an hour.
    FewCodesUsed {
        /// The country or the first digits of the numbers.
        of: &'a str,
        sent: u32,
        used: u32,
        /// In so many hours.
        hours: u64,
        /// Strangers there are asked for a proof for an hour.
        challenged: bool,
        /// No further strangers are texted there for an hour.
        paused: bool,
    },
    /// Many codes of all visitors were wrong: told once a day.
    ManyWrongCodes {
        wrong: u32,
        right: u32,
    },
    /// An app failed to answer a request; told when it begins, not for each request.
    UpstreamFailing {
        site: &'a str,
        address: &'a str,
        why: &'a str,
    },
    /// An app that failed has answered a request.
    UpstreamAnswers {
        site: &'a str,
        address: &'a str,
    },
    /// A header that names the client's address was ignored, since `peer`, who sent it, is no trusted
    /// proxy; told once an hour.
    ForwardingIgnored {
        header: &'a str,
        peer: IpAddr,
    },
    /// A question of `peer`, another proxy or somebody who plays one, was refused.
    QuestionRefused {
        peer: Peer,
        why: &'a str,
    },
    /// A store operation failed, and so did the request that needed it.
    StoreFailed {
        doing: &'static str,
        reason: &'a str,
        /// An engine is away.
        is_outage: bool,
    },
}
