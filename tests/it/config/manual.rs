//! Man pages and shell completions are files of the repository, so that packages only copy them.
use std::collections::BTreeMap;
use std::path::Path;

use clap_complete::Shell;

/// Of each file its name and what it should hold.
fn made() -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let command = doorcode::cli::command();
    clap_mangen::generate_to(command.clone(), folder.path()).unwrap();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command.clone(), "doorcode", folder.path()).unwrap();
    }
    let mut made = files(folder.path());
    let page = made.get_mut("doorcode.1").expect("the page of the program");
    // What clap prints has its own lines, which a page of the manual would fill.
    *page = page
        .replace(".SH EXTRA\n", ".SH NOTES\n.nf\n")
        .replace("\n.SH VERSION", "\n.fi\n.SH VERSION");
    made
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(file).collect()
}

#[test]
fn the_manual_and_the_completions_are_the_reference_of_the_command_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/manual");
    let made = made();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in &made {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let here = files(&folder);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&here), names(&made));
    let differ = made.iter().filter(|(name, text)| here[*name] != **text).map(|(name, _)| name);
    assert_eq!(
        differ.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "deploy/manual is out of date; make it anew with `UPDATE_DOCS=1 cargo test --test it reference`"
    );
}

/// One page for each command, however deep.
#[test]
fn every_command_has_a_page_of_the_manual() {
    let made = made();
    for page in ["doorcode", "doorcode-check", "doorcode-users", "doorcode-users-block"] {
        let page = made.get(&format!("{page}.1")).unwrap_or_else(|| panic!("{page} is missing"));
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(made["doorcode.1"].contains("DOORCODE_CONFIG"));
    assert!(made["doorcode.1"].contains(".nf\nExamples:"));
    for completion in ["doorcode.bash", "_doorcode", "doorcode.fish"] {
        assert!(made[completion].contains("unblock"), "{completion}");
    }
}
