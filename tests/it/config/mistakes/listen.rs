use super::{Case, assert_said};

const ADDRESS: &str = "[\"127.0.0.1:8000\"]";

const LISTENERS: &[Case<'_>] = &[
    (
        &[(
            "[server]\n",
            "[server]\nredirect_listen = [\"127.0.0.1:8000\", \"localhost:80\", \"127.0.0.1:80\"]\nproxy_protocol_from = [\"0.0.0.0/0\", \"10.0.0.1/8\"]\n",
        )],
        &[
            "2:20: server.redirect_listen: 127.0.0.1:8000 is in server.listen or admin.listen too",
            "2:38: server.redirect_listen: `localhost:80` is not an address and port such as 127.0.0.1:8080, 0.0.0.0:80 or [::]:80",
            "3:24: server.proxy_protocol_from: 0.0.0.0/0 is wider than any private network: anyone in it could claim any address; list your load balancers only",
            "3:37: server.proxy_protocol_from: `10.0.0.1/8` is an address inside a network; write 10.0.0.0/8",
        ],
    ),
    (
        &[
            ("[server]\n", "[server]\nredirect_listen = [\"127.0.0.1:80\"]\n"),
            ("https://shop.example.com/.doorcode", "http://localhost:8000/.doorcode"),
            ("https://shop.example.com", "http://localhost:8000"),
        ],
        &["2:19: server.redirect_listen: leads nowhere: server.public_url is not https"],
    ),
    (
        &[("name = \"Shop\"", "name = \"Shop\"\nclient_certificates = \"ca.pem\"")],
        &[
            "22:23: site[1].client_certificates: needs server.tls: only then clients show certificates to Doorcode",
        ],
    ),
];

#[test]
fn listeners_for_redirects_balancers_and_certificates() {
    assert_said(LISTENERS);
}

const SOCKETS: &[Case<'_>] = &[
    (
        &[(ADDRESS, "[\"127.0.0.1:8000\", \"unix:/run/d.sock\"]")],
        &[
            "2:29: server.listen: `unix:/run/d.sock`: who connects there has no address; add \"unix\" to server.trusted_proxies, and let your proxy send X-Forwarded-For",
        ],
    ),
    (
        &[(
            ADDRESS,
            "[\"unix:d.sock\", \"unix:/run/d.sock\", \"unix:/run/d.sock\", \"unix:/run/\"]\ntrusted_proxies = [\"unix\", \"unix\"]",
        )],
        &[
            "2:11: server.listen: `d.sock` is not the absolute path of a socket, such as unix:/run/app.sock",
            "2:46: server.listen: `unix:/run/d.sock` is listed twice",
            "2:66: server.listen: `/run/` is not the path of a socket, such as unix:/run/app.sock",
            "3:28: server.trusted_proxies: `unix` is listed twice",
        ],
    ),
    (
        &[("[server]\n", "[server]\ntrusted_proxies = [\"unix\"]\n")],
        &["2:19: server.trusted_proxies: `unix` has no effect: server.listen has no Unix socket"],
    ),
    (
        &[("[login]\n", "[forward_auth]\nfrom = [\"unix\"]\n[login]\n")],
        &["7:8: forward_auth.from: `unix` has no effect: server.listen has no Unix socket"],
    ),
    (
        &[(ADDRESS, "[\"unix:/run/d.sock\"]\ntrusted_proxies = [\"unix\"]\nsocket_mode = \"660\"")],
        &["4:15: server.socket_mode: `660` is not such a mode; did you mean `0660`?"],
    ),
    (
        &[
            (ADDRESS, "[\"unix:/run/d.sock\"]\ntrusted_proxies = [\"unix\"]"),
            ("127.0.0.1:3000", "unix:/run/d.sock"),
        ],
        &[
            "24:14: site[1].upstreams: unix:/run/d.sock is Doorcode itself (server.listen), not an app behind it",
        ],
    ),
];

#[test]
fn unix_sockets() {
    assert_said(SOCKETS);
}
