//! Which file a command uses when none is named.
use std::path::Path;

use super::cli::{run, run_on, written};
use super::{GOOD, environment};

const NOWHERE: &str = "no/doorcode.toml";

/// Every command that reads a file, with what else it needs.
const ALL: &[&[&str]] = &[
    &["check"],
    &["widget"],
    &["health"],
    &["reload"],
    &["upgrade"],
    &["nodes"],
    &["migrate"],
    &["keys"],
    &["keys", "rotate"],
    &["secret", "rotate"],
    &["users", "block", "+12025550123"],
    &["users", "unblock", "+12025550123"],
    &["users", "show", "+12025550123"],
    &["users", "find", "0123"],
];

fn with(variable: &str) -> impl Fn(&str) -> Option<String> {
    move |name| match name {
        "DOORCODE_CONFIG" => Some(variable.to_owned()),
        name => environment(name),
    }
}

#[test]
fn the_command_line_is_first_then_the_variable_then_the_file_of_the_machine() {
    let (_folder, file) = written(GOOD);
    for command in std::iter::once(&["serve"][..]).chain(ALL.iter().copied()) {
        let named = run(&[command, &["--config", &file]].concat());
        assert_ne!(named.0, 2, "{command:?}: {}", named.2);
        let by_variable = run_on((&with(&file), Path::new("gone/other.toml")), command);
        assert_eq!(by_variable, named, "{command:?}");
        for empty in [&environment as &dyn Fn(&str) -> Option<String>, &with("")] {
            assert_eq!(run_on((empty, Path::new(&file)), command), named, "{command:?}");
        }

        let missing = run_on((&with("gone.toml"), Path::new(&file)), command);
        assert!(
            missing.0 == 1 && missing.2.starts_with("gone.toml: cannot be read"),
            "{missing:?}"
        );
        let named =
            run_on((&with("gone.toml"), Path::new(NOWHERE)), &[command, &[&*file]].concat());
        assert!(!named.2.contains("gone.toml"), "{named:?}");
    }
    let (_folder, file) = written(GOOD);
    let served = run_on((&with(&file), Path::new(NOWHERE)), &[]);
    assert_eq!(served, run(&["--config", &file]));
    assert_eq!(run_on((&environment, Path::new(&file)), &[]), served);
}

#[test]
fn only_the_server_has_a_demo_and_others_say_how_to_name_a_file() {
    for command in ALL {
        let (code, out, err, served) = run(command);
        assert_eq!((code, out.as_str(), served), (2, "", false), "{command:?}");
        let way = format!("doorcode {} ", command[0]);
        for way in [&*way, "my.toml", "set DOORCODE_CONFIG", "at /etc/doorcode/doorcode.toml"] {
            assert!(err.contains(way), "{command:?}: {err}");
        }
    }
    for demo in [&[][..], &["serve"]] {
        assert_eq!(run(demo), (0, String::new(), String::new(), true));
        // As when the variable is set for nothing.
        assert_eq!(run_on((&with(""), Path::new(NOWHERE)), demo), run(demo));
    }
}

#[test]
fn the_demo_is_the_demo_whatever_files_there_are() {
    let (_folder, file) = written(GOOD);
    let demo = (0, String::new(), String::new(), true);
    assert_eq!(run(&["demo"]), demo);
    assert_eq!(run_on((&with(&file), Path::new(&file)), &["demo"]), demo);
    assert_eq!(run_on((&with("gone.toml"), Path::new("gone.toml")), &["demo"]), demo);
    for named in [&["demo", "--config", &file][..], &["demo", &file], &["--config", &file, "demo"]]
    {
        let (code, _, err, served) = run(named);
        assert!(code == 2 && !served && err.starts_with("error: "), "{named:?}: {err}");
    }
}

/// It is not passed over: nobody wants the demo where a server is configured.
#[test]
fn a_file_of_the_machine_that_cannot_be_read_is_a_mistake() {
    let (folder, file) = written(GOOD);
    // A file is no folder, so nothing below it can be looked at.
    let below = Path::new(&file).join("doorcode.toml");
    for unreadable in [folder.path(), &below] {
        let (code, _, err, served) = run_on((&environment, unreadable), &["serve"]);
        assert!(code == 1 && !served && err.contains(": cannot be read: "), "{err}");
    }
}
