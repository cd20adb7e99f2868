//! Keys of the login pages' appearance: `[brand]`.

use crate::config::key::Requirement::{Default, Optional};
use crate::config::key::ValueType::{Some, Table, Text};
use crate::config::key::{Key, key};

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("brand", Table, Default,
        "Appearance of the login pages."),
    key("brand.name", Text, Default,
        "Name on the login pages, 1 to 40 characters."),
    key("brand.color", Text, Optional("the built-in blue"),
        "Colour of buttons and links, `#rrggbb`. If its contrast is too low, a lighter or darker shade is used; `doorcode check` reports it."),
    key("brand.color_dark", Text, Optional("derived from `color`"),
        "The same for the dark theme."),
    key("brand.theme", Text, Default,
        "`light`, `dark`, or `auto`: follows the visitor's system."),
    key("brand.logo", Text, Optional("the first letter of the name, and the name"),
        "SVG or PNG file of at most 256 KiB; shown at most 220 × 36 pixels large."),
    key("brand.logo_dark", Text, Optional("the same logo"),
        "The same for the dark theme."),
    key("brand.favicon", Text, Optional("the logo, else a built-in one"),
        "SVG or PNG file for the browser tab. With a logo, it is one more file to load."),
    key("brand.languages", Some, Optional("every language, English first"),
        "Tags of the pages' languages, in the order of the menu, such as `[\"de\", \"en\"]`. Whoever speaks none of them gets the first."),
    key("brand.folder", Text, Optional("no overrides"),
        "Folder whose `pages`, `words` and `assets` override the built-in ones: see [branding](branding.md)."),

    key("brand.links", Table, Default,
        "Links in the footer of every page: `https://…` or `mailto:…`."),
    key("brand.links.privacy", Text, Optional("no link"),
        "Privacy policy."),
    key("brand.links.terms", Text, Optional("no link"),
        "Terms of use."),
    key("brand.links.support", Text, Optional("no link"),
        "Help or contact page."),
];
