//! `brand.languages`: which languages the pages are in, and in which order.
use doorcode::pages::views::{Brand, BrandFile, BrandFolder, Views};

use crate::support::gate::Gate;
use crate::support::settings::BOB;

const OWN_TEXT: &str = "template = \"{{ code }} for {{ application.name }}\"\n";

/// Pages in these languages, and texts that the operator did not change.
fn gate(languages: &str) -> Gate {
    let brand = format!("name = \"Acme\"\nlanguages = {languages}\n");
    Gate::changed(&[("name = \"Acme\"\n", &brand), (OWN_TEXT, "")])
}

#[test]
fn the_operator_chooses_the_languages_and_their_order() {
    let gate = gate("[\"de\", \"it\", \"en\"]");
    for (header, expected, others) in [
        ("ja", "de", ["it", "en"]),
        ("en-GB,en;q=0.9", "en", ["de", "it"]),
        ("ar,it;q=0.5", "it", ["de", "en"]),
    ] {
        let mut browser = gate.browser();
        browser.language = header.to_owned();
        let page = browser.visit("/");
        assert_eq!(page.header("content-language"), Some(expected), "{header}");
        let text = page.text();
        let offered = text.split("hreflang=\"").skip(1);
        let offered: Vec<_> = offered.map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(offered, others, "{header}");
        assert!(!text.contains("<nav aria-label=\"Languages\">\n<details"), "few are all shown");
    }
    let metadata = gate.browser().get("/.doorcode/.well-known/openid-configuration").is(200);
    assert!(metadata.text().contains("\"ui_locales_supported\":[\"de\",\"it\",\"en\"]"));
}

#[test]
fn who_speaks_none_of_them_is_texted_in_the_first() {
    let gate = gate("[\"de\", \"en\"]");
    for (at, (header, expected)) in
        [("ja", " ist dein Code für Acme."), ("en", " is your Acme code.")].into_iter().enumerate()
    {
        let mut browser = gate.browser();
        browser.language = header.to_owned();
        let number = browser.visit("/");
        browser.give_number(&number, BOB).is(200);
        let text = gate.texts.text(at + 1);
        assert!(text.body.contains(expected), "{header}: {}", text.body);
        gate.pass(std::time::Duration::from_mins(3));
    }
}

#[test]
fn every_language_stands_in_a_menu_that_opens_without_a_script() {
    let page = Gate::start().browser().visit("/").text();
    let (_, menu) = page.split_once("<nav aria-label=\"Languages\"><details><summary>").unwrap();
    let (menu, _) = menu.split_once("</details>").unwrap();
    assert_eq!(menu.matches("hreflang=").count(), 23, "{menu}");
    assert!(menu.contains(" dir=\"rtl\">فارسی</a>") && !menu.contains("dir=\"ltr\""), "{menu}");
    // All that the languages cost a page.
    assert!(menu.len() < 23 * 700, "{}", menu.len());
}

#[test]
fn files_of_languages_that_are_not_chosen_are_mistakes() {
    let file = |name: &str| BrandFile {
        name: name.to_owned(),
        bytes: "[words]\nnumber_title = \"x\"".into(),
    };
    let told = |languages: &[&str], names: &[&str]| {
        let words = names.iter().map(|name| file(name)).collect();
        let brand = Brand {
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            folder: BrandFolder { words, ..BrandFolder::default() },
            ..Brand::named("Acme")
        };
        Views::new(&brand).map(|_| ()).map_err(|wrong| wrong.to_string())
    };
    assert_eq!(told(&["it", "de"], &["de.toml"]), Ok(()));
    assert_eq!(told(&[], &["de.toml"]), Ok(()));
    let other = "words/fr.toml: is of a language that brand.languages does not list";
    assert_eq!(told(&["it", "de"], &["fr.toml", "de.toml"]), Err(other.to_owned()));
    let missing = "words/ca.toml: is missing: no such language";
    assert_eq!(told(&["it", "ca"], &[]), Err(missing.to_owned()));
}
