use doorcode::domain::{
    CodeLength, Keyring, OneTimeCode, PhoneNumber, SealError, Secret, ServerSecret, Subkey,
};
use doorcode::session::SessionToken;
use doorcode::words::SmsTemplate;
use proptest::prelude::*;

const OLD: &str = "an old secret, not used any more";
const NEW: &str = "a new secret, made by a generator";

fn keyring(newest: &str, older: &[&str]) -> Keyring {
    let secret = |text: &str| ServerSecret::new(text).unwrap();
    Keyring::new(secret(newest), older.iter().map(|text| secret(text)).collect())
}

fn key(secret: &str, label: &str) -> Subkey {
    keyring(secret, &[]).subkeys(label).remove(0)
}

#[test]
fn what_is_sealed_opens_and_every_changed_copy_fails() {
    let key = key(NEW, "pages");
    for plain in [&b""[..], b"x", b"phone=+447400123456&to=/"] {
        let sealed = key.seal([7; 12], plain);
        assert_eq!(sealed.len(), 12 + plain.len() + 16);
        assert_eq!(key.open(&sealed).as_deref(), Ok(plain));
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(key.open(&changed), Err(SealError), "byte {at}, bit {bit}");
            }
            assert_eq!(key.open(&sealed[..at]), Err(SealError), "cut after {at}");
            assert_eq!(key.open(&sealed[at + 1..]), Err(SealError), "begun at {}", at + 1);
        }
        let longer = [&sealed[..], &[0]].concat();
        assert_eq!(key.open(&longer), Err(SealError));
    }
    let sealed = key.seal([7; 12], b"secret text");
    assert!(!sealed.windows(6).any(|part| part == b"secret"), "the text can be read");
}

#[test]
fn a_seal_holds_for_one_secret_and_one_use() {
    let sealed = key(NEW, "pages").seal([7; 12], b"x");
    assert_eq!(key(OLD, "pages").open(&sealed), Err(SealError));
    assert_eq!(key(NEW, "tickets").open(&sealed), Err(SealError));
    let macs = [(NEW, "pages"), (OLD, "pages"), (NEW, "tickets"), (NEW, "page")]
        .map(|(secret, label)| key(secret, label).mac(&[b"x"]));
    for (at, mac) in macs.iter().enumerate() {
        assert!(!macs[at + 1..].contains(mac), "two keys are one");
    }
}

#[test]
fn what_the_older_secret_made_opens_after_a_rotation() {
    let sealed = key(OLD, "pages").seal([7; 12], b"x");
    let rotated = keyring(NEW, &[OLD]).subkeys("pages");
    let opened: Vec<_> = rotated.iter().map(|key| key.open(&sealed).ok()).collect();
    assert_eq!(opened, [None, Some(b"x".to_vec())], "the newest comes first");
    let maker = rotated.iter().find(|key| key.id() == self::key(OLD, "codes").id()).unwrap();
    assert_eq!(maker.mac(&[b"x"]), key(OLD, "pages").mac(&[b"x"]));
    assert_ne!(rotated[0].id(), rotated[1].id());
}

#[test]
fn a_secret_of_fewer_than_32_characters_is_refused() {
    assert!(ServerSecret::new(&"x".repeat(31)).is_err());
    assert!(ServerSecret::new(&format!("  {}\n", "x".repeat(31))).is_err());
    assert!(ServerSecret::new(&"x".repeat(32)).is_ok());
    // The line end of a file is not part of the secret.
    let from_file = format!("{NEW}\n");
    assert_eq!(key(NEW, "a").mac(&[]), key(&from_file, "a").mac(&[]));
}

#[test]
fn secrets_are_not_printed() {
    let secret = ServerSecret::new(NEW).unwrap();
    let key = key(NEW, "pages");
    let text = Secret::new("password");
    let token = SessionToken::parse(&"A".repeat(54)).unwrap();
    let code = OneTimeCode::parse("042137", CodeLength::new(6).unwrap()).unwrap();
    let phone = PhoneNumber::from_e164("+447400123456").unwrap();
    let template = SmsTemplate::parse("{{ code }} for {{ phone_number }}", "Acme").unwrap();
    let message = template.render(&code, &phone, None, None).unwrap();
    assert_eq!(message.reveal(), "042137 for +447400123456");
    let rows = [
        (format!("{token:?}"), "SessionToken(•••)".to_owned()),
        (format!("{message:?}"), "MessageText(•••)".to_owned()),
        (format!("{secret:?}"), "ServerSecret(•••)".to_owned()),
        (format!("{text:?}"), "Secret(•••)".to_owned()),
        (format!("{key:?}"), format!("Subkey({:08x})", key.id().0)),
    ];
    for (shown, expected) in rows {
        assert_eq!(shown, expected);
    }
    let all = format!("{:#?}", keyring(NEW, &[OLD]));
    assert!(!all.contains("new secret") && !all.contains("old secret"), "{all}");
    assert_eq!(text.reveal(), "password");
}

proptest! {
    #[test]
    fn bytes_that_move_from_one_part_to_the_next_change_the_mac(
        bytes in prop::collection::vec(any::<u8>(), 0..40), a in 0..40_usize, b in 0..40_usize
    ) {
        let key = key(NEW, "pages");
        let (a, b) = (a.min(bytes.len()), b.min(bytes.len()));
        let split = |at: usize| key.mac(&[&bytes[..at], &bytes[at..]]);
        prop_assert_eq!(split(a) == split(b), a == b);
        prop_assert_ne!(split(a), key.mac(&[&bytes]), "two parts are not one");
        prop_assert_ne!(key.mac(&[&bytes]), key.mac(&[&bytes, b""]), "an empty part counts");
    }

    #[test]
    fn nothing_that_was_not_sealed_opens(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(key(NEW, "pages").open(&bytes), Err(SealError));
    }
}
