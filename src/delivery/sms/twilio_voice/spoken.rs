/// Our language tags, what `<Say>` calls the language, and what is said before the code. Source:
/// twilio.com/docs/voice/twiml/say, "Supported languages". All others are spoken to in English.
const SPOKEN: &[(&str, &str, &str)] = &[
    ("en", "en-US", "Your sign-in code is:"),
    ("es", "es-ES", "Su código para iniciar sesión es:"),
    ("pt-BR", "pt-BR", "Seu código para entrar é:"),
    ("fr", "fr-FR", "Votre code de connexion est :"),
    ("de", "de-DE", "Ihr Code für die Anmeldung lautet:"),
    ("it", "it-IT", "Il tuo codice di accesso è:"),
    ("nl", "nl-NL", "Uw inlogcode is:"),
    ("pl", "pl-PL", "Twój kod logowania to:"),
    ("ru", "ru-RU", "Ваш код для входа:"),
    ("ja", "ja-JP", "ログインコードは、"),
    ("ko", "ko-KR", "로그인 코드는 다음과 같습니다."),
    ("sv", "sv-SE", "Din inloggningskod är:"),
    ("zh-Hans", "zh-CN", "您的登录验证码是："),
    ("zh-Hant", "zh-TW", "您的登入驗證碼是："),
];

/// How often the code is said, for whoever has to find a pen.
const TIMES: usize = 2;

/// What a call says. A number is read as a whole where its digits are not apart.
pub(super) fn twiml(code: &str, language: Option<&str>) -> String {
    let known = SPOKEN.iter().find(|(tag, ..)| language == Some(tag)).or(SPOKEN.first());
    let (_, spoken, words) = known.copied().unwrap_or_default();
    let digits: Vec<String> = code.chars().filter(char::is_ascii_digit).map(String::from).collect();
    let digits = digits.join(", ");
    let said = format!("<Say language=\"{spoken}\">{words} {digits}.</Say>");
    let said = vec![said; TIMES].join("<Pause length=\"1\"/>");
    format!("<Response><Pause length=\"1\"/>{said}</Response>")
}

#[cfg(test)]
mod tests {
    use super::{SPOKEN, twiml};

    #[test]
    fn the_digits_are_said_one_by_one_and_twice() {
        let said = twiml("731904", Some("de"));
        let once =
            "<Say language=\"de-DE\">Ihr Code für die Anmeldung lautet: 7, 3, 1, 9, 0, 4.</Say>";
        assert_eq!(
            said,
            format!("<Response><Pause length=\"1\"/>{once}<Pause length=\"1\"/>{once}</Response>")
        );
    }

    #[test]
    fn languages_without_a_voice_are_spoken_to_in_english() {
        for language in [None, Some("fa"), Some("de-AT")] {
            assert!(
                twiml("1234", language).contains("language=\"en-US\">Your sign-in code is: 1, 2")
            );
        }
    }

    /// Twilio takes 4,000 characters.
    #[test]
    fn nothing_that_is_said_needs_escapes_or_too_much_room() {
        for (tag, _, words) in SPOKEN {
            assert!(!words.contains(['<', '>', '&']), "{tag}");
            assert!(twiml("1234567890", Some(tag)).chars().count() < 400, "{tag}");
        }
    }
}
