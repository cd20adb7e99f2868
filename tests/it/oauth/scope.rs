//! The words of a scope.
use std::collections::HashSet;

use doorcode::domain::{InvalidScope, Scope};

use proptest::prelude::*;

#[test]
fn words_keep_their_order_and_come_once() {
    let scope = Scope::parse("openid profile openid read:a  profile").unwrap();
    assert_eq!(scope.to_string(), "openid profile read:a");
    assert!(scope.contains("openid") && !scope.contains("open") && !scope.contains(""));
    assert!(Scope::parse("").unwrap().is_empty());
    assert!(Scope::parse("  ").unwrap().is_empty());
    assert!(!Scope::parse("OpenID").unwrap().contains("openid"), "case is meant");
}

#[test]
fn what_is_no_scope_is_refused() {
    for wrong in ["a\tb", "a\nb", "\"a\"", "a\\b", "caf\u{e9}", "a\0", "a\u{7f}"] {
        assert_eq!(Scope::parse(wrong), Err(InvalidScope::Character), "{wrong:?}");
    }
    assert!(Scope::parse(&"a".repeat(2048)).is_ok());
    assert_eq!(Scope::parse(&"a".repeat(2049)), Err(InvalidScope::TooLong));
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(words in prop::collection::vec("[!#-\\[\\]-~]{1,8}", 0..20)) {
        let scope = Scope::parse(&words.join(" ")).unwrap();
        let mut seen = HashSet::new();
        let once: Vec<&String> = words.iter().filter(|word| seen.insert(*word)).collect();
        prop_assert_eq!(scope.words().collect::<Vec<_>>(), once);
        prop_assert!(words.iter().all(|word| scope.contains(word)));
        prop_assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
    }

    #[test]
    fn what_is_left_out_is_gone_and_the_rest_stays(
        words in prop::collection::hash_set("[a-z]{1,3}", 0..20),
        kept in prop::collection::hash_set("[a-z]{1,3}", 0..20),
    ) {
        let all: Vec<String> = words.into_iter().collect();
        let left = Scope::parse(&all.join(" ")).unwrap().only(|word| kept.contains(word));
        let expected: Vec<&String> = all.iter().filter(|word| kept.contains(*word)).collect();
        prop_assert_eq!(left.words().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn no_text_makes_it_fail_otherwise(text in "\\PC{0,40}") {
        if let Ok(scope) = Scope::parse(&text) {
            prop_assert!(scope.words().all(|word| !word.is_empty() && text.contains(word)));
        }
    }
}
