use super::{Case, SITE_URL, assert_said};

const CASES: &[Case<'_>] = &[
    (
        &[(SITE_URL, "url = \"https://wiki.example.com\"")],
        &[
            "22:7: site[1].url: is on another host than server.public_url, whose path /.doorcode puts the login pages into the origin of an app: that app's scripts could then sign its visitors in here; give server.public_url a host of its own (or set server.unsafe_shared_origin = true)",
        ],
    ),
    (
        &[(SITE_URL, "url = \"http://shop.example.com\"")],
        &["22:7: site[1].url: must be https://shop.example.com; plain http is only for localhost"],
    ),
    (
        &[
            ("/shop.example.com/.doorcode", "/auth.example.com"),
            (SITE_URL, "url = \"http://shop.example.com\""),
        ],
        &["22:7: site[1].url: must be https://shop.example.com; plain http is only for localhost"],
    ),
    (
        &[("[server]\n", "[server]\nunsafe_shared_origin = 1\n")],
        &["2:24: server.unsafe_shared_origin: is a number; write true or false"],
    ),
    (
        &[(SITE_URL, "url = \"https://shop.example.com\"\npersonal_access_tokens = \"yes\"")],
        &["23:26: site[1].personal_access_tokens: is a string; write true or false"],
    ),
    (
        &[(SITE_URL, "url = \"shop\"")],
        &["22:7: site[1].url: is not a URL such as https://shop.example.com"],
    ),
    (
        &[(SITE_URL, "url = \"https://shop.example.com/.doorcode/x\"")],
        &["22:7: site[1].url: is below /.doorcode, which is reserved for Doorcode (server.prefix)"],
    ),
    (
        &[("com/.doorcode", "com")],
        &[
            "22:7: site[1].url: is the same origin as server.public_url, where every path belongs to Doorcode; give server.public_url the path /.doorcode or another port",
        ],
    ),
    (
        &[
            ("https://shop.example.com/.doorcode", "http://localhost:8000/.doorcode"),
            (SITE_URL, "url = \"https://localhost\""),
        ],
        &["22:7: site[1].url: must be http, like server.public_url: they share a cookie"],
    ),
    (
        &[
            ("https://shop.example.com/.doorcode", "http://localhost:8000/.doorcode"),
            ("127.0.0.1:8000", "0.0.0.0:8000"),
            (SITE_URL, "url = \"http://localhost:8000\""),
        ],
        &[
            "3:14: server.public_url: plain http is only allowed on loopback addresses, but server.listen has 0.0.0.0:8000; use loopback addresses only (or, in a container, set server.unsafe_development_exposed = true)",
        ],
    ),
    (
        &[("\"Shop\"", "\"\"")],
        &["21:8: site[1].name: `` is not a name of 1 to 40 characters in one line"],
    ),
    (
        &[(
            "[[site]]",
            "[[site]]\nname = \"Shop\"\nurl = \"https://shop.example.com\"\nupstreams = [\"a:1\"]\n[[site]]",
        )],
        &[
            "25:8: site[2].name: is already used by site[1]; each site needs its own",
            "26:7: site[2].url: is already used by site[1]; each site needs its own",
        ],
    ),
    (&[("\"127.0.0.1:3000\"", "")], &["23:13: site[1].upstreams: is empty; name at least one"]),
    (
        &[(
            "\"127.0.0.1:3000\"",
            "\"http://127.0.0.1:3000/\", \"app\", \"app:0\", \"-:1\", \"a:1\", \"A:1\", \"127.0.0.1:8000\", \"demo\", \"256.1.1.1:80\"",
        )],
        &[
            "23:14: site[1].upstreams: is a URL; write host and port only, `127.0.0.1:3000`",
            "23:40: site[1].upstreams: `app` is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80",
            "23:47: site[1].upstreams: `app:0` is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80",
            "23:56: site[1].upstreams: `-:1` is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80",
            "23:70: site[1].upstreams: `A:1` is listed twice",
            "23:77: site[1].upstreams: 127.0.0.1:8000 is Doorcode itself (server.listen), not an app behind it",
            "23:95: site[1].upstreams: `demo` is only allowed on loopback addresses, but server.public_url is on shop.example.com; use loopback addresses only (or, in a container, set server.unsafe_development_exposed = true)",
            "23:103: site[1].upstreams: `256.1.1.1:80` is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80",
        ],
    ),
    (
        &[(
            "\"127.0.0.1:3000\"",
            "\"unix:app.sock\", \"unix:\", \"unix:/run/\", \"unix:///run/app.sock\", \"unix:/a\", \"unix:/a\"",
        )],
        &[
            "23:14: site[1].upstreams: `app.sock` is not the absolute path of a socket, such as unix:/run/app.sock",
            "23:31: site[1].upstreams: `` is not the absolute path of a socket, such as unix:/run/app.sock",
            "23:40: site[1].upstreams: `/run/` is not the path of a socket, such as unix:/run/app.sock",
            "23:54: site[1].upstreams: `///run/app.sock` is not the absolute path of a socket, such as unix:/run/app.sock",
            "23:89: site[1].upstreams: `unix:/a` is listed twice",
        ],
    ),
    (
        &[(
            "[[site.rule]]",
            "max_body = \"10MB\"\ntimeout = \"0s\"\nsend_host = \"http://app\"\nstrip_prefix = true\n[[site.rule]]",
        )],
        &[
            "24:12: site[1].max_body: `10MB` is not a size such as 64KiB, 10MiB or 1GiB",
            "25:11: site[1].timeout: 0s is not between 1s and 1h",
            "26:13: site[1].send_host: `http://app` is not a host such as app.internal or app.internal:3000",
            "27:16: site[1].strip_prefix: has no effect: the url of the site has no path",
        ],
    ),
    (
        &[(
            "[[site.rule]]",
            "max_body = 10\ntimeout = 5\nsend_host = \"app:0\"\nstrip_prefix = \"/shop\"\n[[site.rule]]",
        )],
        &[
            r#"24:12: site[1].max_body: is a number; write a size from 1KiB to 1TiB, such as "10MiB""#,
            r#"25:11: site[1].timeout: is a number; write a duration from 1s to 1h, such as "1s""#,
            "26:13: site[1].send_host: `app:0` is not a host such as app.internal or app.internal:3000",
            "27:16: site[1].strip_prefix: is a string; write true or false",
        ],
    ),
    (
        &[("[[site.rule]]", "max_body = \"2TiB\"\nsend_host = \"user@app\"\n[[site.rule]]")],
        &[
            "24:12: site[1].max_body: 2TiB is not between 1KiB and 1TiB",
            "25:13: site[1].send_host: `user@app` is not a host such as app.internal or app.internal:3000",
        ],
    ),
    (
        &[
            ("name = \"Shop\"\n", ""),
            ("path = \"/admin/*\"\n", ""),
            ("allow = [\"role:admin\"]\n", ""),
        ],
        &[
            r#"20:1: site[1].name: is missing; write in [[site]] for example `name = "Shop"`. Name of the site in messages to the operator; must be unique."#,
            r#"23:1: site[1].rule[1].path: is missing; write in [[site.rule]] for example `path = "/public/*"`. A path relative to the site's url: `/exact`, or `/below/*`, which also matches `/below`; a segment `*` before the end stands for any one, as in `/api/*/public`. Rules look at neither query nor headers. Case-sensitive, unless the site sets `ignore_case`."#,
            r#"23:1: site[1].rule[1].allow: is missing; write in [[site.rule]] for example `allow = ["signed-in"]`. Who may pass, any of: `public` (everyone), `optional` (everyone; the app is told who is signed in), `signed-in`, `role:NAME`, `phone:+NUMBER`, `country:GB`, `client:ID` (access tokens of that `[[client]]`, with or without a user). An access token that was issued for a user counts as that user; see [identity](identity.md#applications)."#,
        ],
    ),
    (
        &[("/admin/*", "admin")],
        &[
            "25:8: site[1].rule[1].path: `admin` must start with `/`, be plain text without `%`, `?`, `#`, `;`, `//` or dot segments, and have `*` only as a whole segment",
        ],
    ),
    (
        &[("/admin/*", "/.doorcode/x")],
        &[
            "25:8: site[1].rule[1].path: /.doorcode is reserved for Doorcode (server.prefix); rules do not apply there",
        ],
    ),
    (
        &[("\"GET\"", "\"get\", \"TRACE\", \"connect\", \"GETT\", \"FROB\"")],
        &[
            "26:12: site[1].rule[1].methods: `get` is not in capital letters; write GET",
            "26:19: site[1].rule[1].methods: TRACE is never forwarded, so no rule can apply to it",
            "26:28: site[1].rule[1].methods: CONNECT is never forwarded, so no rule can apply to it",
            "26:39: site[1].rule[1].methods: `GETT` is not a method; did you mean `GET`?",
            "26:47: site[1].rule[1].methods: `FROB` is not a method; known: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY, ACL, BASELINE-CONTROL, BIND, CHECKIN, CHECKOUT, COPY, LABEL, LINK, LOCK, MERGE, MKACTIVITY, MKCALENDAR, MKCOL, MKREDIRECTREF, MKWORKSPACE, MOVE, ORDERPATCH, PROPFIND, PROPPATCH, REBIND, REPORT, SEARCH, UNBIND, UNCHECKOUT, UNLINK, UNLOCK, UPDATE, UPDATEREDIRECTREF, VERSION-CONTROL",
        ],
    ),
    (&[("\"role:admin\"", "")], &["27:9: site[1].rule[1].allow: is empty; name at least one"]),
    (
        &[(
            "\"role:admin\"",
            "\"signedin\", \"role:\", \"phone:1\", \"country:uk\", \"client:spa\", \"everybody\"",
        )],
        &[
            "27:10: site[1].rule[1].allow: `signedin` is not a known word; did you mean `signed-in`?",
            "27:22: site[1].rule[1].allow: `` cannot be a role: a role is 1 to 64 of the characters a-z A-Z 0-9 . _ : -",
            "27:31: site[1].rule[1].allow: `1` is not a number such as +12025550123: not a telephone number",
            "27:42: site[1].rule[1].allow: `uk` is not the two letters of a country, such as GB",
            "27:56: site[1].rule[1].allow: `spa` is not a client: no [[client]] is configured",
            "27:70: site[1].rule[1].allow: `everybody` is not one of public, optional, signed-in, role:NAME, phone:+NUMBER, country:GB, client:ID",
        ],
    ),
    (
        &[("10.0.0.0/8", "10.0.0.0/99")],
        &[
            "28:9: site[1].rule[1].from: `10.0.0.0/99` is not a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8",
        ],
    ),
    (
        &[(
            "name = \"Shop\"",
            "name = \"Shop\"\nhsts = \"731d\"\nallowed_origins = [\"*\", \"app\", \"null\", \"http://a.example\", \"https://*.com\", \"https://a.example\", \"https://a.example\"]",
        )],
        &[
            "22:8: site[1].hsts: `731d` is more than 730d",
            "23:20: site[1].allowed_origins: `*` would let every site in; name the origins whose pages may ask",
            "23:25: site[1].allowed_origins: `app` is not an origin such as https://app.example.com or https://*.example.com",
            "23:32: site[1].allowed_origins: `null` is not an origin such as https://app.example.com or https://*.example.com",
            "23:40: site[1].allowed_origins: `http://a.example` must be https; plain http is only for localhost",
            "23:60: site[1].allowed_origins: `https://*.com` names a whole top-level domain, which belongs to everybody",
            "23:98: site[1].allowed_origins: `https://a.example` is listed twice",
        ],
    ),
    (
        &[("name = \"Shop\"", "name = \"Shop\"\nhsts = \"on\"")],
        &["22:8: site[1].hsts: `on` is neither a duration such as 365d nor off"],
    ),
];

#[test]
fn all_of_them_are_told() {
    assert_said(CASES);
}
