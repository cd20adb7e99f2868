//! What is kept with a session between requests, without a socket.
use std::sync::Arc;
use std::time::Duration;

use doorcode::access::IdentityHeaders;
use doorcode::domain::{Keyring, ServerSecret};
use doorcode::gate::{Caller, Hsts, IdentityMapping, Site, SiteUrl, Upstream, UpstreamOptions};
use doorcode::oauth::{Algorithm, Issuer, KeyUsage, SigningKeys};
use doorcode::store::{Database, SqlStore};
use doorcode::system::{System, Timestamp};
use http::HeaderMap;

use crate::gate::caller::signed_in;

use crate::support::contacts::contact_keys;

const NAME: &str = "x-doorcode-assertion";

fn keys() -> SigningKeys {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(make_keys())
}

async fn make_keys() -> SigningKeys {
    let folder = tempfile::tempdir().unwrap();
    let store =
        SqlStore::open(&Database::Sqlite(folder.path().join("db")), contact_keys()).await.unwrap();
    let keyring = Keyring::new(ServerSecret::new(&"k".repeat(32)).unwrap(), Vec::new());
    let wanted = [(KeyUsage::Assertion, Algorithm::Es256)];
    SigningKeys::open(&store, &keyring, &wanted, &System::real()).await.unwrap()
}

fn identity_headers(url: &str) -> Arc<IdentityHeaders> {
    let issuer = Issuer::parse("https://auth.example.com", "/.doorcode").unwrap();
    let site = Site {
        name: url.to_owned(),
        url: SiteUrl::parse(url).unwrap(),
        upstreams: vec![Upstream::Demo],
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions::default(),
        allowed_origins: Vec::new(),
        framed_by: doorcode::gate::FramedBy::default(),
        hsts: Hsts::Off,
        client_roots: None,
        personal_access_tokens: false,
        ignore_case: false,
        mode: doorcode::gate::RuleMode::Enforce,
        rules: Vec::new(),
    };
    Arc::new(IdentityHeaders::new(&issuer, &site))
}

fn told(
    to: &Arc<IdentityHeaders>,
    caller: &Caller,
    keys: &SigningKeys,
    now: Timestamp,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    to.write(caller, keys, now, &mut headers).expect("told");
    headers
}

#[test]
fn a_role_that_was_taken_away_is_told_no_more_from_the_next_request_on() {
    let (keys, shop, now) = (keys(), identity_headers("https://a.example"), System::real().now());
    let Caller::Session(who, roles) = signed_in("+12025550123", &["admin"]) else { panic!() };
    let Caller::Session(_, fewer) = signed_in("+12025550123", &[]) else { panic!() };
    let equal = Arc::new(roles.as_ref().clone());
    let first = told(&shop, &Caller::Session(who.clone(), roles), &keys, now);
    assert_eq!(first["x-forwarded-groups"], "admin");
    let again = told(&shop, &Caller::Session(who.clone(), equal), &keys, now);
    assert_eq!(again, first, "made once");
    let later = told(&shop, &Caller::Session(who, fewer), &keys, now);
    assert_eq!(later.get("x-forwarded-groups"), None);
    assert_ne!(later[NAME], first[NAME]);
}

#[test]
fn each_site_has_its_own_and_none_outlives_a_clock_that_was_set_back() {
    let (keys, now) = (keys(), System::real().now());
    let (shop, wiki) =
        (identity_headers("https://a.example"), identity_headers("https://a.example/wiki"));
    let ada = signed_in("+12025550123", &[]);
    let at_shop = told(&shop, &ada, &keys, now);
    let at_wiki = told(&wiki, &ada, &keys, now);
    assert_ne!(at_shop[NAME], at_wiki[NAME], "each is for one");
    assert_eq!(told(&shop, &ada, &keys, now), at_shop, "and both are kept");
    assert_eq!(told(&wiki, &ada, &keys, now), at_wiki);
    let before = Timestamp::from_millis(now.as_millis() - 3_600_000);
    let newest = told(&shop, &ada, &keys, before);
    assert_ne!(newest[NAME], at_shop[NAME], "it would be one of the future");
    let anew = told(&shop, &ada, &keys, now + Duration::from_mins(1));
    assert_ne!(anew[NAME], at_shop[NAME]);
    // A configuration that was read anew has sites of its own.
    let renamed = identity_headers("https://a.example");
    assert_ne!(told(&renamed, &ada, &keys, now)[NAME], at_shop[NAME]);
}

#[test]
fn whoever_cannot_be_told_about_is_not_let_through_untold() {
    let shop = identity_headers("https://a.example");
    let mut headers = HeaderMap::new();
    let ada = signed_in("+12025550123", &[]);
    let none = SigningKeys::default();
    shop.write(&ada, &none, System::real().now(), &mut headers).expect_err("nothing to sign with");
    shop.write(&Caller::Nobody, &none, System::real().now(), &mut headers).expect("nothing to say");
    assert!(headers.is_empty());
}

#[test]
fn what_is_told_cannot_be_printed() {
    let told = told(
        &identity_headers("https://a.example"),
        &signed_in("+12025550123", &["admin"]),
        &keys(),
        System::real().now(),
    );
    let printed = format!("{told:?}");
    for hidden in ["2025550123", "eyJ", "admin"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}
