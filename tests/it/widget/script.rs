use std::io::{Read as _, Write as _};

use aws_lc_rs::digest::{SHA384, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::{PAGE, gate};
use crate::support::program::Program;

const SCRIPT: &str = "/.doorcode/widget.js";

#[test]
fn the_script_is_there_for_every_page_and_holds_the_sheet_of_the_pages() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    let answer = browser.get(SCRIPT).is(200).says("customElements.define");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{answer}");
    assert!(answer.header("content-type").is_some_and(|kind| kind.contains("javascript")));
    let text = answer.text();
    assert!(text.contains(&format!("(\"{}/.doorcode\");", gate.origin)), "where to ask: {text}");
    assert!(text.contains("--on-brand") && !text.contains(":root"), "{text}");
}

#[test]
fn files_are_packed_for_who_takes_that() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    for (target, most) in [(SCRIPT, 6 * 1024), ("/.doorcode/assets/base.css", 4 * 1024)] {
        let mut ask = |line| browser.send("GET", target, &[line], None);
        let plain = ask(("Accept-Encoding", "br, identity")).is(200);
        assert_eq!(plain.header("content-encoding"), None, "{plain}");
        let packed = ask(("Accept-Encoding", "br;q=1.0, GZIP;q=0.8")).is(200);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{packed}");
        assert!(packed.body.len() <= most, "{target}: {} bytes", packed.body.len());
        let mut text = String::new();
        GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text(), "{target}");
        for answer in [&plain, &packed] {
            assert_eq!(answer.all("vary")[0], "Accept-Encoding", "{answer}");
        }
        for unwilling in ["gzip;q=0", "gzip; q=0.0", "*", ""] {
            let answer = ask(("Accept-Encoding", unwilling)).is(200);
            assert_eq!(answer.header("content-encoding"), None, "{unwilling}");
        }
        let tags = [&plain, &packed].map(|answer| answer.header("etag"));
        if let [Some(plain), Some(packed)] = tags {
            assert_ne!(plain, packed, "other bytes, another tag");
            ask(("If-None-Match", plain)).is(304);
            ask(("If-None-Match", packed)).is(200);
        } else {
            assert_eq!(tags, [None; 2], "{target}");
        }
    }
}

#[test]
fn listed_pages_may_read_the_script_to_check_its_hash_and_no_others() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    let mut ask = |origin: &str| {
        browser.send("GET", SCRIPT, &[("Origin", origin), ("Sec-Fetch-Mode", "cors")], None).is(200)
    };
    for origin in [PAGE, "https://other.example.com", "https://callback.example.com"] {
        let answer = ask(origin);
        assert_eq!(answer.all("access-control-allow-origin"), [origin], "{answer}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
        assert_eq!(answer.all("vary"), ["Accept-Encoding", "Origin"], "{answer}");
    }
    for origin in ["https://evil.example", "null", "http://app.example.com", ""] {
        let answer = ask(origin);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}: {answer}");
        assert!(answer.all("vary").contains(&"Origin"), "or caches would mix them: {answer}");
    }
}

#[test]
fn the_types_are_beside_the_script() {
    let gate = gate(&[]);
    let answer = gate.browser().get("/.doorcode/widget.d.ts").is(200);
    answer.says("HTMLElementTagNameMap");
}

#[test]
fn a_command_prints_the_tag_with_the_hash_of_what_is_served() {
    let colored =
        ("name = \"Acme\"", "name = \"Acme\"\ncolor = \"#0a7d4b\"\ncolor_dark = \"#7fd6ae\"");
    let mut hashes = Vec::new();
    for changes in [&[][..], &[colored]] {
        let program = Program::changed("info", changes);
        let served = program.browser().get(SCRIPT).is(200);
        let hash = STANDARD.encode(digest(&SHA384, &served.body));
        let address = format!("http://localhost:{}{SCRIPT}", program.port);
        let tag = format!(
            "<script src=\"{address}\" integrity=\"sha384-{hash}\" crossorigin async></script>\n"
        );
        assert_eq!(program.said(&["widget", "my.toml"]), (Some(0), tag));
        hashes.push(hash);
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&served.body).expect("written");
        let weight = packed.finish().expect("packed").len();
        assert!(weight <= 6 * 1024, "{weight} bytes");
    }
    assert_ne!(hashes[0], hashes[1], "the brand is in the script");
}

#[test]
fn a_brand_that_is_always_light_or_dark_has_the_last_word() {
    let themed = |theme: &str| {
        let brand = format!("name = \"Acme\"\ntheme = \"{theme}\"");
        let gate = gate(&[("name = \"Acme\"", &brand)]);
        gate.browser().get(SCRIPT).is(200).text()
    };
    for (theme, surface) in [("light", "--surface:#fff"), ("dark", "--surface:#181c23")] {
        let script = themed(theme);
        let (_, last) = script.rsplit_once("[theme=").expect("rules for the attribute");
        // After all that the attribute says, and no weaker: `:where` counts nothing.
        assert!(last.contains(&format!("&{{color-scheme:{theme};")), "{last}");
        assert!(last.contains(surface), "{last}");
        assert_eq!(script.matches("[theme=").count(), script.matches(":where(").count());
    }
    let free = themed("auto");
    assert!(free.contains("&:where([theme=dark]){color-scheme:dark;"), "{free}");
}
