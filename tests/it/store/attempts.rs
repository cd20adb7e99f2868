use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use doorcode::domain::{AnswerDigest, AttemptId, AttemptKey, CodeLength, KeyId};
use doorcode::store::{
    Attempt, AttemptStore, AttemptUpdate, CellKey, MemoryAttempts, SendOutcome, SharedAttempts,
    Verification,
};
use doorcode::system::Timestamp;
use tokio::runtime::Runtime;

use crate::support::redis_server::shared_cells;

/// One row a backend.
fn backends() -> Vec<(&'static str, Arc<dyn AttemptStore>)> {
    vec![
        ("memory", Arc::new(MemoryAttempts::default())),
        ("shared", Arc::new(SharedAttempts::new(wait(shared_cells())))),
    ]
}

pub(super) const KEY: AttemptKey = AttemptKey::from_bytes([1; 32]);

pub(super) fn attempt() -> Attempt {
    let made = Timestamp::from_millis(1_000);
    Attempt {
        id: AttemptId::from_bytes([1; 12]),
        nonce: [2; 16],
        length: CodeLength::new(6).unwrap(),
        key: KeyId(7),
        made,
        expires: made + Duration::from_mins(5),
        tries_left: 3,
        answers: Vec::new(),
        used: None,
        outcome: SendOutcome::Pending,
        channel: doorcode::domain::TextChannel::Voice,
        earlier_sent: false,
        text: doorcode::store::TextState::default(),
        source: doorcode::domain::CounterKey::from_bytes([0; 16]),
        counted: made,
        verification: None,
    }
}

/// Waits for what a store does. Its connections live as long as the runtime that they began in.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(work)
}

pub(super) fn put(store: &dyn AttemptStore, key: AttemptKey, attempt: &Attempt) {
    wait(store.update(key, &mut |_| AttemptUpdate::Put(attempt.clone()))).unwrap();
}

/// An attempt with its digests in full, which `Debug` shortens.
fn whole_text(attempt: &Attempt) -> String {
    let answers: Vec<String> = attempt.answers.iter().map(AnswerDigest::to_hex).collect();
    format!("{attempt:?} {answers:?} {}", attempt.source.to_hex())
}

fn found(store: &dyn AttemptStore, key: AttemptKey) -> Option<String> {
    wait(store.get(key)).unwrap().as_ref().map(whole_text)
}

/// Runs `work` in eight threads at once, each with its number.
pub(super) fn in_parallel(work: impl Fn(u8) + Sync) {
    thread::scope(|scope| {
        for number in 0..8 {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

#[test]
fn an_attempt_is_found_whole_under_its_key_only() {
    for (name, store) in backends() {
        let mut whole = attempt();
        whole.answers = [[3; 16], [4; 16]].map(AnswerDigest::from_bytes).to_vec();
        whole.used = Some(Timestamp::from_millis(9_999));
        whole.outcome =
            SendOutcome::Refused { why: doorcode::store::SendRefusal::OptedOut, code: Some(21610) };
        whole.verification = Some(Box::new(Verification {
            right: Some(AnswerDigest::from_bytes([3; 16])),
            wrong: vec![AnswerDigest::from_bytes([4; 16])],
            ..Verification::new("twilio_verify", Some("VE0"))
        }));
        assert_eq!(found(&*store, KEY), None, "{name}");
        put(&*store, KEY, &whole);
        assert_eq!(found(&*store, KEY), Some(whole_text(&whole)), "{name}");
        assert_eq!(found(&*store, AttemptKey::from_bytes([2; 32])), None, "{name}");
    }
}

/// Servers of the version before, which may run beside this one, know no such field.
#[test]
fn an_attempt_whose_code_is_ours_is_written_as_before() {
    let cells = wait(shared_cells());
    let store = SharedAttempts::new(Arc::clone(&cells));
    let written = || {
        let bytes = wait(cells.get(&CellKey::attempt(KEY))).unwrap().expect("a cell");
        String::from_utf8(bytes).unwrap()
    };
    put(&store, KEY, &attempt());
    assert!(!written().contains("verification"), "{}", written());
    let own = Verification::new("twilio_verify", None);
    put(&store, KEY, &Attempt { verification: Some(Box::new(own)), ..attempt() });
    assert!(written().contains(r#""verification":{"provider":"twilio_verify","id":null"#));
}

#[test]
fn a_step_sees_what_is_there_and_keeping_changes_nothing() {
    for (name, store) in backends() {
        let mut shown = None;
        let mut keep = |found: Option<&Attempt>| {
            shown = Some(found.map(|attempt| attempt.id));
            AttemptUpdate::Keep
        };
        wait(store.update(KEY, &mut keep)).unwrap();
        assert_eq!(shown, Some(None), "{name}");
        assert_eq!(found(&*store, KEY), None, "{name}");
        put(&*store, KEY, &attempt());
        let mut keep = |found: Option<&Attempt>| {
            shown = Some(found.map(|attempt| attempt.id));
            AttemptUpdate::Keep
        };
        wait(store.update(KEY, &mut keep)).unwrap();
        assert_eq!(shown, Some(Some(attempt().id)), "{name}");
        assert_eq!(found(&*store, KEY), Some(whole_text(&attempt())), "{name}");
    }
}

#[test]
fn no_update_of_one_key_is_lost() {
    const EACH: i64 = 200;
    for (name, store) in backends() {
        put(&*store, KEY, &attempt());
        in_parallel(|_| {
            let mut count = |found: Option<&Attempt>| {
                let mut attempt = found.unwrap().clone();
                attempt.expires = attempt.expires + Duration::from_millis(1);
                AttemptUpdate::Put(attempt)
            };
            for _ in 0..EACH {
                wait(store.update(KEY, &mut count)).unwrap();
            }
        });
        let expires = wait(store.get(KEY)).unwrap().unwrap().expires;
        assert_eq!(expires.as_millis(), attempt().expires.as_millis() + 8 * EACH, "{name}");
    }
}

#[test]
fn of_many_answers_at_once_exactly_as_many_are_taken_as_there_are_tries() {
    for (name, store) in backends() {
        put(&*store, KEY, &attempt());
        let taken = AtomicUsize::new(0);
        in_parallel(|number| {
            for more in 0..25 {
                let answer = [8 * more + number; 16];
                let mut took = false;
                let mut take = |found: Option<&Attempt>| {
                    let mut attempt = found.unwrap().clone();
                    took = attempt.tries_left > 0;
                    if !took {
                        return AttemptUpdate::Keep;
                    }
                    attempt.tries_left -= 1;
                    attempt.answers.push(AnswerDigest::from_bytes(answer));
                    AttemptUpdate::Put(attempt)
                };
                wait(store.update(KEY, &mut take)).unwrap();
                taken.fetch_add(usize::from(took), Ordering::Relaxed);
            }
        });
        let attempt = wait(store.get(KEY)).unwrap().unwrap();
        assert_eq!(taken.into_inner(), 3, "{name}");
        assert_eq!((attempt.tries_left, attempt.answers.len()), (0, 3), "{name}");
    }
}

#[test]
fn of_many_starts_at_once_one_makes_the_attempt() {
    for (name, store) in backends() {
        let made = AtomicUsize::new(0);
        in_parallel(|number| {
            let mut mine = false;
            let mut open = |found: Option<&Attempt>| {
                mine = found.is_none();
                if !mine {
                    return AttemptUpdate::Keep;
                }
                AttemptUpdate::Put(Attempt { id: AttemptId::from_bytes([number; 12]), ..attempt() })
            };
            wait(store.update(KEY, &mut open)).unwrap();
            made.fetch_add(usize::from(mine), Ordering::Relaxed);
        });
        assert_eq!(made.into_inner(), 1, "{name}");
    }
}
