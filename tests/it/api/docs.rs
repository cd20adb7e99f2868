//! What `docs/auth0.md` says.
use doorcode::config::Config;

use super::world::{World, read};
use crate::support::tls::Pair;

fn page() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/auth0.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_file_on_the_page_is_one_that_starts() {
    let page = page();
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let signed = Pair::of(&["auth.example.com"]);
    for (name, pem) in [("cert.pem", signed.certificate), ("key.pem", signed.key)] {
        std::fs::write(folder.path().join(name), pem).unwrap();
    }
    let environment = |name: &str| {
        ["TWILIO_AUTH_TOKEN", "SHOP_SECRET"]
            .contains(&name)
            .then(|| "5b2f0a9c7d1e4836f1c09ad27e6b5483".to_owned())
    };
    if let Err(problems) = Config::read(text, "auth0.md", folder.path(), &environment) {
        panic!("{problems}");
    }
}

#[test]
fn every_key_that_the_page_names_is_in_the_reference() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference = std::fs::read_to_string(folder.join("docs/config.md")).unwrap();
    let page = page();
    let (_, table) = page.split_once("| at Auth0 | here |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut keys = 0;
    for word in table.split('`').skip(1).step_by(2) {
        let Some((section, key)) = word.split_once('.') else { continue };
        let known = ["server", "client", "oauth", "sms", "login"];
        if !known.contains(&section) || key.contains(' ') {
            continue;
        }
        let key = key.split(' ').next().unwrap();
        let heads = [format!("## `[{section}]`"), format!("## `[[{section}]]`")];
        let section = heads.iter().find_map(|head| reference.split_once(head.as_str()));
        let section = section.unwrap_or_else(|| panic!("{word}")).1;
        let there =
            section.contains(&format!("| `{key}` |")) || section.contains(&format!("[sms.{key}]"));
        assert!(there, "{word}");
        keys += 1;
    }
    assert!(keys > 20, "{keys}");
}

#[test]
fn every_path_that_the_page_names_is_answered() {
    let world = World::start();
    let page = page();
    let (_, same) = page.split_once("## What is the same").unwrap();
    let (same, _) = same.split_once("\n- Bodies").unwrap();
    for word in same.split('`').skip(1).step_by(2) {
        let path = word.strip_prefix("POST ").unwrap_or(word).replace("{id}", "spa");
        if path.starts_with('/') {
            assert_ne!(world.get(&path, &[]).status, 404, "{path}");
        }
    }
    let told = read(&world.get("/.well-known/openid-configuration", &[]).is(200));
    for method in told["token_endpoint_auth_methods_supported"].as_array().unwrap() {
        let method = method.as_str().unwrap();
        assert!(method == "none" || page.contains(method), "{method}");
    }
}
