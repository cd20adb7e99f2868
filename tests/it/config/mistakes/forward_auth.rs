use super::super::{changed, problems, read};

fn file(table: &str) -> String {
    changed(&[("[login]\n", &format!("{table}\n[login]\n"))])
}

#[test]
fn who_may_ask_is_said_and_is_not_everybody() {
    for (table, why) in [
        ("[forward_auth]", "forward_auth: allows nobody"),
        ("[forward_auth]\nfrom = []", "forward_auth: allows nobody"),
        ("[forward_auth]\nfrom = [\"0.0.0.0/0\"]", "is wider than any private network"),
        ("[forward_auth]\nfrom = [\"nginx\"]", "7:9: forward_auth.from: `nginx`"),
        ("[forward_auth]\nsecret = \"short\"", "7:10: forward_auth.secret: is not `env:NAME`"),
        ("[forward_auth]\nsecret = \"env:TOKEN\"", "has fewer than 32 characters"),
        ("[forward_auth]\nsecret = \"env:WEAK\"", "repeats itself"),
        ("[forward_auth]\nform = [\"10.0.0.1\"]", "did you mean `from`?"),
    ] {
        let said = problems(&file(table));
        assert!(said.contains(why), "{table}: {said}");
    }
}

#[test]
fn an_app_behind_another_proxy_needs_no_address() {
    let without = |table: &str| file(table).replace("upstreams = [\"127.0.0.1:3000\"]\n", "");
    let said = problems(&without(""));
    assert!(said.contains("site[1].upstreams: is missing"), "{said}");
    let config = read(&without("[forward_auth]\nfrom = [\"10.0.0.1\"]")).unwrap();
    assert!(config.sites[0].upstreams.is_empty());
    let proxies = &config.proxy.trusted_proxies;
    assert_eq!(proxies, &["10.0.0.1/32".parse().unwrap()], "they tell whose requests they carry");
}

#[test]
fn what_says_how_requests_are_forwarded_is_refused_where_another_proxy_does_that() {
    let keys = "max_body = \"1MiB\"\ntimeout = \"5s\"\nsend_host = \"a.example\"\n\
                upstream.balance = \"session\"\n";
    let file = file("[forward_auth]\nfrom = [\"10.0.0.1\"]");
    let said = problems(&file.replace("upstreams = [\"127.0.0.1:3000\"]\n", keys));
    for key in ["max_body", "timeout", "send_host", "upstream"] {
        let line = format!("site[1].{key}: has no effect without upstreams");
        assert!(said.contains(&line), "{line}: {said}");
    }
}
