//! The parameter of a code that is asked for once more, on its way through a challenge.
use super::request::PageRequest;
use crate::domain::TextChannel;

pub(super) const AGAIN: &str = "again";

/// Its value where no channel was named.
const ANY_CHANNEL: &str = "1";

/// Its value for a code that is asked for by this channel.
pub(super) fn again(channel: Option<TextChannel>) -> &'static str {
    channel.map_or(ANY_CHANNEL, TextChannel::as_str)
}

/// The value in a request, if it is one of ours.
pub(super) fn asked_again(request: &PageRequest) -> Option<&'static str> {
    request.param(AGAIN).map(|text| again(TextChannel::parse(text)))
}
