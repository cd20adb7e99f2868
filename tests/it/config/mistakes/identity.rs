use super::assert_said;

const TAKEN: &str = "already has a meaning in requests; use a name such as X-User";

/// A site with this behind `identity`, and what is said of that key.
fn said(identity: &str, said: &[&str]) {
    let line = format!("identity = {identity}\n[[site.rule]]");
    assert_said(&[(&[("[[site.rule]]", &line)], said)]);
}

#[test]
fn a_preset_that_is_none_is_told_with_the_one_that_was_meant() {
    said(
        "\"authelya\"",
        &[
            "24:12: site[1].identity: `authelya` is not an identity preset; did you mean `authelia`? \
           (or a table of your own names)",
        ],
    );
    said(
        "\"tinyauth\"",
        &["24:12: site[1].identity: `tinyauth` is not an identity preset; known: default, \
           oauth2-proxy, authelia, pomerium, cloudflare (or a table of your own names)"],
    );
    said(
        "[\"default\"]",
        &["24:12: site[1].identity: is a list; write a string, or a table of strings"],
    );
}

#[test]
fn a_table_of_names_must_have_some_and_each_a_claim() {
    said(
        "{}",
        &[
            "24:12: site[1].identity: is empty; write for example { X-User = \"sub\" }, or the name \
           of a preset",
        ],
    );
    said(
        "{ X-User = \"subject\", X-Tel = \"phone\", X-Mail = \"email\" }",
        &[
            "24:23: site[1].identity.X-User: `subject` is not a claim; known: sub, phone_number, \
             groups, sid, assertion, none",
            "24:42: site[1].identity.X-Tel: `phone` is not a claim; did you mean `phone_number`?",
            "24:60: site[1].identity.X-Mail: `email` is not a claim; known: sub, phone_number, \
             groups, sid, assertion, none",
        ],
    );
    said(
        "{ X-Team = \"group\", X-User = 7 }",
        &[
            "24:23: site[1].identity.X-Team: `group` is not a claim; did you mean `groups`?",
            "24:41: site[1].identity.X-User: is not a string; write it in quotes",
        ],
    );
}

#[test]
fn a_name_must_be_a_headers_and_free_for_an_identity() {
    said(
        "{ \"X User\" = \"sub\", \"\" = \"sub\", \"X-Üser\" = \"sub\" }",
        &[
            "24:25: site[1].identity.\"X User\": is not the name of a header: letters, digits and \
             `-`, such as X-User",
            "24:37: site[1].identity.\"\": is not the name of a header: letters, digits and `-`, \
             such as X-User",
            "24:55: site[1].identity.\"X-Üser\": is not the name of a header: letters, digits and \
             `-`, such as X-User",
        ],
    );
    for name in [
        "Host",
        "Cookie",
        "Authorization",
        "Content-Length",
        "Transfer-Encoding",
        "Transfer_Encoding",
        "Connection",
        "Sec-Fetch-Mode",
        "Accept",
        "accept_language",
        "X-Forwarded-For",
        "x_forwarded_host",
        "X-Real-IP",
        "Forwarded",
        "Origin",
        "X-Request-Id",
    ] {
        let column = 12 + "{ ".len() + name.len() + " = ".len();
        let told = format!("24:{column}: site[1].identity.{name}: {TAKEN}");
        said(&format!("{{ {name} = \"sub\" }}"), &[&told]);
    }
}

#[test]
fn two_names_that_an_app_takes_for_one_are_told() {
    said(
        "{ X-User = \"sub\", x_user = \"phone_number\" }",
        &["24:39: site[1].identity.x_user: is the same name as `x-user` to many apps; keep one"],
    );
}
