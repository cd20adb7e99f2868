//! Login pages on one host, sites on others: how a sign-in gets from the one to the others.
mod attacks;
mod browser;
mod fresh;
mod limits;
mod story;
mod world;
