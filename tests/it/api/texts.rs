//! Auth0's templates for texts, and that no text goes out without its code.
use serde_json::json;

use super::world::{Pairs, World};
use crate::support::settings::{ADA, BOB};

/// As Auth0's documentation has it.
const DOCUMENTED: &str = r#"template = """
{% if request_language contains 'dutch' %}
   Hier is uw verificatie code: {{ password }}
{% endif %}

{% if request_language contains 'fr-FR' %}
   Ceci est votre code: {{ password }}
{% endif %}
""""#;
const OWN: &str = "template = \"{{ code }} for {{ application.name }}\"";

/// What a client's visitor is texted; the last line of some texts is for browsers.
#[track_caller]
fn text(world: &World, client: &str, phone: &str, lines: Pairs<'_>) -> String {
    let before = world.gate.texts.messages().len();
    let mut body = json!({"client_id": client, "connection": "sms", "phone_number": phone});
    if client == "web" {
        body["client_secret"] = json!(super::world::SECRET);
    }
    world.json_with("/passwordless/start", lines, &body).is(200);
    world.gate.texts.text(before + 1).body
}

#[track_caller]
fn works(world: &World, client: &str, phone: &str, text: &str) {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let code = numbers.find(|number| number.len() == 6).expect("a code");
    world.json("/oauth/token", &World::otp(client, phone, code)).is(200);
}

#[test]
fn auth0_s_documented_template_sends_its_texts_and_ours_to_everybody_else() {
    let german = "[sms.templates]\nes = \"Hola: {{ code }}\"\n[sms.twilio]";
    let world = World::changed(&[(OWN, DOCUMENTED), ("[sms.twilio]", german)]);
    let table: [(&str, &str); 8] = [
        ("dutch", "Hier is uw verificatie code: "),
        ("fr-FR,fr;q=0.9", "Ceci est votre code: "),
        ("fr-CA", " est votre code My SPA. Ne le partagez pas."),
        ("de", " ist dein Code für My SPA. Gib ihn nicht weiter."),
        ("es-MX", "Hola: "),
        ("en-GB", " is your My SPA code. Don't share it."),
        ("el-GR", " is your My SPA code. Don't share it."),
        ("", " is your My SPA code. Don't share it."),
    ];
    for (n, (language, said)) in table.into_iter().enumerate() {
        let phone = format!("+1202555013{n}");
        let header = [("X-Request-Language", language)];
        let lines: Pairs<'_> = if language.is_empty() { &[] } else { &header };
        let text = text(&world, "spa", &phone, lines);
        assert!(text.contains(said), "{language}: {text}");
        assert_eq!(text, text.trim(), "{language}");
        works(&world, "spa", &phone, &text);
    }
    let mut browser = world.gate.browser();
    browser.language = "de".to_owned();
    let number = browser.visit("/");
    browser.give_number(&number, ADA).is(200);
    let said = world.gate.texts.text(9).body;
    assert!(said.contains(" ist dein Code für Acme."), "{said}");
}

#[test]
fn a_language_that_is_not_ours_is_for_the_template_of_all_others() {
    let english = "[sms.templates]\nen = \"English: {{ code }}\"\n[sms.twilio]";
    let world = World::changed(&[(OWN, DOCUMENTED), ("[sms.twilio]", english)]);
    for (n, (language, said)) in
        [("dutch", "Hier is"), ("en-US", "English: "), ("el", "English: ")].into_iter().enumerate()
    {
        let phone = format!("+1202555014{n}");
        let text = text(&world, "spa", &phone, &[("X-Request-Language", language)]);
        assert!(text.starts_with(said), "{language}: {text}");
    }
}

#[test]
fn no_branch_on_a_number_or_an_application_sends_a_text_without_the_code() {
    let template = "template = \"{% if phone_number contains '+44' %}Soon.{% elsif application.name == 'My server' %}Hello {{ phone_number }}{% else %}{{ code }}!{% endif %}\"";
    let world = World::changed(&[(OWN, template)]);
    for (client, phone, said) in [
        ("spa", ADA, "!"),
        ("spa", BOB, "is your My SPA code"),
        ("web", "+12025550124", "is your My server code"),
    ] {
        let text = text(&world, client, phone, &[]);
        assert!(text.contains(said), "{client} {phone}: {text}");
        works(&world, client, phone, &text);
    }
}

#[test]
fn what_fails_at_the_first_login_is_replaced_too() {
    // Its number of digits is no sample's.
    let template = "template = \"{% if phone_number.size == 11 %}{{ code | divided_by: 0 }}{% endif %}{{ code }}\"";
    let world = World::changed(&[(OWN, template), ("\"US\", \"GB\"", "\"US\", \"GB\", \"NO\"")]);
    let text = text(&world, "spa", "+4740612345", &[]);
    assert!(text.contains("is your My SPA code"), "{text}");
    works(&world, "spa", "+4740612345", &text);
}
