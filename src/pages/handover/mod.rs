//! Signing in on a site whose host is not the issuer's: the site sends one sealed request, the
//! issuer answers with a ticket. Knows nothing of numbers and codes.
mod issuer;
mod request;
mod service;
mod site;

pub(crate) use service::Handover;
pub(crate) use site::{arrived, callback};
