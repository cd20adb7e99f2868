//! That the reader sees what is there, and nothing else, and that every rule can fail.
use crate::paths::{Leads, paths};
use crate::{Source, cycles, documents, rules};

/// Where the paths of `text` lead that stay in the crate, as the file `[gate, deep]`.
fn modules(text: &str) -> Vec<String> {
    let leads = paths(text, &["gate".to_owned(), "deep".to_owned()]);
    let leads = leads.iter().map(crate::paths::Named::leads);
    leads
        .filter_map(|leads| match leads {
            Leads::Module(name) => Some(name),
            Leads::Root => Some("(root)".to_owned()),
            Leads::Other(_) => None,
        })
        .collect()
}

/// The first segments of the paths of `text` that lead elsewhere.
fn others(text: &str) -> Vec<String> {
    let leads = paths(text, &["gate".to_owned()]);
    let leads = leads.iter().map(crate::paths::Named::leads);
    leads
        .filter_map(|leads| match leads {
            Leads::Other(name) => Some(name),
            _ => None,
        })
        .collect()
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    for (text, named) in [
        ("use crate::login::Login;", &["login"][..]),
        ("use crate::login;", &["login"]),
        ("pub(crate) use crate::login as entrance;", &["login"]),
        ("use crate::{login, web::{self, Web}};", &["login", "web", "web"]),
        (
            "use crate::{\n    store::{Attempt as A, Step},\n    users,\n};",
            &["store", "store", "users"],
        ),
        ("use {crate::login, crate::web::Web};", &["login", "web"]),
        ("fn f(x: &crate::login::Login) -> crate::web::Web {}", &["login", "web"]),
        ("let x = <crate::login::Login as Default>::default();", &["login"]),
        ("let x = Vec::<crate::login::Login>::new();", &["login"]),
        ("let x = y as crate::login::Number;", &["login"]),
        ("#[derive(crate::login::Macro)] struct S;", &["login"]),
        ("macro_rules! m { () => { $crate::login::f() } }", &["login"]),
        ("pub(in crate::gate) fn f() {}", &["gate"]),
        ("use doorcode::login;", &["login"]),
        ("use crate :: login :: Login;", &["login"]),
        ("use crate::r#login::Login;", &["login"]),
        ("use crate::*;", &["(root)"]),
        ("use crate as all;", &["(root)"]),
        ("use crate::{self as all};", &["(root)"]),
    ] {
        assert_eq!(modules(text), named, "{text}");
    }
}

#[test]
fn super_is_followed_to_where_it_leads() {
    for (text, named) in [
        ("use super::target::Readings;", &["gate"][..]),
        ("use self::inner::Thing;", &["gate"]),
        ("use super::super::login::Login;", &["login"]),
        ("use super::{super::web::Web, map};", &["web", "gate"]),
        ("use super::super::{login, store::Step};", &["login", "store"]),
        ("use self::super::super::login;", &["login"]),
        ("use super::super::*;", &["(root)"]),
        // One module deeper, one step of `super` more.
        ("mod tests { use super::super::login; }", &["gate"]),
        ("mod tests { use super::super::super::login; }", &["login"]),
        ("mod a { mod b { fn f() {} } use super::*; } use super::super::web;", &["gate", "web"]),
        ("#[cfg(test)] mod tests { use super::*; use crate::web::Web; }", &["gate", "web"]),
        ("mod elsewhere; use super::super::login;", &["login"]),
    ] {
        assert_eq!(modules(text), named, "{text}");
    }
}

#[test]
fn comments_strings_characters_and_lifetimes_name_nothing() {
    for text in [
        "// use crate::login;",
        "//! [`crate::login`]",
        "/* use crate::login; /* nested */ use crate::web; */",
        r#"let x = "use crate::login; // \" crate::web::Web";"#,
        "let x = r\"crate::login::x\";",
        "let x = r#\"a \" crate::login::x \"#;",
        "let x = b\"crate::login::x\"; let y = br##\"\"# crate::web::x\"##;",
        "let x = c\"crate::login::x\";",
        "let it_crate = 1; fn crate_login() {}",
        "pub(crate) fn f() {}",
        "pub(super) fn f() {}",
    ] {
        assert_eq!(modules(text), [""; 0], "{text}");
    }
    // What comes after them is seen again.
    for text in [
        "/* /* */ */ use crate::login;",
        "let x = '\"'; use crate::login; let y = '\"';",
        r"let x = '\''; use crate::login;",
        r"let x = '\\'; use crate::login;",
        r"let x = '\u{22}'; use crate::login;",
        "let x = b'\"'; use crate::login;",
        r#"let x = "\\"; use crate::login;"#,
        "let x = r\"\\\"; use crate::login;",
        "fn f<'a>(x: &'a str) -> crate::login::X<'a> {}",
        "fn f(x: &'static str) {} use crate::login;",
        "let r = 1; use crate::login;",
        "let x = 1..2; use crate::login;",
    ] {
        assert_eq!(modules(text), ["login"], "{text}");
    }
}

#[test]
fn every_way_to_name_a_crate_is_seen() {
    for (text, named) in [
        ("use sqlx::Row as _;", &["sqlx"][..]),
        ("use sqlx;", &["sqlx"]),
        ("use ::sqlx::Row;", &["sqlx"]),
        ("use {sqlx::Row, moka::sync};", &["sqlx", "moka"]),
        ("use {::sqlx, tokio as t};", &["sqlx", "tokio"]),
        ("extern crate sqlx;", &["sqlx"]),
        ("#[from] sqlx::Error", &["sqlx"]),
        ("fn f() -> ::sqlx::Result<()> {}", &["sqlx"]),
        ("#[tokio::main] async fn main() {}", &["tokio"]),
        ("// sqlx::Error\nlet sqlx = 1;", &[]),
    ] {
        assert_eq!(others(text), named, "{text}");
    }
}

#[test]
fn a_path_is_told_with_its_line() {
    let text = "/* one\ntwo */ let x = \"three\nfour\"; crate::login::x();\nuse crate::web;";
    let named = paths(text, &["gate".to_owned()]);
    assert_eq!(named.iter().map(|named| named.line).collect::<Vec<_>>(), [3, 4]);
}

/// What `rule` says of a file with this text at this place.
fn said(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> String {
    rule(&Source { path: path.to_owned(), text: text.to_owned() }).join("\n")
}

#[test]
fn the_floors_can_fail() {
    let up = said(rules::floors, "src/store/sql/mod.rs", "\nuse crate::login::Login;");
    assert!(up.starts_with("src/store/sql/mod.rs:2: `store` must not know `login`"), "{up}");
    let up = said(rules::floors, "src/store/sql/logins.rs", "use super::super::super::web::Web;");
    assert!(up.contains("`store` must not know `web`, which stands above"), "{up}");
    let beside = said(rules::floors, "src/store/mod.rs", "use crate::delivery::Delivery;");
    assert!(beside.contains("`store` and `delivery` stand side by side"), "{beside}");
    let stranger = said(rules::floors, "src/cli/mod.rs", "let run = crate::app::serve;");
    assert!(stranger.contains("`cli` must not know `app`: `main` hands"), "{stranger}");
    let root = said(rules::floors, "src/gate/site_map.rs", "use crate::*;");
    assert!(root.contains("names the whole crate"), "{root}");
    let new = said(rules::floors, "src/attic/mod.rs", "");
    assert!(new.contains("`attic` stands on no floor"), "{new}");
    let unknown = said(rules::floors, "src/gate/site_map.rs", "use crate::attic::Box;");
    assert!(unknown.contains("`attic` stands on no floor"), "{unknown}");
}

#[test]
fn the_floors_let_pass_what_points_down() {
    for (path, text) in [
        ("src/main.rs", "use doorcode::{app, cli};"),
        ("src/cli/mod.rs", "use crate::config::Config;"),
        ("src/store/sql/logins.rs", "use super::SqlStore; use crate::store::Step;"),
        ("src/store/sql/logins.rs", "use crate::{domain::UserId, system::Timestamp};"),
        ("src/gate/site_map.rs", "use crate::oauth::Issuer; use super::sites::Site;"),
    ] {
        assert_eq!(said(rules::floors, path, text), "", "{path} {text}");
    }
}

#[test]
fn the_other_rules_can_fail() {
    let lost = said(rules::crates, "src/login/start.rs", "fn f() -> sqlx::Error {}");
    assert!(lost.contains("src/login/start.rs:1: `sqlx` is known only in src/store/"), "{lost}");
    let part = said(rules::crates, "src/web/mod.rs", "use pingora_core::Result;");
    assert!(part.contains("`pingora_core` is known only in src/proxy/"), "{part}");
    let table = said(rules::crates, "src/web/mod.rs", "use toml::Table;");
    assert!(table.contains("`toml` is known only in src/config/, src/words/"), "{table}");
    assert_eq!(said(rules::crates, "src/store/sql/mod.rs", "use sqlx::Row; use moka::sync;"), "");

    let long = said(rules::length, "tests/it/gate.rs", &"x\n".repeat(401));
    assert!(long.contains("has 401 lines, 400 are the most"), "{long}");
    assert_eq!(said(rules::length, "tests/it/gate.rs", &"x\n".repeat(400)), "");

    for text in ["//! One line only.\nmod a;", "mod a;", "//! \n//! \nmod a;", "// A\n// B"] {
        let silent = said(rules::says_what_it_is, "src/gate/mod.rs", text);
        assert!(silent.contains("two lines of `//! `"), "{text}");
        assert_eq!(said(rules::says_what_it_is, "src/gate/site_map.rs", text), "");
    }

    let vague = said(rules::names, "src/login/utils.rs", "");
    assert!(vague.contains("a module `utils` says nothing"), "{vague}");
    let vague = said(rules::names, "tests/it/main.rs", "mod common;");
    assert!(vague.contains("a module `common` says nothing"), "{vague}");
}

#[test]
fn hidden_state_is_seen() {
    for (text, told) in [
        ("fn f() { tokio::spawn(g()); }", "`tokio::spawn` runs behind"),
        ("use tokio::{spawn, time};", "`tokio::spawn` runs behind"),
        ("use tokio::task; fn f() { task::spawn(g()); }", "`task::spawn` runs behind"),
        ("static mut COUNT: u32 = 0;", "a static that is not a constant"),
        ("static COUNT: std::sync::atomic::AtomicU32 = AtomicU32::new(0);", "a static that is"),
        ("pub static ALL: OnceLock<Vec<u8>> = OnceLock::new();", "a static that is"),
        ("static ALL: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(f);", "a static that is"),
        ("static ALL: LazyLock<HashMap<u8, AtomicU8>> = LazyLock::new(f);", "a static that is"),
        ("thread_local! { static X: u8 = 0; }", "a static that is"),
    ] {
        let hidden = said(rules::hidden_state, "src/login/start.rs", text);
        assert!(hidden.contains(told), "{text}: {hidden}");
    }
    let constant = "static NAMES: &[&str] = &[]; fn f(x: &'static AtomicU8) {}";
    assert_eq!(said(rules::hidden_state, "src/login/start.rs", constant), "");
    let computed = "static PARSER: LazyLock<Result<Parser, Error>> = LazyLock::new(parse);";
    assert_eq!(said(rules::hidden_state, "src/login/start.rs", computed), "");
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let files = [
        file("tests/it/gate/map.rs", "#[test]\nfn one() {}\nfn helper() {}\n"),
        file("tests/it/x.rs", "#[tokio::test]\n#[ignore = \"slow\"]\nasync fn two() {}\n"),
        file("src/y.rs", "    #[test]\n    fn three(x in 0..4) {}\n"),
    ];
    let browser = ["login.test.mjs".to_owned()];
    let missing = |row: &str| documents::missing(row, &files, &browser);
    let good = "| `x` | it `one`, `gate::map`; long `two`; unit `three`; browser `login` |";
    assert_eq!(missing(good), [""; 0]);
    assert_eq!(missing("`four` and | a table | without `its end`"), [""; 0]);
    for gone in ["helper", "four", "gate::maps", "map", "log", ""] {
        let row = format!("| a | b |\n|---|---|\n| `one` | it `one`, `{gone}` |");
        assert_eq!(missing(&row), [format!("3: there is no test `{gone}`")]);
    }
}

fn files(texts: &[(&str, &str)]) -> Vec<Source> {
    let file = |(path, text): &(&str, &str)| Source { path: (*path).into(), text: (*text).into() };
    texts.iter().map(file).collect()
}

#[test]
fn two_files_that_import_each_other_are_seen() {
    let through = "mod a;\nmod b;\npub use a::A;\npub(crate) use b::{B, C};";
    for (a, b) in [
        ("use super::b::B;", "use super::a::A;"),
        ("use crate::m::B;", "fn f(x: super::A) {}"),
        ("use super::{C, c::D};", "use crate::m::a;"),
    ] {
        let found = cycles::between_files(&files(&[
            ("src/m/mod.rs", through),
            ("src/m/a.rs", a),
            ("src/m/b.rs", b),
        ]));
        let told = "`m::a` and `m::b` import from each other: move what both need to a third file";
        assert_eq!(found, [told], "{a} {b}");
    }
    let apart = [
        ("src/m/mod.rs", through),
        ("src/m/a.rs", "use super::B; use crate::n::N;"),
        ("src/m/b.rs", "// use super::A;"),
        ("src/n.rs", "pub use crate::m::A as N;"),
    ];
    assert_eq!(cycles::between_files(&files(&apart[..3])), [""; 0]);
    assert_eq!(
        cycles::between_files(&files(&apart)),
        ["`m::a` and `n` import from each other: move what both need to a third file"]
    );
}

#[test]
fn two_modules_that_import_each_other_are_seen() {
    let found = cycles::between_modules(&files(&[
        ("src/m/mod.rs", "mod a; mod b;"),
        ("src/m/a/mod.rs", "mod one; mod two;"),
        ("src/m/a/one.rs", "use crate::m::b::deep::X;"),
        ("src/m/a/two.rs", "pub struct Two;"),
        ("src/m/b/mod.rs", "use super::a::two::Two;"),
        ("src/m/b/deep.rs", "pub struct X;"),
    ]));
    let told = "`m::a` and `m::b` import from each other: move what both need to a third file";
    assert_eq!(found, [told]);
}

#[test]
fn two_public_types_of_one_name_are_seen() {
    let one = "pub struct Row; struct Private; pub(crate) enum Only {}";
    for (two, shared) in [
        ("pub(super) trait Row {}", true),
        ("pub(in crate::m) type Row = u8;", true),
        ("pub enum Row { A }", true),
        ("struct Row; enum Private {} pub fn row() {}", false),
        ("// pub struct Row;", false),
    ] {
        let found = rules::types_of_one_name(&files(&[("src/a.rs", one), ("src/b.rs", two)]));
        let told: &[&str] = if shared { &["`Row` names src/a.rs:1 and src/b.rs:1"] } else { &[] };
        assert_eq!(found, told, "{two}");
    }
}
