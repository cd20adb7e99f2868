mod complete;
mod gallery;
mod shelf;

use std::io::Write;
use std::sync::LazyLock;

use doorcode::domain::{Country, PhoneNumber};
use doorcode::pages::views::{Asset, Chrome, CodePage, Sending, SignOutPage, Views};
use doorcode::words::Languages;

use self::gallery::{SEALED, code, gallery};
use crate::support::words::{sentences, word, word_with};

/// Name and HTML of every state of every page.
static ORDINARY: LazyLock<Vec<(String, String)>> = LazyLock::new(|| gallery(false));

fn language_of(name: &str) -> &str {
    Languages::built_in_tags().find(|tag| name.ends_with(&format!("-{tag}"))).unwrap()
}

/// The tags of a document, without what stands between them.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap())
}

/// The first words of a sentence in the language of a page, up to the first placeholder.
fn said(name: &str, key: &str) -> String {
    sentences(language_of(name), key)[0].split('{').next().unwrap_or_default().to_owned()
}

/// Whether a page holds all the words of a sentence that stand between its placeholders, in any of
/// its plural forms.
fn says(name: &str, html: &str, key: &str) -> bool {
    sentences(language_of(name), key).iter().any(|sentence| {
        let mut parts = sentence.split(['{', '}']).step_by(2);
        parts.all(|part| html.contains(part))
    })
}

#[test]
fn hostile_data_stays_text_on_every_page() {
    for (name, html) in gallery(true) {
        let low = html.to_lowercase();
        for bad in ["<script>", "<img", "<style", "style=", "javascript:", "\u{202e}", "\0"] {
            assert!(!low.contains(bad), "{name} holds {bad}:\n{html}");
        }
        assert!(!html.contains("Sorry, there is a problem with the service</h1><p>"), "{name}");
        for tag in tags(&html) {
            let mut names = tag.split('"').step_by(2).flat_map(str::split_whitespace).skip(1);
            let handler = names.any(|name| name.starts_with("on"));
            assert!(!handler, "{name}: <{tag}>");
        }
    }
}

#[test]
fn every_page_is_a_whole_document() {
    for (name, html) in ORDINARY.iter() {
        let language = language_of(name);
        let dir = if language == "ar" { "rtl" } else { "ltr" };
        assert!(html.contains(&format!("<html lang=\"{language}\" dir=\"{dir}\">")), "{name}");
        assert!(html.contains("<meta name=\"robots\" content=\"noindex\">"), "{name}");
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert!(html.contains(" – Acme</title>"), "{name}");
        for (tag, own_name) in [("en", "English"), ("ar", "العربية"), ("fr", "Français")] {
            let link = format!("/login?flow={SEALED}&amp;lang={tag}\" lang=\"{tag}\"");
            let offered = html.contains(&link) && html.contains(own_name);
            assert_eq!(offered, tag != language, "{name}:\n{html}");
        }
        assert!(
            !html.contains("{{") && !html.contains("{%") && !html.contains("{count}<"),
            "{name}"
        );
    }
}

#[test]
fn errors_are_told_in_the_title_the_summary_and_the_field() {
    for (name, html) in ORDINARY.iter() {
        let problem = html.contains("aria-invalid=\"true\"");
        // What came of the step before is an error too, where it did not come off.
        let refused = [
            "number-Code",
            "number-TimedOut",
            "number-Lost",
            "unsent-from",
            "challenge-early",
            "challenge-failed",
        ];
        let refused = refused.iter().any(|start| name.starts_with(start));
        assert_eq!(
            problem || refused,
            html.contains(&format!("<title>{}", said(name, "problem_prefix"))),
            "{name}"
        );
        assert_eq!(problem, html.contains("role=\"alert\" tabindex=\"-1\" data-problem"), "{name}");
        let known = ["code", "name", "phone"];
        let field = known.into_iter().find(|id| html.contains(&format!("id=\"{id}\"")));
        let field = field.unwrap_or_default();
        if problem {
            let described = format!("{field}-error");
            assert!(html.contains(&format!("<a href=\"#{field}\">")), "{name}");
            assert!(html.contains(&format!("id=\"{described}\"")), "{name}");
            let id = format!("id=\"{field}\"");
            let input =
                tags(html).find(|tag| tag.starts_with("input") && tag.contains(&id)).unwrap();
            assert!(input.contains(&described), "{name}: {input}");
        }
    }
}

fn page(name: &str) -> String {
    let found = ORDINARY.iter().find(|(made, _)| made == name);
    found.unwrap().1.clone()
}

#[test]
fn the_fields_help_the_phone_to_fill_them_in() {
    let page_en = page("code-Sent-en");
    let input = tags(&page_en).find(|tag| tag.contains("id=\"code\"")).unwrap();
    assert_eq!(
        input,
        "input class=\"code\" id=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" dir=\"ltr\" spellcheck=\"false\" autocapitalize=\"off\" \
         aria-describedby=\"code-safety\""
    );
    let page_en = page("number-en");
    let input = tags(&page_en).find(|tag| tag.contains("id=\"phone\"")).unwrap();
    assert_eq!(
        input,
        "input id=\"phone\" name=\"phone\" type=\"tel\" autocomplete=\"tel\" dir=\"ltr\" \
         spellcheck=\"false\" aria-describedby=\"phone-hint\""
    );
    for (name, html) in ORDINARY.iter() {
        for word in [" required", "maxlength", "placeholder", "type=\"number\""] {
            assert!(!tags(html).any(|tag| tag.contains(word)), "{name}: {word}");
        }
        let get = |tag: &&str| tag.starts_with("form") && !tag.contains("method=\"post\"");
        assert_eq!(tags(html).find(get), None, "{name}");
    }
}

#[test]
fn one_country_is_said_in_the_label_and_several_are_chosen_from() {
    let one = page("number-one-en");
    assert!(one.contains(">Mobile number – United States (\u{200e}+1)</label>"), "{one}");
    assert!(!one.contains("<select"));
    let some = page("number-en");
    assert!(
        some.contains("<option value=FR>France (\u{200e}+33)<option selected value=GB>"),
        "{some}"
    );
    assert!(some.contains("For example, <bdi dir=\"ltr\">07400 123456</bdi>"), "{some}");
    let all = page("number-unchosen-ar");
    assert_eq!(all.matches("<option").count(), Country::all().len() + 1);
}

#[test]
fn what_is_not_known_to_be_sent_is_not_said_to_be() {
    for (name, html) in ORDINARY.iter() {
        let claims = says(name, html, "code_sent") || says(name, html, "resent_sent");
        let by_text = name.starts_with("code-") || name.starts_with("way-sms-");
        let known = by_text
            && !["Under", "Uncl", "If", "-Numb", "Opte", "NotR", "TooM", "Coun", "Bloc", "Serv"]
                .iter()
                .any(|s| name.contains(s));
        assert_eq!(claims, known, "{name}:\n{html}");
    }
    assert!(page("code-Service-en").contains(&word("code_provider_down")));
    assert!(page("code-Number-resent-en").contains(&word("code_refused")));
    assert!(page("code-IfKnown-en").contains(&word_with("code_conditional", &[("count", "6")])));
}

#[test]
fn numbers_take_the_plural_form_of_the_language() {
    let cases = [
        ("code-1-en", "You have 1 try left. After that"),
        ("code-2-en", "You have 2 tries left."),
        ("code-1-ar", "بقيت لك محاولة واحدة"),
        ("code-2-ar", "بقيت لك محاولتان."),
        ("code-3-ar", "بقيت لك 3 محاولات."),
        ("code-25-ar", "بقيت لك 25 محاولة."),
        ("limited-Number-en", "in about 14 minutes, at <time"),
        ("limited-Number-ar", "بعد 14 دقيقة تقريبًا، ابتداءً من <time"),
    ];
    for (name, expected) in cases {
        let html = page(name);
        assert!(html.contains(expected), "{name}:\n{html}");
    }
    // The script fills this one in, in the words that the browser has for a time.
    assert!(page("code-Sent-ar").contains("data-left=\"متاح {when}\""));
}

#[test]
fn no_line_ends_inside_a_word_with_a_hyphen() {
    let html = page("timed-out-en");
    assert!(html.contains("<h1>Your sign\u{2011}in timed out</h1>"), "{html}");
    // Nothing breaks a title, and not every font of a system has that hyphen.
    assert!(html.contains("<title>Your sign-in timed out – Acme</title>"), "{html}");
    for (name, html) in ORDINARY.iter() {
        let card = html.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</main>"));
        for text in card.unwrap().0.split('<').filter_map(|rest| Some(rest.split_once('>')?.1)) {
            // The names of countries stand in a list, where nothing breaks.
            let letters: Vec<char> =
                if text.contains("(\u{200e}+") { Vec::new() } else { text.chars().collect() };
            let breaks = letters.windows(3).any(|three| {
                three[1] == '-' && three[0].is_alphabetic() && three[2].is_alphabetic()
            });
            assert!(!breaks, "{name}: {text}");
        }
    }
}

#[test]
fn networks_are_told_in_words() {
    let html = page("account-en");
    assert!(html.contains(&word("account_network_same")), "{html}");
    assert!(html.contains("addresses begin with <bdi dir=\"ltr\">2001:db8:1</bdi>."), "{html}");
    assert!(!html.contains("/24") && !html.contains("/48"), "{html}");
}

/// A code has 6 to 10 digits. Of these numbers, only 8 begins with a vowel in English.
#[test]
fn the_article_before_a_number_fits_it() {
    let pages = Views::built_in("Acme").unwrap();
    let language = pages.languages().by_tag("en").unwrap();
    let chrome = Chrome { language, base: "", here: "" };
    let phone = PhoneNumber::parse("+447400123456", None).unwrap();
    for sending in [Sending::Sent, Sending::Underway, Sending::Unclear, Sending::IfKnown] {
        for digits in 6..=10 {
            let page = CodePage { sending, digits, ..code(SEALED, &phone) };
            let html = pages.render(&chrome, &page);
            let article = if digits == 8 { "an" } else { "a" };
            let right = format!(" {article} {digits}-digit code ");
            assert_eq!(html.matches(&right).count(), 1, "{right}: {html}");
        }
    }
}

#[test]
fn a_number_is_shown_whole_only_where_it_was_typed() {
    assert!(page("code-Sent-en").contains("<bdi class=\"num\" dir=\"ltr\">+44 7400 123456</bdi>"));
    let denied = page("denied-en");
    assert!(denied.contains("+44 •••• •••456") && !denied.contains("123456"), "{denied}");
}

#[test]
fn own_pages_under_a_prefix_point_to_it() {
    let pages = Views::built_in("Ünder & Co").unwrap();
    let language = pages.languages().negotiate(Some("en"), None);
    let chrome = Chrome { language, base: "/.doorcode", here: "" };
    let phone = PhoneNumber::parse("+447400123456", None).unwrap();
    let html = pages.render(&chrome, &code(SEALED, &phone));
    for address in [
        "action=\"/.doorcode/code\"",
        "action=\"/.doorcode/resend\"",
        "href=\"/.doorcode/assets/base.css?v=",
    ] {
        assert!(html.contains(address), "{html}");
    }
    assert!(html.contains(&format!("href=\"/.doorcode/login?flow={SEALED}\"")));
    assert!(html.contains(">Ü</text>") && html.contains("<bdi>Ünder &amp; Co</bdi>"));
    assert!(!html.contains("hreflang"), "an address of an app has no lang=");
    let out = pages.render(&chrome, &SignOutPage { to: None });
    assert!(out.contains("<form method=\"post\" action=\"/.doorcode/sign-out\">"));
}

#[test]
fn the_done_page_moves_on_by_itself() {
    let html = page("done-en");
    assert!(
        html.contains("<meta http-equiv=\"refresh\" content=\"0;url=https://shop.example.com/\">")
    );
    assert!(html.contains("<a class=\"button\" href=\"https://shop.example.com/\" data-onward>"));
}

#[test]
fn assets_have_their_content_in_their_address() {
    let pages = Views::built_in("Acme").unwrap();
    let css = pages.assets().get("base.css").unwrap();
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    assert_eq!(css.version.len(), 16);
    assert!(page("done-en").contains(&format!("/assets/base.css?v={}\"", css.version)));
    assert!(pages.assets().get("../words/en.toml").is_none());
}

fn zipped(bytes: &[u8]) -> usize {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap().len()
}

/// Every page with all that it loads.
#[test]
fn pages_are_light() {
    let pages = Views::built_in("Acme").unwrap();
    // One page alone loads it, in place of nothing.
    let of_all = |asset: &&Asset| asset.name != "challenge.js";
    let challenge = zipped(pages.assets().get("challenge.js").unwrap().file.plain());
    assert!(challenge <= 1024, "{challenge}");
    let all_load = || pages.assets().iter().filter(of_all);
    let raw: usize = all_load().map(|asset| asset.file.plain().len()).sum();
    let small: usize = all_load().map(|asset| zipped(asset.file.plain())).sum();
    let script = zipped(pages.assets().get("auth.js").unwrap().file.plain());
    let all = &ORDINARY;
    let heaviest = all.iter().map(|(_, html)| html.len() + raw).max().unwrap();
    let zipped = all.iter().map(|(_, html)| zipped(html.as_bytes()) + small).max().unwrap();
    // Of these, 3,000 are the links to the other languages, and what is not Latin has more bytes.
    assert!(heaviest <= 33_000 && zipped <= 12_000, "{heaviest} {zipped}");
    assert!(script <= 1024, "{script}");
}
