use super::super::reader::Reader;
use crate::login::ChallengeSettings;

/// What strangers may be asked for; the inner `None`: nothing.
#[expect(clippy::option_option, reason = "the outer one says that a value is wrong")]
pub(super) fn challenge(reader: &Reader<'_>) -> Option<Option<ChallengeSettings>> {
    let count = |key| reader.integer(key).and_then(|count| u32::try_from(count).ok());
    let bits = reader.integer("login.challenge_bits").and_then(|bits| u8::try_from(bits).ok());
    let wait = reader.duration("login.challenge_wait");
    let after_texts = count("limits.challenge_after_texts");
    let is_on = reader.flag("login.challenge")?;
    let settings = ChallengeSettings { bits: bits?, wait: wait?, after_texts: after_texts? };
    Some(is_on.then_some(settings))
}
