//! The page on which tokens are made and listed.
use std::time::Duration;

use super::{DOWN, SHOP, TOKENS, basic, form_of, make, program, signed_in, token, token_on};
use crate::support::browser::between;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::{personal_tokens, sessions};

#[test]
fn a_token_is_shown_once_and_kept_as_a_digest() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let account = ada.get("/.doorcode/account").is(200);
    account.says(&format!("href=\"{}{TOKENS}\"", gate.origin));
    let form = form_of(&ada.get(TOKENS).is(200).never_says("dcp_"));
    let fields =
        [("form", form.as_str()), ("name", " git "), ("site", &gate.origin), ("days", "30")];
    let page = ada.post(TOKENS, &fields).is(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let token = token_on(&page);
    // Sent again, as a browser does that loads the page anew.
    let again = ada.post(TOKENS, &fields).is(303);
    let page = ada.follow(again).is(200).never_says("dcp_");
    page.says("This form was sent before").says("<bdi>git</bdi>").says("Not used yet.");
    assert_eq!(gate.count(personal_tokens::ALL), 1);
    assert_eq!(gate.count(personal_tokens::DIGESTS), 1);
    gate.pass(Duration::from_secs(1));
    program(&gate, "GET", "/orders", &[("Authorization", &basic("a", &token))]).is(200);
    gate.pass(Duration::from_mins(5));
    let page = ada.get(TOKENS).is(200).never_says("dcp_").never_says("sent before");
    page.says("Last used 5 minutes ago.").says("Ends in 30 days.").says(&gate.origin);
    let file = std::fs::read(gate.folder.path().join("doorcode.db")).unwrap();
    let (wal, log) = (gate.folder.path().join("doorcode.db-wal"), gate.access_log());
    let wal = std::fs::read(wal).unwrap_or_default();
    for bytes in [&file, &wal, log.as_bytes()] {
        assert!(!bytes.windows(20).any(|part| part == &token.as_bytes()[4..24]), "it is kept");
    }
}

#[test]
fn only_a_form_of_ours_makes_a_token_and_only_as_it_allows() {
    let gate = Gate::changed(&[SHOP, DOWN]);
    let mut ada = signed_in(&gate, ADA);
    let page = ada.get(TOKENS).is(200);
    let (form, site) = (form_of(&page), gate.origin.clone());
    let down = format!("{site}/down");
    for (form, site, days) in [
        ("", site.as_str(), "30"),
        ("x", &site, "30"),
        (&form, "", "30"),
        (&form, "https://other.example", "30"),
        (&form, &down, "30"),
        (&form, &site, "31"),
        (&form, &site, "0"),
        (&form, &site, "-1"),
        (&form, &site, "365"),
        (&form, &site, ""),
    ] {
        let fields = [("form", form), ("name", "a"), ("site", site), ("days", days)];
        let sent = ada.post(TOKENS, &fields).is(303);
        ada.follow(sent).is(400);
    }
    for name in ["", "  ", "a\nb", &"x".repeat(61), "a\u{202e}b"] {
        let fields = [("form", form.as_str()), ("name", name), ("site", &site), ("days", "7")];
        let page = ada.post(TOKENS, &fields).is(200);
        let page = page.never_says("dcp_").says("Enter a name of 1 to 60 characters");
        page.says("<option value=\"7\" selected>");
    }
    let fields = [("form", form.as_str()), ("name", "a"), ("site", &site), ("days", "7")];
    for lines in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Origin", ""), ("Sec-Fetch-Site", "cross-site")],
    ] {
        ada.send("POST", TOKENS, lines, Some(&fields)).is(403);
    }
    gate.browser().post(TOKENS, &fields).is(303);
    assert_eq!(gate.count(personal_tokens::ALL), 0);
    let page = ada.post(TOKENS, &[fields[0], ("name", "<b>\"'"), fields[2], fields[3]]).is(200);
    token_on(&page);
    ada.get(TOKENS).is(200).says("&lt;b&gt;").never_says("<b>");
}

#[test]
fn nobody_has_more_tokens_than_they_may_and_nobody_ends_those_of_others() {
    let most = [
        SHOP,
        (
            "[login]\n",
            "[login]\npersonal_access_tokens_per_user = 2\npersonal_access_token_lifetime = \"45d\"\n",
        ),
    ];
    let gate = Gate::changed(&most);
    let (mut ada, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    let page = ada.get(TOKENS).is(200);
    for days in [1, 7, 30, 45] {
        assert!(page.text().contains(&format!("<option value=\"{days}\"")), "{days}");
    }
    page.never_says("<option value=\"90\"");
    let first = token(&gate, &mut ada);
    token(&gate, &mut ada);
    let sent = make(&mut ada, "c", &gate.origin, "7").is(303);
    ada.follow(sent).is(200).says("as many tokens as you may have");
    assert_eq!(gate.count(personal_tokens::ALL), 2);

    let page = ada.get(TOKENS).is(200);
    let id = between(&page.text(), "name=\"token\" value=\"", "\"").to_owned();
    let end = "/.doorcode/account/tokens/end";
    bob.get(TOKENS).is(200).never_says(&id).never_says("<bdi>git</bdi>");
    let sent = bob.post(end, &[("token", &id)]).is(303);
    bob.follow(sent).is(200).never_says("has ended");
    for wrong in ["", "x", &id[1..]] {
        let sent = ada.post(end, &[("token", wrong)]).is(303);
        ada.follow(sent).is(400);
    }
    ada.send("POST", end, &[("Origin", "https://evil.example")], Some(&[("token", &id)])).is(403);
    ada.get(end).is(405);
    program(&gate, "GET", "/orders", &[("Authorization", &basic("a", &first))]).is(200);
    let sent = ada.post(end, &[("token", &id)]).is(303);
    ada.follow(sent).is(200).says("That token has ended.").never_says(&id);
    token(&gate, &mut ada);
}

#[test]
fn the_button_of_a_token_ends_no_browser() {
    let gate = Gate::changed(&[SHOP]);
    let (mut ada, mut other) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    let account = ada.get("/.doorcode/account").is(200);
    let session = between(&account.text(), "name=\"session\" value=\"", "\"").to_owned();
    let sent = ada.post("/.doorcode/account/tokens/end", &[("token", &session)]).is(303);
    ada.follow(sent).is(200).never_says("has ended");
    other.get("/orders").is(200);
    let sent = ada.post("/.doorcode/account/end", &[("session", &session)]).is(303);
    ada.follow(sent).is(200);
    other.get("/orders").is(303);
}

#[test]
fn where_the_database_fails_no_token_is_made_and_the_form_can_be_sent_again() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let form = form_of(&ada.get(TOKENS).is(200));
    let fields = [("form", form.as_str()), ("name", "a"), ("site", &gate.origin), ("days", "7")];
    let mut beside = gate.database();
    let mut run = |sql: &'static str| {
        gate.run(async { sqlx::query(sql).execute(&mut beside).await.unwrap() });
    };
    run("ALTER TABLE personal_access_tokens RENAME TO away");
    let sent = ada.post(TOKENS, &fields).is(303);
    ada.follow(sent).is(503).never_says("dcp_");
    ada.get(TOKENS).is(503);
    run("ALTER TABLE away RENAME TO personal_access_tokens");
    assert_eq!(gate.count(sessions::OPEN), 1, "half of a token is left");
    token_on(&ada.post(TOKENS, &fields).is(200));
}

#[test]
fn only_sites_that_a_person_may_use_are_offered() {
    let rule = "path = \"/*\"\nallow = [\"public\"]\n";
    let admins = "path = \"/*\"\nallow = [\"role:admin\"]\n";
    let gate = Gate::changed(&[SHOP, DOWN, (rule, admins)]);
    let (mut ada, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    let down = format!("{}/down", gate.origin);
    let offered = format!("<option value=\"{down}\"");
    ada.get(TOKENS).is(200).says(&offered);
    bob.get(TOKENS).is(200).never_says(&offered);
    let sent = make(&mut bob, "a", &down, "7").is(303);
    bob.follow(sent).is(400);
    token_on(&make(&mut ada, "a", &down, "7").is(200));
}

#[test]
fn where_no_site_takes_tokens_there_is_no_form() {
    let gate = Gate::start();
    let mut ada = signed_in(&gate, ADA);
    ada.get("/.doorcode/account").is(200).never_says("tokens");
    ada.get(TOKENS).is(200).never_says("<form");
}

#[test]
fn the_page_is_the_issuers_alone() {
    let gate = Gate::changed(&[
        SHOP,
        ("/.doorcode\"\nsecret", "\"\nunsafe_shared_origin = false\nsecret"),
        ("public_url = \"http://localhost", "public_url = \"http://127.0.0.1"),
    ]);
    let answer = program(&gate, "GET", TOKENS, &[]);
    assert_eq!(answer.status, 404, "{answer}");
    program(&gate, "GET", "/.doorcode/account", &[]).is(401);
}
