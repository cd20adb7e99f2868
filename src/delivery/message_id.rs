/// Longest id of a message that is taken from a provider, in characters.
const MAX_ID: usize = 128;

/// Whether it may be the id of a message: it is logged and stored.
pub(super) fn is_message_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain)
}
