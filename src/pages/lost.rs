//! How it is told what of a request is not repeated after a login: by a parameter of the sign-in, and
//! on its way through the pages by the flow.
use super::flow::FlowMessage;
use super::views::Lost;

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
    /// What is lost, where the message says that something is.
    pub(super) fn lost(self) -> Option<Lost> {
        Lost::ALL.into_iter().find(|lost| self == Self::from(*lost))
    }
}
