use super::super::{GOOD, read};

/// A file with `tls = "acme"`, and what `doorcode check` says of it.
fn said(acme: &str, changes: &[(&str, &str)]) -> String {
    let text = GOOD.replacen("[server]\n", "[server]\ntls = \"acme\"\n", 1);
    let text = changes.iter().fold(format!("{text}\n{acme}"), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the file");
        text.replacen(from, to, 1)
    });
    read(&text).map_or_else(|problems| problems.to_string(), |_| String::new())
}

const WHOLE: &str =
    "[acme]\ncontact = \"ops@example.com\"\nterms_agreed = true\nfolder = \"gone\"\n";

#[test]
fn every_mistake_of_the_table_is_told_with_its_key() {
    assert_eq!(said(WHOLE, &[]), "");
    let all = said(
        "[acme]\ncontact = \"nobody\"\nterms_agreed = false\nfolder = \"/dev/null\"\n\
         directory = \"http://ca.example/dir\"\nroots = \"/dev/null\"\n",
        &[],
    );
    for wanted in [
        "acme.contact: `nobody` is not a mail address such as mailto:ops@example.com",
        "acme.terms_agreed: is false",
        "acme.folder: /dev/null is not a folder",
        "acme.directory: `http://ca.example/dir` is not production, staging or the https URL",
        "acme.roots: cannot read /dev/null: it is no regular file",
    ] {
        assert!(all.contains(wanted), "`{wanted}` is not in {all}");
    }
    let missing = said("", &[]);
    for key in ["contact", "terms_agreed", "folder"] {
        assert!(missing.contains(&format!("acme.{key}: is missing")), "{missing}");
    }
}

#[test]
fn what_cannot_work_is_a_mistake() {
    let unix = [(
        "listen = [\"127.0.0.1:8000\"]",
        "listen = [\"unix:/run/doorcode.sock\"]\ntrusted_proxies = [\"unix\"]",
    )];
    let text = said(WHOLE, &unix);
    assert!(text.contains("server.tls: is \"acme\", but an authority can ask nowhere"), "{text}");
    let other = said(WHOLE, &[("tls = \"acme\"", "tls = \"ACME\"")]);
    assert!(other.contains("server.tls: `ACME` is not a way to get certificates"), "{other}");
    let unused = said(WHOLE, &[("tls = \"acme\"\n", "")]);
    assert!(
        unused.contains("acme: has no effect without `tls = \"acme\"` in [server]"),
        "{unused}"
    );
}

#[test]
fn hosts_that_no_authority_issues_for_are_mistakes_of_their_urls() {
    let private = "[acme]\ncontact = \"ops@example.com\"\nterms_agreed = true\nfolder = \"gone\"\n\
        directory = \"https://ca.home.arpa/directory\"\n";
    for (host, public, own) in [
        ("shop.localhost", true, false),
        ("shop.home.arpa", true, false),
        ("shop", true, false),
        ("192.0.2.7", true, true),
        ("[2001:db8::1]", true, true),
        ("shop_one.example.com", true, true),
    ] {
        let url = format!("https://{host}/.doorcode");
        let change = [("https://shop.example.com/.doorcode", url.as_str())];
        for (table, refused) in [(WHOLE, public), (private, own)] {
            let said = said(table, &change);
            let line = format!("server.public_url: {host} is no");
            assert_eq!(said.contains(&line), refused, "{host}: {said}");
        }
    }
}
