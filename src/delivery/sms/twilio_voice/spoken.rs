/// How a call speaks to a person: what `<Say>` calls the language and, where that has no voice of its own,
/// the voice that speaks it.
struct Spoken {
    /// Our language tag.
    tag: &'static str,
    language: &'static str,
    voice: Option<&'static str>,
    /// Said before the code.
    words: &'static str,
}

const fn own(tag: &'static str, language: &'static str, words: &'static str) -> Spoken {
    Spoken { tag, language, voice: None, words }
}

const fn by(
    tag: &'static str,
    (language, voice): (&'static str, &'static str),
    words: &'static str,
) -> Spoken {
    Spoken { tag, language, voice: Some(voice), words }
}

/// All others, of ours Persian, are spoken to in English. Source: twilio.com/docs/voice/twiml/say and
/// twilio.com/docs/voice/twiml/say/text-speech, "Available voices and languages".
const SPOKEN: &[Spoken] = &[
    own("en", "en-US", "Your sign-in code is:"),
    own("es", "es-ES", "Su código para iniciar sesión es:"),
    own("pt-BR", "pt-BR", "Seu código para entrar é:"),
    own("fr", "fr-FR", "Votre code de connexion est :"),
    own("de", "de-DE", "Ihr Code für die Anmeldung lautet:"),
    own("it", "it-IT", "Il tuo codice di accesso è:"),
    own("nl", "nl-NL", "Uw inlogcode is:"),
    own("pl", "pl-PL", "Twój kod logowania to:"),
    own("ru", "ru-RU", "Ваш код для входа:"),
    own("ja", "ja-JP", "ログインコードは、"),
    own("ko", "ko-KR", "로그인 코드는 다음과 같습니다."),
    own("sv", "sv-SE", "Din inloggningskod är:"),
    own("zh-Hans", "zh-CN", "您的登录验证码是："),
    own("zh-Hant", "zh-TW", "您的登入驗證碼是："),
    by("ar", ("arb", "Polly.Zeina"), "رمز تسجيل الدخول الخاص بك هو:"),
    by("cs", ("cs-CZ", "Google.cs-CZ-Standard-A"), "Váš přihlašovací kód je:"),
    by("he", ("he-IL", "Google.he-IL-Standard-A"), "קוד הכניסה שלך הוא:"),
    by("hi", ("hi-IN", "Polly.Aditi"), "आपका साइन-इन कोड है:"),
    by("id", ("id-ID", "Google.id-ID-Standard-A"), "Kode masuk Anda adalah:"),
    by("th", ("th-TH", "Google.th-TH-Standard-A"), "รหัสเข้าสู่ระบบของคุณคือ"),
    by("tr", ("tr-TR", "Polly.Filiz"), "Giriş kodunuz:"),
    by("uk", ("uk-UA", "Google.uk-UA-Standard-A"), "Ваш код для входу:"),
    by("vi", ("vi-VN", "Google.vi-VN-Standard-A"), "Mã đăng nhập của bạn là:"),
];

/// What a call says: the code twice, for whoever has to find a pen. A number is read as a whole where its
/// digits are not apart. Voices of others may be withdrawn without notice, so that after such a one the code
/// is said in English.
pub(super) fn twiml(code: &str, language: Option<&str>) -> String {
    let digits: Vec<String> = code.chars().filter(char::is_ascii_digit).map(String::from).collect();
    let digits = digits.join(", ");
    let known = SPOKEN.iter().find(|spoken| language == Some(spoken.tag)).or(SPOKEN.first());
    let again = known.filter(|spoken| spoken.voice.is_none()).or(SPOKEN.first());
    let said: Vec<String> =
        [known, again].into_iter().flatten().map(|spoken| spoken.say(&digits)).collect();
    let said = said.join("<Pause length=\"1\"/>");
    format!("<Response><Pause length=\"1\"/>{said}</Response>")
}

impl Spoken {
    fn say(&self, digits: &str) -> String {
        let Self { language, words, .. } = self;
        let voice = self.voice.map_or(String::new(), |voice| format!(" voice=\"{voice}\""));
        format!("<Say language=\"{language}\"{voice}>{words} {digits}.</Say>")
    }
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
    fn a_voice_that_may_be_gone_is_followed_by_english() {
        let turkish =
            "<Say language=\"tr-TR\" voice=\"Polly.Filiz\">Giriş kodunuz: 1, 2, 3, 4.</Say>";
        let english = "<Say language=\"en-US\">Your sign-in code is: 1, 2, 3, 4.</Say>";
        let both = format!(
            "<Response><Pause length=\"1\"/>{turkish}<Pause length=\"1\"/>{english}</Response>"
        );
        assert_eq!(twiml("1234", Some("tr")), both);
    }

    #[test]
    fn languages_without_a_voice_are_spoken_to_in_english() {
        for language in [None, Some("fa"), Some("de-AT")] {
            let said = twiml("1234", language);
            assert_eq!(said.matches("language=\"en-US\">Your sign-in code is: 1, 2").count(), 2);
        }
    }

    /// Twilio takes 4,000 characters.
    #[test]
    fn nothing_that_is_said_needs_escapes_or_too_much_room() {
        for spoken in SPOKEN {
            assert!(!spoken.words.contains(['<', '>', '&']), "{}", spoken.tag);
            assert!(twiml("1234567890", Some(spoken.tag)).chars().count() < 400, "{}", spoken.tag);
        }
        assert_eq!(SPOKEN.len(), 23, "all languages of the pages but Persian");
    }
}
