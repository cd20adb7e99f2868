//! Which language and country a browser's header means.
use doorcode::words::{Languages, countries_of};

/// `lang=`, the header, the language that comes of them.
const NEGOTIATIONS: &[(Option<&str>, Option<&str>, &str)] = &[
    (None, None, "en"),
    (None, Some(""), "en"),
    (None, Some("en"), "en"),
    (None, Some("ar"), "ar"),
    (None, Some("AR"), "ar"),
    (None, Some("ar-EG"), "ar"),
    (None, Some("ar-Arab-MA"), "ar"),
    (None, Some("ar_SA"), "ar"),
    (None, Some("en-GB,en;q=0.9"), "en"),
    (None, Some("en-GB,en;q=0.9,ar;q=0.8"), "en"),
    (None, Some("ar-SA,ar;q=0.9,en;q=0.8"), "ar"),
    (None, Some("en;q=0.5,ar;q=0.9"), "ar"),
    (None, Some("en;q=0.5, ar; q=0.9"), "ar"),
    (None, Some("it,nl;q=0.9,ar;q=0.1"), "it"),
    (None, Some("el,hu;q=0.9,ar;q=0.1"), "ar"),
    (None, Some("nl-BE,nl;q=0.9"), "nl"),
    (None, Some("el-GR,el;q=0.9"), "en"),
    (None, Some("de-CH,fr;q=0.9"), "de"),
    (None, Some("es-MX,en;q=0.9"), "es"),
    (None, Some("pt"), "pt-BR"),
    (None, Some("pt-PT,en;q=0.9"), "pt-BR"),
    (None, Some("sv"), "sv"),
    (None, Some("nb-NO,nb;q=0.9,no;q=0.8"), "en"),
    (None, Some("nn,sv;q=0.5"), "sv"),
    (None, Some("uk"), "uk"),
    (None, Some("vi"), "vi"),
    (None, Some("ca"), "en"),
    (None, Some("fa-IR"), "fa"),
    (None, Some("fa-AF"), "fa"),
    (None, Some("iw-IL,iw;q=0.9,en;q=0.8"), "he"),
    (None, Some("in_ID"), "id"),
    (None, Some("zh"), "zh-Hans"),
    (None, Some("zh-CN,zh;q=0.9"), "zh-Hans"),
    (None, Some("zh-SG"), "zh-Hans"),
    (None, Some("zh-TW,zh;q=0.9,en-US;q=0.8"), "zh-Hant"),
    (None, Some("zh-HK"), "zh-Hant"),
    (None, Some("zh-MO"), "zh-Hant"),
    (None, Some("zh-Hant"), "zh-Hant"),
    (None, Some("zh-Hant-HK,zh-Hant;q=0.9"), "zh-Hant"),
    (None, Some("zh-Hans-HK"), "zh-Hans"),
    (None, Some("zh-Hans-CN,en;q=0.5"), "zh-Hans"),
    (None, Some("arz"), "en"),
    (None, Some("*"), "en"),
    (None, Some("ar;q=0"), "en"),
    (None, Some("ar;q=0.0,en;q=0.1"), "en"),
    (None, Some("ar;q=7"), "en"),
    (None, Some("ar;q=0.0001"), "en"),
    (None, Some("ar;q=x,el"), "en"),
    (None, Some(",,;;==,"), "en"),
    (None, Some("<script>,ar"), "ar"),
    (None, Some("x-klingon, ar;q=0.2"), "ar"),
    (Some("ar"), Some("en"), "ar"),
    (Some("en"), Some("ar"), "en"),
    (Some("AR"), None, "ar"),
    (Some("ar-JO"), Some("en"), "ar"),
    (Some("el"), Some("ar"), "ar"),
    (Some("zh-Hant"), Some("zh-CN"), "zh-Hant"),
    (Some(""), Some("ar"), "ar"),
    (Some("\"><script>"), Some("ar"), "ar"),
    (Some("../../etc/passwd"), None, "en"),
];

#[test]
fn a_person_gets_the_best_of_our_languages() {
    let languages = Languages::built_in().unwrap();
    for (query, header, expected) in NEGOTIATIONS {
        assert_eq!(languages.negotiate(*query, *header).tag(), *expected, "{query:?} {header:?}");
    }
    let long = "el,".repeat(100_000) + "ar";
    assert_eq!(languages.negotiate(None, Some(&long)).tag(), "en");
}

/// A header, the language and the country that come of it where both are served.
const HEADERS: &[(&str, &str, Option<&str>)] = &[
    ("ar", "ar", None),
    ("sv", "sv", Some("SE")),
    ("uk", "uk", Some("UA")),
    ("vi", "vi", Some("VN")),
    ("ca", "en", None),
    ("et", "en", Some("EE")),
    ("el", "en", None),
    ("fa", "fa", None),
    ("hi", "hi", None),
    ("he", "he", Some("IL")),
    ("iw", "he", Some("IL")),
    ("in", "id", Some("ID")),
    ("da", "en", Some("DK")),
    ("ja", "ja", Some("JP")),
    ("ko", "ko", Some("KR")),
    ("nb", "en", Some("NO")),
    ("ar-EG", "ar", Some("EG")),
    ("en-GB,en;q=0.9", "en", Some("GB")),
    ("en-US,en;q=0.9", "en", Some("US")),
    ("en", "en", None),
    ("ar,fr-CA;q=0.4", "ar", Some("CA")),
    ("en-US;q=0.2,de-AT", "de", Some("AT")),
    ("da,en-US;q=0.7,en;q=0.3", "en", Some("DK")),
    ("ar,en-US;q=0.7,en;q=0.3", "ar", None),
    ("ja,en-GB;q=0.8", "ja", Some("JP")),
    ("sv-FI,sv;q=0.9", "sv", Some("FI")),
    ("es-419,es;q=0.9", "es", None),
    ("es-MX,es;q=0.9,en-US;q=0.8", "es", Some("MX")),
    ("pt", "pt-BR", None),
    ("pt-PT,pt;q=0.9", "pt-BR", Some("PT")),
    ("fr", "fr", None),
    ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr", Some("CH")),
    ("de,en-US;q=0.7,en;q=0.3", "de", None),
    ("zh-Hant-TW,zh;q=0.9", "zh-Hant", Some("TW")),
    ("sr-Latn-RS", "en", Some("RS")),
    ("en-XX", "en", None),
    ("", "en", None),
];

#[test]
fn a_language_is_not_a_country() {
    let languages = Languages::built_in().unwrap();
    for (header, language, country) in HEADERS {
        assert_eq!(languages.negotiate(None, Some(header)).tag(), *language, "{header}");
        let found = countries_of(header).first().map(|c| c.as_str().to_owned());
        assert_eq!(found.as_deref(), *country, "{header}");
    }
    let all: Vec<_> =
        countries_of("da,fr-CA;q=0.9,ja;q=0.8").iter().map(|c| format!("{c:?}")).collect();
    assert_eq!(all, ["DK", "CA", "JP"], "where the first is not served, the next may be");
}
