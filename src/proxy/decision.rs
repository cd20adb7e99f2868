/// What became of a request: the `decision` of its access-log line and of its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecisionLabel {
    /// Nothing: it broke off before it was looked at.
    None,
    BadRequest,
    /// Too many requests are under way.
    Limited,
    UnknownHost,
    NoSite,
    /// One of our own paths answered.
    Own,
    Preflight,
    StoreFailed,
    BadToken,
    ForeignOrigin,
    /// Without the client certificate that the site asks for.
    NoCertificate,
    /// It went on to the app.
    Forward,
    /// The same, against the site's rules, which it only reports.
    Reported,
    SignIn,
    /// The user logged in longer ago than the rule allows.
    LogInAgain,
    /// By a rule of the site.
    Refused,
    TooLarge,
    /// The session or token ended while the request went on.
    SessionOver,
    UpstreamFailed,
    /// The client disconnected, or reset its stream, before there was an answer.
    ClientGone,
}

const ALL: [DecisionLabel; 20] = [
    DecisionLabel::None,
    DecisionLabel::BadRequest,
    DecisionLabel::Limited,
    DecisionLabel::UnknownHost,
    DecisionLabel::NoSite,
    DecisionLabel::Own,
    DecisionLabel::Preflight,
    DecisionLabel::StoreFailed,
    DecisionLabel::BadToken,
    DecisionLabel::ForeignOrigin,
    DecisionLabel::NoCertificate,
    DecisionLabel::Forward,
    DecisionLabel::Reported,
    DecisionLabel::SignIn,
    DecisionLabel::LogInAgain,
    DecisionLabel::Refused,
    DecisionLabel::TooLarge,
    DecisionLabel::SessionOver,
    DecisionLabel::UpstreamFailed,
    DecisionLabel::ClientGone,
];

/// Every label, for the metrics' handles.
pub const DECISIONS: &[&str] = &words();

impl DecisionLabel {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BadRequest => "bad-request",
            Self::Limited => "limited",
            Self::UnknownHost => "unknown-host",
            Self::NoSite => "no-site",
            Self::Own => "own",
            Self::Preflight => "preflight",
            Self::StoreFailed => "store-failed",
            Self::BadToken => "bad-token",
            Self::ForeignOrigin => "foreign-origin",
            Self::NoCertificate => "no-certificate",
            Self::Forward => "forward",
            Self::Reported => "reported",
            Self::SignIn => "sign-in",
            Self::LogInAgain => "log-in-again",
            Self::Refused => "refused",
            Self::TooLarge => "too-large",
            Self::SessionOver => "session-over",
            Self::UpstreamFailed => "upstream-failed",
            Self::ClientGone => "client-gone",
        }
    }
}

const fn words() -> [&'static str; ALL.len()] {
    let mut words = [""; ALL.len()];
    let mut at = 0;
    while at < ALL.len() {
        words[at] = ALL[at].as_str();
        at += 1;
    }
    words
}
