use super::context::CommandResult;
use crate::config::Config;
use crate::pages::views::Views;

/// The element that loads the script of `<sms-login>`, with its hash (Subresource Integrity §3.5).
pub(super) fn tag(config: &Config) -> CommandResult {
    let issuer = config.issuer.url("");
    let integrity = Views::new(&config.brand)?.element_integrity(&issuer);
    Ok(format!(
        "<script src=\"{issuer}/widget.js\" integrity=\"{integrity}\" crossorigin async></script>\n"
    ))
}
