//! The words of the house: values that are right by construction, and the keys that guard them.
//! No I/O, no clock, no chance, and nothing of any other module.
mod client_id;
mod code;
mod id;
mod keys;
mod origin;
mod phone;
mod return_to;
mod role;
mod scope;
mod secret;

pub use client_id::{ClientId, InvalidClientId};
pub use code::{CodeLength, OneTimeCode, UnusableCodeLength};
pub use id::{AttemptId, GrantId, SessionId, UserId};
pub use keys::{KeyId, Keyring, SealError, ServerSecret, Subkey, WeakSecret, digest};
pub use origin::{Host, InvalidOrigin, InvalidPattern, Origin, OriginPattern};
pub use phone::{Country, InvalidCountry, InvalidPhone, InvalidTestNumber, LineType, PhoneNumber};
pub use return_to::ReturnTo;
pub use role::{InvalidRole, Role};
pub use scope::{InvalidScope, Scope};
pub use secret::Secret;
