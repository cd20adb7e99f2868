//! Rules that open what they were written to close.
use super::{Case, assert_said};

const RULE: &str = "[[site.rule]]\npath = \"/admin/*\"\nmethods = [\"GET\"]\n";

const CASES: &[Case<'_>] = &[
    (
        &[("allow = [\"role:admin\"]", "allow = [\"optional\"]\nfresh = \"15m\"")],
        &[
            "28:9: site[1].rule[1].fresh: has no effect: `optional` lets everybody pass, signed in or not; remove `fresh`, or allow `signed-in`",
        ],
    ),
    (
        &[("allow = [\"role:admin\"]", "allow = [\"role:admin\"]\nfresh = \"30s\"")],
        &["28:9: site[1].rule[1].fresh: 30s is not between 1m and 365d"],
    ),
    // The first rule asks for no recent login.
    (
        &[(
            "[[site.rule]]",
            "[[site.rule]]\npath = \"/*\"\nallow = [\"role:admin\"]\nfrom = [\"10.0.0.0/8\"]\n[[site.rule]]\npath = \"/admin/pay\"\nallow = [\"role:admin\"]\nfresh = \"15m\"\n[[site.rule]]",
        )],
        &[
            "29:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its requests (`/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    (
        &[("[[site.rule]]", "[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n[[site.rule]]")],
        &[
            "28:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its requests (`/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    (
        &[(
            "[[site.rule]]",
            "[[site.rule]]\npath = \"/admin/*\"\nallow = [\"signed-in\"]\n[[site.rule]]",
        )],
        &[
            "28:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its requests (`/admin/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    // The later rule is for one network only.
    (
        &[(
            "[[site.rule]]",
            "[[site.rule]]\npath = \"/*\"\nallow = [\"role:admin\"]\n[[site.rule]]",
        )],
        &[
            "28:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its requests (`/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    // A site that ignores case has one path in two spellings.
    (
        &[(
            "[[site.rule]]",
            "ignore_case = true\n[[site.rule]]\npath = \"/Admin/*\"\nallow = [\"optional\"]\n[[site.rule]]",
        )],
        &[
            "29:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its requests (`/Admin/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    // Some of its methods are taken.
    (
        &[(
            RULE,
            "[[site.rule]]\npath = \"/*\"\nmethods = [\"GET\", \"HEAD\"]\nallow = [\"public\"]\n[[site.rule]]\npath = \"/admin/*\"\n",
        )],
        &[
            "29:8: site[1].rule[2].path: site[1].rule[1] stands before it, takes its GET, HEAD requests (`/*`), and lets more callers pass: the first rule that matches decides; write this rule first",
        ],
    ),
    (
        &[("\"role:admin\"", "\"role:admin\", \"public\"")],
        &[
            "27:9: site[1].rule[1].allow: `public` lets everybody pass whom `role:admin` names, so `role:admin` is not asked for; any word of `allow` is enough: keep the one that you mean",
        ],
    ),
    (
        &[
            ("\"role:admin\"", "\"optional\", \"client:a\", \"phone:+12025550123\""),
            (
                "[[site]]",
                "[[client]]\nid = \"a\"\nname = \"A\"\ncallbacks = [\"https://a.example/cb\"]\n[[site]]",
            ),
        ],
        &[
            "31:9: site[1].rule[1].allow: `optional` lets everybody pass whom `client:a` names, so `client:a` is not asked for; any word of `allow` is enough: keep the one that you mean",
        ],
    ),
    (
        &[("\"role:admin\"", "\"signed-in\", \"role:admin\"")],
        &[
            "27:9: site[1].rule[1].allow: `signed-in` lets everybody pass whom `role:admin` names, so `role:admin` is not asked for; any word of `allow` is enough: keep the one that you mean",
        ],
    ),
];

#[test]
fn what_opens_a_rule_is_a_mistake() {
    assert_said(CASES);
}

/// Rules before that of the good file, none of which opens it.
const GOOD: &[&str] = &[
    "path = \"/admin\"\nallow = [\"public\"]",
    "path = \"/admin/login\"\nallow = [\"public\"]",
    "path = \"/administration/*\"\nallow = [\"public\"]",
    "path = \"/Admin/*\"\nallow = [\"public\"]",
    "path = \"/*\"\nmethods = [\"POST\"]\nallow = [\"public\"]",
    "path = \"/*\"\nallow = [\"role:admin\"]\nfrom = [\"10.1.0.0/16\"]",
    "path = \"/other\"\nallow = [\"signed-in\", \"client:a\"]",
    "path = \"/other\"\nallow = [\"role:admin\", \"phone:+12025550123\", \"country:US\"]",
];

#[test]
fn rules_that_open_nothing_are_no_mistakes() {
    let client =
        "[[client]]\nid = \"a\"\nname = \"A\"\ncallbacks = [\"https://a.example/cb\"]\n[[site]]";
    for rule in GOOD {
        let rule = format!("[[site.rule]]\n{rule}\n[[site.rule]]");
        let text = super::changed(&[("[[site.rule]]", &rule), ("[[site]]", client)]);
        if let Err(problems) = super::super::read(&text) {
            panic!("{problems}\nin\n{text}");
        }
    }
    // The same path for different methods: each has its rule.
    let both = super::changed(&[
        (
            "[[site.rule]]",
            "[[site.rule]]\npath = \"/admin/*\"\nmethods = [\"HEAD\", \"GET\"]\nallow = [\"public\"]\n[[site.rule]]",
        ),
        ("methods = [\"GET\"]", ""),
    ]);
    assert!(super::super::read(&both).is_ok());
}
