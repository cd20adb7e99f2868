//! That the tests which a document names are there.
use std::collections::BTreeSet;

use crate::Source;

/// What stands between backticks in the last column of the document's tables: names of tests.
pub(crate) fn named(document: &str) -> Vec<(usize, &str)> {
    let mut named = Vec::new();
    for (at, line) in document.lines().enumerate() {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.trim_end().strip_suffix('|'))
        else {
            continue;
        };
        let tests = row.rsplit('|').next().unwrap_or_default();
        named.extend(tests.split('`').skip(1).step_by(2).map(|name| (at + 1, name)));
    }
    named
}

/// Names of the tests in a file of Rust.
fn tests(text: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        let line = line.strip_prefix("async ").unwrap_or(line);
        if let Some(rest) = line.strip_prefix("fn ") {
            let name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next();
            tests.extend(name.filter(|_| is_test));
            is_test = false;
        }
    }
    tests
}

/// What a document names that is no test of `files`, no module of `tests/it`, and none of the
/// browser's files.
pub(crate) fn missing(document: &str, files: &[Source], browser: &[String]) -> Vec<String> {
    let tests: BTreeSet<&str> = files.iter().flat_map(|file| tests(&file.text)).collect();
    let is_there = |name: &str| {
        let module = format!("tests/it/{}.rs", name.replace("::", "/"));
        tests.contains(name)
            || files.iter().any(|file| file.path == module)
            || browser.contains(&format!("{name}.test.mjs"))
    };
    let missing = named(document).into_iter().filter(|(_, name)| !is_there(name));
    missing.map(|(line, name)| format!("{line}: there is no test `{name}`")).collect()
}
