use std::collections::BTreeSet;
use std::time::Duration;

use doorcode::config::Config;
use doorcode::domain::{CodeLength, Country, OneTimeCode, Origin, PhoneNumber};
use doorcode::words::{Language, Languages, Segments, SmsTemplate, bind_to_host};

use crate::support::browser::between;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::BOB;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 2\"><script/></svg>";

/// The country that is chosen already on a page that asks for a number.
fn chosen(page: &Answer) -> Option<String> {
    let page = page.text();
    page.contains("<option selected")
        .then(|| between(&page, "<option selected value=", ">").to_owned())
}

#[test]
fn pages_show_the_brand_and_its_links_in_the_same_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("logo.svg"), LOGO).unwrap();
    std::fs::write(file("dark.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let brand = format!(
        "name = \"Acme & Co\"\ncolor = \"#ffff00\"\nlogo = \"{}\"\nlogo_dark = \"{}\"\n\
         favicon = \"{1}\"\nlinks.privacy = \"https://example.com/p?a=b&c=d\"\n\
         links.support = \"mailto:help@example.com\"",
        file("logo.svg"),
        file("dark.png"),
    );
    let gate = Gate::changed(&[("name = \"Acme\"", &brand)]);
    let mut browser = gate.browser();
    let number = browser.visit("/").is(200);
    let missing = browser.get("/.doorcode/nothing").is(404);
    let foot = |page: &Answer| between(&page.text(), "<footer><p>", "</p>").to_owned();
    assert_eq!(foot(&number), foot(&missing));
    for part in [
        "<a href=\"https://example.com/p?a=b&amp;c=d\">Privacy</a>",
        "<a href=\"mailto:help@example.com\">Help</a>",
        "<source srcset=\"/.doorcode/assets/logo-dark.png?v=",
        "alt=\"Acme &amp; Co\" height=\"36\"",
        "type=\"image/png\"",
        "/.doorcode/assets/base.css?v=",
    ] {
        assert!(number.text().contains(part), "{part} in {number}");
    }
    let logo = between(&number.text(), "<img src=\"", "\"").to_owned();
    let logo = browser.get(&logo).is(200);
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    assert_eq!(logo.header("content-security-policy"), Some(policy));
    assert_eq!(logo.header("x-content-type-options"), Some("nosniff"));
}

/// What a page loads beside itself; an icon for other pages than light ones is left alone.
fn loaded(page: &Answer) -> BTreeSet<String> {
    let text = page.text();
    let attributes = text.split(['<', '>']).filter_map(|tag| {
        let page =
            tag.starts_with("a ") || tag.contains("rel=\"expect\"") || tag.contains("scheme: dark");
        let name = if tag.starts_with("link") { "href=\"" } else { "src=\"" };
        (!page && tag.contains(name)).then(|| between(tag, name, "\"").to_owned())
    });
    attributes.collect()
}

#[test]
fn a_logo_is_the_icon_too_unless_there_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let own = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("logo.svg"), LOGO).unwrap();
    std::fs::write(file("dark.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    std::fs::create_dir(own.path().join("assets")).unwrap();
    std::fs::write(own.path().join("assets/icon.svg"), LOGO).unwrap();
    let logo = format!("logo = \"{}\"\n", file("logo.svg"));
    let dark = format!("logo_dark = \"{}\"\n", file("dark.png"));
    let favicon = format!("favicon = \"{}\"\n", file("dark.png"));
    let folder = format!("folder = \"{}\"\n", own.path().display());
    for (keys, icons, files) in [
        (String::new(), &["icon.svg"][..], 3),
        (logo.clone(), &["logo.svg"], 3),
        (logo.clone() + &dark, &["logo.svg", "logo-dark.png"], 3),
        (logo.clone() + &dark + "theme = \"dark\"\n", &["logo-dark.png"], 3),
        (logo.clone() + &favicon, &["favicon.png"], 4),
        (logo + &folder, &["icon.svg"], 4),
    ] {
        let gate = Gate::changed(&[("name = \"Acme\"\n", &format!("name = \"Acme\"\n{keys}"))]);
        let page = gate.browser().visit("/").is(200);
        let text = page.text();
        let links = text.split("<link rel=\"icon\" href=\"/.doorcode/assets/").skip(1);
        let found: Vec<_> = links.map(|link| link.split('?').next().unwrap()).collect();
        assert_eq!(found, icons, "{keys}");
        assert_eq!(loaded(&page).len(), files, "{keys}: {:?}", loaded(&page));
    }
}

#[test]
fn every_page_tells_its_language_and_what_it_was_chosen_by() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let elsewhere = "GET / HTTP/1.1\r\nHost: other.example\r\nAccept: text/html\r\n\r\n";
    let pages = [
        browser.get("/.doorcode/sign-out").is(200),
        browser.get("/.doorcode/nothing").is(404),
        browser.get("/.doorcode/code?flow=x").is(400),
        gate.exchange(elsewhere).is(404),
        browser.get("/down/").is(502),
        number,
    ];
    for page in &pages {
        assert_eq!(page.header("vary"), Some("Accept-Language, Cookie"), "{page}");
        assert_eq!(page.header("content-language"), Some("en"), "{page}");
    }
    // What was chosen holds on problem pages too.
    browser.get("/.doorcode/sign-out?lang=ar").is(200);
    let missing = browser.get("/.doorcode/nothing").is(404).says("dir=\"rtl\"");
    assert_eq!(missing.header("content-language"), Some("ar"));
    browser.get("/.doorcode/sign-out?lang=tlh").is(200).says("lang=\"ar\"");
}

#[test]
fn the_likeliest_country_is_chosen_already() {
    let gate = Gate::changed(&[("[\"US\", \"GB\"]", "[\"US\", \"GB\", \"DK\", \"FR\", \"AR\"]")]);
    for (header, expected) in [
        ("en-GB,en;q=0.9", "GB"),
        ("da,en-US;q=0.7,en;q=0.3", "DK"),
        ("sv,fr-FR;q=0.5", "FR"),
        ("ar", "US"),
        ("", "US"),
    ] {
        let mut browser = gate.browser();
        browser.language = header.to_owned();
        assert_eq!(chosen(&browser.visit("/")).as_deref(), Some(expected), "{header}");
    }
    let mut browser = gate.browser();
    let number = browser.visit("/");
    browser.give_number(&number, "+33612345678").is(200);
    assert_eq!(browser.cookie("doorcode-country").as_deref(), Some("FR"));
    assert_eq!(chosen(&browser.visit("/")).as_deref(), Some("FR"), "where the last number was");
    browser.keep_cookie("doorcode-country", "DE");
    assert_eq!(chosen(&browser.visit("/")).as_deref(), Some("GB"), "DE is not served");
    browser.keep_cookie("doorcode-country", "\"><script>");
    assert_eq!(chosen(&browser.visit("/")).as_deref(), Some("GB"));
}

#[test]
fn what_the_operator_chose_comes_before_what_the_browser_says() {
    let countries = "countries = [\"US\", \"GB\"]";
    let gate =
        Gate::changed(&[(countries, "countries = [\"GB\", \"US\"]\ndefault_country = \"US\"")]);
    let mut browser = gate.browser();
    assert_eq!(chosen(&browser.visit("/")).as_deref(), Some("US"));
    browser.keep_cookie("doorcode-country", "GB");
    assert_eq!(chosen(&browser.visit("/")).as_deref(), Some("GB"));
}

#[test]
fn a_text_is_in_the_language_of_the_page() {
    let own = "template = \"{{ code }} for {{ application.name }}\"";
    let gate = Gate::changed(&[(own, "templates.fr = \"{{ code }} pour {{ application.name }}\"")]);
    for (at, (lang, expected)) in
        [("fr", " pour Acme\n"), ("es", " es tu clave de Acme. "), ("en", " is your Acme code.")]
            .into_iter()
            .enumerate()
    {
        let mut browser = gate.browser();
        browser.visit("/");
        browser.get(&format!("/.doorcode/sign-out?lang={lang}"));
        let number = browser.visit("/");
        browser.give_number(&number, BOB).is(200);
        let text = gate.texts.text(at + 1);
        assert!(text.body.contains(expected), "{lang}: {}", text.body);
        gate.pass(Duration::from_mins(3));
    }
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.language = "es".to_owned();
    let number = browser.visit("/");
    browser.give_number(&number, BOB).is(200);
    let text = gate.texts.text(1);
    assert!(text.body.contains(" for Acme\n"), "one text of the operator's is for everybody");
}

#[test]
fn every_shipped_text_is_one_segment() {
    let demo = Config::demo().unwrap();
    let tags: Vec<&str> = demo.sms_templates.iter().map(|(tag, _)| tag.as_str()).collect();
    let all = Languages::built_in().unwrap();
    let spoken: Vec<&str> = all.iter().map(Language::tag).filter(|tag| *tag != "en").collect();
    assert_eq!(tags, spoken);
    let code = OneTimeCode::parse("042137", CodeLength::new(6).unwrap()).unwrap();
    let phone = PhoneNumber::parse("+12025550123", Some(Country::parse("US").unwrap())).unwrap();
    let host = Origin::parse("https://login.example.com").unwrap().host().clone();
    assert_eq!(host.as_str().len(), 17);
    let texts = demo.sms_templates.iter().map(|(_, text)| text).chain([&demo.sms_template]);
    for text in texts {
        let template = SmsTemplate::parse(text, "Doorcode").unwrap();
        let text = bind_to_host(&template.render(&code, &phone, None, None).unwrap(), &host, &code);
        assert_eq!(Segments::of(text.reveal()).count, 1, "{}", text.reveal());
        assert!(!text.reveal().contains('\u{2019}'));
        assert!(text.reveal().starts_with("042137 "), "the code is what a notification shows");
    }
}
