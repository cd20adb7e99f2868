//! The rules of the house. Each says of one file what is wrong, and what would be right.
use crate::Source;
use crate::cycles::module_of;
use crate::paths::{Leads, Named, paths};
use crate::tokens::{Token, tokens};

/// Top to bottom. A module may name those of the floors below it; neighbours on one floor do not
/// know each other.
const FLOORS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["app"],
    &["config"],
    &["proxy"],
    &["web"],
    &["api"],
    &["pages"],
    &["access"],
    &["gate"],
    &["oauth"],
    &["login"],
    &["session"],
    &["users"],
    &["store", "delivery", "metrics", "acme", "captcha"],
    &["events", "words", "outbound"],
    &["system", "domain"],
];

/// Who must not know whom although the floors would let it, and what to do instead.
const STRANGERS: &[(&str, &str, &str)] =
    &[("cli", "app", "`main` hands what `app` does to `cli` in `CliDeps`")];

/// Which files may name a crate (and every crate whose name goes on with `_`).
const CRATES: &[(&str, &[&str])] = &[
    ("pingora", &["src/proxy/"]),
    (
        "axum",
        &[
            "src/web/",
            "src/api/",
            "src/pages/",
            "src/proxy/bridge.rs",
            "src/proxy/snapshot.rs",
            "src/app/demo.rs",
            "src/app/doctor/attack/recorder.rs",
        ],
    ),
    ("sqlx", &["src/store/"]),
    ("moka", &["src/store/", "src/session/", "src/access/"]),
    ("reqwest", &["src/outbound/", "src/acme/", "src/app/doctor/"]),
    ("instant_acme", &["src/acme/"]),
    ("rcgen", &["src/acme/", "src/oauth/certificate.rs", "src/proxy/upstream/tls_tests.rs"]),
    ("jsonwebtoken", &["src/oauth/"]),
    ("fred", &["src/store/"]),
    ("redis", &["src/store/"]),
    ("liquid", &["src/words/"]),
    ("toml", &["src/config/", "src/words/"]),
    ("clap", &["src/cli/"]),
    ("prometheus", &["src/metrics/"]),
    ("rustls", &["src/proxy/tls/", "src/proxy/upstream/", "src/outbound/", "src/main.rs"]),
    ("tokio_rustls", &["src/outbound/"]),
    ("rusmpp", &["src/delivery/sms/smpp/"]),
    ("rusmppc", &["src/delivery/sms/smpp/"]),
    (
        "x509_parser",
        &["src/proxy/tls/", "src/proxy/upstream/", "src/delivery/sms/aws/certificates.rs"],
    ),
    ("h2", &["src/proxy/", "src/app/doctor/http2.rs"]),
    ("rlibphonenumber", &["src/domain/"]),
];

const LONGEST: usize = 400;

/// Types that can change behind a shared reference.
/// `LazyLock` is not among them: of a type without these it is a constant, computed at first use.
const CHANGEABLE: &[&str] =
    &["Mutex", "RwLock", "Lazy", "LazyCell", "Cell", "RefCell", "ArcSwap", "UnsafeCell"];

const SAYS_NOTHING: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc"];

pub(crate) fn floors(file: &Source) -> Vec<String> {
    // The list of modules itself.
    if file.path == "src/lib.rs" {
        return Vec::new();
    }
    let module = module_of(&file.path);
    let here = module.first().map_or("", String::as_str);
    let Some(floor) = floor_of(here) else {
        return vec![format!("{}: `{here}` stands on no floor; give it one in FLOORS", file.path)];
    };
    let mut wrong = Vec::new();
    for named in paths(&file.text, &module) {
        let why = match named.leads() {
            Leads::Root => "names the whole crate; name the one module that is meant".to_owned(),
            Leads::Module(there) => match misstep(here, floor, &there) {
                Some(why) => why,
                None => continue,
            },
            Leads::Other(_) => continue,
        };
        wrong.push(format!("{}:{}: {why}", file.path, named.line));
    }
    wrong
}

/// What is wrong with `here`, on `floor`, naming `there`.
fn misstep(here: &str, floor: usize, there: &str) -> Option<String> {
    let Some(other) = floor_of(there) else {
        return Some(format!("`{there}` stands on no floor; give it one in FLOORS"));
    };
    if let Some((.., instead)) = STRANGERS.iter().find(|(a, b, _)| *a == here && *b == there) {
        return Some(format!("`{here}` must not know `{there}`: {instead}"));
    }
    if other < floor {
        return Some(format!(
            "`{here}` must not know `{there}`, which stands above it: let `{there}` pass in \
             what is needed, or move that to a floor below both"
        ));
    }
    (other == floor && here != there).then(|| {
        format!(
            "`{here}` and `{there}` stand side by side and must not know each other: let a \
             module above join them"
        )
    })
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

pub(crate) fn crates(file: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    for named in paths(&file.text, &module_of(&file.path)) {
        let Leads::Other(first) = named.leads() else { continue };
        let is = |name: &str| {
            let rest = first.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let Some((_, rooms)) = CRATES.iter().find(|(name, _)| is(name)) else { continue };
        if !rooms.iter().any(|room| file.path.starts_with(room)) {
            wrong.push(format!(
                "{}:{}: `{first}` is known only in {}: let that give what is needed, in types \
                 of ours",
                file.path,
                named.line,
                rooms.join(", ")
            ));
        }
    }
    wrong
}

pub(crate) fn length(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    let long = lines > LONGEST;
    let why = || {
        format!(
            "{}: has {lines} lines, {LONGEST} are the most: take out what can be named",
            file.path
        )
    };
    long.then(why).into_iter().collect()
}

pub(crate) fn says_what_it_is(file: &Source) -> Vec<String> {
    let says = |line: &str| line.strip_prefix("//! ").is_some_and(|text| !text.trim().is_empty());
    let told = file.text.lines().take(2).filter(|line| says(line)).count() == 2;
    if told || !file.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    vec![format!(
        "{}: must begin with two lines of `//! `: what the module is, and what it does not do",
        file.path
    )]
}

pub(crate) fn hidden_state(file: &Source) -> Vec<String> {
    if file.path == "src/main.rs" {
        return Vec::new();
    }
    let named = paths(&file.text, &module_of(&file.path));
    let spawns = named.iter().filter(|named| is_spawn(named)).map(|named| {
        let path = named.segments.join("::");
        let instead = "give `app` a named future; `proxy` makes a service of it";
        format!("{}:{}: `{path}` runs behind everybody's back: {instead}", file.path, named.line)
    });
    let statics = changeable_statics(&file.text).into_iter().map(|line| {
        let instead = "make the value in `app` and pass it in";
        format!("{}:{line}: a static that is not a constant: {instead}", file.path)
    });
    spawns.chain(statics).collect()
}

/// `tokio::spawn`, `tokio::task::spawn_local`, and `task::spawn` after `use tokio::task`.
fn is_spawn(named: &Named) -> bool {
    let last = named.segments.last().map_or("", String::as_str);
    matches!(named.segments[0].as_str(), "tokio" | "task")
        && matches!(last, "spawn" | "spawn_local")
}

/// The lines of statics whose type or keyword says that they can change.
fn changeable_statics(text: &str) -> Vec<usize> {
    let all = tokens(text);
    let word = |at: usize| match all.get(at) {
        Some((_, Token::Word(word))) => word.as_str(),
        _ => "",
    };
    let changeable = |name: &str| {
        CHANGEABLE.contains(&name) || name.starts_with("Atomic") || name.starts_with("Once")
    };
    let declared = |at: usize| {
        let end = |token: &&(usize, Token)| !matches!(token.1, Token::Mark('=' | ';'));
        all[at..].iter().take_while(end).any(|(_, token)| match token {
            Token::Word(name) => changeable(name),
            _ => false,
        })
    };
    (0..all.len())
        .filter(|at| match word(*at) {
            "thread_local" => true,
            "static" => word(at + 1) == "mut" || declared(*at),
            _ => false,
        })
        .map(|at| all[at].0)
        .collect()
}

pub(crate) fn names(file: &Source) -> Vec<String> {
    let all = tokens(&file.text);
    let inner = all.windows(2).filter_map(|pair| match (&pair[0].1, &pair[1].1) {
        (Token::Word(keyword), Token::Word(name)) if keyword == "mod" => Some(name.as_str()),
        _ => None,
    });
    let parts = file.path.trim_end_matches(".rs").split('/');
    parts
        .chain(inner)
        .filter(|name| SAYS_NOTHING.contains(name))
        .map(|name| {
            let instead = "name it after what it is, and put each thing where it belongs";
            format!("{}: a module `{name}` says nothing: {instead}", file.path)
        })
        .collect()
}

/// Every two public types of one name: a reader who meets the name cannot tell which is meant.
pub(crate) fn types_of_one_name(files: &[Source]) -> Vec<String> {
    let mut places = std::collections::BTreeMap::<String, Vec<String>>::new();
    for file in files {
        for (line, name) in public_types(&file.text) {
            places.entry(name).or_default().push(format!("{}:{line}", file.path));
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    shared.map(|(name, places)| format!("`{name}` names {}", places.join(" and "))).collect()
}

/// Types that more than their own module can name, each with its line.
fn public_types(text: &str) -> Vec<(usize, String)> {
    let all = tokens(text);
    let word = |at: usize| match all.get(at) {
        Some((_, Token::Word(word))) => word.as_str(),
        _ => "",
    };
    let declares = |at: usize| matches!(word(at), "struct" | "enum" | "trait" | "type" | "union");
    let is_public = |at: usize| {
        let closed = at.checked_sub(1).is_some_and(|at| all[at].1 == Token::Mark(')'));
        let open = || all[..at].iter().rposition(|(_, token)| *token == Token::Mark('('));
        let end = if closed { open() } else { Some(at) };
        end.and_then(|end| end.checked_sub(1)).is_some_and(|at| word(at) == "pub")
    };
    (0..all.len())
        .filter(|at| declares(*at) && is_public(*at))
        .map(|at| (all[at].0, word(at + 1).to_owned()))
        // A macro's `$name`.
        .filter(|(_, name)| !name.is_empty())
        .collect()
}
