/// The type of a token, as the header's `typ` has it. Both are signed with the same keys: only
/// `typ` prevents that one is taken for the other (RFC 8725 §3.11).
#[derive(Clone, Copy)]
pub(crate) enum TokenType {
    /// OpenID Connect Core 1.0 §2; clients expect no other value.
    Id,
    /// RFC 9068 §2.1.
    Access,
}

impl TokenType {
    pub(crate) const fn typ(self) -> &'static str {
        match self {
            Self::Id => "JWT",
            Self::Access => "at+jwt",
        }
    }
}
