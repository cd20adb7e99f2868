use std::path::{Path, PathBuf};
use std::time::Duration;

use doorcode::config::Config;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::twilio::{TwilioCredentials, TwilioSender};
use doorcode::gate::{PoolOptions, Principal, Upstream};
use doorcode::login::Countries;
use doorcode::store::Database;

use super::{GOOD, changed, environment, read};
use crate::support::tls::Pair;

#[test]
fn the_demo_is_good_and_only_for_this_machine() {
    let demo = Config::demo().unwrap();
    assert_eq!(demo.issuer.to_string(), "http://localhost:8080/.doorcode/");
    assert_eq!(demo.prefix, "/.doorcode");
    assert!(demo.secrets.is_none());
    assert_eq!(demo.secret_file, PathBuf::from("doorcode.secret"));
    let listen = demo.proxy.listen.iter().map(|at| at.tcp().unwrap());
    assert!(listen.chain([demo.proxy.admin]).all(|at| at.ip().is_loopback()));
    assert_eq!(demo.store.database, Database::Sqlite(PathBuf::from("data/doorcode.db")));
    assert_eq!(demo.login.countries, Countries::All);
    assert!(matches!(demo.providers[..], [ProviderSettings::Console]));
    assert_eq!(demo.users[0].phone.e164(), "+12025550123");
    assert_eq!(demo.sites[0].upstreams, [Upstream::Demo]);
    assert_eq!(demo.sites[0].rules.len(), 2);
    assert!(!demo.development_exposed);
}

#[test]
fn the_shipped_file_is_good_for_an_operator_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/doorcode.toml");
    let shipped = Config::load(&path, &environment).unwrap();
    let beside = path.parent().unwrap();
    assert_eq!(shipped.store.database, Database::Sqlite(beside.join("data/doorcode.db")));
    assert_eq!(shipped.secret_file, beside.join("doorcode.secret"));
}

#[test]
fn the_file_of_several_servers_is_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/cluster/doorcode.toml");
    let secrets = |name: &str| match name {
        "DOORCODE_SECRET" => Some("0nly+for/a+test+0f+the+file+of+the+cluster=".to_owned()),
        "DATABASE_PASSWORD" | "CACHE_PASSWORD" => Some("p@ss/word".to_owned()),
        "TWILIO_AUTH_TOKEN" => Some("0123456789abcdef0123456789abcdef".to_owned()),
        _ => None,
    };
    let cluster = Config::load(&path, &secrets).unwrap();
    assert_eq!(cluster.store.database.to_string(), "postgres://postgres:5432/doorcode");
    assert_eq!(cluster.store.cache.name(), "redis");
    assert!(!format!("{cluster:?}").contains("p@ss") && !format!("{cluster:?}").contains("p%40ss"));
}

#[test]
fn the_file_of_one_server_in_a_container_is_good() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/one-server/doorcode.toml");
    let pair = Pair::of(&["shop.example.com"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorcode.toml");
    std::fs::copy(here, &path).unwrap();
    std::fs::create_dir(folder.path().join("tls")).unwrap();
    for (name, text) in [("tls/cert.pem", &pair.certificate), ("tls/key.pem", &pair.key)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let secrets = |name: &str| match name {
        "DOORCODE_SECRET" => Some("0nly+for/a+test+0f+the+file+of+one+server==".to_owned()),
        "TWILIO_AUTH_TOKEN" => Some("0123456789abcdef0123456789abcdef".to_owned()),
        _ => None,
    };
    let config = Config::load(&path, &secrets).unwrap();
    assert_eq!(config.store.database, Database::Sqlite("/var/lib/doorcode/doorcode.db".into()));
}

#[test]
fn the_file_of_the_package_starts_with_nothing_but_the_secret_that_the_package_makes() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/debian/doorcode.toml");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorcode.toml");
    std::fs::copy(here, &path).unwrap();
    let problems = Config::load(&path, &|_| None).unwrap_err().to_string();
    assert_eq!(problems.lines().count(), 1, "{problems}");
    std::fs::write(folder.path().join("secret"), "0nly+for/a+test+0f+the+file+of+a+package+==")
        .unwrap();
    let config = Config::load(&path, &|_| None).unwrap();
    assert_eq!(config.store.database, Database::Sqlite("/var/lib/doorcode/doorcode.db".into()));
    assert!(config.proxy.listen.iter().all(|at| at.tcp().unwrap().ip().is_loopback()));
}

#[test]
fn a_file_says_what_the_modules_get_and_inherits_the_rest() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.source, "my.toml");
    assert_eq!(config.issuer.to_string(), "https://shop.example.com/.doorcode/");
    assert_eq!(config.proxy.listen[0].tcp(), Some("127.0.0.1:8000".parse().unwrap()));
    assert_eq!(config.proxy.admin, "127.0.0.1:9080".parse().unwrap());
    assert!(config.proxy.trusted_proxies.is_empty());
    assert!(config.secrets.is_some());
    assert_eq!(config.store.database, Database::Sqlite("/etc/doorcode/data/doorcode.db".into()));
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.brand.name, "Doorcode");
    let connections = config.proxy.connections;
    assert_eq!((connections.total, connections.per_address), (10_000, 1000));
    assert_eq!(connections.idle, Duration::from_mins(1));
    assert!(!config.proxy.h2c);
    let passage = &config.sites[0].upstream_options;
    assert_eq!((passage.max_body, passage.timeout), (1 << 30, Duration::from_mins(1)));
    assert_eq!((&passage.send_host, passage.strip_prefix), (&None, false));
    assert_eq!(passage.pool, PoolOptions::default());
    assert_eq!(config.login.code_length.get(), 6);
    assert_eq!(config.login.code_lifetime, Duration::from_mins(5));
    assert_eq!(config.login.tries, 3);
    assert_eq!(config.session.idle, Duration::from_hours(24));
    assert_eq!(config.session.lifetime, Duration::from_hours(30 * 24));
    assert!(config.sms_template.contains("{{ code }}"));
}

#[test]
fn providers_and_rules_are_of_their_modules_types() {
    let config = read(GOOD).unwrap();
    let [ProviderSettings::Twilio(twilio)] = &config.providers[..] else { panic!("one provider") };
    let TwilioCredentials::AuthToken(token) = &twilio.credentials else { panic!("a token") };
    assert_eq!(token.reveal(), super::TOKEN);
    assert_eq!(twilio.sender, TwilioSender::From("+12025550123".to_owned()));
    assert_eq!(twilio.base_url.as_str(), "https://api.twilio.com/");
    let rule = &config.sites[0].rules[0];
    assert_eq!(rule.methods, [http::Method::GET]);
    assert!(matches!(&rule.allow[..], [Principal::Role(named)] if named.as_str() == "admin"));
    assert_eq!(rule.from, ["10.0.0.0/8".parse().unwrap()]);
}

/// What else is good: each with what it changes in the good file.
const GOOD_CHANGES: &[&[(&str, &str)]] = &[
    &[("env:SECRET\"", "env:OLDER\"")],
    &[("\"env:SECRET\"", "[\"env:SECRET\", \"env:OLDER\"]")],
    &[("secret = \"env:SECRET\"\n", "")],
    &[
        ("127.0.0.1:8000", "0.0.0.0:80"),
        ("\"https://shop.example.com/.doorcode\"", "\"https://shop.example.com:444\""),
    ],
    &[("from = \"+1", "messaging_service_sid = \"MG0123456789abcdef0123456789abcdef\"\n#")],
    &[("\"+12025550123\"\n\n", "\"Shop 24\"\nbase_url = \"http://127.0.0.1:9/twilio/\"\n\n")],
    &[("\"127.0.0.1:3000\"", "\"[::1]:3000\", \"app.internal:80\", \"my_app:80\"")],
    &[("\"127.0.0.1:3000\"", "\"unix:/run/app.sock\"")],
    &[("\"127.0.0.1:3000\"", "\"https://app:8443\", \"h2://[::1]:8443/\", \"h2c://app:50051\"")],
    &[(
        "[[site.rule]]",
        "[site.upstream]\nbalance = \"session\"\nidle_timeout = \"5s\"\ntotal_timeout = \"1h\"\n\
         health = { path = \"/healthz?deep=1\", status = 204, interval = \"10s\" }\n[[site.rule]]",
    )],
    &[(
        "[[site.rule]]",
        "max_body = \"64KiB\"\ntimeout = \"5m\"\nsend_host = \"[::1]:3000\"\n[[site.rule]]",
    )],
    &[("[server]\n", "[server]\nh2c = true\nidle = \"5m\"\nconnections = 100\n")],
    &[
        ("url = \"https://shop.example.com\"", "url = \"https://shop.example.com/shop\""),
        ("[[site.rule]]", "strip_prefix = true\nsend_host = \"my_app\"\n[[site.rule]]"),
    ],
    &[("\"GET\"", "\"GET\", \"POST\"")],
    &[("\"role:admin\"", "\"phone:+442071838750\", \"country:FR\"")],
    &[("\"role:admin\"", "\"signed-in\"")],
    &[("\"role:admin\"", "\"optional\"")],
    &[("10.0.0.0/8", "192.0.2.7\", \"2001:db8::/32")],
    &[(
        "[login]",
        "[login]\ncode_lifetime = \"600s\"\ntries = 0x5\ncode_digits = 1_0\ndefault_country = \"GB\"",
    )],
    &[("[login]", "[store]\ndatabase = \"sqlite:/var/lib/door.db\"\ncache = \"memory\"\n[login]")],
    &[("[login]", "[brand]\nname = \"Åse & Søn\"\n[login]")],
    &[("[sms]", "[sms]\ntemplate = \"{%- if code -%}@@password@@{% endif %}\"")],
    &[("[[site.rule]]", "identity = \"default\"\n[[site.rule]]")],
    &[("[[site.rule]]", "identity = \"cloudflare\"\n[[site.rule]]")],
    &[("[[site.rule]]", "identity = { X-User = \"sub\", X_Old = \"none\" }\n[[site.rule]]")],
    &[("[[site.rule]]", "[site.identity]\nRemote-User = \"phone_number\"\n[[site.rule]]")],
    &[("[[site.rule]]", "identity.X-Forwarded-User = \"sub\"\n[[site.rule]]")],
    &[(
        "[[site]]",
        "[[site]]\nname = \"Wiki\"\nurl = \"https://shop.example.com/wiki\"\nupstreams = [\"a:1\"]\n[[site]]",
    )],
    &[("shop.example.com/.doorcode", "auth.example.com")],
    &[(
        "[server]\n",
        "[admin]\nlisten = \"0.0.0.0:9080\"\nunsafe_exposed = true\n[server]\ntrusted_proxies = [\"0.0.0.0/0\"]\nunsafe_trusted_proxies = true\n",
    )],
    &[("[server]\n", "[admin]\nlisten = \"10.0.0.7:9080\"\n[server]\n")],
    &[("[server]\n", "[admin]\nlisten = \"[fd00::7]:9080\"\n[server]\n")],
    &[
        ("shop.example.com/.doorcode", "auth.example.com"),
        ("shop.example.com\"", "wiki.example.org:444/x\""),
    ],
    &[
        ("https://shop.example.com/.doorcode", "http://auth.localhost:8000"),
        ("https://shop.example.com", "http://shop.localhost:8000"),
    ],
    &[
        ("[server]\n", "[server]\nunsafe_shared_origin = true\n"),
        ("url = \"https://shop.example.com\"", "url = \"https://wiki.example.com\""),
    ],
    &[
        ("[server]\n", "[server]\nunsafe_development_exposed = true\n"),
        ("listen = [\"127.0.0.1:8000\"]", "listen = [\"0.0.0.0:8000\"]"),
        ("\"127.0.0.1:3000\"", "\"demo\""),
        ("[\"twilio\"]", "[\"console\", \"twilio\"]"),
    ],
];

#[test]
fn other_ways_are_good_too() {
    for changes in GOOD_CHANGES {
        let text = changed(changes);
        if let Err(problems) = read(&text) {
            panic!("{problems}\nin\n{text}");
        }
    }
}

#[test]
fn an_exposed_demo_is_remembered() {
    let text = changed(&[("[server]\n", "[server]\nunsafe_development_exposed = true\n")]);
    assert!(read(&text).unwrap().development_exposed);
}

#[test]
fn test_numbers_are_users_with_one_role_and_said_where_others_can_reach_them() {
    let number = "[[login.test_number]]\nphone = \"+15550100001\"\ncode = \"000000\"\n[sms]";
    let exposed = ("[login]", "[login]\nunsafe_test_numbers_exposed = true");
    let config = read(&changed(&[("[sms]", number), exposed])).unwrap();
    assert!(config.test_numbers_exposed && !config.login.test_numbers.is_empty());
    let [_, test] = &config.users[..] else { panic!("two users") };
    assert!(test.phone.is_test());
    let roles: Vec<_> = test.roles.iter().map(doorcode::domain::Role::as_str).collect();
    assert_eq!(roles, ["test"]);
    let config = read(&changed(&[exposed])).unwrap();
    assert!(!config.test_numbers_exposed, "there is nothing to say");
    assert!(config.login.sign_up);
}

#[test]
fn a_shared_origin_is_remembered() {
    assert!(!read(GOOD).unwrap().shared_origin);
    let text = changed(&[("[server]\n", "[server]\nunsafe_shared_origin = true\n")]);
    assert!(read(&text).unwrap().shared_origin);
}

#[test]
fn a_bare_address_is_a_network_of_one() {
    let config = read(&changed(&[("10.0.0.0/8", "192.0.2.7\", \"::1")])).unwrap();
    let from = &config.sites[0].rules[0].from;
    assert_eq!(from[..], ["192.0.2.7/32".parse().unwrap(), "::1/128".parse().unwrap()]);
}
