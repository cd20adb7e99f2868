use std::fs;

use super::super::{changed, problems, read};
use crate::support::tls::{Files, Pair};

/// What stands for the folder of the certificates.
const HERE: &str = "HERE";

/// What stands in `[server]`, and all that is then said after the file's name.
const CASES: &[(&str, &[&str])] = &[
    (
        "tls = [{}]",
        &[
            "2:8: server.tls[1].certificate: is missing; write in [[server.tls]] for example `certificate = \"cert.pem\"`. The certificate and its chain, in PEM.",
            "2:8: server.tls[1].key: is missing; write in [[server.tls]] for example `key = \"key.pem\"`. Its private key, in PEM and not encrypted: RSA, ECDSA or Ed25519.",
        ],
    ),
    (
        "tls = { certificate = \"a\", key = \"b\" }",
        &["2:7: server.tls: is a single table; write [[server.tls]] or a string"],
    ),
    (
        "tls = [{ certificate = \"HERE/no\", key = \"HERE/empty\" }, { certificate = \"HERE/empty\", key = \"HERE\" }]",
        &[
            "2:24: server.tls[1].certificate: cannot read HERE/no: No such file or directory (os error 2)",
            "2:KEY: server.tls[1].key: HERE/empty has no key without a passphrase in PEM form (-----BEGIN …)",
            "2:CERTIFICATE: server.tls[2].certificate: HERE/empty has no certificate in PEM form (-----BEGIN …)",
            "2:KEY: server.tls[2].key: cannot read HERE: Is a directory (os error 21)",
        ],
    ),
    (
        "tls = [{ certificate = \"HERE/a.key.pem\", key = \"HERE/a.certificate.pem\" }]",
        &[
            "2:24: server.tls[1].certificate: HERE/a.key.pem has no certificate in PEM form (-----BEGIN …)",
            "2:KEY: server.tls[1].key: HERE/a.certificate.pem has no key without a passphrase in PEM form (-----BEGIN …)",
        ],
    ),
    (
        "tls = [{ certificate = \"HERE/a.certificate.pem\", key = \"HERE/b.key.pem\" }]",
        &[
            "2:KEY: server.tls[1].key: HERE/b.key.pem is not the key of the certificate in HERE/a.certificate.pem",
        ],
    ),
    (
        "tls = [{ certificate = \"HERE/noise\", key = \"HERE/locked\" }]",
        &[
            "2:24: server.tls[1].certificate: HERE/noise is broken: ",
            "2:KEY: server.tls[1].key: HERE/locked has no key without a passphrase in PEM form (-----BEGIN …)",
        ],
    ),
    (
        "tls = [{ certificate = \"HERE/a.certificate.pem\", key = \"HERE/torn\" }]",
        &["2:KEY: server.tls[1].key: HERE/torn is broken: not PEM"],
    ),
    (
        "h2c = true\ntls = [{ certificate = \"HERE/a.certificate.pem\", key = \"HERE/a.key.pem\" }]",
        &[
            "2:7: server.h2c: applies to listeners without TLS only; with server.tls, HTTP/2 needs no setting",
        ],
    ),
];

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        Pair::of(&["shop.example.com"]).write(&Files::named(name, folder.path()));
    }
    let noise = "-----BEGIN CERTIFICATE-----\nbm9pc2U=\n-----END CERTIFICATE-----\n";
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nbm9pc2U=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let torn = "-----BEGIN PRIVATE KEY-----\nbm9\n";
    for (name, text) in [("empty", ""), ("noise", noise), ("locked", locked), ("torn", torn)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().display().to_string();
    (folder, path)
}

#[test]
fn what_is_wrong_with_certificates_is_told_of_each_file() {
    let (_folder, path) = folder();
    for (line, said) in CASES {
        let line = line.replace(HERE, &path);
        let all = problems(&changed(&[("[server]\n", &format!("[server]\n{line}\n"))]));
        let all: Vec<&str> = all.lines().collect();
        assert_eq!(all.len(), said.len(), "{line}: {all:#?}");
        for (said, found) in said.iter().zip(all) {
            // Where the second of two keys on a line stands depends on how long the folder's name is.
            let place = |text: &str| text.split_once(": ").map(|(_, rest)| rest.to_owned());
            let (said, found) = if said.contains("KEY") || said.contains("CERTIFICATE:") {
                (place(said).unwrap(), place(found).unwrap())
            } else {
                (format!("my.toml:{said}"), found.to_owned())
            };
            assert!(found.starts_with(&said.replace(HERE, &path)), "{line}: {found}");
        }
    }
}

#[test]
fn with_tls_nothing_is_plain() {
    let (_folder, path) = folder();
    let tls = format!(
        "[server]\ntls = [{{ certificate = \"{path}/a.certificate.pem\", key = \"{path}/a.key.pem\" }}]\n"
    );
    let plain = [
        ("https://shop.example.com/.doorcode", "http://localhost:8000/.doorcode"),
        ("url = \"https://shop.example.com\"", "url = \"http://localhost:8000\""),
    ];
    assert!(read(&changed(&plain)).is_ok(), "without it they may be, on this machine");
    let said = problems(&changed(&[("[server]\n", &tls), plain[0], plain[1]]));
    let why = "must be https://localhost: with server.tls every address speaks TLS";
    let both = format!("my.toml:4:14: server.public_url: {why}\nmy.toml:23:7: site[1].url: {why}");
    assert_eq!(said, both);
}

#[test]
fn what_is_wrong_with_the_authorities_of_visitors_is_told() {
    let (_folder, path) = folder();
    let tls = format!(
        "[server]\ntls = [{{ certificate = \"{path}/a.certificate.pem\", key = \"{path}/a.key.pem\" }}]\n"
    );
    let asking = |name: &str| format!("client_certificates = \"{path}/{name}\"\n");
    let said = |shop: &str, more: &str| {
        let changes = [("[server]\n", &*tls), ("upstreams", shop), ("[[user]]", more)];
        read(&changed(&changes)).map_or_else(|why| why.to_string(), |_| "nothing".to_owned())
    };
    let shop = |name: &str| format!("{}upstreams", asking(name));
    let other = |url: &str, name: &str| {
        let asking = asking(name);
        format!(
            "[[site]]\nname = \"Other\"\nurl = \"{url}\"\nupstreams = [\"a:1\"]\n{asking}[[user]]"
        )
    };
    let (here, apart) = ("https://shop.example.com/other", "https://shop.example.com:8443");
    assert_eq!(said(&shop("a.certificate.pem"), &other(here, "a.certificate.pem")), "nothing");
    let hosts = "[\"one.apps.example.com\", \"two.apps.example.com\"]";
    let wildcard = other("https://*.apps.example.com", "a.certificate.pem")
        .replace("upstreams = ", &format!("hosts = {hosts}\nupstreams = "));
    let issuer = ("https://shop.example.com/.doorcode", "https://auth.example.com");
    let config = read(&changed(&[("[server]\n", &*tls), issuer, ("[[user]]", &wildcard)]));
    let asking = config.expect("a good file").proxy.client_roots;
    let asking: Vec<String> = asking.iter().map(|(host, _)| host.to_string()).collect();
    assert_eq!(asking, ["one.apps.example.com", "two.apps.example.com"]);
    // The port is not in a handshake.
    for url in [here, apart] {
        let told = said(&shop("a.certificate.pem"), &other(url, "b.certificate.pem"));
        let why = "differs from that of another site on shop.example.com, which shares connections";
        assert!(told.ends_with(&format!("client_certificates: {why}")), "{told}");
    }
    let told = said(&shop("empty"), "[[user]]");
    assert!(
        told.ends_with("empty has no certificate in PEM form (-----BEGIN CERTIFICATE)"),
        "{told}"
    );
    assert!(said(&shop("noise"), "[[user]]").contains("noise is broken: "));
    assert!(said(&shop("no"), "[[user]]").contains("no: No such file"));
    let beside = format!("[forward_auth]\nfrom = [\"10.0.0.1\"]\n{}", other(here, "empty"));
    let told = said("upstreams", &beside.replace("upstreams = [\"a:1\"]\n", ""));
    let why = "has no effect without upstreams: clients show certificates to the other proxy";
    assert!(told.ends_with(&format!("client_certificates: {why}")), "{told}");
}

#[test]
fn paths_are_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tls")).unwrap();
    Pair::of(&["shop.example.com"]).write(&Files::named("a", &folder.path().join("tls")));
    let tables =
        "[[server.tls]]\ncertificate = \"tls/a.certificate.pem\"\nkey = \"tls/a.key.pem\"\n";
    let text = changed(&[("[login]", &format!("{tables}[login]"))]);
    let environment = &crate::config::environment;
    let config = doorcode::config::Config::read(&text, "my.toml", folder.path(), environment);
    assert_eq!(config.unwrap().proxy.tls.len(), 1);
    let said = problems(&text);
    assert!(said.contains("cannot read /etc/doorcode/tls/a.key.pem: No such file"), "{said}");
}
