//! The puzzle of a challenge. The server keeps nothing of it until it is solved: it is a sealed text that
//! opens for the attempt alone that it was made for.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::captcha::CaptchaFault;
use crate::domain::{AttemptKey, Subkey, sha256};
use crate::system::{System, Timestamp};

/// How long a puzzle can be solved, from when it may be solved by waiting.
const LIFETIME: Duration = Duration::from_mins(10);
/// The longest wait, so that the end of a puzzle can be judged.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// Length of the sealed text: one block of SHA-256, so that who solves it hashes one further block
/// for each number (FIPS 180-4 §5.2.1).
const TEXT_LENGTH: usize = 64;
/// What is sealed: bits, the two times, and zeros up to the length of a block.
const PLAIN_LENGTH: usize = 20;
/// The longest number, in digits.
const LONGEST_NUMBER: usize = 16;

/// The proof that a start brings: a puzzle of ours, and what was done about it.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    pub puzzle: &'a str,
    /// The number that was found; empty: the time was waited for.
    pub number: &'a str,
    /// The answer to a captcha, which counts where one is configured.
    pub captcha: &'a str,
}

/// How a puzzle was solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Solution {
    Work,
    Wait,
    Captcha,
}

impl Solution {
    pub(super) const ALL: [Self; 3] = [Self::Work, Self::Wait, Self::Captcha];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Wait => "wait",
            Self::Captcha => "captcha",
        }
    }
}

/// Why a proof does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofFault {
    /// Not a puzzle of ours, altered, or that of another number, browser or door.
    Foreign,
    Expired,
    /// The number is not the one that was asked for.
    Wrong,
    /// The time to wait is not over. The puzzle stays good.
    Early,
    /// It was solved before.
    Replayed,
    Captcha(CaptchaFault),
}

impl ProofFault {
    pub const ALL: [Self; 8] = [
        Self::Foreign,
        Self::Expired,
        Self::Wrong,
        Self::Early,
        Self::Replayed,
        Self::Captcha(CaptchaFault::Refused),
        Self::Captcha(CaptchaFault::Secret),
        Self::Captcha(CaptchaFault::Unavailable),
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Expired => "expired",
            Self::Wrong => "wrong",
            Self::Early => "early",
            Self::Replayed => "replayed",
            Self::Captcha(CaptchaFault::Refused) => "captcha-refused",
            Self::Captcha(CaptchaFault::Secret) => "captcha-secret",
            Self::Captcha(CaptchaFault::Unavailable) => "captcha-unavailable",
        }
    }
}

/// A puzzle that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Puzzle {
    /// The digest must begin with so many zero bits: 2^bits hashes on average.
    pub bits: u8,
    /// When it is solved by waiting.
    ready: Timestamp,
}

impl Puzzle {
    /// How long there is still to wait for who does not calculate.
    pub fn wait(&self, now: Timestamp) -> Duration {
        self.ready.since(now)
    }
}

/// A new puzzle for an attempt.
pub(super) fn seal(
    key: &Subkey,
    attempt: AttemptKey,
    (bits, wait): (u8, Duration),
    system: &System,
) -> String {
    let ready = system.steady() + wait.min(LONGEST_WAIT);
    let mut plain = [0; PLAIN_LENGTH];
    plain[0] = bits;
    plain[1..9].copy_from_slice(&ready.as_millis().to_be_bytes());
    let sealed = key.seal_for(attempt.as_bytes(), system.random(), &plain);
    URL_SAFE_NO_PAD.encode(sealed)
}

/// Opens the puzzle of an attempt.
///
/// # Errors
///
/// When it is none of this attempt's, or too old.
pub(super) fn open(
    keys: &[Subkey],
    attempt: AttemptKey,
    text: &str,
    system: &System,
) -> Result<Puzzle, ProofFault> {
    if text.len() != TEXT_LENGTH {
        return Err(ProofFault::Foreign);
    }
    let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| ProofFault::Foreign)?;
    let open = |key: &Subkey| key.open_for(attempt.as_bytes(), &sealed).ok();
    let plain = keys.iter().find_map(open).ok_or(ProofFault::Foreign)?;
    let (Some(bits), Some(ready)) = (plain.first(), plain.get(1..9)) else {
        return Err(ProofFault::Foreign);
    };
    let ready = ready.try_into().map_err(|_| ProofFault::Foreign)?;
    let ready = Timestamp::from_millis(i64::from_be_bytes(ready));
    if !system.is_alive(ready + LIFETIME, LONGEST_WAIT + LIFETIME) {
        return Err(ProofFault::Expired);
    }
    Ok(Puzzle { bits: *bits, ready })
}

impl Puzzle {
    /// Judges what was done about this puzzle, whose text is `proof.puzzle`, by one hash.
    ///
    /// # Errors
    ///
    /// When the number is wrong, or it is too early.
    pub(super) fn judge(&self, proof: Proof<'_>, now: Timestamp) -> Result<Solution, ProofFault> {
        if proof.number.is_empty() {
            let is_over = now >= self.ready;
            return if is_over { Ok(Solution::Wait) } else { Err(ProofFault::Early) };
        }
        if is_solution(proof.puzzle, proof.number, self.bits) {
            Ok(Solution::Work)
        } else {
            Err(ProofFault::Wrong)
        }
    }
}

/// Whether SHA-256 of the puzzle and the number begins with so many zero bits. Whoever has to show it
/// tries numbers until it does.
pub fn is_solution(puzzle: &str, number: &str, bits: u8) -> bool {
    if number.len() > LONGEST_NUMBER || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let digest = sha256(format!("{puzzle}{number}").as_bytes());
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d]).leading_zeros() >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The script of the challenge page finds the same number: see `static/assets/challenge.js`.
    #[test]
    fn a_number_solves_a_puzzle_if_the_digest_begins_with_zero_bits() {
        let puzzle = "A".repeat(TEXT_LENGTH);
        let first =
            |bits| (0..u32::MAX).find(|n| is_solution(&puzzle, &n.to_string(), bits)).unwrap();
        let number = first(10);
        assert!(number > 0 && first(6) <= number);
        let digest = sha256(format!("{puzzle}{number}").as_bytes());
        assert!(digest[0] == 0 && digest[1] < 64, "{digest:?}");
        for wrong in ["", "-1", "1.5", " 1", "x", &"1".repeat(LONGEST_NUMBER + 1)] {
            assert!(!is_solution(&puzzle, wrong, 0) || wrong.is_empty(), "{wrong}");
        }
    }
}
