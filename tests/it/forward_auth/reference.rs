//! Random rules and requests, judged through proxies that ask as the reference judges them.
use std::time::Duration;

use super::proxies::{Fronted, Kind};
use crate::gate::reference::{Dice, Plain, PlainRule, Verdict, judge};
use crate::support::browser::Browser;
use crate::support::settings::{ADA, BOB};

/// The rules of the settings, all of which others take the place of.
const RULES: &str = "[[site.rule]]\npath = \"/public/*\"\nallow = [\"public\"]\n\
    [[site.rule]]\npath = \"/maybe/*\"\nallow = [\"optional\"]\n\
    [[site.rule]]\npath = \"/admin/*\"\nallow = [\"role:admin\"]\n";

pub(crate) fn written(rule: &PlainRule) -> String {
    let PlainRule { path, methods, allow, only_inside, fresh } = rule;
    let methods =
        if methods.is_empty() { String::new() } else { format!("methods = {methods:?}\n") };
    let from = if *only_inside { "from = [\"10.0.0.0/8\"]\n" } else { "" };
    let fresh = if *fresh { "fresh = \"10m\"\n" } else { "" };
    format!("[[site.rule]]\npath = \"{path}\"\n{methods}allow = [\"{allow}\"]\n{from}{fresh}")
}

/// Whether the file would be refused for the order of its rules.
pub(crate) fn is_in_order(rules: &[PlainRule]) -> bool {
    let paths: std::collections::BTreeSet<_> = rules.iter().map(|rule| &rule.path).collect();
    let wide = |rule: &PlainRule| rule.path.ends_with('*') || rule.path.contains("/*/");
    paths.len() == rules.len() && rules.iter().rev().skip(1).all(|rule| !wide(rule))
}

#[test]
fn proxies_that_ask_judge_as_the_documents_say() {
    for (kind, seed) in [(Kind::Nginx, 11), (Kind::Caddy, 23)] {
        let mut dice = Dice(seed);
        for _ in 0..2 {
            let rules = loop {
                let rules = dice.rules();
                if rules.len() > 2 && is_in_order(&rules) {
                    break rules;
                }
            };
            let text: String = rules.iter().map(written).collect();
            let staff = ("roles = [\"admin\", \"staff\"]", "roles = [\"other\"]");
            let user = format!("{}\n[[user]]\nphone = \"{BOB}\"\nroles = [\"staff\"]", staff.1);
            let proxy = Fronted::changed(kind, &[(staff.0, &user), (RULES, &text)]);
            ask(&proxy, &rules, &mut dice);
        }
    }
}

fn ask(proxy: &Fronted, rules: &[PlainRule], dice: &mut Dice) {
    let signed_in = |phone: &str| -> Browser {
        let mut browser = proxy.browser();
        browser.sign_in("/.doorcode/account", phone, &proxy.gate.texts).is(200);
        browser
    };
    let mut people =
        [(None, proxy.browser()), (Some("staff"), signed_in(BOB)), (Some("other"), signed_in(ADA))];
    for nth in 0..150 {
        if nth == 75 {
            proxy.gate.pass(Duration::from_hours(1));
        }
        let asked = dice.asked();
        // The address that both proxies tell is their client's own.
        let asked = Plain { inside: false, is_old: nth >= 75, ..asked };
        let (_, browser) = people.iter_mut().find(|(who, _)| *who == asked.who).unwrap();
        let before = proxy.gate.app.count();
        let tool = [("Sec-Fetch-Mode", ""), ("Sec-Fetch-Site", ""), ("Accept", "*/*")];
        let answer = browser.send(asked.method, &asked.path, &tool, None);
        let passed = proxy.gate.app.count() > before;
        let expected = match judge(rules, &asked) {
            Verdict::Pass => (200, true),
            Verdict::SignIn | Verdict::Again => (401, false),
            Verdict::No => (403, false),
        };
        let kind = proxy.kind;
        assert_eq!((answer.status, passed), expected, "{kind:?} {rules:#?} {asked:?} {answer}");
    }
}
