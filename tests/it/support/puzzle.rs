//! Who solves the puzzle of a challenge, as a browser does.
use super::browser::between;
use doorcode::login::is_solution;

/// The first number that solves it.
pub(crate) fn solve(puzzle: &str, bits: u8) -> String {
    let number =
        (0..u32::MAX).map(|n| n.to_string()).find(|number| is_solution(puzzle, number, bits));
    number.unwrap()
}

/// A number that does not.
pub(crate) fn not_solving(puzzle: &str, bits: u8) -> String {
    let number =
        (0..u32::MAX).map(|n| n.to_string()).find(|number| !is_solution(puzzle, number, bits));
    number.unwrap()
}

/// Flow, puzzle and bits of a challenge's page.
pub(crate) fn puzzle_of(page: &str) -> (String, String, u8) {
    let flow = between(page, "name=\"flow\" value=\"", "\"").to_owned();
    let puzzle = between(page, "data-puzzle=\"", "\"").to_owned();
    (flow, puzzle, between(page, "data-bits=\"", "\"").parse().unwrap())
}
