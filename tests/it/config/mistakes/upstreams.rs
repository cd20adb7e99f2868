use super::{Case, assert_said};

const TLS: (&str, &str) = ("\"127.0.0.1:3000\"", "\"https://app.internal:8443\"");

const CASES: &[Case<'_>] = &[
    (
        &[
            TLS,
            (
                "[[site.rule]]",
                "[site.upstream]\nbalance = \"sesion\"\nconnect_timeout = \"0s\"\nserver_name = \"a b\"\n\
                 [site.upstream.health]\npath = \"healthz\"\nstatus = 99\n[[site.rule]]",
            ),
        ],
        &[
            "25:11: site[1].upstream.balance: `sesion` is not a way to balance; did you mean `session`?",
            "26:19: site[1].upstream.connect_timeout: 0s is not between 1s and 5m",
            "27:15: site[1].upstream.server_name: `a b` is not a host name such as app.internal",
            "29:8: site[1].upstream.health.path: `healthz` is not a path such as /healthz",
            "30:10: site[1].upstream.health.status: 99 is not between 200 and 599",
        ],
    ),
    (
        &[("[[site.rule]]", "[site.upstream]\nca = \"ca.pem\"\n[[site.rule]]")],
        &["25:6: site[1].upstream.ca: has no effect: no upstream begins with https:// or h2://"],
    ),
    (
        &[TLS, ("[[site.rule]]", "[site.upstream]\nclient_key = \"key.pem\"\n[[site.rule]]")],
        &["25:14: site[1].upstream.client_key: needs client_certificate beside it"],
    ),
    (
        &[TLS, ("[[site.rule]]", "[site.upstream]\nca = \"/etc/passwd\"\n[[site.rule]]")],
        &[
            "25:6: site[1].upstream.ca: has no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ],
    ),
    (
        &[TLS, ("[[site.rule]]", "[site.upstream]\nca = \"/dev/null\"\n[[site.rule]]")],
        &["25:6: site[1].upstream.ca: cannot read /dev/null: it is no regular file"],
    ),
    (
        &[TLS, ("[[site.rule]]", "[site.upstream]\nca = \"/dev/none\"\n[[site.rule]]")],
        &[
            "25:6: site[1].upstream.ca: cannot read /dev/none: No such file or directory (os error 2)",
        ],
    ),
    (
        &[
            TLS,
            (
                "[[site.rule]]",
                "[site.upstream]\nca = \"/etc/passwd\"\nserver_name = \"a b\"\n\
                 client_certificate = \"/etc/passwd\"\nclient_key = \"/etc/passwd\"\n[[site.rule]]",
            ),
        ],
        &[
            "25:6: site[1].upstream.ca: has no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
            "26:15: site[1].upstream.server_name: `a b` is not a host name such as app.internal",
            "27:22: site[1].upstream.client_certificate: has no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
            "28:14: site[1].upstream.client_key: cannot be used with the certificate: has no key without a passphrase in PEM form",
        ],
    ),
    (
        &[("\"127.0.0.1:3000\"", "\"ftp://app.internal:21\", \"h2c://app.internal\"")],
        &[
            "23:14: site[1].upstreams: `ftp://app.internal:21` begins with none of https://, h2:// (HTTP/2 over TLS) and h2c:// (without); plain HTTP/1.1 has no scheme: `app.internal:21`",
            "23:39: site[1].upstreams: `h2c://app.internal` is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80",
        ],
    ),
];

#[test]
fn what_is_wrong_with_upstreams_is_told_with_its_key_and_line() {
    assert_said(CASES);
}
