//! The house as a test: who may know whom, what may stand where, and how long a file may be.
//!
//! Reads the source as text and links nothing of it, so that it is built and run in a moment.
#[path = "architecture/cycles.rs"]
mod cycles;
#[path = "architecture/documents.rs"]
mod documents;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/proofs.rs"]
mod proofs;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::path::Path;
use std::{fs, io};

/// One Rust file: where it is, from the project's root, and what is in it.
struct Source {
    path: String,
    text: String,
}

#[test]
fn imports_point_down() {
    hold(&["src"], rules::floors);
}

#[test]
fn no_two_files_and_no_two_modules_import_each_other() {
    let files = files(&["src"]);
    let wrong = [cycles::between_files(&files), cycles::between_modules(&files)].concat();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_two_public_types_share_a_name() {
    let wrong = rules::types_of_one_name(&files(&["src"]));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_crate_stays_in_its_rooms() {
    hold(&["src"], rules::crates);
}

#[test]
fn files_are_short() {
    hold(&["src", "tests", "benches"], rules::length);
}

#[test]
fn every_folder_of_modules_says_what_it_is_and_what_it_does_not_do() {
    hold(&["src"], rules::says_what_it_is);
}

#[test]
fn nothing_is_shared_behind_the_back_of_app() {
    hold(&["src"], rules::hidden_state);
}

#[test]
fn modules_are_named_after_what_they_are() {
    hold(&["src", "tests", "benches"], rules::names);
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = files(&["src", "tests"]);
    let Ok(browser) = fs::read_dir(root.join("tests/browser")) else { panic!("no browser tests") };
    let browser = browser.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let browser: Vec<String> = browser.collect();
    for document in ["docs/acceptance.md", "docs/security-tests.md"] {
        let Ok(text) = fs::read_to_string(root.join(document)) else { panic!("no {document}") };
        assert!(documents::named(&text).len() > 20, "{document} names no tests");
        let missing = documents::missing(&text, &files, &browser);
        assert!(missing.is_empty(), "{document}:\n{}", missing.join("\n"));
    }
}

/// The lines of docs/architecture.md, which is read whole by whoever is new.
const LONGEST_MAP: usize = 150;

#[test]
fn the_map_is_short() {
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let Ok(text) = fs::read_to_string(map) else { panic!("no docs/architecture.md") };
    assert!(text.lines().count() <= LONGEST_MAP, "{} lines", text.lines().count());
}

/// Fails with everything that `rule` finds wrong in the Rust files of `folders`.
fn hold(folders: &[&str], rule: fn(&Source) -> Vec<String>) {
    let wrong: Vec<String> = files(folders).iter().flat_map(rule).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Every Rust file of `folders`.
fn files(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders.iter().map(|folder| root.join(folder)).filter(|folder| folder.exists()) {
        if let Err(error) = read(root, &folder, &mut files) {
            panic!("{} cannot be read: {error}", folder.display());
        }
    }
    assert!(!files.is_empty(), "no Rust file was found in {folders:?}: nothing was tested");
    files
}

/// Adds every Rust file below `folder`, but for what packages of other languages bring along.
fn read(root: &Path, folder: &Path, files: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                read(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            let path = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            files.push(Source { path, text });
        }
    }
    Ok(())
}
