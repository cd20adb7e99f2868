//! `doorcode doctor`: what is well, what is not, and what reaches an app under attack.
use std::net::{Ipv4Addr, TcpListener};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::support::gate::Gate;
use crate::support::http::exchange;
use crate::support::program::Program;
use crate::support::settings::OTHER;
use crate::support::upstream::Upstream;
use crate::upstreams::http2::Echo;

const FILE: &str = "my.toml";

/// One without an app that is down, and with fewer files than any machine has.
fn all_up() -> Program {
    let few = ("[server]\n", "[server]\nconnections = 100\nexchanges = 100\n");
    let program = Program::changed("info", &[few]);
    let app = format!("\"127.0.0.1:{}\"", program.app.port);
    program.rewrite(FILE, &[("\"127.0.0.1:1\"", &app)]);
    assert_eq!(program.said(&["reload", FILE]).0, Some(0));
    program
}

/// The lines of one grade and topic.
fn lines<'s>(said: &'s str, grade: &str, topic: &str) -> Vec<&'s str> {
    let start = format!("{grade:<5} {topic:<11} ");
    said.lines().filter_map(|line| line.strip_prefix(&start)).collect()
}

#[test]
fn what_is_well_is_said_to_be() {
    let program = all_up();
    let (code, said) = program.said(&["doctor", FILE]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("\n0 failures, 0 warnings\n"), "{said}");
    let port = program.port;
    for (topic, part) in [
        ("server", format!("ready, says 127.0.0.1:{}", program.admin)),
        ("open files", " of ".to_owned()),
        ("database", "doorcode.db answers after ".to_owned()),
        ("provider", "twilio knows the account".to_owned()),
        ("public URL", format!("http://localhost:{port} leads here")),
        ("app", format!("Shop, 127.0.0.1:{}: GET / is answered 200", program.app.port)),
        ("bypass", "listens on loopback only".to_owned()),
    ] {
        let told = lines(&said, "ok", topic);
        assert!(told.iter().any(|line| line.contains(&part)), "{topic} {part}: {said}");
    }
    // Asked, and no more: no text, and nobody is signed in.
    assert!(program.texts.messages().is_empty());
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let program = Program::start("info");
    // Announces what Node.js does, and answers everybody.
    let open = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let open_port = open.local_addr().unwrap().port();
    program.app.adds("/", &["Keep-Alive: timeout=5"]);
    let more = format!(
        "[[site]]\nname = \"Open\"\nurl = \"http://localhost:{}/open\"\nupstreams = [\"127.0.0.1:{open_port}\"]\nupstream = {{ total_timeout = \"1s\" }}\ntimeout = \"1s\"\n[[site]]\nname = \"Shop\"",
        program.port
    );
    program.rewrite("wrong.toml", &[("[[site]]\nname = \"Shop\"", &more)]);
    let (code, said) = program.said(&["doctor", "wrong.toml"]);
    assert_eq!(code, Some(1), "{said}");
    let told = |grade, topic, part: &str| {
        let told = lines(&said, grade, topic);
        assert!(told.iter().any(|line| line.contains(part)), "{grade} {topic} {part}: {said}");
    };
    told("FAIL", "app", "Down, 127.0.0.1:1: no connection to 127.0.0.1:1");
    told("WARN", "bypass", "listens on 0.0.0.0 too");
    told("WARN", "bypass", "Let it listen on 127.0.0.1");
    told("FAIL", "app", "no answer for GET /");
    told(
        "WARN",
        "time-outs",
        "closes connections that wait for 5 s, and Doorcode keeps them for 60 s",
    );
}

#[test]
fn a_name_that_leads_elsewhere_is_told() {
    let program = Program::start("info");
    let other = Upstream::start();
    let (here, there) =
        (format!("http://localhost:{}", program.port), format!("http://localhost:{}", other.port));
    program.rewrite("moved.toml", &[(here.as_str(), there.as_str()); 3]);
    let (code, said) = program.said(&["doctor", "moved.toml"]);
    assert_eq!(code, Some(1), "{said}");
    let told = lines(&said, "FAIL", "public URL");
    let text = format!(
        "{there}/.doorcode/.well-known/openid-configuration is not answered by this gate but with 200"
    );
    assert!(told.iter().any(|line| line.starts_with(&text)), "{said}");
}

#[test]
fn a_server_that_does_not_run_is_told() {
    let mut program = all_up();
    program.signal("INT");
    program.wait_for_end();
    let (code, said) = program.said(&["doctor", FILE]);
    assert_eq!(code, Some(1), "{said}");
    assert!(lines(&said, "FAIL", "server")[0].starts_with("no response from 127.0.0.1:"), "{said}");
    assert!(lines(&said, "FAIL", "public URL")[0].contains("cannot be opened"), "{said}");
    // What does not depend on it is well.
    assert_eq!(lines(&said, "ok", "database").len(), 1, "{said}");
}

#[test]
fn another_file_another_secret_and_wrong_credentials_are_told() {
    let program = Program::start("info");
    let other = [
        ("secret = \"env:SECRET\"", "secret = \"env:OTHER\""),
        ("auth_token = \"env:TOKEN\"", "auth_token = \"env:OTHER\""),
    ];
    program.rewrite("other.toml", &other);
    let (code, said) = program.said(&["doctor", "other.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(lines(&said, "WARN", "server")[0].starts_with("runs with another file"), "{said}");
    assert!(lines(&said, "FAIL", "database")[0].contains("secret"), "{said}");
    let provider = lines(&said, "FAIL", "provider");
    assert!(provider[0].contains("HTTP 401") && !provider[0].contains(OTHER), "{said}");
    // A database that the server has, and this file has not.
    program.rewrite("gone.toml", &[("doorcode.db", "gone.db")]);
    let (_, said) = program.said(&["doctor", "gone.toml"]);
    assert!(lines(&said, "FAIL", "database")[0].starts_with("there is none at"), "{said}");
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let program = Program::start("info");
    let file = program.file("foreign.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut other = options.connect().await.unwrap();
        sqlx::query("CREATE TABLE hello (x)").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    });
    let before = std::fs::read(&file).unwrap();
    program.rewrite("foreign.toml", &[("doorcode.db", "foreign.db")]);
    let (code, said) = program.said(&["doctor", "foreign.toml"]);
    assert!(code == Some(1) && lines(&said, "FAIL", "database").len() == 1, "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_database_whose_migrations_were_others_is_told() {
    let program = all_up();
    let file = SqliteConnectOptions::new().filename(program.file("doorcode.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut database = file.connect().await.unwrap();
        let other = "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2";
        sqlx::query(other).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    });
    let (code, said) = program.said(&["doctor", FILE]);
    assert_eq!(code, Some(1), "{said}");
    let told = lines(&said, "FAIL", "database");
    assert!(told[0].contains("migration 2 was previously applied but has been modified"), "{said}");
}

#[test]
fn an_app_over_http2_without_tls_is_asked() {
    let program = all_up();
    let app = Echo::start(None);
    let more = format!(
        "[[site]]\nname = \"Two\"\nurl = \"http://localhost:{}/two\"\nupstreams = [\"h2c://127.0.0.1:{}\"]\n\
         [[site]]\nname = \"One\"\nurl = \"http://localhost:{}/one\"\nupstreams = [\"h2c://127.0.0.1:{}\"]\n\
         [[site]]\nname = \"Shop\"",
        program.port, app.port, program.port, program.app.port
    );
    program.rewrite("two.toml", &[("[[site]]\nname = \"Shop\"", &more)]);
    let (code, said) = program.said(&["doctor", "two.toml"]);
    assert_eq!(code, Some(1), "{said}");
    let two = lines(&said, "ok", "app");
    assert!(two.iter().any(|l| l.starts_with("Two, ") && l.contains("answered 200")), "{said}");
    let one = lines(&said, "FAIL", "app");
    assert!(one.iter().any(|l| l.starts_with("One, ") && l.contains("over HTTP/2")), "{said}");
}

#[test]
fn nothing_reaches_an_app_by_the_shapes_of_other_gateways_holes() {
    let program = Program::start("info");
    let rules = "[[site.rule]]\npath = \"/tasks/*/keys\"\nallow = [\"role:staff\"]\nfrom = [\"10.0.0.0/8\"]\n\
                 [[site.rule]]\npath = \"/read/*\"\nmethods = [\"GET\"]\nallow = [\"public\"]\n\
                 [[site.rule]]\npath = \"/admin/*\"";
    program.rewrite("more.toml", &[("[[site.rule]]\npath = \"/admin/*\"", rules)]);
    let (code, said) = program.said(&["doctor", "--attack", "more.toml"]);
    assert_eq!(code, Some(0), "{said}");
    for who in ["without a login", "with a login and no roles"] {
        for what in ["own paths", "paths", "methods", "headers", "hosts", "framing", "identity"] {
            let part = format!("{what}, {who}: ");
            let told = lines(&said, "ok", "attack");
            let line = told.iter().find(|line| line.starts_with(&part));
            assert!(line.is_some_and(|line| line.contains("none that must not")), "{part}: {said}");
        }
    }
    assert!(said.contains("other sites, with a login and no roles: 5 requests, 0 reached the app"));
    assert!(said.contains("without a login, the app gets: GET /public/doorcode-attack"), "{said}");
    // Neither the real app, nor the real server, nor the provider was asked.
    assert_eq!(program.app.count(), 0);
    assert!(program.texts.messages().is_empty());
    assert!(!program.printed_to("out").contains("doorcode-attack"));
}

#[test]
fn what_the_attack_cannot_see_as_it_is_is_told() {
    let program = Program::start("info");
    let changes = [
        ("name = \"Shop\"", "name = \"Shop\"\nmode = \"report\""),
        ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n"),
    ];
    program.rewrite("report.toml", &changes);
    let (code, said) = program.said(&["doctor", "--attack", "report.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let told = lines(&said, "WARN", "attack");
    assert!(told.iter().any(|line| line.starts_with("mode = \"report\" lets everything through")));
    assert!(
        told.iter().any(|line| line.starts_with("server.trusted_proxies trusts every address"))
    );
}

#[test]
fn a_page_whose_name_leads_to_the_admin_listener_asks_for_nothing() {
    let gate = Gate::start();
    let ask = |host: &str| {
        let head = format!(
            "POST /token-holder HTTP/1.1\r\nHost: {host}\r\nX-Doorcode-Admin: 1\r\nContent-Length: 0\r\n\r\n"
        );
        exchange(gate.admin, head.as_bytes()).status
    };
    for host in
        ["localhost", "localhost:9090", "127.0.0.1", "127.0.0.1:9090", "[::1]", "[::1]:9090"]
    {
        assert_eq!(ask(host), 200, "{host}");
    }
    for host in
        ["evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example"]
    {
        assert_eq!(ask(host), 404, "{host}");
    }
}
