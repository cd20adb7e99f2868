//! What `<sms-login>` calls: the steps of the login pages, with their words and limits, as
//! fragments for a page of an application. A login sets a cookie of the issuer's; no answer holds
//! a token.
mod answer;
mod endpoints;
mod request;
mod script;
mod service;

pub(crate) use endpoints::{resend, show, start, verify};
pub(crate) use script::{script, types};
pub(crate) use service::Widget;
