//! Leaves the gallery in `target/tmp/pages`, where the browser tests look at it.
use std::path::Path;

use bytes::Bytes;
use doorcode::pages::views::{Brand, BrandLinks, Color, Picture, Views};
use serde_json::json;

use super::complete::disguised;
use super::gallery::{BRAND, HOST, branded, samples, states};

const LOGO: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 88 36\">\
    <rect width=\"88\" height=\"36\" rx=\"9\" fill=\"#e4572e\"/></svg>";

/// All that an operator may change without a folder. The colour needs mending in both schemes.
fn brand() -> Brand {
    let link = |what: &str| Some(format!("https://{HOST}/{what}").parse().unwrap());
    Brand {
        color: Some(Color::parse("#ffff00").unwrap()),
        logo: Some(Picture::new(Bytes::from_static(LOGO)).unwrap()),
        links: BrandLinks { privacy: link("privacy"), terms: link("terms"), support: link("help") },
        ..Brand::named(BRAND)
    }
}

fn put_assets(folder: &Path, pages: &Views) {
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for asset in pages.assets().iter() {
        std::fs::write(folder.join("assets").join(&*asset.name), asset.file.plain()).unwrap();
    }
}

#[test]
fn pages_are_left_for_the_browser_tests() {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    // A page that is no longer made must not stay to be looked at.
    let _ = std::fs::remove_dir_all(&shelf);
    let pages = Views::built_in(BRAND).unwrap();
    let own = Views::new(&brand()).unwrap();
    put_assets(&shelf, &pages);
    put_assets(&shelf.join("brand"), &own);

    let whole = ["en", "ar"].map(|tag| pages.languages().by_tag(tag).unwrap()).into_iter();
    let whole = whole.flat_map(|language| states(&pages, language, false));
    let some = pages.languages().iter().flat_map(|language| samples(&pages, language));
    let all = whole.chain(some).chain(branded(&own, "/brand")).chain(disguised());
    let mut list = Vec::new();
    for state in all {
        std::fs::write(shelf.join(format!("{}.html", state.name)), state.html).unwrap();
        list.push(json!({ "name": state.name, "template": state.template }));
    }
    // Last, so that where it is, everything is.
    std::fs::write(shelf.join("states.json"), json!(list).to_string()).unwrap();
}
