//! The key table: one key for all nodes, and never readable without the server's secret.
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorcode::app::{self, AppDeps};
use doorcode::config::Config;
use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{Algorithm, KeyUsage, KeysError, SigningKeys};
use doorcode::proxy::{AccessLog, AdminRequests};
use doorcode::store::{self, Database, SqlStore};
use doorcode::system::System;

use super::verifier::Verifier;
use crate::support::contacts::contact_keys;
use crate::support::program::Program;
use crate::support::settings::{ADA, Settings, environment};

const ES256: (KeyUsage, Algorithm) = (KeyUsage::Assertion, Algorithm::Es256);
const RS256: (KeyUsage, Algorithm) = (KeyUsage::Assertion, Algorithm::Rs256);

fn keyring(secrets: &[&str]) -> Keyring {
    let mut secrets = secrets.iter().map(|text| ServerSecret::new(&text.repeat(32)).unwrap());
    Keyring::new(secrets.next().unwrap(), secrets.collect())
}

async fn database(folder: &Path) -> SqlStore {
    SqlStore::open(&Database::Sqlite(folder.join("db")), contact_keys()).await.unwrap()
}

async fn open(store: &SqlStore, secrets: &[&str]) -> Result<String, KeysError> {
    let keys = SigningKeys::open(store, &keyring(secrets), &[ES256], &System::real()).await?;
    Ok(String::from_utf8(keys.published(ES256).to_vec()).unwrap())
}

async fn stored(store: &SqlStore) -> Vec<store::StoredKey> {
    store::SigningKeyStore::list_unretired(store).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_come_to_have_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [database(folder.path()).await, database(folder.path()).await];
    let starts = (0..16).map(|n| open(&nodes[n % 2], &["a"]));
    let found = futures_util::future::join_all(starts).await;
    let found: Vec<String> = found.into_iter().map(Result::unwrap).collect();
    assert!(found.iter().all(|keys| *keys == found[0]), "{found:?}");
    assert_eq!(found[0].matches("\"kid\"").count(), 1, "{}", found[0]);
    assert_eq!(stored(&nodes[0]).await.len(), 1);
}

#[tokio::test]
async fn only_the_secret_opens_a_key_and_a_wrong_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    let first = open(&store, &["a"]).await.unwrap();
    let error = open(&store, &["b"]).await.expect_err("another secret").to_string();
    assert!(error.starts_with("server.secret does not open the signing key "), "{error}");
    assert!(error.contains("as the second of two"), "{error}");
    assert_eq!(open(&store, &["a"]).await.unwrap(), first, "nothing was lost by trying");
}

#[tokio::test]
async fn while_a_secret_is_changed_both_open_the_key_and_then_the_new_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    let first = open(&store, &["old"]).await.unwrap();
    // Every node learns the new one first, then makes with it.
    assert_eq!(open(&store, &["old", "new"]).await.unwrap(), first);
    assert_eq!(open(&store, &["old"]).await.unwrap(), first);
    assert_eq!(open(&store, &["new", "old"]).await.unwrap(), first);
    assert_eq!(open(&store, &["new"]).await.unwrap(), first);
    assert_eq!(open(&store, &["old", "new"]).await.unwrap(), first, "and back");
    assert_eq!(open(&store, &["old"]).await.unwrap(), first);
}

#[tokio::test]
async fn a_key_that_was_exchanged_in_the_database_signs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    let system = System::real();
    let wanted = [ES256, RS256];
    SigningKeys::open(&store, &keyring(&["a"]), &wanted, &system).await.unwrap();
    let (mut keys, secrets) = (stored(&store).await, keyring(&["a"]));
    keys.rotate_left(1);
    for (key, other) in stored(&store).await.iter().zip(keys) {
        let swapped = store::StoredKey { sealed: other.sealed, ..key.clone() };
        store::SigningKeyStore::reseal(&store, &swapped, key.sealed_by).await.unwrap();
    }
    let error = SigningKeys::open(&store, &secrets, &wanted, &system).await.expect_err("swapped");
    assert!(matches!(error, KeysError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn no_file_of_the_database_holds_a_key_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(folder.path()).await;
    open(&store, &["a"]).await.unwrap();
    let key = stored(&store).await.pop().expect("a key");
    let subkey = keyring(&["a"]).subkeys("signing keys").remove(0);
    let plain = subkey.open(&key.sealed).expect("opens");
    let from = plain.iter().position(|b| *b == b'\n').expect("a label") + 1;
    // Within PKCS #8 an ES256 private key is 32 bytes behind a `04 20` (RFC 5915).
    let pkcs8 = &plain[from..];
    let at = pkcs8.windows(2).position(|two| two == [4, 32]).expect("a private key") + 2;
    let private = &pkcs8[at..at + 32];
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap();
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    let hex: String = private.iter().flat_map(digits).collect();
    let encoded = STANDARD.encode(pkcs8);
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += usize::from(
            bytes.windows(8).any(|found| *found == STANDARD.encode(&key.sealed).as_bytes()[..8]),
        );
        for readable in [private, hex.as_bytes(), &encoded.as_bytes()[..40]] {
            assert!(!bytes.windows(readable.len()).any(|found| found == readable));
        }
    }
    assert!(files > 0, "the sealed key was looked for where it is");
}

#[test]
fn a_server_with_another_secret_says_so_and_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let origin = "http://localhost:5";
    let settings = Settings { port: 5, admin: 6, origin, app: 7, twilio: "" };
    let base = [("base_url = \"\"", "base_url = \"http://127.0.0.1:8\"")];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = |changes: &[(&str, &str)]| {
        let text = settings.text(changes);
        Config::read(&text, "my.toml", folder.path(), &environment).unwrap()
    };
    let start = |changes: &[(&str, &str)]| {
        let config = config(changes);
        let (access_log, exit) = (AccessLog::off(), Box::new(|| {}));
        let reloads = AdminRequests::new();
        let around =
            AppDeps { system: System::real(), access_log, exit, reloads, predecessor: None };
        runtime.block_on(app::build(config, around)).map(drop)
    };
    start(&base).expect("starts");
    let other = [base[0], ("env:SECRET", "env:OTHER")];
    let error = start(&other).expect_err("another secret").to_string();
    assert!(error.contains("under another secret than those of server.secret"), "{error}");
    let both = [base[0], ("\"env:SECRET\"", "[\"env:OTHER\", \"env:SECRET\"]")];
    start(&both).expect("starts");
    start(&other).expect_err("the numbers are not encrypted anew yet");
    app::rotate_secret(&config(&both), &System::real(), &mut Vec::new()).expect("done");
    start(&other).expect("starts: it was kept anew under the first of the two");
}

#[test]
fn a_key_lives_on_through_a_restart_and_what_it_signed_stays_good() {
    let mut program = Program::start("info");
    let keys = |program: &Program| {
        program.browser().get("/.doorcode/.well-known/jwks.json").is(200).text()
    };
    let mut ada = program.browser();
    ada.sign_in("/", ADA, &program.texts).is(200);
    let before = program.app.last().header("x-doorcode-assertion").expect("one").to_owned();
    let first = keys(&program);
    program.kill();
    program.start_again("info");
    assert_eq!(keys(&program), first);
    ada.get("/orders").is(200);
    let after = program.app.last().header("x-doorcode-assertion").expect("one").to_owned();
    let origin = ada.origin();
    let app = Verifier::new(&first, &format!("{origin}/.doorcode/"), &origin);
    let now = System::real().now().as_millis() / 1000;
    for assertion in [before, after] {
        app.read(&assertion, now).expect("good");
    }
}
