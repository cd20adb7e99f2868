//! Domain types that are valid by construction, and the keys derived from the server secret.
//! No I/O, clock or randomness; depends on no other module.
mod accepted_numbers;
mod attempt_reference;
mod audience;
mod client_id;
mod code;
mod country;
mod digest;
mod digits;
mod guessable;
mod id;
mod identifier;
mod keys;
mod money;
mod origin;
mod peer;
mod phone;
mod return_to;
mod role;
mod scope;
mod secret;
mod spellings;
mod text_channel;
mod text_status;
mod token_name;
mod typed_number;

pub use accepted_numbers::{AcceptedNumbers, InvalidRange, NumberRange};
pub use attempt_reference::AttemptReference;
pub use audience::{Audience, InvalidAudience};
pub use client_id::{ClientId, InvalidClientId};
pub use code::{CodeLength, InvalidCodeLength, OneTimeCode};
pub use country::{Country, InvalidCountry};
pub use digest::{
    AccessTokenDigest, AnswerDigest, AttemptKey, AuthorizationCodeDigest, BlindIndex,
    BrowserDigest, ContentDigest, CounterKey, KnownBrowserTag, RefreshFamilyDigest,
    RefreshTokenDigest, RequesterDigest, StateCookieDigest, TicketCookieDigest, TicketDigest,
    TokenDigest,
};
pub use guessable::guessable;
pub use id::{AttemptId, GrantId, NodeId, SessionId, UserId};
pub use identifier::{ENDING, Identifier};
pub use keys::{KeyId, Keyring, SealError, ServerSecret, Subkey, WeakSecret, sha256};
pub use money::{Currency, Money};
pub use origin::{Host, InvalidHost, InvalidOrigin, InvalidPattern, Origin, OriginPattern};
pub use peer::Peer;
pub use phone::{InvalidTestNumber, LineType, PhoneNumber};
pub use return_to::ReturnTo;
pub use role::{InvalidRole, Role};
pub use scope::{InvalidScope, Scope};
pub use secret::Secret;
pub use text_channel::TextChannel;
pub use text_status::TextStatus;
pub use token_name::{InvalidTokenName, TokenName};
pub use typed_number::InvalidPhone;
