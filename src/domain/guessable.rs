/// Fewer different characters than this are no random text of 32.
const LEAST_DIFFERENT: usize = 8;

/// What stands in examples where a secret goes.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "yoursecret",
    "yourserversecret",
    "yourclientsecret",
    "mysupersecret",
    "supersecret",
    "placeholder",
    "insertsecret",
    "putyoursecret",
    "examplesecret",
    "secrethere",
    "notarealsecret",
    "notsosecret",
    "todochange",
    "256bitsecret",
    "qwertyuiop",
];

/// Why a secret can be guessed although it is long enough; `None`: nothing speaks against it. The text
/// continues a sentence, and holds nothing of the secret.
pub fn guessable(secret: &str) -> Option<&'static str> {
    let all: Vec<char> = secret.trim().chars().collect();
    let mut different = all.clone();
    different.sort_unstable();
    different.dedup();
    if different.len() < LEAST_DIFFERENT {
        return Some("consists of a few characters only");
    }
    if is_repeated(&all) {
        return Some("repeats itself");
    }
    let is_step = |pair: &&[char]| u32::from(pair[0]).abs_diff(u32::from(pair[1])) <= 1;
    if 2 * all.windows(2).filter(is_step).count() > all.len() {
        return Some("is a sequence");
    }
    let letters: String = all.iter().filter(|c| c.is_alphanumeric()).collect();
    let letters = letters.to_lowercase();
    let example = PLACEHOLDERS.iter().any(|word| letters.contains(word));
    example.then_some("is that of an example")
}

/// Whether a part of at most half its length makes all of it.
fn is_repeated(all: &[char]) -> bool {
    (1..=all.len() / 2).any(|part| all.windows(part + 1).all(|window| window[0] == window[part]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_to_fill_a_length_is_guessable_and_what_is_random_is_not() {
        for weak in [
            &"x".repeat(32),
            "abababababababababababababababab",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "passwordpasswordpasswordpassword",
            "change-me-to-something-long-and-random",
            "CHANGE_THIS_SECRET_BEFORE_PRODUCTION",
            "your-secret-with-at-least-32-characters",
            "11112222333344445555666677778888",
        ] {
            assert!(guessable(weak).is_some(), "{weak}");
        }
        for strong in [
            "correct-horse-battery-staple-0123",
            "a-server-secret-that-only-stories-know",
            "9f86d081884c7d659a2feaa0c55ad015",
            "3zP0mWk1nJ7q+Vt5b/2RXc8dLy6gHsEu4aTfQoUiYw8=",
        ] {
            assert_eq!(guessable(strong), None, "{strong}");
        }
    }
}
