//! Servers of one database that end, die, or keep their logins elsewhere: what the others say.
use std::time::Duration;

use crate::support::gate::wait_for;
use crate::support::postgresql;
use crate::support::program::Program;
use crate::support::redis_server::TestRedis;

const DATABASE: &str = "database = \"sqlite:doorcode.db\"";
/// Where nothing is wrong, a busy machine may be slow.
const LATE: Duration = Duration::from_secs(30);

fn program(setting: &str, cache: &str) -> Program {
    let setting = format!("{setting}\ncache = \"{cache}\"");
    Program::changed("info", &[(DATABASE, &setting)])
}

fn listed(program: &Program) -> String {
    let (code, text) = program.said(&["nodes", "my.toml"]);
    assert_eq!(code, Some(0), "{text}");
    text
}

/// The line of a list that names the server.
fn line<'a>(list: &'a str, program: &Program) -> Option<&'a str> {
    list.lines().find(|line| line.contains(&format!(":{} ", program.port)))
}

#[test]
fn a_server_that_is_interrupted_leaves_the_list_and_one_that_is_killed_is_marked() {
    let setting = postgresql::shared().setting(LATE);
    let last = program(&setting, "database");
    let (mut interrupted, mut killed) =
        (program(&setting, "database"), program(&setting, "database"));
    let told = listed(&last);
    for one in [&interrupted, &killed] {
        let line = line(&told, one).unwrap_or_else(|| panic!("{told}"));
        assert!(!line.contains("gone"), "{told}");
    }
    interrupted.signal("INT");
    interrupted.wait_for_end();
    killed.kill();
    let told = listed(&last);
    assert_eq!(line(&told, &interrupted), None, "{told}");
    assert!(line(&told, &killed).is_some_and(|line| line.contains("gone since 20")), "{told}");
    assert!(line(&told, &last).is_some_and(|line| !line.contains("gone")), "{told}");
    // It is named when it dies, and by no server that starts later.
    let name = format!(":{}", killed.port);
    wait_for("the news", || {
        let log = last.printed();
        log.lines().any(|line| line.contains("died") && line.contains(&name)).then_some(())
    });
    let next = program(&setting, "database");
    std::thread::sleep(Duration::from_secs(8));
    let log = next.printed();
    assert!(!log.contains(&name), "{log}");
    assert_eq!(last.printed().matches("died").count(), 1, "{}", last.printed());
}

#[test]
fn servers_that_use_two_redis_are_told() {
    let setting = postgresql::shared().setting(LATE);
    let redis = [TestRedis::start(), TestRedis::start()];
    let one = |redis: &TestRedis| program(&setting, &format!("redis://127.0.0.1:{}", redis.port));
    let (first, second) = (one(&redis[0]), one(&redis[1]));
    for (node, other) in [(&first, &second), (&second, &first)] {
        wait_for("the news", || {
            let log = node.printed();
            let told = |line: &str| {
                line.contains("another Redis") && line.contains(&format!(":{}", other.port))
            };
            log.lines().any(told).then_some(())
        });
    }
    let same = one(&redis[0]);
    std::thread::sleep(Duration::from_secs(6));
    let log = same.printed();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("another Redis")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains(&format!(":{}", second.port)), "{log}");
}

#[test]
fn the_secret_is_not_changed_under_a_server_that_lacks_the_next_one() {
    let server = program(&postgresql::shared().setting(LATE), "database");
    let both = "secret = [\"env:OTHER\", \"env:SECRET\"]";
    server.rewrite("next.toml", &[("secret = \"env:SECRET\"", both)]);
    let (code, said) = server.command(&["secret", "rotate", "next.toml"]);
    assert!(code == Some(1) && said.contains("restart them with this file first"), "{said}");
    assert!(said.contains(&format!(":{}", server.port)), "{said}");
    let (code, said) = server.command(&["secret", "rotate", "my.toml"]);
    assert_eq!(code, Some(0), "{said}");
}
