//! Words and texts: what is complete, what is refused, and what a template makes.
mod negotiation;

use doorcode::domain::{CodeLength, Country, Host, OneTimeCode, Origin, PhoneNumber};
use doorcode::words::{
    Direction, Encoding, Languages, Safe, Segments, SmsTemplate, TemplateError, bind_to_host,
};

const DEFAULT: &str = "{{ code }} is your {{ application.name }} code. Don't share it.";

fn code() -> OneTimeCode {
    OneTimeCode::parse("042137", CodeLength::new(6).unwrap()).unwrap()
}

fn phone() -> PhoneNumber {
    PhoneNumber::parse("+12025550123", None).unwrap()
}

fn host(name: &str) -> Host {
    Origin::parse(&format!("https://{name}")).unwrap().host().clone()
}

/// What the template makes of the samples, or why it is refused.
fn text(template: &str, language: Option<&str>) -> Result<String, TemplateError> {
    let text = SmsTemplate::parse(template, "Acme")?.render(&code(), &phone(), language, None)?;
    Ok(text.reveal().to_owned())
}

#[test]
fn every_language_is_complete() {
    let languages = Languages::built_in().unwrap();
    let known: Vec<_> =
        languages.iter().map(|l| (l.tag(), l.name(), l.direction(), l.countries().len())).collect();
    let countries = Country::all().len();
    assert_eq!(
        known,
        [
            ("en", "English", Direction::Ltr, countries),
            ("ar", "العربية", Direction::Rtl, countries),
            ("cs", "Čeština", Direction::Ltr, countries),
            ("de", "Deutsch", Direction::Ltr, countries),
            ("es", "Español", Direction::Ltr, countries),
            ("fa", "فارسی", Direction::Rtl, countries),
            ("fr", "Français", Direction::Ltr, countries),
            ("he", "עברית", Direction::Rtl, countries),
            ("hi", "हिन्दी", Direction::Ltr, countries),
            ("id", "Indonesia", Direction::Ltr, countries),
            ("it", "Italiano", Direction::Ltr, countries),
            ("ja", "日本語", Direction::Ltr, countries),
            ("ko", "한국어", Direction::Ltr, countries),
            ("nl", "Nederlands", Direction::Ltr, countries),
            ("pl", "Polski", Direction::Ltr, countries),
            ("pt-BR", "Português (Brasil)", Direction::Ltr, countries),
            ("ru", "Русский", Direction::Ltr, countries),
            ("sv", "Svenska", Direction::Ltr, countries),
            ("th", "ไทย", Direction::Ltr, countries),
            ("tr", "Türkçe", Direction::Ltr, countries),
            ("uk", "Українська", Direction::Ltr, countries),
            ("vi", "Tiếng Việt", Direction::Ltr, countries),
            ("zh-Hans", "简体中文", Direction::Ltr, countries),
            ("zh-Hant", "繁體中文", Direction::Ltr, countries),
        ]
    );
    let france = Country::parse("FR").unwrap();
    assert_eq!(languages.by_tag("AR").unwrap().country_name(france), Some("فرنسا"));
    assert_eq!(languages.by_tag("ar").unwrap().reviewed_by(), None);
}

fn words(dir: &str, words: &str) -> String {
    format!("name = \"x\"\ndir = \"{dir}\"\nreviewed_by = \"\"\n[words]\n{words}")
}

#[test]
fn an_incomplete_language_is_refused() {
    let model = words("ltr", "a = \"A {x}\"\nn.one = \"{count} try\"\nn.other = \"{count} tries\"");
    let two = |tag, other: &str| {
        Languages::parse(&[("en", &model, "names = []"), (tag, other, "names = []")])
    };
    let polish = "a = \"{x} A\"\nn.one = \"1\"\nn.few = \"{count}\"\nn.many = \"{count}\"\n";
    let whole = format!("{polish}n.other = \"{{count}}\"");
    assert!(two("pl", &words("ltr", &whole)).is_ok());
    let spare = format!("{whole}\nb = \"B\"");
    // A sentence for a single number is nobody's duty.
    assert!(two("pl", &words("ltr", &format!("{whole}\nn.8 = \"{{count}}\""))).is_ok());
    let nothing = "n.one = \"{y}\"\nn.few = \"\"\nn.many = \"\"\nn.other = 3\nb.c = \"\"";
    let cases = [
        ("pl", words("ltr", polish), "pl.toml:6: `n` lacks the plural forms other"),
        ("pl", words("ltr", &spare), "pl.toml:10: `b` is not a known key"),
        (
            "pl",
            words("ltr", &whole.replace("{x}", "{y}")),
            "pl.toml:5: `a` has the placeholder {y}; there are: x",
        ),
        ("pl", words("ltr", &whole.replace("{x}", "")), "pl.toml:5: `a` lacks the placeholder {x}"),
        (
            "pl",
            words("up", &whole),
            "pl.toml:2: `dir` is neither \"ltr\" nor \"rtl\"; pl.toml: lacks `dir`",
        ),
        (
            "pl",
            "n.one = ".to_owned(),
            "pl.toml:1: not TOML: string values must be quoted, expected literal string; pl.toml: lacks `name`; pl.toml: lacks `dir`; pl.toml: lacks `reviewed_by`; pl.toml: lacks the keys a, n",
        ),
        (
            "pl",
            words("ltr", nothing),
            "pl.toml:8: is not a string; pl.toml:9: `c` is not a plural form; known: zero, one, two, few, many, other; pl.toml: lacks the keys a, n",
        ),
        ("tlh", words("ltr", &whole), "tlh.toml: tlh is not a language with known plural rules"),
        ("PL", words("ltr", &whole), "PL.toml: PL must be written pl"),
    ];
    for (tag, text, expected) in cases {
        let told: Vec<String> =
            two(tag, &text).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(told.join("; ").replace("words/", ""), expected, "{text}");
    }
}

#[test]
fn safe_text_cannot_leave_its_place() {
    let cases = [
        ("<script>", "&lt;script&gt;"),
        ("a\"b'c&d", "a&quot;b&#39;c&amp;d"),
        ("a\u{202e}b\u{2066}c\0d", "abcd"),
        ("{{ x }}", "{{ x }}"),
    ];
    for (text, expected) in cases {
        assert_eq!(Safe::escape(text).as_str(), expected);
    }
    let links = ["/a?b=1", "?lang=ar", "https://a.example/", "http://localhost:8080/"];
    for link in links {
        assert_eq!(Safe::link(link).as_str(), link);
    }
    let nowhere = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "data:text/html,x",
        "a",
        "",
    ];
    for link in nowhere {
        assert_eq!(Safe::link(link).as_str(), "#", "{link}");
    }
}

#[test]
fn a_text_message_is_what_the_template_says() {
    let cases = [
        (DEFAULT, None, "042137 is your Acme code. Don't share it."),
        ("@@password@@ for {{ phone_number }}", None, "042137 for +12025550123"),
        ("{{ password }} @@code@@ {{code}}", None, "042137 042137 042137"),
        ("<b>{{ code }} & co</b>", None, "<b>042137 & co</b>"),
        ("{{ code }} {{ request_language }}", Some("fr-FR,fr;q=0.9"), "042137 fr-FR,fr;q=0.9"),
        ("{{ code }}{{ request_language }}", None, "042137"),
        ("{{ code }} {{ request_language }}", Some("{{ code }}<é>\r\n@x #1"), "042137  code x 1"),
        (
            "{% if request_language contains 'fr-FR' %}{{ code }} est{% else %}{{ code }} is{% endif %}",
            Some("fr-FR"),
            "042137 est",
        ),
    ];
    for (template, language, expected) in cases {
        assert_eq!(text(template, language).unwrap(), expected, "{template}");
    }
    let long = text("{{ code }}{{ request_language }}", Some(&"a".repeat(5000))).unwrap();
    assert_eq!(long.len(), 106);
}

#[test]
fn unknown_variables_are_empty_as_in_liquid() {
    let cases = [
        ("{{ code }}{{ nom }}!", "042137!"),
        ("{{ code }}{{ user.name }}{{ user['name'] }}{{ user[nom].x | upcase }}!", "042137!"),
        ("{{ code }} {{ tenant | default: 'Acme' }}", "042137 Acme"),
        (
            "{{ code }} {{ application.client_metadata.x | default: application.name }}",
            "042137 Acme",
        ),
        ("{{ code }} {{ nom | append: 'x' | prepend: code.y }}", "042137 x"),
        ("{{ code }}{% if nom %}a{% elsif nom == nil %}b{% endif %}", "042137b"),
        ("{{ code }}{% if nil != nom %}a{% else %}b{% endif %}", "042137b"),
        (
            "{{ code }}{% if locale contains 'fr' or phone_number contains nom %}a{% endif %}",
            "042137a",
        ),
        ("{{ code }}{% unless locale contains \"fr\" %}b{% endunless %}", "042137b"),
        ("{{ code }}{% case nom %}{% when 'x' %}a{% else %}b{% endcase %}", "042137b"),
        ("{% assign a = nom %}{{ code }}{{ a }}{{ b }}{% if b == nil %}c{% endif %}", "042137c"),
        (
            "{{ code }}{% if request_language contains 'x' %}{% assign hi = 'Hi' %}{% endif %}{{ hi }}",
            "042137",
        ),
        ("{% capture whole %}{{ code }} - {{ nom }}{% endcapture %}{{ whole }}.", "042137 - ."),
        ("{% assign code = code | append: '.' %}{{ code }}", "042137."),
        ("{% comment %}{{ nom | shout }}{% for %}{% endcomment %}{{ code }}", "042137"),
        ("{% raw %}{{ nom | shout }}{% endraw %} {{ code }}", "{{ nom | shout }} 042137"),
        ("{{ 'nom | shout }}' }} {{ code }}", "nom | shout }} 042137"),
        ("{% increment n %}{% decrement m %}{% cycle 'a', 'b' %} {{ code }}", "0-1a 042137"),
        ("{{- code -}} {%- if nom -%} a {%- endif -%} .", "042137."),
        ("@@password@@ @@nom@@ @@ a@b.c @@code@@", "042137  @@ a@b.c 042137"),
        ("{{ code }} {{ request_language.size }}", "042137 0"),
    ];
    for (template, expected) in cases {
        assert_eq!(text(template, None).unwrap(), expected, "{template}");
    }
}

#[test]
fn every_filter_that_auth0_documents_is_there() {
    let math = "plus: 1,minus: 1,modulo: 7,times: 2,floor,ceil,round,divided_by: 2,abs,at_least: 1,at_most: 9";
    let string = "append: 'x',prepend: 'x',capitalize,upcase,downcase,strip,lstrip,rstrip,strip_newlines,replace: 'a'; 'b',replace_first: 'a'; 'b',remove: 'a',remove_first: 'a',truncate: 5,truncatewords: 2,escape,escape_once,url_encode,url_decode,strip_html,newline_to_br,slice: 0; 2,size,default: 'x',date: '%Y'";
    let array = "first,last,join: '-',reverse,sort,sort_natural,size";
    for (input, filters) in [("8", math), ("phone_number", string), ("'a b' | split: ' '", array)] {
        for filter in filters.split(',') {
            let template =
                format!("{{{{ code }}}} {{{{ {input} | {} }}}}", filter.replace(';', ","));
            text(&template, None).unwrap_or_else(|why| panic!("{template}: {why}"));
        }
    }
}

#[test]
fn a_template_that_would_fail_is_refused_at_start() {
    for template in ["{{ code", "{{ code | divided_by: 0 }}", "{{ code }}{% if %}{% endif %}"] {
        let refused = text(template, None).unwrap_err();
        assert!(matches!(refused, TemplateError::Unreadable { .. }), "{template}: {refused}");
    }
    let endless = "{%- for i in (1..3000000) %}{{ code }}{% endfor %}";
    for template in [endless, "{% include 'x' %}{{ code }}", "{{ code | shout }}"] {
        let refused = text(template, None).unwrap_err();
        assert!(
            matches!(refused, TemplateError::NotInTexts { line: 1, .. }),
            "{template}: {refused}"
        );
    }
    let long = format!("{{{{ code }}}}{}", "x".repeat(1300));
    assert!(matches!(text(&long, None), Err(TemplateError::TooLong(_))));
    for template in
        ["", "Your code is on its way", "{{ cod }}", "{{ code }}{{ code }}", "7{{ code }}"]
    {
        assert!(matches!(text(template, None), Err(TemplateError::NoCode)), "{template}");
    }
}

#[test]
fn a_text_without_its_code_is_not_rendered() {
    let silent =
        "{% if request_language == 'de' %}Hallo {{ phone_number }}{% else %}{{ code }}{% endif %}";
    assert_eq!(text(silent, Some("fr")).unwrap(), "042137");
    assert!(matches!(text(silent, Some("de")), Err(TemplateError::NoCode)));
}

#[test]
fn a_text_never_shows_its_code_by_accident() {
    let template = SmsTemplate::parse(DEFAULT, "Acme").unwrap();
    let text = template.render(&code(), &phone(), None, None).unwrap();
    assert_eq!(format!("{text:?} {template:?}"), "MessageText(•••) SmsTemplate");
}

#[test]
fn the_last_line_binds_the_code_to_a_host() {
    let template = SmsTemplate::parse(&format!("{DEFAULT}\n \n"), "Acme").unwrap();
    let text = template.render(&code(), &phone(), None, None).unwrap();
    let bound = bind_to_host(&text, &host("login.example.com"), &code());
    assert_eq!(
        bound.reveal(),
        "042137 is your Acme code. Don't share it.\n@login.example.com #042137"
    );
    let one = Segments { encoding: Encoding::Gsm7, units: 68, count: 1 };
    assert_eq!(Segments::of(bound.reveal()), one);
}

#[test]
fn segments_are_counted_as_networks_do() {
    let cases = [
        ("a".repeat(160), Encoding::Gsm7, 160, 1),
        ("a".repeat(161), Encoding::Gsm7, 161, 2),
        ("€".repeat(80), Encoding::Gsm7, 160, 1),
        ("é".repeat(160), Encoding::Gsm7, 160, 1),
        ("ê".repeat(70), Encoding::Ucs2, 70, 1),
        ("ê".repeat(71), Encoding::Ucs2, 71, 2),
        ("😀".repeat(36), Encoding::Ucs2, 72, 2),
        ("Don’t".to_owned(), Encoding::Ucs2, 5, 1),
        (String::new(), Encoding::Gsm7, 0, 1),
    ];
    for (text, encoding, units, count) in cases {
        assert_eq!(Segments::of(&text), Segments { encoding, units, count }, "{text}");
    }
}
