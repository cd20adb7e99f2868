use proptest::prelude::*;

use super::{GOOD, read};

/// Nothing is asserted but that an answer comes back, and that a refusal says something.
fn answers(text: &str) {
    if let Err(problems) = read(text) {
        assert!(!problems.list().is_empty() && !problems.to_string().is_empty());
    }
}

const SHIPPED: &str = include_str!("../../../config/doorcode.toml");

/// Pieces that TOML and the settings give a meaning to.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    "\"",
    "'",
    "\"\"\"",
    "\n",
    "#",
    ",",
    "site",
    "rule",
    "[[site]]\n",
    "[[site.rule]]\n",
    "[site]\n",
    "[server]\n",
    "login.tries = 3\n",
    "sms.twilio",
    "é",
    "\u{0}",
    "0x",
    "1e9",
    "-1",
    "99999999999999999999",
    "true",
    "2020-01-01",
    "\\u{0}",
    "*",
    "d",
    "s",
    "+",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        answers(&text);
    }

    #[test]
    fn no_heap_of_pieces_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        answers(&pieces.concat());
    }

    #[test]
    fn no_good_file_with_a_piece_put_in_or_cut_out_makes_it_panic(
        good in prop::sample::select(&[GOOD, SHIPPED][..]),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..30,
        piece in prop::sample::select(PIECES),
    ) {
        let chars: Vec<char> = good.chars().collect();
        let at = at.index(chars.len());
        let rest = chars.iter().skip(at + cut);
        let text: String = chars[..at].iter().copied().chain(piece.chars()).chain(rest.copied()).collect();
        answers(&text);
    }

    #[test]
    fn no_value_makes_it_panic(line in 0_usize..23, value in any::<String>(), quoted in any::<bool>()) {
        let value = if quoted { format!("{value:?}") } else { value };
        let replace = |(n, old): (usize, &str)| match old.split_once(" = ") {
            Some((key, _)) if n == line => format!("{key} = {value}\n"),
            _ => format!("{old}\n"),
        };
        answers(&GOOD.lines().enumerate().map(replace).collect::<String>());
    }
}
