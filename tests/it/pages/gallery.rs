mod challenges;
mod news;

use std::time::Duration;

use doorcode::domain::{
    AttemptId, AttemptReference, Country, PhoneNumber, Secret, SessionId, TextChannel, TokenName,
};
use doorcode::pages::views::{
    AccountNotice, AccountPage, Chrome, CodeChannels, CodeNotice, CodePage, CodeProblem,
    ConsentSentence, DeadEnd, DonePage, KeptFormPage, LimitMessage, LimitedPage, Lost, MessagePage,
    NewTokenPage, NumberAgain, NumberNotice, NumberPage, NumberProblem, Page, Sending, SignOutPage,
    SignedOutPage, TokenForm, TokenNotice, TokenProblem, TokensPage, UnsentPage, Views,
};
use doorcode::session::{Device, SessionKind, UserSession, UserToken};
use doorcode::store::SendRefusal;
use doorcode::system::Timestamp;
use doorcode::words::Language;

const HOSTILE: &str =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ brand }}{% x %}\u{202e}\u{0}";
pub(super) const BRAND: &str = "Acme";
pub(super) const HOST: &str = "shop.example.com";
pub(super) const SEALED: &str =
    "k1.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4_-A";

fn countries(letters: &[&str]) -> Vec<Country> {
    letters.iter().map(|letters| Country::parse(letters).unwrap()).collect()
}

fn number<'a>(text: &'a str, countries: &'a [Country]) -> NumberPage<'a> {
    NumberPage {
        flow: text,
        destination: text,
        countries,
        chosen: countries.last().copied(),
        typed: "",
        problem: None,
        notice: None,
        reference: "",
        consent: &[ConsentSentence::Rates],
    }
}

pub(super) fn code<'a>(flow: &'a str, phone: &'a PhoneNumber) -> CodePage<'a> {
    CodePage {
        flow,
        phone,
        digits: 6,
        minutes: 5,
        resend_after: 30,
        sending: Sending::Sent,
        problem: None,
        notice: None,
        news: None,
        channels: CodeChannels { taken: TextChannel::Sms, next: None },
        reference: reference(),
    }
}

/// `7GY3-RF1W`.
fn reference() -> AttemptReference {
    AttemptId::from_bytes([0x3c; 12]).into()
}

/// A page as somebody may meet it.
pub(super) struct State {
    /// What it shows, and its language: `code-wrong-en`.
    pub(super) name: String,
    pub(super) template: &'static str,
    pub(super) html: String,
}

/// Makes every state of every page, with one text wherever a text goes.
struct Gallery<'a> {
    pages: &'a Views,
    chrome: Chrome<'a>,
    text: &'a str,
    made: Vec<State>,
}

impl Gallery<'_> {
    fn add(&mut self, name: &str, page: &impl Page) {
        let name = format!("{name}-{}", self.chrome.language.tag());
        let html = self.pages.render(&self.chrome, page);
        self.made.push(State { name, template: page.template(), html });
    }

    fn numbers(&mut self, flow: &str, host: &str) {
        let typed = self.text;
        let (all, one, some) = (Country::all(), countries(&["US"]), countries(&["FR", "US", "GB"]));
        let page = |countries| {
            let destination = host;
            NumberPage { flow, destination, typed, ..number(flow, countries) }
        };
        self.add("number", &NumberPage { typed: "", ..page(&some) });
        self.add("number-one", &NumberPage { typed: "", ..page(&one) });
        self.add("number-all", &page(&all));
        let open = NumberPage { chosen: None, destination: "", ..page(&all) };
        self.add("number-unchosen", &open);
        let own = [ConsentSentence::Rates, ConsentSentence::Own(self.text)];
        self.add("number-consent", &NumberPage { consent: &own, ..page(&some) });
        self.add("number-consent-none", &NumberPage { consent: &[], ..page(&some) });
        let problem = Some(NumberProblem::Empty);
        self.add("number-all-problem", &NumberPage { problem, ..page(&all) });
        for problem in NumberProblem::ALL {
            let name = format!("number-{problem:?}");
            self.add(&name, &NumberPage { problem: Some(problem), ..page(&some) });
        }
    }

    fn notices(&mut self, host: &str) {
        let (one, some) = (countries(&["US"]), countries(&["FR", "US", "GB"]));
        for told in NumberNotice::ALL {
            let (notice, problem) = (Some(told), Some(NumberProblem::Empty));
            let name = format!("number-{told:?}").replace(['(', ')'], "");
            self.add(&name, &NumberPage { notice, reference: "7GY3-RF1W", ..number(host, &some) });
            self.add(&(name + "-both"), &NumberPage { notice, problem, ..number(host, &one) });
        }
    }

    fn codes(&mut self, flow: &str) {
        let phone = PhoneNumber::parse("+447400123456", None).unwrap();
        let page = || code(flow, &phone);
        for sending in Sending::ALL {
            let name = match sending {
                Sending::Failed(why) => format!("code-{why:?}"),
                other => format!("code-{other:?}"),
            };
            self.add(&name, &CodePage { sending, ..page() });
            let notice = Some(CodeNotice::Resent);
            self.add(&(name + "-resent"), &CodePage { sending, notice, ..page() });
        }
        self.ways(flow);
        for why in SendRefusal::ALL {
            let from = phone.international();
            for (name, texts_from) in [("unsent", None), ("unsent-from", Some(&*from))] {
                let (retry_after, early) = (30, texts_from.is_some());
                let (phone, reference) = (&phone, reference());
                let next = texts_from.map(|_| TextChannel::Voice);
                let channels = CodeChannels { taken: TextChannel::Sms, next };
                let page = UnsentPage {
                    flow,
                    phone,
                    why,
                    texts_from,
                    retry_after,
                    early,
                    channels,
                    reference,
                };
                self.add(&format!("{name}-{why:?}"), &page);
            }
        }
        self.news(flow);
        for seconds in [0, 1, 2, 3, 25, 100, 1_000_000] {
            let notice = Some(CodeNotice::NotYet { seconds });
            let problem =
                Some(CodeProblem::Wrong { tries_left: u8::try_from(seconds).unwrap_or(9) });
            self.add(
                &format!("code-{seconds}"),
                &CodePage { notice, problem, minutes: seconds, ..page() },
            );
        }
        let problem = Some(CodeProblem::WrongLength);
        self.add("code-length", &CodePage { problem, ..page() });
        self.add("code-long", &CodePage { digits: 10, resend_after: 0, ..page() });
        self.add(
            "code-wrong",
            &CodePage { problem: Some(CodeProblem::Wrong { tries_left: 2 }), ..page() },
        );
    }

    /// The ways that a code took, and takes next.
    fn ways(&mut self, flow: &str) {
        let phone = PhoneNumber::parse("+447400123456", None).unwrap();
        for taken in TextChannel::ALL {
            for next in TextChannel::ALL.into_iter().filter(|next| *next != taken) {
                for (name, sending) in [
                    ("way", Sending::Sent),
                    ("way-if", Sending::IfKnown),
                    ("way-down", Sending::Failed(SendRefusal::Number)),
                ] {
                    let channels = CodeChannels { taken, next: Some(next) };
                    let name = format!("{name}-{}-{}", taken.as_str(), next.as_str());
                    self.add(&name, &CodePage { sending, channels, ..code(flow, &phone) });
                }
            }
        }
    }

    fn accounts(&mut self, back: &str) {
        let phone = PhoneNumber::parse("+447400123456", None).unwrap();
        let now = Timestamp::from_millis(1_767_225_600_000);
        let agents = [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36",
            "curl/8 (Windows)",
            "Firefox/1",
            "",
        ];
        let session = |(n, agent): (usize, &&str)| UserSession {
            id: SessionId::from_bytes([u8::try_from(n).unwrap(); 16]),
            kind: if n == 2 { SessionKind::Api } else { SessionKind::Browser },
            began: now - Duration::from_hours(30 * n as u64),
            seen: now - Duration::from_mins(25 * n as u64),
            device: Device::of(agent),
            address_block: match n {
                1 => "192.0.2.0/24".to_owned(),
                2 => "2001:db8:1::/48".to_owned(),
                4 => String::new(),
                _ => self.text.to_owned(),
            },
            current: n == 0,
        };
        let sessions: Vec<_> = agents.iter().enumerate().map(session).collect();
        let network = "192.0.2.0/24";
        let phone = &phone;
        let tokens = back;
        let page =
            |sessions| AccountPage { phone, sessions, now, network, notice: None, tokens, back };
        self.add("account", &page(&sessions));
        self.add("account-one", &page(&sessions[..1]));
        for notice in AccountNotice::ALL {
            let page = AccountPage { notice: Some(notice), ..page(&sessions) };
            self.add(&format!("account-{notice:?}"), &page);
        }
    }

    fn tokens(&mut self, link: &str) {
        let now = Timestamp::from_millis(1_767_225_600_000);
        // Names are checked before they are kept.
        let name = TokenName::parse(self.text).or(TokenName::parse("<b>\"'>{{ x }}")).unwrap();
        let token = |n: u8| UserToken {
            id: SessionId::from_bytes([n; 16]),
            name: name.clone(),
            site: link.to_owned(),
            made: now - Duration::from_hours(30 * u64::from(n)),
            used: (n > 0).then(|| now - Duration::from_mins(25 * u64::from(n))),
            expires: now + Duration::from_hours(36 * u64::from(n) + 1),
        };
        let tokens = [0, 1, 2].map(token);
        let sites = [link, link];
        let page = || TokensPage {
            form: SessionId::from_bytes([1; 16]),
            sites: &sites,
            days: &[1, 7, 30, 90],
            chosen: TokenForm { name: "", site: link, days: 30 },
            problem: None,
            tokens: &tokens,
            now,
            notice: None,
        };
        self.add("tokens", &page());
        self.add("tokens-none", &TokensPage { tokens: &[], ..page() });
        self.add("tokens-only", &TokensPage { sites: &[], ..page() });
        for problem in TokenProblem::ALL {
            let chosen = TokenForm { name: self.text, ..page().chosen };
            let page = TokensPage { problem: Some(problem), chosen, ..page() };
            self.add(&format!("tokens-{problem:?}"), &page);
        }
        for notice in TokenNotice::ALL {
            let page = TokensPage { notice: Some(notice), ..page() };
            self.add(&format!("tokens-{notice:?}"), &page);
        }
        let token = &Secret::new(format!("dcp_{}", "234567".repeat(10).split_at(56).0));
        let expires = now + Duration::from_hours(24 * 90);
        self.add("token", &NewTokenPage { token, site: link, expires, now });
    }

    fn rest(&mut self, link: &str, host: &str) {
        let text = self.text;
        let phone = PhoneNumber::parse("+447400123456", None).unwrap();
        self.add("done", &DonePage { resume: link });
        self.add("sign-out", &SignOutPage { to: None });
        let fields = [("comment".into(), "one\r\ntwo".into()), ("tag".into(), "a".into())];
        let page = KeptFormPage { name: "k1", host, path: "/", fields: &fields, leave: link };
        self.add("kept-form", &page);
        self.add("signed-out", &SignedOutPage { again: link });
        for (name, again) in [("denied", ""), ("denied-again", link)] {
            self.add(
                name,
                &MessagePage::Denied { phone: &phone, host, again, reference: "7GY3-RF1W" },
            );
        }
        self.add("unknown-host", &MessagePage::UnknownHost);
        self.add("no-cookie", &MessagePage::NoCookie { host, again: link });
        for (name, home) in [("application", link), ("application-home", "")] {
            self.add(name, &MessagePage::Application { why: text, reference: text, home });
        }
        self.add("timed-out", &MessagePage::TimedOut { again: link });
        for lost in Lost::ALL {
            self.add(&format!("lost-{lost:?}"), &MessagePage::Lost { lost, host, again: link });
        }
        for retry in [true, false] {
            self.add(
                &format!("upstream-{retry}"),
                &MessagePage::Upstream { host, reference: text, retry, home: link },
            );
        }
        let now = doorcode::system::Timestamp::from_millis(1_767_224_760_000);
        for limit in [
            LimitMessage::Number,
            LimitMessage::Recent,
            LimitMessage::Tries,
            LimitMessage::Network,
            LimitMessage::Service,
        ] {
            let again = NumberAgain { flow: text, typed: text, country: text };
            for (name, another, early) in [("", link, false), ("-early", "", true)] {
                let page = MessagePage::Limited(LimitedPage {
                    again: Some(again),
                    home: link,
                    another,
                    code: another,
                    reference: if early { "" } else { text },
                    early,
                    ..LimitedPage::new(limit, 840, now)
                });
                self.add(&format!("limited-{limit:?}{name}"), &page);
            }
        }
        self.add("server-error", &MessagePage::ServerError { reference: text, home: link });
        for why in DeadEnd::ALL {
            self.add(&format!("dead-end-{why:?}"), &MessagePage::DeadEnd { why, host, home: link });
        }
        self.add("unavailable", &MessagePage::Unavailable { again: "", reference: text });
    }
}

/// Languages of every kind of script, direction and plural forms; all would take minutes.
const REPRESENTATIVES: [&str; 8] = ["en", "ar", "de", "fr", "hi", "pl", "pt-BR", "zh-Hant"];

/// Ordinary or hostile, in several languages.
pub(super) fn gallery(hostile: bool) -> Vec<(String, String)> {
    let pages = Views::built_in(if hostile { HOSTILE } else { BRAND }).unwrap();
    let languages = REPRESENTATIVES.map(|tag| pages.languages().by_tag(tag).unwrap());
    let made = languages.into_iter().flat_map(|language| states(&pages, language, hostile));
    made.map(|state| (state.name, state.html)).collect()
}

/// Every state of every page in one language.
pub(super) fn states(pages: &Views, language: &Language, hostile: bool) -> Vec<State> {
    let pick = |kind: &'static str, ordinary: &'static str| if hostile { kind } else { ordinary };
    let (link, host) =
        (pick("javascript:alert(1)", "https://shop.example.com/"), pick(HOSTILE, HOST));
    let here = format!("/login?flow={}&lang=en", pick(HOSTILE, SEALED));
    let chrome = Chrome { language, base: "", here: &here };
    let mut gallery =
        Gallery { pages, chrome, text: pick(HOSTILE, "07400 123456"), made: Vec::new() };
    gallery.numbers(pick(HOSTILE, SEALED), host);
    gallery.notices(host);
    gallery.codes(pick(HOSTILE, SEALED));
    gallery.challenges(pick(HOSTILE, SEALED));
    gallery.accounts(link);
    gallery.tokens(host);
    gallery.rest(link, host);
    gallery.made
}

/// The page for a number and that for a code, each with much to say.
pub(super) fn samples(pages: &Views, language: &Language) -> Vec<State> {
    let phone = PhoneNumber::parse("+447400123456", None).unwrap();
    let chrome = Chrome { language, base: "", here: "/login?lang=en" };
    let mut gallery = Gallery { pages, chrome, text: "", made: Vec::new() };
    let countries = Country::all();
    let problem = Some(NumberProblem::NotMobile);
    gallery.add("sample-number", &NumberPage { problem, ..number(HOST, &countries) });
    let wrong = Some(CodeProblem::Wrong { tries_left: 2 });
    gallery.add("sample-code", &CodePage { problem: wrong, ..code(SEALED, &phone) });
    gallery.made
}

/// One page of each look, for an operator's brand. `base`: where its assets are.
pub(super) fn branded(pages: &Views, base: &str) -> Vec<State> {
    let phone = PhoneNumber::parse("+447400123456", None).unwrap();
    let mut made = Vec::new();
    for language in pages.languages().iter() {
        let chrome = Chrome { language, base, here: "/login?lang=en" };
        let mut gallery = Gallery { pages, chrome, text: "", made: Vec::new() };
        let countries = countries(&["FR", "GB"]);
        let (problem, notice) = (Some(NumberProblem::Empty), Some(CodeNotice::Resent));
        let name = base.trim_start_matches('/');
        gallery.add(name, &NumberPage { problem, ..number(HOST, &countries) });
        gallery.add(&format!("{name}-code"), &CodePage { notice, ..code(SEALED, &phone) });
        let denied = MessagePage::Denied { phone: &phone, host: HOST, again: "", reference: "" };
        gallery.add(&format!("{name}-denied"), &denied);
        made.append(&mut gallery.made);
    }
    made
}
