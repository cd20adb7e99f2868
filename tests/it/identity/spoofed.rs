//! What a client says about itself by the names that tell an app who is there.
use doorcode::gate::PRESETS;

use crate::support::browser::Browser;
use crate::support::gate::Gate;
use crate::support::settings::BOB;

/// Names that no preset fills and an app that was moved here may still look for.
const UNFILLED: [&str; 8] = [
    "x-forwarded-email",
    "x-forwarded-access-token",
    "x-auth-request-email",
    "x-auth-request-access-token",
    "remote-email",
    "x-pomerium-claim-email",
    "cf-access-authenticated-user-email",
    "x-doorcode-anything",
];

/// Those of the free map of the site beside.
const OWN: [&str; 3] = ["x-acme-user", "x_acme_team", "x-legacy-mail"];

fn gate() -> Gate {
    // On one site; the requests go to the other, which has the default names.
    let map = "name = \"Down\"\nidentity = { X-Acme-User = \"sub\", x_acme_team = \"groups\", \
               X-Legacy-Mail = \"none\" }";
    Gate::changed(&[("name = \"Down\"", map)])
}

fn names() -> Vec<&'static str> {
    let presets = PRESETS.iter().flat_map(|preset| preset.headers).map(|(name, _)| *name);
    let mut names: Vec<_> = presets.chain(UNFILLED).chain(OWN).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every way to write a name that some app takes for it.
fn spellings(name: &str) -> Vec<String> {
    let with = |mark: &str| name.replace(['-', '_'], mark);
    let mut turn = 0;
    let mixed: String = name
        .chars()
        .map(|c| match c {
            '-' | '_' => {
                turn += 1;
                ['.', '_', '-'][turn % 3]
            }
            c if turn % 2 == 0 => c.to_ascii_uppercase(),
            c => c,
        })
        .collect();
    let title: String = with("-")
        .split('-')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect::<Vec<_>>()
        .join("-");
    vec![
        name.to_owned(),
        title.clone(),
        name.to_uppercase(),
        with("_"),
        with("_").to_uppercase(),
        with("."),
        title.replacen('-', "_", 1),
        title.replacen('-', ".", 1),
        mixed,
    ]
}

/// Each route of the site, by nobody and by somebody.
fn visits(gate: &Gate) -> Vec<(Browser, &'static str)> {
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    vec![
        (gate.browser(), "/public/x"),
        (gate.browser(), "/maybe/x"),
        (bob.clone(), "/public/x"),
        (bob.clone(), "/maybe/x"),
        (bob, "/orders"),
    ]
}

#[test]
fn no_name_in_any_spelling_once_or_twice_reaches_an_app_on_any_route() {
    let gate = gate();
    for (mut browser, path) in visits(&gate) {
        for name in names() {
            let spellings = spellings(name);
            let twice = spellings.iter().chain(&spellings).map(|name| (name.as_str(), "spoofed"));
            let lines: Vec<_> = twice.chain([("X-Acme-Users", "kept")]).collect();
            browser.send("GET", path, &lines, None).is(200);
            let seen = gate.app.last();
            let told = seen.headers.iter().find(|(_, value)| value.contains("spoofed"));
            assert_eq!(told, None, "{name} at {path}: {seen:?}");
            assert_eq!(seen.header("x-acme-users"), Some("kept"), "{name} at {path}");
        }
    }
}

#[test]
fn no_name_reaches_an_app_as_a_trailer() {
    let gate = gate();
    for (browser, path) in visits(&gate) {
        for name in names() {
            let title = &spellings(name)[1];
            let lines = [("Transfer-Encoding", "chunked"), ("Trailer", title.as_str())];
            let lines = [lines[0], lines[1], ("Origin", &browser.origin())];
            let head = String::from_utf8(browser.request("POST", path, &lines, None)).unwrap();
            let trailers = spellings(name).join(": spoofed\r\n") + ": spoofed\r\n";
            let body = format!("3\r\nabc\r\n0\r\n{trailers}\r\n");
            gate.exchange(&(head + &body)).is(200);
            let seen = gate.app.last();
            assert_eq!((seen.body.as_slice(), seen.method.as_str()), (&b"abc"[..], "POST"));
            assert!(!format!("{seen:?}").contains("spoofed"), "{name} at {path}: {seen:?}");
        }
    }
}

#[test]
fn no_connection_header_takes_out_what_the_gate_says() {
    let gate = gate();
    let (mut bob, path) = visits(&gate).pop().expect("somebody");
    let ours = PRESETS[0].headers.iter().map(|(name, _)| *name);
    for name in ours.filter(|name| *name != "x-forwarded-groups") {
        for options in [name.to_owned(), format!("close, {}", spellings(name)[1])] {
            let lines = [("Connection", options.as_str()), (name, "spoofed")];
            bob.send("GET", path, &lines, None).is(200);
            let seen = gate.app.last();
            assert!(seen.header(name).is_some_and(|value| value != "spoofed"), "{name}: {seen:?}");
            // A server behind would take out what its own hop's header names.
            let passed = seen.all("connection").join(",").to_ascii_lowercase();
            assert!(!passed.contains("x-"), "{options} became {passed}");
        }
    }
}

/// What every app is told, whoever calls.
const ALWAYS: [&str; 5] = [
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-request-id",
];

#[test]
fn no_option_of_connection_in_any_spelling_changes_what_an_app_is_told_on_any_route() {
    let gate = gate();
    for (mut browser, path) in visits(&gate) {
        browser.get(path).is(200);
        let told = |seen: &crate::support::upstream::Seen| {
            // Made anew for each request, and told here by its presence.
            let value = |name: &str, value: &str| match name {
                "x-request-id" | "x-doorcode-assertion" => String::new(),
                _ => value.to_owned(),
            };
            let of_ours = seen.headers.iter().filter(|(name, _)| name.starts_with("x-"));
            let mut told: Vec<_> =
                of_ours.map(|(name, text)| (name.clone(), value(name, text))).collect();
            told.sort_unstable();
            told
        };
        let right = told(&gate.app.last());
        for name in names().into_iter().chain(ALWAYS) {
            let spellings = spellings(name);
            let some = spellings[1..].join(", ");
            for options in [name.to_owned(), name.to_uppercase(), format!("close,{some}")] {
                let lines = [("Connection", options.as_str()), (name, "spoofed")];
                let before = gate.app.count();
                let answer = browser.send("GET", path, &lines, None);
                // Refused, or as if nothing had been said.
                if answer.status == 400 {
                    assert_eq!(gate.app.count(), before, "{options} at {path}");
                    continue;
                }
                answer.is(200);
                assert_eq!(told(&gate.app.last()), right, "{options} at {path}");
            }
        }
        let many = (0..40).map(|n| format!("x-a{n}, ")).collect::<Vec<_>>().concat();
        for name in ALWAYS {
            let lines = [("Connection", format!("{many}{name}")), (name, "spoofed".to_owned())];
            let lines = lines.each_ref().map(|(name, value)| (*name, value.as_str()));
            let before = gate.app.count();
            let answer = browser.send("GET", path, &lines, None);
            let passed = gate.app.count() > before;
            assert!(!passed || told(&gate.app.last()) == right, "{name} at {path}: {answer}");
        }
    }
}
