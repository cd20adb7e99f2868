//! How a command is written, and what it needs.
use super::cli::{run, written};
use super::{GOOD, changed};

#[test]
fn a_file_is_named_by_itself_or_as_an_option_everywhere() {
    let (_folder, file) = written(GOOD);
    let number = "+12025550123";
    for command in [
        &["serve"][..],
        &["check"],
        &["widget"],
        &["health"],
        &["keys"],
        &["keys", "rotate"],
        &["users", "block", number],
        &["users", "unblock", number],
        &["users", "show", number],
    ] {
        let alone = run(&[command, &[&*file]].concat());
        assert_ne!(alone.0, 2, "{command:?}: {}", alone.2);
        for way in [
            [command, &["--config", &*file]].concat(),
            [command, &["-c", &*file]].concat(),
            [&["--config", &*file], command].concat(),
        ] {
            assert_eq!(run(&way), alone, "{way:?}");
        }
    }
}

#[test]
fn the_name_of_a_file_alone_is_told_what_was_meant() {
    let (code, out, err, served) = run(&["my.toml"]);
    assert_eq!((code, out.as_str(), served), (2, "", false));
    for way in ["doorcode --config my.toml ", "doorcode check my.toml "] {
        assert!(err.contains(way), "{err}");
    }
    assert!(!run(&["frobnicate"]).2.contains("doorcode check"));
}

#[test]
fn help_is_a_command_and_short_help_is_short() {
    let help = |arguments: &[&str]| {
        let (code, out, err, _) = run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out
    };
    assert_eq!(help(&["help"]), help(&["--help"]));
    assert_eq!(help(&["help", "check"]), help(&["check", "--help"]));
    assert_eq!(help(&["help", "users", "block"]), help(&["users", "block", "--help"]));
    let short = help(&["-h"]);
    // One line for each command, and ten around them.
    let commands = doorcode::cli::command().get_subcommands().count() + 1;
    assert!(short.lines().count() <= commands + 10 && !short.contains("Exit codes:"), "{short}");
    assert!(short.contains("check") && short.contains("users"), "{short}");
}

/// Nothing that the file refers to is there: no variable, no certificate, no brand.
#[test]
fn a_command_needs_no_secret_but_those_that_it_uses() {
    let text = changed(&[
        ("[server]\n", "[server]\ntls = [{ certificate = \"gone.pem\", key = \"gone.key\" }]\n"),
        ("env:TOKEN", "env:UNSET"),
        (
            "[[user]]",
            "[[client]]\nid = \"web\"\nname = \"Web\"\ntype = \"confidential\"\nsecret = [\"env:UNSET\", \"file:gone\"]\ncallbacks = [\"https://a.example/cb\"]\n[[user]]",
        ),
    ]);
    let (_folder, file) = written(&text);
    let (_other, without) = written(&text.replace("env:SECRET", "env:UNSET"));
    let number = "+12025550123";
    for (command, needs) in [
        (&["keys"][..], false),
        (&["nodes"], false),
        (&["widget"], false),
        // Numbers are encrypted under it.
        (&["users", "block", number], true),
        (&["users", "unblock", number], true),
        (&["users", "find", "0123"], true),
        (&["secret", "rotate"], true),
        (&["migrate"], true),
        (&["keys", "rotate", "--usage", "token"], true),
    ] {
        for (file, works) in [(&file, true), (&without, !needs)] {
            let (code, out, err, _) = run(&[command, &[&**file]].concat());
            assert_eq!(code == 0, works, "{command:?}: {out}{err}");
            assert!(works || err.contains("server.secret: the environment has no variable UNSET"));
        }
    }
    // Who asks gets an answer, which is no here.
    for (command, file) in [(&["users", "show", number][..], &file), (&["health"], &without)] {
        let (code, _, err, _) = run(&[command, &[&**file]].concat());
        assert!(code == 1 && err.starts_with("doorcode: nobody"), "{err}");
    }
    for command in ["check", "serve"] {
        let (code, _, err, _) = run(&[command, &file]);
        assert!(code == 1 && err.matches("UNSET").count() == 2, "{err}");
    }
}
