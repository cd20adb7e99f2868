//! Captchas of others: which there are, what a page loads for one, and the question whether an answer is
//! right. Does not know what it protects, and decides nothing.
mod siteverify;
mod vendors;

pub use siteverify::{Captcha, CaptchaAnswer, CaptchaFault, CaptchaSettings};
pub use vendors::{CaptchaVendor, VENDORS};
