//! What people see: the login pages, the account, the hand-over between hosts, problems, and the
//! views that they are made of. Knows no Pingora, no protocol of clients and no rule of a login:
//! those are in `proxy`, `api` and `login`.
pub(crate) mod account;
mod answer;
pub(crate) mod assets;
mod browser_sessions;
pub(crate) mod code;
pub(crate) mod countries;
mod destinations;
pub(crate) mod done;
mod failed_request;
mod flow;
pub(crate) mod handover;
mod header_class;
pub(crate) mod language;
mod language_choice;
mod login_pages;
mod lost;
pub(crate) mod number;
pub(crate) mod outcome;
pub(crate) mod problem;
mod problem_answer;
mod redirect;
pub(crate) mod refused;
mod request;
mod sealer;
mod shell;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub mod views;
mod visitor_cookies;

pub(crate) use account::Account;
pub(crate) use browser_sessions::BrowserSessions;
pub(crate) use destinations::{root, sent_from};
pub use failed_request::FailedRequest;
pub(crate) use flow::{Flow, FlowMessage};
pub(crate) use handover::Handover;
pub use header_class::HeaderClass;
pub(crate) use login_pages::LoginPages;
pub use problem::Problem;
pub(crate) use redirect::{Redirect, with_cookie};
pub(crate) use request::PageRequest;
pub use request::{RequestContext, UnreadBody};
pub(crate) use sealer::Sealer;
pub(crate) use shell::Shell;
pub use views::Lost;
pub(crate) use visitor_cookies::browser_of;
