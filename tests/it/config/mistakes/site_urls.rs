use super::{Case, SITE_URL, assert_said};

/// So that sites may be on other hosts than the login pages.
const OWN: (&str, &str) = ("https://shop.example.com/.doorcode", "https://auth.example.com");
const NEEDS_WHOLE_LABEL: &str = "22:7: site[1].url: has a `*` that is not the whole first label of a name, as in https://*.apps.example.com";

const CASES: &[Case<'_>] = &[
    (
        &[OWN, (SITE_URL, "url = \"https://*.apps.example.com\"")],
        &[
            "22:7: site[1].url: has a `*`; list the names that exist: hosts = [\"app.apps.example.com\"]",
        ],
    ),
    (
        &[OWN, (SITE_URL, "url = \"https://shop.example.com\"\nhosts = [\"a.example.com\"]")],
        &["23:9: site[1].hosts: has no effect: `url` has no `*`, as in https://*.apps.example.com"],
    ),
    (
        &[OWN, (SITE_URL, "url = \"https://*.apps.example.com\"\nhosts = []")],
        &["23:9: site[1].hosts: is empty; name at least one"],
    ),
    (&[OWN, (SITE_URL, "url = \"https://a*.example.com\"")], &[NEEDS_WHOLE_LABEL]),
    (&[OWN, (SITE_URL, "url = \"https://a.*.example.com\"")], &[NEEDS_WHOLE_LABEL]),
    (&[OWN, (SITE_URL, "url = \"https://*.*.example.com\"")], &[NEEDS_WHOLE_LABEL]),
    (&[OWN, (SITE_URL, "url = \"https://*\"")], &[NEEDS_WHOLE_LABEL]),
    (&[OWN, (SITE_URL, "url = \"https://*.127.0.0.1\"")], &[NEEDS_WHOLE_LABEL]),
    (
        &[OWN, (SITE_URL, "url = \"https://*.apps.example.com/*\"")],
        &[
            "22:7: site[1].url: has a path that is not plain: only a-z A-Z 0-9 - . _ ~ between single slashes",
        ],
    ),
    (
        &[
            OWN,
            (
                SITE_URL,
                "url = \"https://*.apps.example.com\"\nhosts = [\"a.apps.example.com\", \"apps.example.com\", \"x.b.apps.example.com\", \"a.example.com\", \"A.apps.example.com\", \"*.apps.example.com\", \"b.apps.example.com:8443\", \"https://b.apps.example.com\", \".apps.example.com\", \"evilapps.example.com\"]",
            ),
        ],
        &[
            "23:32: site[1].hosts: `apps.example.com` is not one label below apps.example.com: `*` in `url` stands for exactly one",
            "23:52: site[1].hosts: `x.b.apps.example.com` is not one label below apps.example.com: `*` in `url` stands for exactly one",
            "23:76: site[1].hosts: `a.example.com` is not one label below apps.example.com: `*` in `url` stands for exactly one",
            "23:93: site[1].hosts: `A.apps.example.com` is listed twice",
            "23:115: site[1].hosts: `*.apps.example.com` is not a host name such as app.apps.example.com",
            "23:137: site[1].hosts: `b.apps.example.com:8443` is not a host name such as app.apps.example.com",
            "23:164: site[1].hosts: `https://b.apps.example.com` is not a host name such as app.apps.example.com",
            "23:194: site[1].hosts: `.apps.example.com` is not one label below apps.example.com: `*` in `url` stands for exactly one",
            "23:215: site[1].hosts: `evilapps.example.com` is not one label below apps.example.com: `*` in `url` stands for exactly one",
        ],
    ),
    (
        &[
            OWN,
            (
                "[[site]]",
                "[[site]]\nname = \"One\"\nurl = \"https://a.apps.example.com\"\nupstreams = [\"a:1\"]\n[[site]]",
            ),
            (
                SITE_URL,
                "url = \"https://*.apps.example.com\"\nhosts = [\"b.apps.example.com\", \"a.apps.example.com\"]",
            ),
        ],
        &[
            "27:32: site[2].hosts: `a.apps.example.com` is already used by site[1]; each site needs its own",
        ],
    ),
    (
        &[OWN, (SITE_URL, "url = \"http://*.apps.example.com\"\nhosts = [\"a.apps.example.com\"]")],
        &[
            "23:10: site[1].hosts: `a.apps.example.com` must be https://a.apps.example.com; plain http is only for localhost",
        ],
    ),
    (
        &[
            OWN,
            (
                "[[site]]",
                "[[site]]\nname = \"Shop (a.example.com)\"\nurl = \"https://b.example.org\"\nupstreams = [\"a:1\"]\n[[site]]",
            ),
            (SITE_URL, "url = \"https://*.example.com\"\nhosts = [\"a.example.com\"]"),
        ],
        &[
            "27:9: site[2].hosts: `Shop (a.example.com)` is already used by site[1]; each site needs its own",
        ],
    ),
];

#[test]
fn wildcards_and_hosts() {
    assert_said(CASES);
}
