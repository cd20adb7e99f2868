//! How it is told what of a request is not repeated after a login: by a parameter of the sign-in, and
//! on its way through the pages by the flow.
use super::flow::FlowMessage;
use super::views::Lost;
use crate::system::Timestamp;

/// The name of the parameter.
pub(super) const LOST: &str = "lost";

impl Lost {
    /// The value of [`LOST`].
    pub(super) const fn as_param(self) -> &'static str {
        match self {
            Self::Form => "1",
            Self::ForeignForm => "foreign",
            Self::Link => "link",
        }
    }

    pub(super) fn from_param(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lost| lost.as_param() == text)
    }
}

impl From<Lost> for FlowMessage {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Form => Self::FormNotSent,
            Lost::ForeignForm => Self::ForeignFormNotSent,
            Lost::Link => Self::LinkLost,
        }
    }
}

impl FlowMessage {
    /// What a login says to somebody whom a site sent, with what is `lost`. `is_kept`: it leads to a form
    /// that was kept; `since`: only a login after this will do.
    pub(super) fn on_arrival(
        lost: Option<Lost>,
        is_kept: bool,
        since: Option<Timestamp>,
    ) -> Option<Self> {
        let kept = is_kept.then_some(Self::FormKept);
        lost.map(Self::from).or(kept).or(since.map(|_| Self::LoginTooOld))
    }

    /// What is lost, where the message says that something is.
    pub(super) fn lost(self) -> Option<Lost> {
        Lost::ALL.into_iter().find(|lost| self == Self::from(*lost))
    }
}
