//! `framed_by`: only other origins by https, for a site by https.
use super::{Case, SITE_URL, assert_said};

const HOST: (&str, &str) = ("/shop.example.com/.doorcode", "/auth.example.com");

const CASES: &[Case<'_>] = &[
    (
        &[(
            SITE_URL,
            "url = \"https://shop.example.com\"\nframed_by = \"https://portal.example.net\"",
        )],
        &["23:13: site[1].framed_by: is a string; write a list of strings"],
    ),
    (
        &[(SITE_URL, "url = \"https://shop.example.com\"\nframed_by = []")],
        &["23:13: site[1].framed_by: is empty; name at least one"],
    ),
    (
        &[(
            SITE_URL,
            "url = \"https://shop.example.com\"\nframed_by = [\"*\", \"https://*.example.net\", \"portal\", \"null\", \"http://portal.example.net\", \"http://localhost:3000\", \"https://portal.example.net/\", \"https://portal.example.net/page\", \"https://u@portal.example.net\", \"https://shop.example.com\", \"https://portal.example.net:443\", \"https://a.example\", \"https://a.example\", \"'self'\"]",
        )],
        &[
            "23:14: site[1].framed_by: `*` has a `*`; name each origin whose pages may show the site",
            "23:19: site[1].framed_by: `https://*.example.net` has a `*`; name each origin whose pages may show the site",
            "23:44: site[1].framed_by: `portal` is not an origin such as https://portal.example.net",
            "23:54: site[1].framed_by: `null` is not an origin such as https://portal.example.net",
            "23:62: site[1].framed_by: `http://portal.example.net` must be https: a plain page can be changed on its way",
            "23:91: site[1].framed_by: `http://localhost:3000` must be https: a plain page can be changed on its way",
            "23:116: site[1].framed_by: `https://portal.example.net/` is not an origin such as https://portal.example.net",
            "23:147: site[1].framed_by: `https://portal.example.net/page` is not an origin such as https://portal.example.net",
            "23:182: site[1].framed_by: `https://u@portal.example.net` is not an origin such as https://portal.example.net",
            "23:214: site[1].framed_by: `https://shop.example.com` is the site itself; name the origins of other pages that show it",
            "23:242: site[1].framed_by: `https://portal.example.net:443` is not an origin such as https://portal.example.net",
            "23:297: site[1].framed_by: `https://a.example` is listed twice",
            "23:318: site[1].framed_by: `'self'` is not an origin such as https://portal.example.net",
        ],
    ),
    (
        &[
            ("https://shop.example.com/.doorcode", "http://localhost:8000/.doorcode"),
            (
                SITE_URL,
                "url = \"http://localhost:8000\"\nframed_by = [\"https://portal.example.net\"]",
            ),
        ],
        &[
            "23:13: site[1].framed_by: needs https in the url of the site: browsers accept cookies in frames of other sites only with `Secure`",
        ],
    ),
    (
        &[
            ("https://shop.example.com/.doorcode", "http://localhost:8000"),
            (
                SITE_URL,
                "url = \"https://shop.example.com\"\nframed_by = [\"https://portal.example.net\"]",
            ),
        ],
        &[
            "23:13: site[1].framed_by: needs https in server.public_url: browsers accept cookies in frames of other sites only with `Secure`",
        ],
    ),
    // Sites that share cookies.
    (
        &[
            HOST,
            (
                "[[site]]\n",
                "[[site]]\nname = \"A\"\nurl = \"https://shop.example.com:8443\"\nupstreams = [\"a:1\"]\nframed_by = [\"https://a.example\"]\n[[site]]\n",
            ),
            (SITE_URL, "url = \"https://shop.example.com\"\nframed_by = [\"https://b.example\"]"),
        ],
        &[
            "28:13: site[2].framed_by: differs from that of the site on shop.example.com, which shares cookies with it; list the same origins for both",
        ],
    ),
    (
        &[
            HOST,
            (
                "[[site]]\n",
                "[[site]]\nname = \"A\"\nurl = \"https://a.example.com\"\nupstreams = [\"a:1\"]\nframed_by = [\"https://a.example\"]\n[[site]]\n",
            ),
            (
                SITE_URL,
                "url = \"https://auth.example.com:8443\"\nframed_by = [\"https://b.example\"]",
            ),
        ],
        &[
            "28:13: site[2].framed_by: differs from that of the site on a.example.com, which shares cookies with it; list the same origins for both",
        ],
    ),
];

#[test]
fn all_of_them_are_told() {
    assert_said(CASES);
}

#[test]
fn lists_of_one_host_may_be_in_any_order_and_other_hosts_have_their_own() {
    let site = |name: &str, url: &str, list: &str| {
        format!(
            "[[site]]\nname = \"{name}\"\nurl = \"{url}\"\nupstreams = [\"a:1\"]\nframed_by = [{list}]\n"
        )
    };
    let sites = [
        site("A", "https://a.example.com", "\"https://a.example\", \"https://b.example:8443\""),
        site(
            "B",
            "https://a.example.com:8443",
            "\"https://b.example:8443\", \"https://a.example\"",
        ),
        site("C", "https://c.example.com", "\"https://c.example\""),
        "[[site]]\n".to_owned(),
    ];
    let text = super::changed(&[HOST, ("[[site]]\n", &sites.concat())]);
    let config = super::super::read(&text).unwrap();
    let lists: Vec<_> = config.sites.iter().map(|site| site.framed_by.to_string()).collect();
    assert_eq!(
        lists,
        [
            "https://a.example https://b.example:8443",
            "https://a.example https://b.example:8443",
            "https://c.example",
            ""
        ]
    );
}
