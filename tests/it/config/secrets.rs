use doorcode::config::Config;

use super::{SECRET, TOKEN, changed, environment, problems, read};

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", read(super::GOOD).unwrap());
    assert!(!shown.contains(SECRET) && !shown.contains(TOKEN), "{shown}");
    assert!(shown.contains("Secret(•••)"));
}

/// Whatever is written where a secret belongs may be the secret.
#[test]
fn no_message_repeats_what_may_be_a_secret() {
    const OWN: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let wrong: &[&[(&str, &str)]] = &[
        &[("env:SECRET", OWN)],
        &[("\"env:SECRET\"", &format!("[\"{OWN}\", \"env:{OWN}\", \"{OWN}\"]"))],
        &[("env:TOKEN", OWN)],
        &[("env:TOKEN", &format!("env:{OWN}"))],
        &[("AC0123456789abcdef0123456789abcdef", OWN)],
        &[("https://shop.example.com/.doorcode", &format!("https://me:{OWN}@shop.example.com"))],
        &[(
            "url = \"https://shop.example.com\"",
            &format!("url = \"https://me:{OWN}@shop.example.com\""),
        )],
        &[(
            "[login]",
            &format!(
                "[store]\ndatabase = \"postgres://me:{OWN}@db/x\"\ncache = \"redis://:{OWN}@db\"\n[login]"
            ),
        )],
        &[("[login]", &format!("[store]\ndatabase = \"mysql:me:{OWN}@db/x\"\n[login]"))],
        &[("auth_token", &format!("base_url = \"https://me:{OWN}@x/\"\nauth_token"))],
    ];
    for changes in wrong {
        let said = problems(&changed(changes));
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    std::fs::write(folder.path().join("secret"), "short\n").unwrap();
    let path = folder.path().join("my.toml");

    std::fs::write(&path, changed(&[("env:TOKEN", "file:token")])).unwrap();
    let config = Config::load(&path, &environment).unwrap();
    let doorcode::delivery::sms::ProviderSettings::Twilio(twilio) = &config.providers[0] else {
        panic!("twilio")
    };
    let doorcode::delivery::sms::twilio::TwilioCredentials::AuthToken(token) = &twilio.credentials
    else {
        panic!("a token")
    };
    assert_eq!(token.reveal(), TOKEN);

    std::fs::write(&path, changed(&[("env:TOKEN", "file:gone"), ("env:SECRET", "file:secret")]))
        .unwrap();
    let said = Config::load(&path, &environment).unwrap_err().to_string();
    let place = folder.path().display();
    let (file, gone) = (path.display(), format!("{place}/gone"));
    assert_eq!(
        said,
        format!(
            "{file}:4:10: server.secret: `file:secret` has fewer than 32 characters; make one with \
             `openssl rand -base64 32`\n\
             {file}:13:14: sms.twilio.auth_token: cannot read {gone}: No such file or directory (os error 2)"
        )
    );
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let said = Config::load(std::path::Path::new("/nowhere/my.toml"), &environment).unwrap_err();
    assert_eq!(
        said.to_string(),
        "/nowhere/my.toml: cannot be read: No such file or directory (os error 2)"
    );
}
