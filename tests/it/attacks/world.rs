//! Doorcode without its listeners, those who attack it, and people whose browsers it knows.
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use doorcode::app::Undecorated;
use doorcode::domain::{Origin, PhoneNumber, RequesterDigest};
use doorcode::login::{
    Channel, LoginGrant, Proof, RefusedStart, Requester, Standing, StartError, StartRequest,
    Verdict,
};
use doorcode::session::Browser;

use crate::support::browser::{between, code_in};
use crate::support::puzzle::{puzzle_of, solve};
use crate::support::settings::{RAISED, Settings};
use crate::support::world::{self, Ask};

pub(super) struct World {
    pub(super) inner: world::World,
    settings: String,
    /// Requesters so far: each has a browser of its own.
    requesters: u32,
}

/// How many starts were taken, and how many each limit refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) taken: u32,
    /// How many proofs it took.
    pub(super) proofs: u32,
    /// How many proofs were asked for and not given.
    pub(super) asked: u32,
    pub(super) refused: BTreeMap<&'static str, u32>,
}

impl Outcome {
    /// Taken, and refused by this limit alone.
    #[track_caller]
    pub(super) fn ends_at(&self, taken: u32, limit: &'static str) {
        assert_eq!(self.taken, taken, "{self:?}");
        assert!(self.refused.keys().eq([&limit]), "{self:?}");
    }
}

impl World {
    /// With the limits of an operator who says nothing of them.
    pub(super) async fn new(changes: &[(&str, &str)]) -> Self {
        // As hard as a puzzle may be made easily, so that attackers need no hour of ours.
        let easy = ("countries = [", "challenge_bits = 8\ncountries = [");
        let settings = Settings::in_process(&[&[(RAISED, ""), easy], changes].concat());
        let inner = Box::pin(world::World::new(&settings, &Undecorated)).await;
        Self { inner, settings, requesters: 0 }
    }

    /// The process is killed, and another one started.
    pub(super) async fn restart(self) -> Self {
        let inner = Box::pin(self.inner.restarted(&self.settings, &Undecorated)).await;
        Self { inner, ..self }
    }

    /// A stranger's browser asks for a code, with a proof where one is asked for: its number. Its text is sent if it gets one.
    pub(super) async fn start(
        &mut self,
        address: IpAddr,
        phone: &str,
        outcome: &mut Outcome,
    ) -> u32 {
        self.start_with((address, phone), (Standing::Stranger, true), outcome).await
    }

    /// The same for somebody who solves no puzzle.
    pub(super) async fn start_without_proof(
        &mut self,
        address: IpAddr,
        phone: &str,
        outcome: &mut Outcome,
    ) -> u32 {
        self.start_with((address, phone), (Standing::Stranger, false), outcome).await
    }

    /// A server asks that shows its secret, and does not say for whom.
    pub(super) async fn start_of_server(&mut self, phone: &str, outcome: &mut Outcome) -> u32 {
        self.start_with((HOME, phone), (Standing::Server, false), outcome).await
    }

    async fn start_with(
        &mut self,
        (address, phone): (IpAddr, &str),
        (standing, proves): (Standing, bool),
        outcome: &mut Outcome,
    ) -> u32 {
        self.requesters += 1;
        let phone = PhoneNumber::from_e164(phone).unwrap();
        let start = StartRequest {
            requester: Requester { standing, ..stranger(address, self.requesters) },
            phone: &phone,
            accept_language: None,
            page_language: None,
            page_host: None,
            application: None,
            proof: None,
            channel: None,
        };
        let mut started = self.inner.login.start(start).await;
        if let Err(RefusedStart { why: StartError::Challenged(asked), .. }) = &started
            && proves
        {
            outcome.proofs += 1;
            let number = solve(&asked.puzzle, asked.bits);
            let proof = Some(Proof { puzzle: &asked.puzzle, number: &number, captcha: "" });
            started = self.inner.login.start(StartRequest { proof, ..start }).await;
        }
        match started.map_err(|refused| refused.why) {
            Ok(_) => outcome.taken += 1,
            Err(StartError::Challenged(_)) => outcome.asked += 1,
            Err(StartError::Limited(limited)) => {
                *outcome.refused.entry(limited.row.key).or_default() += 1;
            }
            Err(error) => panic!("{error}"),
        }
        self.inner.send_texts().await;
        self.requesters
    }

    /// A stranger types a code.
    pub(super) async fn guess(
        &self,
        address: IpAddr,
        who: u32,
        phone: &str,
        code: &str,
    ) -> Verdict {
        let phone = PhoneNumber::from_e164(phone).unwrap();
        let origin = Origin::parse("http://localhost:8080").unwrap();
        let browser = Browser { host: origin.host(), user_agent: None, address, session: None };
        let gives = LoginGrant::Browser(&browser);
        self.inner.login.verify(&stranger(address, who), &phone, code, gives).await.verdict.unwrap()
    }
}

/// The browser with this number.
pub(super) fn stranger(address: IpAddr, who: u32) -> Requester {
    let who = RequesterDigest::of(who.to_be_bytes());
    Requester { channel: Channel::Page, who, address, standing: Standing::Stranger }
}

/// The page that asks for a code.
pub(super) struct CodePage {
    flow: String,
}

/// Somebody at the pages.
pub(super) struct Visitor {
    address: IpAddr,
    phone: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub(super) fn new(address: IpAddr, phone: &str) -> Self {
        Self { address, phone: phone.to_owned(), cookies: BTreeMap::new() }
    }

    /// The same person elsewhere.
    pub(super) fn moved_to(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    async fn send(
        &mut self,
        world: &World,
        (method, target): (&str, &str),
        form: &[(&str, &str)],
    ) -> (u16, String, String) {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let ask = Ask { method, target, form, cookies: &cookies, address: self.address };
        let (parts, body) = world.inner.answer(ask).await;
        for cookie in parts.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = parts.headers.get("location").map_or("", |to| to.to_str().unwrap());
        (parts.status.as_u16(), location.to_owned(), body)
    }

    /// Asks for a code as a person does; `None`: a limit is reached.
    pub(super) async fn ask(&mut self, world: &World) -> Option<CodePage> {
        let (_, _, page) = self.send(world, ("GET", "/login"), &[]).await;
        let flow = between(&page, "name=\"flow\" value=\"", "\"").to_owned();
        let phone = self.phone.clone();
        let form = [("flow", flow.as_str()), ("phone", phone.as_str())];
        let (status, location, _) = self.send(world, ("POST", "/login"), &form).await;
        assert_eq!(status, 303);
        let location = self.prove(world, location).await;
        world.inner.send_texts().await;
        let flow = location.split_once("/code?flow=")?.1.to_owned();
        Some(CodePage { flow })
    }

    /// Solves the puzzle of a challenge that an answer leads to: where that leads.
    async fn prove(&mut self, world: &World, location: String) -> String {
        let Some(query) = location.split_once("/challenge?") else { return location };
        let (_, _, page) = self.send(world, ("GET", &format!("/challenge?{}", query.1)), &[]).await;
        let (flow, puzzle, bits) = puzzle_of(&page);
        let number = solve(&puzzle, bits);
        let form = [("flow", &flow), ("puzzle", &puzzle), ("number", &number)];
        let form = form.map(|(name, value)| (name, value.as_str()));
        let (status, location, _) = self.send(world, ("POST", "/challenge"), &form).await;
        assert_eq!(status, 303);
        location
    }

    /// The same on the page of an application.
    pub(super) async fn ask_by_widget(&mut self, world: &World, client: &str) -> bool {
        self.send(world, ("GET", &format!("/widget/start?client_id={client}")), &[]).await;
        let phone = self.phone.clone();
        let form = [("client_id", client), ("phone", phone.as_str())];
        let (status, _, body) = self.send(world, ("POST", "/widget/start"), &form).await;
        assert!(matches!(status, 200 | 429), "{status}");
        if body.contains("\"state\":\"elsewhere\"") {
            return self.ask(world).await.is_some();
        }
        world.inner.send_texts().await;
        status == 200
    }

    /// The same by an application itself.
    pub(super) async fn ask_by_api(&mut self, world: &World, client: &str) -> bool {
        let phone = self.phone.clone();
        let form = [("client_id", client), ("connection", "sms"), ("phone_number", phone.as_str())];
        let asked = self.send(world, ("POST", "/passwordless/start"), &form);
        // The answer waits for the text.
        let texts = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            world.inner.send_texts().await;
        };
        let ((status, _, _), ()) = tokio::join!(asked, texts);
        assert!(matches!(status, 200 | 429), "{status}");
        status == 200
    }

    /// Signs in as a person does; whether that was possible.
    pub(super) async fn sign_in(&mut self, world: &World) -> bool {
        let Some(page) = self.ask(world).await else { return false };
        let texts = world.inner.texts(&self.phone);
        let code = code_in(texts.last().expect("a text"));
        let form = [("flow", page.flow.as_str()), ("code", code.as_str())];
        let (_, location, _) = self.send(world, ("POST", "/code"), &form).await;
        location.contains("/done?")
    }

    /// Somebody who signed in here before, and whose session has ended since.
    pub(super) async fn known(world: &World, address: IpAddr, phone: &str) -> Self {
        let mut visitor = Self::new(address, phone);
        assert!(visitor.sign_in(world).await, "{phone} signs in");
        visitor.cookies.retain(|name, _| name != "doorcode");
        visitor
    }
}

/// One of the addresses of an attacker, each in a network of its own.
pub(super) fn attacker(n: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + n * 256).into()
}

/// A number of the USA that nobody else has, far from the one before.
pub(super) fn number(n: u32) -> String {
    let area = [202, 212, 303, 415][n as usize % 4];
    format!("+1{area}{}{:04}", 300 + n / 4, 2000 + n)
}

pub(super) const COUNTRIES: (&str, &str) =
    ("countries = [\"US\", \"GB\"]", "countries = [\"US\", \"GB\", \"FR\"]");

/// A number that nobody else has, of one of [`COUNTRIES`], far from the one before.
pub(super) fn number_of_three_countries(n: u32) -> String {
    let (low, high) = (n % 1000, n / 1000);
    match n % 3 {
        0 => number(n % 2000),
        1 => format!("+4474{high:02}{low:03}{low:03}"),
        _ => format!("+3361{high}{low:03}{low:03}"),
    }
}

/// Where the people are who are known.
pub(super) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
