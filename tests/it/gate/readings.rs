use doorcode::gate::{InvalidTarget, readings};
use proptest::prelude::*;

use super::upstream::{all_paths, targets};

const REFUSED: &[(InvalidTarget, &[&str])] = &[
    (InvalidTarget::NoLeadingSlash, &["", "a", "*", "http://a/", "%2fa", ";/a", ".."]),
    (
        InvalidTarget::ForbiddenByte,
        &["/a\\b", "/\\", "/a#b", "/a b", "/a\tb", "/\0", "/\r\n", "/\u{7f}", "/\u{85}"],
    ),
    (
        InvalidTarget::DotSegments,
        &[
            "/.",
            "/..",
            "/./",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e",
            "/%2E%2e/a",
            "/.%2e",
            "/a/%2e./b",
            "/%252e",
            "/%252e%252e/a",
            "/.%252e",
            "/..;/a",
            "/..;x=1/a",
            "/.;/a",
            "/a;b/..;c",
            "/%2e%2e;/a",
            "/..%3b/a",
            "/%2e%2e%3ba",
            "/..%253b/a",
            "/;/..",
            "/;a/..;",
            "/..//",
            "/a/..%2fb",
            "/a%2F..%2Fb",
            "/..%2f",
            "/a%2f.",
            "/a%2f.%2fb",
            "/a/..%5cb",
            "/a%5c..%5Cb",
            "/%5C..",
            "/a/..%252fb",
            "/a%252f..%252fb",
            "/a%255c.%255cb",
            "/a%2f%2e%2e%2fb",
            "/a%2f..;%2fb",
            "/a/%2e%2e%5cb",
            "/a/..%3fb%2fc",
            "/%25252e%25252e/a",
        ],
    ),
    (
        InvalidTarget::EncodedControl,
        &[
            "/%00",
            "/a%00.png",
            "/%2500",
            "/a%2f%00",
            "/a%2F%2500b",
            "/%0a",
            "/%0d%0aSet-Cookie:a",
            "/%09",
            "/%7f",
            "/%1b",
            "/%c2%85",
        ],
    ),
    (
        InvalidTarget::EncodedTooOften,
        &["/a%25252fb", "/%25252f", "/a%25255cb", "/a/..%25252fb", "/a%25252f..%25252fb"],
    ),
    (
        InvalidTarget::NetworkPath,
        &[
            "//",
            "//a",
            "//x/admin",
            "//a@x/admin",
            "///x",
            "/;/x/admin",
            "//..",
            "/%2f",
            "/%252f",
            "/%5c",
            "/%255c",
            "/%2fx/admin",
            "/%5Cx%5Cadmin",
            "/%5c%2fx",
            "/;%2f",
            "/;%2fx/admin",
        ],
    ),
    (InvalidTarget::NotUtf8, &["/%ff", "/%25ff", "/%c0%ae", "/%c0%af", "/%ed%a0%80", "/a%e9"]),
];

#[test]
fn targets_that_some_server_takes_for_a_way_out_are_refused() {
    for (why, targets) in REFUSED {
        for target in *targets {
            assert_eq!(readings(target).err(), Some(*why), "{target:?}");
        }
    }
}

#[test]
fn a_target_is_read_in_every_way_an_upstream_may_read_it() {
    for (target, expected) in [
        ("/", &[][..]),
        ("/a", &[]),
        ("/a/b.html", &[]),
        ("/...", &[]),
        ("/.well-known/x", &[]),
        ("/a/", &["/a"]),
        ("/a//b", &["/a/b"]),
        ("/a//", &["/a", "/a/"]),
        ("/a;x", &["/a"]),
        ("/a;x/b", &["/a/b"]),
        ("/;x", &["/"]),
        ("/;", &["/"]),
        ("/a/;x/b", &["/a//b", "/a/b"]),
        ("/a;x/", &["/a", "/a/", "/a;x"]),
        ("/%61", &["/a"]),
        ("/%2561", &["/%61", "/a"]),
        ("/%2525", &["/%", "/%25"]),
        ("/%", &[]),
        ("/%zz", &[]),
        ("/a%20b", &["/a b"]),
        ("/caf%C3%A9", &["/café"]),
        ("/café", &[]),
        ("/a%3bx", &["/a", "/a;x"]),
        ("/a%253Bx", &["/a", "/a%3Bx", "/a;x"]),
        ("/a%3fb", &["/a", "/a?b"]),
        ("/a/%23b", &["/a", "/a/", "/a/#b"]),
        // Some servers drop parameters before they decode, and then see new ones.
        (
            "/a;x/%61/b%3bc",
            &["/a/%61/b%3bc", "/a/a/b", "/a/a/b%3bc", "/a/a/b;c", "/a;x/a/b%3bc", "/a;x/a/b;c"],
        ),
        ("/a%2Fb", &["/a/b"]),
        ("/a%252Fb", &["/a%2Fb", "/a/b"]),
        ("/a%5Cb", &["/a/b", "/a\\b"]),
        ("/api/queues/%2F/q", &["/api/queues///q", "/api/queues/q"]),
        ("/@scope%2fname", &["/@scope/name"]),
        ("/a%2f", &["/a", "/a/"]),
        ("/a;b%2fc", &["/a", "/a/c", "/a;b/c"]),
        // Some servers take a path apart first and decode each part, some decode only separators.
        ("/%61%2Fb", &["/%61/b", "/a%2Fb", "/a/b"]),
    ] {
        let found = readings(target).unwrap();
        let mut found: Vec<&str> = found.iter().collect();
        assert_eq!(found.remove(0), target, "the first reading is what was sent");
        found.sort_unstable();
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn a_target_that_can_be_read_in_too_many_ways_is_refused() {
    let refused = Err(InvalidTarget::TooManyReadings);
    assert_eq!(readings("/a;%3f;/%253b/a//%3b%3b%3f/a;//a%2523b//"), refused);
}

#[test]
fn what_apps_have_in_their_paths_is_not_too_much() {
    for target in [
        "/api/exchanges/%2F/amq.default/publish",
        "/api/bindings/%2F/e/amq.direct/q/a%20b%2Fc/%7E",
        "/projects/group%2Fsub%20group%2Fproject/repository/files/src%2Fmain%2Ers/raw/",
        "/contents/Untitled%20Folder%2Fa;v=1/b%20c//d%2Fe.ipynb/",
        "/proxy/https%3A%2F%2Fother.example%2Fpath%3Fa=b%26c%23d/x",
        "/a/%C3%A9%2F%E2%82%AC%5Cb%3B%20c/",
    ] {
        assert!(readings(target).is_ok(), "{target}: {:?}", readings(target));
    }
}

#[test]
fn an_ordinary_path_has_one_reading_and_costs_no_allocation() {
    for target in ["/", "/a", "/index.html", "/a/b/c-d_e~f", "/@user/:id", "/a+b,c=d&e!$'()*"] {
        let found = readings(target).unwrap();
        let all: Vec<&str> = found.iter().collect();
        assert_eq!(all, [target]);
        assert!(std::ptr::eq(all[0], target), "the reading is the target itself, not a copy");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_reading_leads_out_of_a_directory(target in targets()) {
        let Ok(found) = readings(&target) else { return Ok(()) };
        prop_assert_eq!(found.iter().next(), Some(target.as_str()));
        for path in found.iter() {
            prop_assert!(path.starts_with('/'), "{:?} is no path", path);
            let dots = path.split(['/', '\\']).any(|s| matches!(s, "." | ".."));
            prop_assert!(!dots, "{:?} holds a dot segment", path);
            prop_assert!(!path.contains(char::is_control), "{:?} holds a control", path);
        }
    }

    #[test]
    fn whatever_an_upstream_makes_of_a_target_is_among_its_readings(target in targets()) {
        let Ok(found) = readings(&target) else { return Ok(()) };
        for path in all_paths(&target) {
            prop_assert!(found.iter().any(|reading| reading == path), "{:?} is missing", path);
        }
    }

    #[test]
    fn no_text_whatever_makes_the_reader_fail(target in "\\PC*|/[ -~]*|/(%[0-9a-f]{2}|.)*") {
        if let Ok(found) = readings(&target) {
            prop_assert_eq!(found.iter().next(), Some(target.as_str()));
        }
    }
}
