//! The judge of every request: what was asked for, by whom, and what becomes of it.
//! Pure: knows `http` types only, does no I/O, answers nothing itself.
mod sites;

pub use sites::{
    IdentityPreset, InvalidPath, InvalidSite, PathPattern, Rule, Site, SitePlace, Upstream, Who,
};
