use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorcode::domain::{
    ClientId, Origin, ReturnTo, SessionId, StateCookieDigest, TicketCookieDigest, TicketDigest,
};
use doorcode::store::{
    HandoverTicket, KeptForm, LoginTicket, MemoryTickets, SharedTickets, TicketStore,
};
use doorcode::system::Timestamp;

use super::attempts::{in_parallel, wait};
use crate::support::redis_server::shared_cells;

pub(super) const KEY: TicketDigest = TicketDigest::from_bytes([1; 32]);

type Backends<T> = Vec<(&'static str, Arc<dyn TicketStore<T>>)>;

fn handovers() -> Backends<HandoverTicket> {
    vec![
        ("memory", Arc::new(MemoryTickets::<HandoverTicket>::default())),
        ("shared", Arc::new(SharedTickets::handover(wait(shared_cells())))),
    ]
}

fn logins() -> Backends<LoginTicket> {
    vec![
        ("memory", Arc::new(MemoryTickets::<LoginTicket>::default())),
        ("shared", Arc::new(SharedTickets::login(wait(shared_cells())))),
    ]
}

fn forms() -> Backends<KeptForm> {
    vec![
        ("memory", Arc::new(MemoryTickets::<KeptForm>::default())),
        ("shared", Arc::new(SharedTickets::kept_forms(wait(shared_cells())))),
    ]
}

pub(super) fn handover(path: &str, language: Option<&str>) -> HandoverTicket {
    HandoverTicket {
        origin: Origin::parse("https://wiki.example.com:8443").unwrap(),
        path: ReturnTo::parse(path).unwrap(),
        state: StateCookieDigest::from_bytes([2; 32]),
        session: SessionId::from_bytes([3; 16]),
        language: language.map(str::to_owned),
        expires: Timestamp::from_millis(1_767_225_600_123),
    }
}

pub(super) fn form() -> KeptForm {
    KeptForm { sealed: "x".repeat(9), expires: Timestamp::from_millis(7) }
}

pub(super) fn login() -> LoginTicket {
    LoginTicket {
        client: ClientId::parse("web-app_1.x").unwrap(),
        cookie: "a0b1".to_owned(),
        proof: TicketCookieDigest::from_bytes([4; 32]),
        session: SessionId::from_bytes([5; 16]),
        expires: Timestamp::from_millis(1),
    }
}

/// With what `Debug` leaves out.
fn whole_handover(ticket: &HandoverTicket) -> String {
    format!("{ticket:?} {} {}", ticket.path.as_str(), ticket.state.to_hex())
}

fn whole_login(ticket: &LoginTicket) -> String {
    format!("{ticket:?} {}", ticket.proof.to_hex())
}

#[test]
fn a_handover_ticket_is_found_whole_and_once() {
    for (name, tickets) in handovers() {
        for (path, language) in [("/", None), ("/a|b?q=\\x&y=%C3%BC#", Some("pt-BR"))] {
            let ticket = handover(path.trim_end_matches('#'), language);
            wait(tickets.put(KEY, ticket.clone())).unwrap();
            assert!(wait(tickets.take(TicketDigest::from_bytes([9; 32]))).unwrap().is_none());
            let found = wait(tickets.take(KEY)).unwrap().unwrap();
            assert_eq!(whole_handover(&found), whole_handover(&ticket), "{name}");
            assert!(wait(tickets.take(KEY)).unwrap().is_none(), "{name}");
        }
    }
}

#[test]
fn a_login_ticket_is_found_whole_and_once() {
    for (name, tickets) in logins() {
        wait(tickets.put(KEY, login())).unwrap();
        let found = wait(tickets.take(KEY)).unwrap().unwrap();
        assert_eq!(whole_login(&found), whole_login(&login()), "{name}");
        assert!(wait(tickets.take(KEY)).unwrap().is_none(), "{name}");
    }
}

#[test]
fn a_ticket_of_one_kind_is_none_of_the_other() {
    let cells = wait(shared_cells());
    let handovers = SharedTickets::handover(Arc::clone(&cells));
    let logins = SharedTickets::login(cells);
    wait(handovers.put(KEY, handover("/", None))).unwrap();
    assert!(wait(logins.take(KEY)).unwrap().is_none());
    assert!(wait(handovers.take(KEY)).unwrap().is_some());
}

#[test]
fn of_many_who_hand_in_one_ticket_at_once_one_gets_it() {
    for (name, tickets) in handovers() {
        for round in 0..50 {
            let key = TicketDigest::from_bytes([round; 32]);
            wait(tickets.put(key, handover("/", None))).unwrap();
            let took = AtomicUsize::new(0);
            in_parallel(|_| {
                let ticket = wait(tickets.take(key)).unwrap();
                took.fetch_add(usize::from(ticket.is_some()), Ordering::SeqCst);
            });
            assert_eq!(took.into_inner(), 1, "{name}");
        }
    }
}

#[test]
fn a_kept_form_is_looked_at_and_taken_once() {
    for (name, forms) in forms() {
        // As long as they can be.
        let sealed = "x".repeat(256 * 1024);
        let form = KeptForm { sealed: sealed.clone(), expires: Timestamp::from_millis(7) };
        assert!(wait(forms.get(KEY)).unwrap().is_none(), "{name}");
        wait(forms.put(KEY, form)).unwrap();
        for _ in 0..2 {
            let seen = wait(forms.get(KEY)).unwrap().unwrap();
            assert_eq!((seen.sealed.as_str(), seen.expires.as_millis()), (sealed.as_str(), 7));
        }
        assert_eq!(wait(forms.take(KEY)).unwrap().unwrap().sealed, sealed, "{name}");
        assert!(wait(forms.get(KEY)).unwrap().is_none(), "{name}");
        assert!(wait(forms.take(KEY)).unwrap().is_none(), "{name}");
    }
}
