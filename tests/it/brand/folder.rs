use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use doorcode::config::{Config, ConfigProblems};
use doorcode::pages::views::{Chrome, SignOutPage, Views};
use tempfile::TempDir;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const SVG: &str = "<?xml version=\"1.0\"?><!-- a --><svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// A folder with these files, their folders made.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// The configuration of the demo with these lines of `[brand]`.
fn read(base: &Path, brand: &str) -> Result<Config, ConfigProblems> {
    let text = format!(
        "[server]\npublic_url = \"http://localhost:8080/.doorcode\"\n[login]\ncountries = [\"GB\"]\n\
         [sms]\nproviders = [\"console\"]\n[[site]]\nname = \"A\"\nurl = \"http://localhost:8080\"\n\
         upstreams = [\"demo\"]\n[brand]\n{brand}\n"
    );
    Config::read(&text, "my.toml", base, &|_| None)
}

fn told(base: &Path, brand: &str) -> String {
    read(base, brand).expect_err("this is wrong").to_string()
}

fn pages(files: &[(&str, &[u8])]) -> Views {
    let folder = folder(files);
    let config = read(folder.path(), "folder = \".\"");
    Views::new(&config.unwrap_or_else(|problems| panic!("{problems}")).brand).unwrap()
}

fn shown(pages: &Views, tag: &str) -> String {
    let language = pages.languages().by_tag(tag).unwrap();
    pages.render(&Chrome { language, base: "/d", here: "" }, &SignOutPage { to: None })
}

#[test]
fn a_folder_replaces_file_by_file_and_word_by_word() {
    let pages = pages(&[
        ("pages/above_card.liquid", b"<p>{{ brand }} in {{ lang }}</p>"),
        ("pages/head.liquid", b"<link rel=\"stylesheet\" href=\"{{ assets[\"own.css\"] }}\">"),
        ("words/en.toml", "[words]\nsign_out_title = \"Leave <us>\"".as_bytes()),
        ("words/ar.toml", b"reviewed_by = \"Amira\""),
        ("assets/own.css", b"body { margin: 0 }"),
        ("assets/auth.js", b"// mine"),
        (".git/config", b"hidden"),
    ]);
    let html = shown(&pages, "en");
    for part in [
        "<p>Doorcode in en</p>",
        "<h1>Leave &lt;us&gt;</h1>",
        ">Sign out</button>",
        "href=\"/d/assets/own.css?v=",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(&pages.assets().get("auth.js").unwrap().file.plain()[..], b"// mine");
    assert_eq!(pages.languages().by_tag("ar").unwrap().reviewed_by(), Some("Amira"));
    assert!(shown(&pages, "ar").contains("<h1>تسجيل الخروج</h1>"));
}

/// The whole of a built-in language as another one.
fn language(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/words/en.toml");
    let english = fs::read_to_string(path).unwrap();
    english.replace("name = \"English\"", &format!("name = \"{name}\""))
}

#[test]
fn a_folder_adds_a_language() {
    let danish = language("Dansk").replace("= \"Sign out\"", "= \"Log ud\"");
    let pages = pages(&[("words/da.toml", danish.as_bytes())]);
    assert!(shown(&pages, "da").contains("<h1>Log ud</h1>"));
    assert_eq!(pages.languages().negotiate(None, Some("da-GL,en;q=0.5")).tag(), "da");
    let danish = pages.languages().by_tag("da").unwrap();
    assert!(!danish.countries().is_empty(), "names of countries may be left out");
}

/// A file of a folder, and what is said of it.
const MISTAKES: &[(&str, &[u8], &str)] = &[
    (
        "pages/login.liquid",
        b"",
        "pages/login.liquid: is not a template; there are: layout.liquid, ",
    ),
    ("pages/number.html", b"", "pages/number.html: is not a template"),
    ("pages/code.liquid", b"a\n{{ code", "pages/code.liquid:2: "),
    ("pages/code.liquid", b"{% if problem %}", "pages/code.liquid:1: "),
    ("pages/footer.liquid", b"a\nb\n{% nonsense %}", "pages/footer.liquid:3: "),
    ("pages/code.liquid", b"{{ phone }} {{ phoen }}", "Unknown variable; requested variable=phoen"),
    ("pages/problem.liquid", b"{{ fild }}", "pages/problem.liquid:1: Unknown variable"),
    (
        "pages/number.liquid",
        b"{{ \"numbr_title\" | t }}",
        "pages/number.liquid:1: no phrase for numbr_title",
    ),
    (
        "pages/number.liquid",
        b"{% if problem == \"phone_landline\" %}{{ x }}{% endif %}",
        "requested variable=x",
    ),
    ("pages/message.liquid", b"{% if lang == \"fr\" %}{{ x }}{% endif %}", "requested variable=x"),
    ("pages/done.liquid", b"{% include \"secrets\" %}", "pages/done.liquid: "),
    (
        "pages/footer.liquid",
        b"{%- include \"footer\" %}",
        "pages/footer.liquid:1: is a part, and parts cannot include others",
    ),
    (
        "pages/done.liquid",
        b"{% for i in (1..9999999999) %}x{% endfor %}",
        "pages/done.liquid:1: loops over a range",
    ),
    ("pages/done.liquid", b"\xff", "pages/done.liquid:1: is not UTF-8 text"),
    ("pages/done.liquid", b"a\nb\xff", "pages/done.liquid:2: is not UTF-8 text"),
    (
        "pages/code.liquid",
        b"{{ phone }}\n<p>phoenix</p>\n{{ phoen }}",
        "pages/code.liquid:3: Unknown variable; requested variable=phoen",
    ),
    (
        "pages/footer.liquid",
        b"a\n{% if lang %}\n{% include \"head\" %}{% endif %}",
        "pages/footer.liquid:3: is a part, and parts cannot include others",
    ),
    (
        "words/en.toml",
        b"[words]\nsign_out_titel = \"x\"",
        "words/en.toml:2: `sign_out_titel` is not a known key; did you mean `sign_out_title`?",
    ),
    (
        "words/ar.toml",
        b"[words]\ncode_works.one = \"x\"",
        "words/ar.toml:2: `code_works` lacks the plural forms zero, two, few, many, other",
    ),
    (
        "words/en.toml",
        b"[words]\ncode_works = \"x\"",
        "words/en.toml:2: `code_works` needs the plural forms one, other",
    ),
    (
        "words/en.toml",
        b"[words]\n\nsign_out_text = \"{brnd}?\"",
        "words/en.toml:3: `sign_out_text` has the placeholder {brnd}; there are: brand",
    ),
    ("words/en.toml", b"[words]\nx = ", "words/en.toml:2: not TOML: "),
    ("words/en.toml", b"[wrods]", "words/en.toml:1: `wrods` is not one of name, dir, reviewed_by"),
    (
        "words/da.toml",
        b"name = \"Dansk\"\n[words]\ndone_title = \"a\"",
        "words/da.toml: lacks the keys account_app, account_back, ",
    ),
    ("words/xx.toml", b"", "words/xx.toml: xx is not a language with known plural rules"),
    ("words/DA.toml", b"", "words/DA.toml: DA must be written da"),
    (
        "words/countries.da.toml",
        b"names = []",
        "words/countries.da.toml: lacks the countries AC, AD, ",
    ),
    ("words/en.json", b"{}", "words/en.json: is neither TAG.toml nor countries.TAG.toml"),
    (
        "assets/logo.svg",
        b"<svg/>",
        "assets/logo.svg: has a name that is reserved for the pictures of [brand]",
    ),
    (
        "assets/a.exe",
        b"MZ",
        "assets/a.exe: is of an unsupported type; supported: css, js, svg, png, jpg, webp",
    ),
    ("assets/a.png", b"GIF89a", "assets/a.png: is not a valid .png file"),
    ("assets/a b.css", b"", "assets/a b.css: has a name with characters other than"),
    ("assets/a.css", &[b' '; 256 * 1024 + 1], "assets/a.css: is larger than 256 KiB"),
    ("assets/deep/a.css", b"", "assets/deep: is not a file"),
    ("templates/number.liquid", b"", "templates: is not one of pages, words, assets"),
];

#[test]
fn every_wrong_thing_in_a_folder_is_told_with_its_file() {
    for (name, bytes, said) in MISTAKES {
        let folder = folder(&[(name, bytes)]);
        let told = told(folder.path(), "folder = \".\"");
        assert!(told.starts_with("my.toml:12:10: brand.folder: "), "{told}");
        assert!(told.contains(said), "{name}: {said}\nis not in\n{told}");
        assert!(told.lines().count() < 4, "{name} once, not in every language:\n{told}");
    }
}

#[test]
fn all_of_them_are_told_at_once() {
    let folder = folder(&[
        ("pages/code.liquid", b"{{ code"),
        ("pages/login.liquid", b""),
        ("assets/a.png", b"GIF89a"),
        ("assets/b.exe", b"MZ"),
    ]);
    let told = told(folder.path(), "folder = \".\"\ncolor = \"red\"\ntheme = \"dim\"");
    for part in
        ["`red` is not a colour such as #2a4fd6", "`dim` is not a theme; known: auto, light, dark"]
    {
        assert!(told.contains(part), "{told}");
    }
    let told_alone = super::folder::told(folder.path(), "folder = \".\"");
    for part in [
        "code.liquid:1",
        "login.liquid: is not a template",
        "a.png: is not a valid .png file",
        "b.exe: is of an unsupported type",
    ] {
        assert!(told_alone.contains(part), "{told_alone}");
    }
}

#[test]
fn links_stay_inside_the_folder() {
    let outside = folder(&[("secret.txt", b"s3cret"), ("pages/done.liquid", b"s3cret")]);
    let inside = folder(&[("assets/a.css", b"a{}"), ("..data/done.liquid", b"mine {{ onward }}")]);
    let at = |name: &str| inside.path().join(name);
    symlink(outside.path().join("secret.txt"), at("assets/b.css")).unwrap();
    let told = told(inside.path(), "folder = \".\"");
    assert!(told.ends_with("assets/b.css: is a link to a file outside the folder"), "{told}");
    fs::remove_file(at("assets/b.css")).unwrap();
    symlink(outside.path().join("pages"), at("pages")).unwrap();
    let told = super::folder::told(inside.path(), "folder = \".\"");
    assert!(told.ends_with("pages: is a link to a file outside the folder"), "{told}");
    fs::remove_file(at("pages")).unwrap();
    fs::create_dir(at("pages")).unwrap();
    // As Kubernetes mounts the files of a ConfigMap.
    symlink("../..data/done.liquid", at("pages/done.liquid")).unwrap();
    assert!(read(inside.path(), "folder = \".\"").is_ok());
}

#[test]
fn the_keys_of_the_brand_are_checked() {
    let folder = folder(&[("a.png", PNG), ("a.svg", SVG.as_bytes()), ("a.gif", b"GIF89a")]);
    let good = "logo = \"a.svg\"\nlogo_dark = \"a.png\"\nfavicon = \"a.png\"\ncolor = \"#ABC\"\n\
                color_dark = \"#a1b2c3\"\ntheme = \"dark\"\n[brand.links]\n\
                privacy = \"https://example.com/p?a=b\"\nsupport = \"mailto:help@example.com\"";
    let brand = read(folder.path(), good).unwrap().brand;
    assert_eq!(brand.color.unwrap().to_string(), "#aabbcc");
    let cases = [
        ("logo = \"a.gif\"", "brand.logo: "),
        ("logo = \"b.png\"", "b.png: cannot be read: No such file"),
        ("logo = \".\"", "is not a file"),
        ("logo_dark = \"a.png\"", "brand.logo_dark: needs brand.logo too"),
        ("folder = \"nothing\"", "nothing cannot be read: No such file"),
        (
            "links.terms = \"http://example.com\"",
            "12:15: brand.links.terms: `http://example.com` is not a URL",
        ),
        (
            "links.terms = \"javascript:alert(1)\"",
            "is not a URL such as https://example.com/help or mailto:help@example.com",
        ),
        (
            "links.support = \"mailto:me\"",
            "is not a URL such as https://example.com/help or mailto:help@example.com",
        ),
        (
            "links.privacy = \"https://a:b@example.com\"",
            "is not a URL such as https://example.com/help or mailto:help@example.com",
        ),
        ("links.home = \"https://example.com\"", "brand.links.home: is not a key"),
        ("logos = \"a.png\"", "brand.logos: is not a key; did you mean `logo`?"),
    ];
    for (line, said) in cases {
        let told = told(folder.path(), line);
        assert!(told.contains(said), "{line}: {told}");
    }
}

#[test]
fn no_template_is_left_untried() {
    let wrong = folder(&[("pages/x.liquid", b"")]);
    let told = told(wrong.path(), "folder = \".\"");
    let (_, names) = told.split_once("there are: ").unwrap();
    assert!(names.split(", ").count() > 10, "{names}");
    for name in names.split(", ") {
        let path = format!("pages/{name}");
        let folder = folder(&[(&path, b"{{ nonsense }}")]);
        let told = super::folder::told(folder.path(), "folder = \".\"");
        assert!(told.contains(&format!("{path}:1: Unknown variable")), "{name}: {told}");
    }
}
