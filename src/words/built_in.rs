//! The built-in languages. Data only: [`super::Languages`] parses them.

/// Tag, words and country names of each language.
macro_rules! languages {
    ($($tag:literal)*) => {
        &[$((
            $tag,
            include_str!(concat!("../../static/words/", $tag, ".toml")),
            include_str!(concat!("../../static/words/countries.", $tag, ".toml")),
        )),*]
    };
}

/// THE table of built-in languages. The first is the reference for the completeness of the others.
#[rustfmt::skip]
pub(super) const BUILT_IN: &[(&str, &str, &str)] = languages![
    "en" "ar" "cs" "de" "es" "fa" "fr" "he"
    "hi" "id" "it" "ja" "ko" "nl" "pl" "pt-BR"
    "ru" "sv" "th" "tr" "uk" "vi" "zh-Hans" "zh-Hant"
];
