/// The `typ` of a client's access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTokenType {
    /// That of Auth0's default profile, which libraries expect that know no other.
    #[default]
    Jwt,
    /// RFC 9068 §2.1.
    AtJwt,
}

impl AccessTokenType {
    pub const ALL: [Self; 2] = [Self::Jwt, Self::AtJwt];

    /// As the header has it.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Jwt => ID_TOKEN_TYPE,
            Self::AtJwt => "at+jwt",
        }
    }
}

/// The `typ` of ID tokens (OpenID Connect Core 1.0 §2); clients expect no other value.
pub(crate) const ID_TOKEN_TYPE: &str = "JWT";
