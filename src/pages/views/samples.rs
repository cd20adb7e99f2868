//! Every page in each state that its template can distinguish, to check templates with.
use std::time::Duration;

use super::{
    AccountNotice, AccountPage, ChallengeNotice, ChallengePage, CodeChannels, CodeNotice, CodePage,
    CodeProblem, ConsentSentence, DeadEnd, DonePage, KeptFormPage, LimitMessage, LimitedPage, Lost,
    MessagePage, NewTokenPage, News, NewsPart, NumberAgain, NumberNotice, NumberPage,
    NumberProblem, Page, RefusedWait, Sending, ShownCaptcha, SignOutPage, SignedOutPage,
    TextArrival, TokenForm, TokenNotice, TokenProblem, TokensPage, UnsentPage,
};
use crate::domain::{
    AttemptId, AttemptReference, Country, PhoneNumber, Secret, SessionId, TextChannel, TokenName,
};
use crate::session::{Device, SessionKind, UserSession, UserToken};
use crate::store::SendRefusal;
use crate::system::Timestamp;

const FLOW: &str = "c2FtcGxl";
const HOST: &str = "app.example.com";
const LINK: &str = "https://app.example.com/";

/// Calls `with` for each.
pub(super) fn each(with: &mut dyn FnMut(&dyn Page)) {
    let countries: Vec<Country> =
        ["GB", "US"].iter().filter_map(|letters| Country::parse(letters).ok()).collect();
    numbers(&countries, with);
    // A number that is reserved for fiction.
    if let Ok(phone) = PhoneNumber::from_e164("+12025550123") {
        codes(&phone, with);
        unsent(&phone, with);
        accounts(&phone, with);
        tokens(with);
        with(&MessagePage::Denied { phone: &phone, host: HOST, again: "", reference: "" });
    }
    challenges(with);
    with(&DonePage { resume: LINK });
    let fields = [("comment".into(), "Hello".into())];
    with(&KeptFormPage { name: FLOW, host: HOST, path: "/", fields: &fields, leave: LINK });
    with(&SignOutPage { to: None });
    with(&SignedOutPage { again: LINK });
    with(&MessagePage::UnknownHost);
    with(&MessagePage::NoCookie { host: HOST, again: LINK });
    for retry in [true, false] {
        let (reference, home) = ("48291730", LINK);
        with(&MessagePage::Upstream { host: HOST, reference, retry, home });
    }
    let limited = LimitedPage {
        home: LINK,
        ..LimitedPage::new(LimitMessage::Number, 60, Timestamp::from_millis(1_767_225_600_000))
    };
    with(&MessagePage::Limited(limited));
    with(&MessagePage::Limited(LimitedPage {
        again: Some(NumberAgain { flow: FLOW, typed: "12", country: "GB" }),
        another: LINK,
        code: LINK,
        reference: "7K3M-9Q2D",
        early: true,
        ..limited
    }));
    with(&MessagePage::Unavailable { again: LINK, reference: "48291730" });
    for home in [LINK, ""] {
        with(&MessagePage::DeadEnd { why: DeadEnd::NotFound, host: HOST, home });
    }
    with(&MessagePage::Application { why: "why", reference: "48291730", home: LINK });
    for lost in Lost::ALL {
        with(&MessagePage::Lost { lost, host: HOST, again: LINK });
    }
}

fn numbers(countries: &[Country], with: &mut dyn FnMut(&dyn Page)) {
    let page = || NumberPage {
        flow: FLOW,
        destination: HOST,
        countries,
        chosen: countries.first().copied(),
        typed: "",
        problem: None,
        notice: None,
        reference: "",
        consent: &[],
    };
    with(&page());
    let consent = &[ConsentSentence::Rates, ConsentSentence::Own("Rates may apply.")];
    with(&NumberPage { consent, ..page() });
    with(&NumberPage { chosen: None, destination: "", ..page() });
    with(&NumberPage { countries: countries.get(..1).unwrap_or_default(), ..page() });
    for problem in NumberProblem::ALL {
        with(&NumberPage { problem: Some(problem), typed: "12", ..page() });
    }
    for notice in NumberNotice::ALL {
        with(&NumberPage { notice: Some(notice), reference: "7K3M-9Q2D", ..page() });
    }
}

fn challenges(with: &mut dyn FnMut(&dyn Page)) {
    let (flow, puzzle, bits, again) = (FLOW, FLOW, 17, None);
    let until = Timestamp::from_millis(1_767_225_660_000);
    for wait in [0, 30] {
        for notice in [None, Some(ChallengeNotice::Early), Some(ChallengeNotice::Failed)] {
            let shown = ShownCaptcha { script: LINK, class: "c", site_key: "k", action: "text" };
            for captcha in [None, Some(shown)] {
                for refused in [None, Some(RefusedWait { seconds: 60, until })] {
                    with(&ChallengePage {
                        flow,
                        puzzle,
                        bits,
                        wait,
                        refused,
                        again,
                        notice,
                        captcha,
                    });
                }
            }
        }
    }
}

fn codes(phone: &PhoneNumber, with: &mut dyn FnMut(&dyn Page)) {
    let page = || CodePage {
        flow: FLOW,
        phone,
        digits: 6,
        minutes: 5,
        resend_after: 30,
        sending: Sending::Sent,
        problem: None,
        notice: None,
        news: None,
        channels: CodeChannels::default(),
        reference: reference(),
    };
    for sending in Sending::ALL {
        with(&CodePage { sending, ..page() });
        for taken in TextChannel::ALL {
            let channels = CodeChannels { taken, next: Some(taken) };
            with(&CodePage { sending, channels, ..page() });
        }
        with(&CodePage { sending, notice: Some(CodeNotice::Resent), ..page() });
    }
    for (say, more) in TextArrival::ALL.into_iter().zip([true, false].into_iter().cycle()) {
        let news = News { say, more, texts_from: more.then_some("+1 202-555-0123") };
        with(&CodePage { news: Some(news), ..page() });
        with(&NewsPart(news));
    }
    with(&CodePage { notice: Some(CodeNotice::NotYet { seconds: 7 }), ..page() });
    for problem in [CodeProblem::WrongLength, CodeProblem::Wrong { tries_left: 1 }] {
        with(&CodePage { problem: Some(problem), digits: 10, ..page() });
    }
}

fn reference() -> AttemptReference {
    AttemptId::from_bytes([0x3c; 12]).into()
}

fn unsent(phone: &PhoneNumber, with: &mut dyn FnMut(&dyn Page)) {
    for why in SendRefusal::ALL {
        for texts_from in [None, Some(&*phone.international())] {
            let (retry_after, early) = (30, texts_from.is_some());
            let (flow, reference) = (FLOW, reference());
            for taken in TextChannel::ALL {
                let channels = CodeChannels { taken, next: Some(taken) };
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
                with(&page);
            }
        }
    }
}

fn accounts(phone: &PhoneNumber, with: &mut dyn FnMut(&dyn Page)) {
    let now = Timestamp::from_millis(1_767_225_600_000);
    let session = |hours: u8| UserSession {
        id: SessionId::from_bytes([hours; 16]),
        kind: if hours > 48 { SessionKind::Api } else { SessionKind::Browser },
        began: now - Duration::from_hours(hours.into()),
        seen: now - Duration::from_mins(hours.into()),
        device: Device::of(if hours > 24 { "" } else { "Firefox/140.0 (X11; Linux x86_64)" }),
        address_block: if hours > 24 { String::new() } else { "192.0.2.0/24".to_owned() },
        current: hours == 0,
    };
    let sessions = [0, 3, 72].map(session);
    let network = "192.0.2.0/24";
    let page = || AccountPage {
        phone,
        sessions: &sessions,
        now,
        network,
        notice: None,
        tokens: LINK,
        back: LINK,
    };
    with(&page());
    with(&AccountPage { sessions: &sessions[..1], tokens: "", back: "", network: "", ..page() });
    for notice in AccountNotice::ALL {
        with(&AccountPage { notice: Some(notice), ..page() });
    }
}

fn tokens(with: &mut dyn FnMut(&dyn Page)) {
    let now = Timestamp::from_millis(1_767_225_600_000);
    let Ok(name) = TokenName::parse("git") else { return };
    let expires = now + Duration::from_hours(36);
    let token = |used: bool| UserToken {
        id: SessionId::from_bytes([used.into(); 16]),
        name: name.clone(),
        site: LINK.to_owned(),
        made: now - Duration::from_hours(3),
        used: used.then_some(now),
        expires,
    };
    let tokens = [false, true].map(token);
    let page = || TokensPage {
        form: SessionId::from_bytes([1; 16]),
        sites: &[LINK],
        days: &[1, 7],
        chosen: TokenForm { name: "", site: LINK, days: 7 },
        problem: None,
        tokens: &tokens,
        now,
        notice: None,
    };
    with(&page());
    with(&TokensPage { tokens: &[], ..page() });
    with(&TokensPage { sites: &[], ..page() });
    for problem in TokenProblem::ALL {
        let chosen = TokenForm { name: "a", ..page().chosen };
        with(&TokensPage { problem: Some(problem), chosen, ..page() });
    }
    for notice in TokenNotice::ALL {
        with(&TokensPage { notice: Some(notice), ..page() });
    }
    let token = &Secret::new("dcp_sample");
    with(&NewTokenPage { token, site: LINK, expires, now });
}
