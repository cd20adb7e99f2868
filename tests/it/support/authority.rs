//! A certificate authority that speaks ACME (RFC 8555) over https on loopback. It checks what it is sent,
//! really asks Doorcode for the answers to challenges, and plays what authorities refuse.
mod protocol;
mod validation;
mod wire;

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::tls::Pair;

/// What it does instead of what it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Play {
    #[default]
    Honest,
    /// Refuses the next so many nonces.
    BadNonces(u32),
    /// Refuses orders, and asks for a pause of so many seconds.
    RateLimited(u64),
    /// Refuses orders for the host.
    RejectedIdentifier,
    /// Finds no answer to this kind of challenge, as if the port were closed.
    Unreachable(&'static str),
    /// Does not accept any answer.
    Unauthorized,
    Caa,
    /// The order is valid until it is to be finalized.
    OrderInvalid,
    /// Answers 503, with no word of ACME's.
    Unavailable,
    Garbage,
    /// Accepts connections and answers nothing.
    Silent,
    /// Closes each connection at once.
    Away,
    /// Takes so many questions before the certificate is there.
    Slow(u32),
    /// Issues for another host than asked.
    WrongHost,
}

pub(crate) struct Authority {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    root: rcgen::Certificate,
    folder: TempDir,
}

/// What a connection needs.
#[derive(Clone)]
struct Served {
    state: Arc<Mutex<State>>,
    issuer: Arc<Issuer<'static, KeyPair>>,
    base: String,
}

#[derive(Default)]
struct State {
    play: Play,
    /// Where Doorcode answers: plain http, and TLS.
    doorcode: Option<(u16, u16)>,
    /// Certificates are valid from the first day of one year to that of another.
    years: (i32, i32),
    nonces: HashSet<String>,
    issued: u64,
    /// Public keys (uncompressed points) by the URL of the account.
    accounts: HashMap<String, Vec<u8>>,
    contacts: Vec<String>,
    orders: Vec<Order>,
    /// Paths that were asked, without their numbers.
    asked: Vec<String>,
    /// Kinds of challenges that were accepted.
    validated: Vec<String>,
    /// What was sent against RFC 8555: a mistake of Doorcode's.
    faults: Vec<String>,
}

struct Order {
    host: String,
    account: String,
    token: String,
    /// `pending`, `valid` or `invalid`, and the kind and error of the challenge.
    authorization: &'static str,
    challenge: Option<(String, serde_json::Value)>,
    chain: Option<String>,
    status: &'static str,
    /// Questions until it is valid.
    slow: u32,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Authority {
    pub(crate) fn start() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority of the tests");
        let root = params.self_signed(&key).expect("a certificate");
        let issuer = Arc::new(Issuer::new(params, key));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        // It signs its own certificate: `acme.roots` names it.
        let pair = Pair::of(&["localhost"]);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("root.pem"), &pair.certificate).expect("written");
        let state = State { years: (2026, 2036), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let base = format!("https://localhost:{port}");
        let served = Served { state: Arc::clone(&state), issuer, base };
        wire::serve(listener, &pair, served);
        Self { port, state, root, folder }
    }

    /// The lines of `[acme]`. `folder`: where Doorcode keeps what it gets.
    pub(crate) fn table(&self, folder: &std::path::Path) -> String {
        let (port, roots) = (self.port, self.folder.path().join("root.pem"));
        format!(
            "[acme]\ncontact = \"mailto:ops@example.com\"\nterms_agreed = true\nfolder = \"{}\"\n\
             directory = \"https://localhost:{port}/directory\"\nroots = \"{}\"\n",
            folder.display(),
            roots.display()
        )
    }

    /// What visitors trust.
    pub(crate) fn root(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_der(self.root.der()).expect("a certificate")
    }

    /// Where Doorcode answers challenges over plain http and by TLS.
    pub(crate) fn asks_at(&self, http: u16, tls: u16) {
        lock(&self.state).doorcode = Some((http, tls));
    }

    pub(crate) fn plays(&self, play: Play) {
        lock(&self.state).play = play;
    }

    /// From now on certificates are valid from and to the first days of these years.
    pub(crate) fn issues_for(&self, from: i32, until: i32) {
        lock(&self.state).years = (from, until);
    }

    /// Forgets all accounts, as staging authorities do now and then.
    pub(crate) fn forgets_accounts(&self) {
        lock(&self.state).accounts.clear();
    }

    /// How often a path such as `new-order` was asked.
    pub(crate) fn asked(&self, path: &str) -> usize {
        lock(&self.state).asked.iter().filter(|asked| *asked == path).count()
    }

    pub(crate) fn requests(&self) -> usize {
        lock(&self.state).asked.len()
    }

    pub(crate) fn validated(&self) -> Vec<String> {
        lock(&self.state).validated.clone()
    }

    pub(crate) fn contacts(&self) -> Vec<String> {
        lock(&self.state).contacts.clone()
    }

    pub(crate) fn issued(&self) -> usize {
        lock(&self.state).orders.iter().filter(|order| order.chain.is_some()).count()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let faults = std::mem::take(&mut lock(&self.state).faults);
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "requests against RFC 8555: {faults:?}");
        }
    }
}
