use std::time::Duration;

use super::super::{GOOD, SECRET, problems, read};
use doorcode::domain::ClientId;
use doorcode::gate::Principal;
use doorcode::oauth::{AccessTokenType, ClientType, GrantType, GroupsAccess};

/// What is written below `[[client]]`, and what is said of it. The table begins in line 29.
const CASES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "29:1: client[1].id: is missing; write in [[client]] for example `id = \"spa\"`. Its `client_id`: 1 to 64 letters, digits, `-`, `_` or `.`.",
            "29:1: client[1].name: is missing; write in [[client]] for example `name = \"My app\"`. Name on the login pages, 1 to 40 characters.",
        ],
    ),
    (
        "id = \"a b\"\nname = \"\"",
        &[
            "30:6: client[1].id: `a b` is not 1 to 64 letters, digits, `-`, `_` or `.`",
            "31:8: client[1].name: `` is not a name of 1 to 40 characters in one line",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ntype = \"pubic\"",
        &["32:8: client[1].type: `pubic` is not a type of client; did you mean `public`?"],
    ),
    (
        "id = \"a\"\nname = \"A\"\ntype = \"confidential\"",
        &["29:1: client[1]: is confidential and needs a `secret`"],
    ),
    (
        "id = \"a\"\nname = \"A\"\nsecret = \"env:SECRET\"",
        &[
            "32:10: client[1].secret: needs `type = \"confidential\"`: a public client cannot keep a secret",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ntype = \"confidential\"\nsecret = \"env:SHORT\"",
        &[
            "33:10: client[1].secret: has fewer than 32 characters; make one with `openssl rand -hex 32`",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ntype = \"confidential\"\nsecret = \"env:WEAK\"",
        &["33:10: client[1].secret: repeats itself; make one with `openssl rand -hex 32`"],
    ),
    (
        "id = \"a\"\nname = \"A\"\ntype = \"confidential\"\nsecret = \"the-secret-itself-0123456789-0123\"",
        &[
            "33:10: client[1].secret: is not `env:NAME` or `file:PATH`; secrets are not stored in this file",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ncallbacks = [\"javascript:alert(1)\", \"data:text/html,x\", \"http://a.example.com/\", \"https://a.example.com/#x\", \"https://*.example.com/\", \"https://u@a.example.com/\", \"HTTPS://a.example.com/../x\", \"a\"]",
        &[
            "32:14: client[1].callbacks: `javascript:alert(1)` has a scheme that browsers handle themselves, so that it reaches no app",
            "32:37: client[1].callbacks: `data:text/html,x` has a scheme that browsers handle themselves, so that it reaches no app",
            "32:57: client[1].callbacks: `http://a.example.com/` must be https; plain http is only for localhost",
            "32:82: client[1].callbacks: `https://a.example.com/#x` has a fragment, which is where the response goes",
            "32:110: client[1].callbacks: `https://*.example.com/` has a `*`: every URL is compared as it is written; write each one",
            "32:136: client[1].callbacks: `https://u@a.example.com/` has a user name or password",
            "32:164: client[1].callbacks: `HTTPS://a.example.com/../x` is not as browsers write it; write https://a.example.com/x",
            "32:194: client[1].callbacks: `a` is not a URL such as https://app.example.com/callback or com.example.app:/callback",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\norigins = [\"*\"]\nweb_origins = [\"https://a.example.com/\"]",
        &[
            "32:12: client[1].origins: `*` would let every site in; name the origins whose pages may ask",
            "33:16: client[1].web_origins: `https://a.example.com/` is not an origin such as https://app.example.com or https://*.example.com",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ngrants = [\"client_credentials\", \"refresh\"]\nconnections = [\"email\"]",
        &[
            "32:33: client[1].grants: `refresh` is not a grant; did you mean `refresh_token`?",
            "33:16: client[1].connections: `email` is not a connection; known: sms",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\ngrants = [\"client_credentials\", \"implicit\"]\ntrust_forwarded_for = true\nrefresh_token_idle = \"2d\"\nrefresh_token_lifetime = \"1d\"",
        &[
            "32:10: client[1].grants: includes `client_credentials`, which needs a secret; a public client has none",
            "32:10: client[1].grants: includes a login on the pages, which needs `callbacks`",
            "33:23: client[1].trust_forwarded_for: needs a confidential client: a public one is not authenticated",
            "34:22: client[1].refresh_token_idle: has no effect: it is longer than refresh_token_lifetime",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\n[[client]]\nid = \"a\"\nname = \"B\"",
        &["33:6: client[2].id: is already used by client[1]"],
    ),
    (
        "id = \"a\"\nname = \"A\"\n[[client]]\nid = \"a\"\nname = \"\"\nsecret = \"env:SECRET\"\ngrants = [\"client_credentials\"]\ntrust_forwarded_for = true\nrefresh_token_idle = \"2d\"\nrefresh_token_lifetime = \"1d\"",
        &[
            "33:6: client[2].id: is already used by client[1]",
            "34:8: client[2].name: `` is not a name of 1 to 40 characters in one line",
            "35:10: client[2].secret: needs `type = \"confidential\"`: a public client cannot keep a secret",
            "36:10: client[2].grants: includes `client_credentials`, which needs a secret; a public client has none",
            "37:23: client[2].trust_forwarded_for: needs a confidential client: a public one is not authenticated",
            "38:22: client[2].refresh_token_idle: has no effect: it is longer than refresh_token_lifetime",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\naudiences = [\"a b\"]\nscopes = [\"a b\"]",
        &[
            "32:14: client[1].audiences: `a b` is not 1 to 200 characters without spaces",
            "33:11: client[1].scopes: `a b` is not one word of a scope, 1 to 60 characters, without quotes",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\n[oauth]\ntoken_algorithm = \"HS256\"\nlogout_urls = [\"vbscript:x\"]",
        &[
            "33:19: oauth.token_algorithm: `HS256` is not an algorithm; did you mean `RS256`?",
            "34:16: oauth.logout_urls: `vbscript:x` has a scheme that browsers handle themselves, so that it reaches no app",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\n[oauth]\nkey_lifetime = \"23h\"",
        &["33:16: oauth.key_lifetime: 23h is not between 1d and 730d, and not 0s"],
    ),
    (
        "id = \"a\"\nname = \"A\"\naccess_token_type = \"jwt\"\nrequire_pkce = false\nrefresh_token_overlap = \"2m\"\nemail_domain = \"users invalid\"",
        &[
            "32:21: client[1].access_token_type: `jwt` is not a type of access token; did you mean `JWT`?",
            "33:16: client[1].require_pkce: needs a confidential client: a public one has nothing else to show that the code is its own",
            "34:25: client[1].refresh_token_overlap: 2m is not between 1s and 1m, and not 0s",
            "35:16: client[1].email_domain: `users invalid` is not a domain such as users.invalid",
        ],
    ),
    (
        "id = \"a\"\nname = \"A\"\naudiences = [\"b\"]\n[[client]]\nid = \"b\"\nname = \"B\"\naudiences = [\"b\"]\n[oauth]\ngroups_claim = \"sub\"",
        &[
            "32:13: client[1].audiences: includes `b`, the id of a client: its ID tokens, which have that `aud`, would pass for access tokens",
            "36:13: client[2].audiences: includes `b`, the id of a client: its ID tokens, which have that `aud`, would pass for access tokens",
            "38:16: oauth.groups_claim: `sub` is a claim with another meaning",
        ],
    ),
];

fn with_client(lines: &str) -> String {
    format!("{GOOD}[[client]]\n{lines}\n")
}

#[test]
fn of_clients() {
    for (lines, said) in CASES {
        let said: Vec<String> = said.iter().map(|line| format!("my.toml:{line}")).collect();
        assert_eq!(problems(&with_client(lines)), said.join("\n"), "{lines}");
    }
}

#[test]
fn keys_change_never_or_after_a_day_at_the_earliest() {
    for (written, hours) in [("0s", 0), ("1d", 24)] {
        let text = format!("{GOOD}[oauth]\nkey_lifetime = \"{written}\"\n");
        let config = read(&text).unwrap();
        assert_eq!(config.oauth.key_lifetime, Duration::from_hours(hours));
    }
}

#[test]
fn a_client_says_as_little_as_it_needs() {
    let config = read(&with_client(
        "id = \"spa\"\nname = \"My app\"\ncallbacks = [\"https://app.example.com\", \"com.example.app:/callback\"]",
    ))
    .unwrap();
    let client = config.oauth.clients.find("spa").unwrap();
    assert_eq!(client.kind, ClientType::Public);
    assert_eq!(
        client.grants,
        [GrantType::Passwordless, GrantType::AuthorizationCode, GrantType::RefreshToken]
    );
    assert!(client.rotates && client.requires_pkce && !client.trusts_forwarded_for);
    assert_eq!(client.access_token_type, AccessTokenType::Jwt);
    assert_eq!(client.lifetimes.refresh_overlap, Duration::from_secs(10));
    assert_eq!(client.groups, GroupsAccess::ByScope);
    assert!(client.email_domain.is_none());
    assert!(client.callback("https://app.example.com").is_some());
    assert!(client.callback("com.example.app:/callback").is_some());
    assert!(!client.has_secret(""));
    for other in ["https://app.example.com/", "https://app.example.com?", "https://APP.example.com"]
    {
        assert!(client.callback(other).is_none(), "{other}");
    }
    let origin = doorcode::domain::Origin::parse("https://app.example.com").unwrap();
    assert!(client.shares_with(&origin), "the origin of a callback counts");
    assert!(!client.trusts_page(&origin), "but not for logins by scripts");
}

#[test]
fn a_rule_may_name_a_client_that_is_there() {
    let allow = |who: &str| {
        with_client("id = \"robot\"\nname = \"Robot\"").replacen(
            "\"role:admin\"",
            &format!("\"client:{who}\""),
            1,
        )
    };
    let robot = ClientId::parse("robot").unwrap();
    let config = read(&allow("robot")).unwrap();
    assert_eq!(config.sites[0].rules[0].allow, [Principal::Client(robot)]);
    for (who, said) in [
        ("robots", "`robots` is not the id of a [[client]]; did you mean `robot`?"),
        ("spa", "`spa` is not the id of a [[client]]; known: robot"),
        ("", "`` is not 1 to 64 letters, digits, `-`, `_` or `.`"),
    ] {
        let said = format!("my.toml:27:10: site[1].rule[1].allow: {said}");
        assert_eq!(problems(&allow(who)), said, "{who}");
    }
    // Whatever else is wrong with a client; but where its id is none, it may be the one that is meant.
    let wrong = allow("spa").replace("name = \"Robot\"", "name = \"\"");
    assert!(problems(&wrong).contains("allow: `spa` is not the id"), "{}", problems(&wrong));
    let unnamed = allow("robot").replace("id = \"robot\"", "id = \"ro bot\"");
    assert!(!problems(&unnamed).contains("allow"), "{}", problems(&unnamed));
}

#[test]
fn a_secret_is_compared_and_never_shown() {
    let config = read(&with_client(
        "id = \"web\"\nname = \"Web\"\ntype = \"confidential\"\nsecret = [\"env:SECRET\", \"env:OLDER\"]",
    ))
    .unwrap();
    let client = config.oauth.clients.find("web").unwrap();
    assert!(client.has_secret(SECRET));
    assert!(client.has_secret("another-horse-battery-staple-0123"));
    assert!(!client.has_secret("another-horse-battery-staple-0124"));
    assert!(!client.has_secret(""));
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn a_client_needs_no_site() {
    let (before, _) = GOOD.split_once("[[site]]").unwrap();
    let text = before.replace("shop.example.com/.doorcode", "auth.example.com");
    let with = format!("{text}[[client]]\nid = \"a\"\nname = \"A\"\n");
    assert!(read(&with).is_ok(), "{}", problems(&with));
    assert!(problems(&text).contains("no site and no client is configured"));
}
