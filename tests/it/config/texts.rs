//! What `check` says of the templates of texts.
use super::cli::told;
use super::{changed, problems};

fn sms(text: &str) -> Vec<String> {
    let said = told(&[("[sms]\n", &format!("[sms]\n{text}\n"))]);
    said.iter().map(|line| placed(line)).collect()
}

/// A warning without the place of its key, which it begins with.
fn placed(line: &str) -> String {
    let (at, text) = line.split_once(": ").unwrap_or_else(|| panic!("no place: {line}"));
    assert!(at.split(':').skip(1).all(|n| n.parse::<u32>().is_ok()), "no place: {line}");
    text.to_owned()
}

const INSTEAD: &str = ": the built-in text is sent to them instead";

#[test]
fn check_names_the_languages_for_which_a_template_has_no_code() {
    let documented = r#"template = """
{% if request_language contains 'dutch' %}
   Hier is uw verificatie code: {{ password }}
{% endif %}
{% if request_language contains 'fr-FR' %}
   Ceci est votre code: {{ password }}
{% endif %}
""""#;
    assert_eq!(
        sms(documented),
        [format!(
            "warning: sms.template: makes a text without the code for languages en, ar, cs, de, es, fa, fr, he, hi, id, it, ja and 13 more{INSTEAD}"
        )]
    );
    let dutch = "template = \"{% if request_language contains 'nl' %}Hallo{% else %}{{ code }}{% endif %}\"";
    assert_eq!(
        sms(dutch),
        [format!("warning: sms.template: makes a text without the code for languages nl{INSTEAD}")]
    );
    let german = "templates.de = \"{% if request_language == 'de-CH' %}Grüezi{% else %}{{ code }}{% endif %}\"";
    assert_eq!(
        sms(german),
        [format!(
            "warning: sms.templates.de: makes a text without the code for languages de-CH{INSTEAD}"
        )]
    );
    assert!(sms("template = \"{% if request_language contains 'fr' %}Code : {{ code }}{% else %}{{ code }}{% endif %}\"").is_empty());
}

#[test]
fn check_names_the_numbers_and_the_clients_for_which_a_template_has_no_code() {
    let british =
        "template = \"{% if phone_number contains '+44' %}Soon{% else %}{{ code }}{% endif %}\"";
    assert_eq!(
        sms(british),
        [format!(
            "warning: sms.template: makes a text without the code for numbers such as +447400123456 (GB){INSTEAD}"
        )]
    );
    let client = "[[client]]\nid = \"shop\"\nname = \"Shop\"\ncallbacks = [\"https://s.example/cb\"]\n[[site]]\n";
    let template =
        "[sms]\ntemplate = \"{% unless application.name == 'Shop' %}{{ code }}{% endunless %}\"\n";
    assert_eq!(
        told(&[("[[site]]\n", client), ("[sms]\n", template)])
            .iter()
            .map(|line| placed(line))
            .collect::<Vec<_>>(),
        [format!(
            "warning: sms.template: makes a text without the code for clients shop (Shop){INSTEAD}"
        )]
    );
    let both = "template = \"{% if phone_number contains '+44' and request_language contains 'de' %}Bald{% else %}{{ code }}{% endif %}\"";
    let said = sms(both);
    assert!(said.len() == 1 && said[0].contains("de with +447400123456 (GB)"), "{said:?}");
}

#[test]
fn check_names_the_characters_that_halve_a_segment() {
    const HALVED: &str =
        "not in the GSM alphabet, so that a segment holds 70 characters instead of 160";
    let smart = "template = \"{{ code }} – don’t share it\"";
    assert_eq!(
        sms(smart),
        [format!(
            "the texts of sms.template have – (U+2013), instead of which write -, ’ (U+2019), instead of which write ': {HALVED}"
        )]
    );
    let portuguese = "templates.pt-BR = \"{{ code }} é o seu código. Não o passe.\"";
    assert_eq!(
        sms(portuguese),
        [format!("the texts of sms.templates.pt-BR have ã (U+00E3), ó (U+00F3): {HALVED}")]
    );
    // Where the letters are not Latin, nothing else would help.
    assert!(sms("templates.ru = \"{{ code }} – ваш код. «Никому»\"").is_empty());
    assert!(sms("templates.de = \"{{ code }} für Größe, à la Ñandú?\"").len() == 1);
    assert!(sms("templates.de = \"{{ code }} für Größe, à la carte\"").is_empty());
}

#[test]
fn check_names_the_language_number_or_client_whose_text_is_longest() {
    let long = "x".repeat(100);
    let british = format!(
        "template = \"{{{{ code }}}}{{% if phone_number contains '+44' %}}{long}{long}{{% endif %}}\""
    );
    let said = sms(&british);
    assert!(said.len() == 1, "{said:?}");
    assert!(
        said[0].starts_with("sms.template makes texts of 2 segments for +447400123456 (GB), each"),
        "{said:?}"
    );
    let client = format!(
        "[[client]]\nid = \"shop\"\nname = \"Shop’s{}\"\ncallbacks = [\"https://s.example/cb\"]\n[[site]]\n",
        "y".repeat(25)
    );
    let said = told(&[("[[site]]\n", &client)]);
    let built_in = "note: the built-in texts of sms.template, sms.templates.ar, ";
    assert!(said.iter().any(|line| line.starts_with(built_in)), "{said:?}");
    let characters = "sms.templates.vi have ’ (U+2019), instead of which write ': not in";
    assert!(said.iter().any(|line| line.contains(characters)), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn check_warns_of_hosts_and_last_lines_that_are_not_ours() {
    let named = |host: &str| {
        vec![format!(
            "warning: sms.template: names {host}, but people type their codes at shop.example.com: who is used to other addresses types them anywhere"
        )]
    };
    for (text, expected) in [
        ("{{ code }} at https://login.example.net/x", named("login.example.net")),
        ("{{ code }} for www.shop.example.org.", named("www.shop.example.org")),
        ("{{ code }} (evil.example, shop.example)", named("evil.example, shop.example")),
        ("{{ code }} at HTTP://USER@LOGIN.EXAMPLE.NET:8443/x", named("login.example.net")),
        ("{{ code }} AT LOGIN.EXAMPLE.NET", named("login.example.net")),
        ("{{ code }} at https://intranet/", named("intranet")),
        ("{{ code }} bei münchen.example:", named("xn--mnchen-3ya.example")),
        (
            "{% assign h = 'login.example.net' %}{{ code }} @{{ h }} #{{ code }}",
            named("login.example.net"),
        ),
        ("{{ code }} for shop.example.com or example.com", Vec::new()),
        ("{{ code }} is your code.Keep it, v1.5, a.m. or so", Vec::new()),
        (
            "{{ code }}\\n@shop.example.com #{{ code }}",
            vec!["warning: sms.template: has a line that binds the code to a host; leave it out: browsers read the last line only, and the login pages add `@shop.example.com #` and the code".to_owned()],
        ),
    ] {
        assert_eq!(sms(&format!("template = \"{text}\"")), expected, "{text}");
    }
}

#[test]
fn check_warns_of_variables_that_there_are_not() {
    let template = "template = '''\n{{ code }} {{ tenant.friendly_name | default: 'Acme' }}\n{% if locale contains 'fr' %}fr{% elsif user.name == nil %}nobody{% endif %}'''";
    let not = |line: u32, name: &str| {
        format!("warning: sms.template: line {line}: there is no variable `{name}`, so it is empty")
    };
    assert_eq!(
        sms(template),
        [not(1, "tenant.friendly_name"), not(2, "locale"), not(2, "user.name")]
    );
}

#[test]
fn what_a_template_cannot_do_is_refused_with_its_line_and_word() {
    for (template, said) in [
        ("{{ code }}\n{% for i in (1..9) %}{{ i }}{% endfor %}", "line 2: `for` is not a tag of"),
        ("{{ code }}\n\n{%- tablerow x in y -%}{% endtablerow %}", "line 3: `tablerow` is not a"),
        ("{% include 'x' %}{{ code }}", "line 1: `include` is not a tag"),
        ("{% layout 'x' %}{{ code }}", "line 1: `layout` is not a tag"),
        ("{% liquid assign x = 1 %}{{ code }}", "line 1: `liquid` is not a tag"),
        ("{{ code }}\n{% # a comment %}", "line 2: `#` is not a tag"),
        ("a\n{{ code |\n shout }}", "line 3: `shout` is not a filter"),
        ("{{ code\n", "not a valid template: line 1, `{{ code`"),
        (
            "{{ code }}\n{% if code = '1' %}x{% endif %}",
            "not a valid template: line 2, `{% if code =",
        ),
        ("{{ code }}\n{{ code | divided_by: 0 }}", "not a valid template: line 2, `{{ code | div"),
        ("{{ code }}\n\n{{ code | slice }}", "not a valid template: line 3, `{{ code | slice }}`"),
        ("{{ code }}\n{% assign x = code | slice %}", "not a valid template: line 2, `{% assign"),
        ("{{ code }}\n{{ code | upcase: 1 }}", "not a valid template: line 2, `{{ code | up"),
        (
            "{{ code }}\n{{ code | plus: 12345678901234567890 }}",
            "not a valid template: line 2, `{{ code | plus",
        ),
        ("{{ cod }}", "the text does not contain the code"),
        ("1{{ code }}", "the text does not contain the code"),
    ] {
        let text = changed(&[("[sms]\n", &format!("[sms]\ntemplate = '''\n{template}'''\n"))]);
        let told = problems(&text);
        assert!(told.contains("sms.template: ") && told.contains(said), "{template}: {told}");
    }
}

#[test]
fn the_texts_of_a_file_are_rendered_once() {
    let config = doorcode::config::Config::demo().unwrap();
    let copy = config.clone();
    let (asked, again) = (config.linted_texts(), copy.linted_texts());
    assert!(std::ptr::eq(asked, again) && !asked.is_empty());
    assert_eq!(config.text_segments().most(), copy.text_segments().most());
}
