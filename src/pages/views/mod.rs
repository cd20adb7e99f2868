//! The views: what each page is given, and how that becomes HTML that holds no other script.
//! Decides nothing: a page shows what it is given.
mod account;
mod assets;
mod brand;
mod challenge;
mod chrome;
mod code;
mod color;
mod element;
mod message;
mod number;
mod packed;
mod page;
mod plain;
mod render;
mod samples;
mod simple;
mod templates;
mod theme;
mod tokens;
mod unsent;

pub use account::{AccountNotice, AccountPage};
pub use assets::{Asset, Assets};
pub use brand::{Brand, BrandFile, BrandFolder, BrandLinks, NotAPicture, Picture, Theme};
pub use challenge::{ChallengeNotice, ChallengePage, ShownCaptcha};
pub use chrome::Chrome;
pub use code::{CodeNotice, CodePage, CodeProblem, Sending, Unsent};
pub use color::{Color, InvalidColor};
pub(crate) use element::for_script;
pub use message::{DeadEnd, LimitMessage, Lost, MessagePage, NumberAgain};
pub use number::{ConsentSentence, NumberNotice, NumberPage, NumberProblem};
pub use packed::Packed;
pub use page::{Head, Page};
pub use render::{Views, ViewsError};
pub use simple::{DonePage, KeptFormPage, SignOutPage, SignedOutPage};
pub use tokens::{NewTokenPage, TokenForm, TokenNotice, TokenProblem, TokensPage};
pub use unsent::UnsentPage;
