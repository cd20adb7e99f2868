use super::{Case, assert_said};

const CASES: &[Case<'_>] = &[
    (
        &[(
            "[server]\n",
            "[log]\nformat = \"xml\"\n[server]\nhsts = \"never\"\ndrain_delay = \"21s\"\n",
        )],
        &[
            "2:10: log.format: `xml` is not a format; known: text, json",
            "4:8: server.hsts: `never` is neither a duration such as 365d nor off",
            "5:15: server.drain_delay: 21s is not between 0s and 20s",
        ],
    ),
    (&[("[\"127.0.0.1:8000\"]", "[]")], &["2:10: server.listen: is empty; name at least one"]),
    (
        &[("[\"127.0.0.1:8000\"]", "[\"localhost:80\", \"127.0.0.1\", \"[::1]:1\", \"[::1]:1\"]")],
        &[
            "2:11: server.listen: `localhost:80` is not an address and port such as 127.0.0.1:8080, 0.0.0.0:80 or [::]:80",
            "2:27: server.listen: `127.0.0.1` is not an address and port such as 127.0.0.1:8080, 0.0.0.0:80 or [::]:80",
            "2:51: server.listen: `[::1]:1` is listed twice",
        ],
    ),
    (
        &[("[\"127.0.0.1:8000\"]", "\"127.0.0.1:8000\"")],
        &["2:10: server.listen: is a string; write a list of strings"],
    ),
    (
        &[("[\"127.0.0.1:8000\"]", "[8000]")],
        &[
            "2:10: server.listen: is a list with values that are not strings; write a list of strings",
        ],
    ),
    (
        &[("https://shop.example.com/.doorcode", "shop.example.com")],
        &["3:14: server.public_url: is not a URL such as https://auth.example.com"],
    ),
    (
        &[("https://shop.example.com/.doorcode", "https://shop.example.com/login")],
        &[
            "3:14: server.public_url: has the path `/login`; it must be empty (a host of its own) or `/.doorcode` (server.prefix)",
        ],
    ),
    (
        &[("https://shop.example.com/.doorcode", "http://shop.example.com/.doorcode")],
        &[
            "3:14: server.public_url: must be https://shop.example.com; plain http is only for localhost",
        ],
    ),
    (
        &[
            ("https://shop.example.com/.doorcode", "http://nas.lan/.doorcode"),
            ("url = \"https://shop.example.com\"", "url = \"http://nas.lan\""),
        ],
        &[
            "3:14: server.public_url: must be https://nas.lan; plain http is only for localhost (or, on a private network, set server.unsafe_private_http = true)",
            "22:7: site[1].url: must be https://nas.lan; plain http is only for localhost (or, on a private network, set server.unsafe_private_http = true)",
        ],
    ),
    (
        &[
            ("[server]\n", "[server]\nunsafe_private_http = true\n"),
            ("https://shop.example.com/.doorcode", "http://shop.example.com/.doorcode"),
        ],
        &[
            "4:14: server.public_url: must be https://shop.example.com; plain http is only for localhost and, by server.unsafe_private_http, for addresses and names of private networks",
        ],
    ),
    (
        &[("[server]\n", "[server]\nprefix = \"/a/b\"\n")],
        &[
            "2:10: server.prefix: `/a/b` is not one plain path segment (a-z A-Z 0-9 . _ ~ -) such as /.doorcode",
        ],
    ),
    (
        &[("[server]\n", "[server]\nprefix = \"/..\"\n")],
        &[
            "2:10: server.prefix: `/..` is not one plain path segment (a-z A-Z 0-9 . _ ~ -) such as /.doorcode",
        ],
    ),
    (
        &[("[server]\n", "[server]\nprefix = \"door\"\n")],
        &[
            "2:10: server.prefix: `door` is not one plain path segment (a-z A-Z 0-9 . _ ~ -) such as /.doorcode",
        ],
    ),
    (
        &[("env:SECRET", "env:UNSET")],
        &["4:10: server.secret: the environment has no variable UNSET"],
    ),
    (
        &[("env:SECRET", "env:SHORT")],
        &[
            "4:10: server.secret: `env:SHORT` has fewer than 32 characters; make one with `openssl rand -base64 32`",
        ],
    ),
    (&[("env:SECRET", "env:EMPTY")], &["4:10: server.secret: refers to an empty secret"]),
    (
        &[("env:SECRET", "env:")],
        &["4:10: server.secret: needs a name of letters, digits and `_` after `env:`"],
    ),
    (
        &[("env:SECRET", "file:/nowhere")],
        &["4:10: server.secret: cannot read /nowhere: No such file or directory (os error 2)"],
    ),
    (
        &[("env:SECRET", "plain")],
        &[
            "4:10: server.secret: is not `env:NAME` or `file:PATH`; secrets are not stored in this file",
        ],
    ),
    (
        &[("\"env:SECRET\"", "[\"env:SECRET\", \"env:SECRET\"]")],
        &["4:10: server.secret: names the same secret twice"],
    ),
    (&[("\"env:SECRET\"", "[]")], &["4:10: server.secret: has 0 strings; write one or two"]),
    (
        &[("\"env:SECRET\"", "7")],
        &["4:10: server.secret: is a number; write a string, or a list of two strings"],
    ),
    (
        &[(
            "[server]\n",
            "[server]\ntrusted_proxies = [\"10.0.0.1/8\", \"lan\", \"10.0.0.0/33\"]\n",
        )],
        &[
            "2:20: server.trusted_proxies: `10.0.0.1/8` is an address inside a network; write 10.0.0.0/8",
            "2:34: server.trusted_proxies: `lan` is not a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8",
            "2:41: server.trusted_proxies: `10.0.0.0/33` is not a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8",
        ],
    ),
    (
        &[(
            "[server]\n",
            "[server]\ntrusted_proxies = [\"0.0.0.0/0\", \"10.0.0.0/8\", \"2000::/3\"]\n",
        )],
        &[
            "2:20: server.trusted_proxies: 0.0.0.0/0 is wider than any private network: anyone in it may claim any address, which bypasses limits per address and rules with `from`; list your proxies only (or, where nobody else can connect, set server.unsafe_trusted_proxies = true)",
            "2:47: server.trusted_proxies: 2000::/3 is wider than any private network: anyone in it may claim any address, which bypasses limits per address and rules with `from`; list your proxies only (or, where nobody else can connect, set server.unsafe_trusted_proxies = true)",
        ],
    ),
    (
        &[("[login]", "[admin]\nlisten = \"0.0.0.0:9080\"\n[login]")],
        &[
            "7:10: admin.listen: 0.0.0.0:9080 can be reached by others, who could read metrics; use 127.0.0.1:9080 or an address of a private network (or, where a firewall or a container's network keeps others out, set admin.unsafe_exposed = true)",
        ],
    ),
    (
        &[("[login]", "[admin]\nlisten = \"[2001:db8::7]:9080\"\n[login]")],
        &[
            "7:10: admin.listen: [2001:db8::7]:9080 can be reached by others, who could read metrics; use 127.0.0.1:9080 or an address of a private network (or, where a firewall or a container's network keeps others out, set admin.unsafe_exposed = true)",
        ],
    ),
    (
        &[("\"env:SECRET\"", "\"env:WEAK\"")],
        &[
            "4:10: server.secret: `env:WEAK` repeats itself; make one with `openssl rand -base64 32`",
        ],
    ),
    (
        &[("[server]\n", "[server]\nunsafe_development_exposed = \"yes\"\n")],
        &["2:30: server.unsafe_development_exposed: is a string; write true or false"],
    ),
    (
        &[("[login]", "[admin]\nlisten = \"127.0.0.1:8000\"\n[login]")],
        &["7:10: admin.listen: 127.0.0.1:8000 is in both server.listen and admin.listen"],
    ),
    (
        &[("127.0.0.1:8000", "127.0.0.1:9080")],
        &["2:10: server.listen: 127.0.0.1:9080 is in both server.listen and admin.listen"],
    ),
    (
        &[(
            "[login]",
            "[store]\ndatabase = \"postgres://me:secret@x/y\"\ncache = \"redis://:secret@x\"\n[login]",
        )],
        &[
            "7:12: store.database: holds a password: write it to `store.database_password`, as `env:NAME` or `file:PATH`",
            "8:9: store.cache: holds a password: write it to `store.cache_password`, as `env:NAME` or `file:PATH`",
        ],
    ),
    (
        &[
            ("secret = \"env:SECRET\"\n", ""),
            (
                "[login]",
                "[store]\ndatabase = \"postgres://me@x\"\ncache = \"redis-sentinel://x:26379\"\ncache_prefix = \"{x}\"\n[login]",
            ),
        ],
        &[
            "1:1: server.secret: is missing; servers that share a database share their secret, so write `env:NAME` or `file:PATH`",
            "6:12: store.database: names no database: its path must be one name, as in \"postgres://host/doorcode\"",
            "7:9: store.cache: names no primary: write its name at the sentinels as the path, as in \"…:26379/NAME\"",
            "8:16: store.cache_prefix: `{x}` is not 1 to 64 letters, digits and `:._-`, such as doorcode:",
        ],
    ),
    (
        &[(
            "[login]",
            "[store]\ndatabase = \"postgres://me@x/y?tls=on\"\ncache = \"database\"\ncache_password = \"env:SECRET\"\n[login]",
        )],
        &[
            "7:12: store.database: has a parameter that is not known; known are sslmode, sslrootcert, sslcert, sslkey, application_name, host",
            "9:18: store.cache_password: has no effect: store.cache is no Redis",
        ],
    ),
    (
        &[("[login]", "[store]\ndatabase = \"sqlite://x\"\ncache = \"memori\"\n[login]")],
        &[
            "7:12: store.database: is neither sqlite:PATH, such as sqlite:data/doorcode.db, nor a postgres://… URL",
            "8:9: store.cache: `memori` is not a cache; did you mean `memory`?",
        ],
    ),
    (
        &[(
            "[server]\n",
            "[server]\nconnections = 0\nconnections_per_address = \"1\"\nidle = 60\nh2c = \"on\"\n",
        )],
        &[
            "2:15: server.connections: 0 is not between 1 and 100000000",
            "3:27: server.connections_per_address: is a string; write an integer from 1 to 100000000",
            r#"4:8: server.idle: is a number; write a duration from 1s to 1h, such as "1s""#,
            "5:7: server.h2c: is a string; write true or false",
        ],
    ),
    (
        &[("[server]\n", "[server]\nconnections_per_address = 10001\nidle = \"2h\"\n")],
        &[
            "2:27: server.connections_per_address: one address may have 10001 connections, but the total is only 10000 (server.connections)",
            "3:8: server.idle: 2h is not between 1s and 1h",
        ],
    ),
    (
        &[("[server]\n", "[server]\nexchanges = 0\nleast_rate = -1\n")],
        &[
            "2:13: server.exchanges: 0 is not between 1 and 100000000",
            "3:14: server.least_rate: -1 is not between 0 and 100000000",
        ],
    ),
    (
        &[("[server]\n", "[server]\nexchanges_per_address = 10001\n")],
        &[
            "2:25: server.exchanges_per_address: one address may have 10001 exchanges, but the total is only 10000 (server.exchanges)",
        ],
    ),
    (
        &[("[login]", "[brand]\nname = \" \"\n[login]")],
        &["7:8: brand.name: ` ` is not a name of 1 to 40 characters in one line"],
    ),
    (
        &[("[login]", "[brand]\nlanguages = [\"de\", \"klingon\", \"de\"]\n[login]")],
        &[
            "7:20: brand.languages: `klingon` is not a language; known: en, ar, cs, de, es, fa, fr, he, hi, id, it, ja, ko, nl, pl, pt-BR, ru, sv, th, tr, uk, vi, zh-Hans, zh-Hant",
            "7:31: brand.languages: `de` is listed twice",
        ],
    ),
    (
        &[("[login]", "[brand]\nlanguages = [\"pt\", \"zh\"]\n[login]")],
        &[
            "7:14: brand.languages: `pt` is not a language; did you mean `pt-BR`?",
            "7:20: brand.languages: `zh` is not a language; did you mean `zh-Hans` or `zh-Hant`?",
        ],
    ),
    (
        &[("[login]", "[brand]\nname = \"a\\nb\"\n[login]")],
        &["7:8: brand.name: `a\\nb` is not a name of 1 to 40 characters in one line"],
    ),
    (
        &[(
            "[login]",
            "[store]\ndatabase = \"postgres://x/y\"\ncache = \"redis://x\"\ncache_prefix = \"\"\n[login]",
        )],
        &[
            "7:12: store.database: names no user: write it before the host, as in \"postgres://doorcode@host/doorcode\"",
            "9:16: store.cache_prefix: `` is not 1 to 64 letters, digits and `:._-`, such as doorcode:",
        ],
    ),
    (
        &[("[login]", "[store]\ndatabase = \"postgres://me@x/y?sslrootcert=ca.pem\"\n[login]")],
        &[
            "7:12: store.database: cannot read /etc/doorcode/ca.pem: No such file or directory (os error 2)",
        ],
    ),
];

#[test]
fn all_of_them_are_told() {
    assert_said(CASES);
}
