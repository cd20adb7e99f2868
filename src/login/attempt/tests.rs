use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const TRIES: u8 = 3;
const LIFETIME: Duration = Duration::from_mins(5);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn answer(number: u8) -> AnswerDigest {
    AnswerDigest::from_bytes([number; 16])
}

fn fresh(number: u8) -> NewAttempt {
    NewAttempt {
        channel: crate::domain::TextChannel::Sms,
        id: AttemptId::from_bytes([number; 12]),
        nonce: [number; 16],
        key: KeyId(1),
        length: CodeLength::new(6).unwrap(),
        tries: TRIES,
        source: CounterKey::from_bytes([number; 16]),
        counted: at(0),
    }
}

/// A store with room for one attempt.
#[derive(Clone, Debug, Default)]
struct Slot(Option<Attempt>);

impl Slot {
    fn take_in(&mut self, step: AttemptUpdate) -> bool {
        match step {
            AttemptUpdate::Keep => false,
            AttemptUpdate::Put(attempt) => {
                self.0 = Some(attempt);
                true
            }
        }
    }

    fn open(&mut self, number: u8, now: i64) -> StartedAttempt {
        let (opened, step) = resume_or_begin(self.0.as_ref(), &fresh(number), LIFETIME, at(now));
        assert!(self.take_in(step));
        opened
    }

    /// Why the answer is not compared, or `None` when it is.
    fn take(&mut self, number: u8, now: i64) -> Option<&'static str> {
        let (taken, step) = take_try(self.0.as_ref(), answer(number), at(now));
        self.take_in(step);
        match taken {
            TryResult::Compare { attempt: told, repeated: _ } => {
                let kept = self.0.as_ref().unwrap();
                assert_eq!((told.id, told.tries_left), (kept.id, kept.tries_left));
                None
            }
            TryResult::Dead { attempt, reason } => {
                assert_eq!(attempt, self.0.as_ref().map(|attempt| attempt.id));
                Some(reason.as_str())
            }
        }
    }

    fn attempt(&self) -> &Attempt {
        self.0.as_ref().unwrap()
    }
}

fn opened(now: i64) -> Slot {
    let mut slot = Slot::default();
    assert!(matches!(slot.open(1, now), StartedAttempt::New(_)));
    slot
}

#[test]
fn a_start_resumes_what_lives_and_refills_nothing() {
    let mut slot = opened(0);
    assert_eq!(slot.take(1, SECOND), None);
    assert!(matches!(slot.open(2, 30 * SECOND), StartedAttempt::Resumed(_)));
    let attempt = slot.attempt();
    assert_eq!((attempt.id, attempt.nonce), (fresh(1).id, fresh(1).nonce), "the same code");
    assert_eq!((attempt.tries_left, attempt.answers.len()), (TRIES - 1, 1));
    assert_eq!(attempt.expires, at(5 * MINUTE + 30 * SECOND));
}

#[test]
fn no_code_lives_longer_than_ten_minutes() {
    let mut slot = opened(0);
    for now in [4 * MINUTE, 8 * MINUTE, 9 * MINUTE] {
        assert!(matches!(slot.open(2, now), StartedAttempt::Resumed(_)), "{now}");
    }
    assert_eq!(slot.attempt().expires, at(10 * MINUTE));
    assert_eq!(slot.take(1, 10 * MINUTE - 1), None);
    assert_eq!(slot.take(2, 10 * MINUTE), Some("expired"));
    assert_eq!(slot.take(1, 10 * MINUTE), Some("expired"), "one that took a try before, too");
    let hour = Duration::from_hours(1);
    let (_, step) = resume_or_begin(None, &fresh(1), hour, at(0));
    slot.take_in(step);
    assert_eq!(slot.attempt().expires, at(10 * MINUTE), "whatever the lifetime");
}

#[test]
fn what_is_not_worth_resuming_is_made_anew() {
    let is_new = |slot: &Slot, now| matches!(slot.clone().open(2, now), StartedAttempt::New(_));
    let slot = opened(0);
    assert!(is_new(&slot, 5 * MINUTE), "expired");
    let mut slot = opened(0);
    slot.open(2, 5 * MINUTE - 1);
    assert!(!is_new(&slot, 9 * MINUTE), "a minute is left");
    assert!(is_new(&slot, 9 * MINUTE + 1), "less than a minute is left");
    let mut slot = opened(0);
    for number in 0..TRIES {
        assert!(!is_new(&slot, MINUTE));
        slot.take(number, 1);
    }
    assert!(is_new(&slot, MINUTE), "no tries left");
    let mut slot = opened(0);
    let step = mark_used(slot.0.as_ref(), fresh(1).id, at(1));
    slot.take_in(step);
    assert!(is_new(&slot, MINUTE), "used");
}

#[test]
fn the_same_answer_never_takes_two_tries() {
    let mut slot = opened(0);
    for _ in 0..10 {
        assert_eq!(slot.take(1, 1), None);
    }
    assert_eq!(slot.attempt().tries_left, TRIES - 1);
    assert_eq!((slot.take(2, 2), slot.take(3, 3)), (None, None));
    assert_eq!(slot.take(4, 4), Some("no tries left"));
    assert_eq!(slot.take(3, 5), None, "its verdict can be told again");
    assert_eq!(slot.attempt().answers.len(), usize::from(TRIES));
    assert_eq!(Slot::default().take(1, 0), Some("unknown"));
}

#[test]
fn a_used_code_is_answered_again_for_a_minute_and_only_as_it_was() {
    let mut slot = opened(0);
    slot.take(1, 1);
    for now in [SECOND, 2 * SECOND] {
        let step = mark_used(slot.0.as_ref(), fresh(1).id, at(now));
        slot.take_in(step);
        assert_eq!(slot.attempt().used, Some(at(SECOND)), "the first time counts");
    }
    assert_eq!(slot.take(1, 61 * SECOND), None);
    assert_eq!(slot.take(1, 61 * SECOND + 1), Some("used"));
    assert_eq!(slot.take(2, 2 * SECOND), Some("used"), "another answer");
    assert_eq!(slot.attempt().tries_left, TRIES - 1);
}

#[test]
fn a_step_that_is_meant_for_another_attempt_changes_nothing() {
    let slot = opened(0);
    let (found, other) = (slot.0.as_ref(), fresh(9).id);
    for step in [
        mark_used(found, other, at(1)),
        return_try(found, other, answer(1)),
        set_outcome(found, other, SendOutcome::Sent),
        mark_used(None, fresh(1).id, at(1)),
    ] {
        assert!(matches!(step, AttemptUpdate::Keep), "{step:?}");
    }
}

/// One thing that happens to the attempt of one person.
#[derive(Clone, Debug)]
enum Happens {
    Later(i64),
    Start,
    Answer(u8),
    Return(u8),
    Close,
    Outcome,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => prop_oneof![0..2 * SECOND, 20 * SECOND..40 * SECOND, MINUTE..4 * MINUTE]
            .prop_map(Happens::Later),
        3 => Just(Happens::Start),
        4 => (0..6_u8).prop_map(Happens::Answer),
        1 => (0..6_u8).prop_map(Happens::Return),
        1 => Just(Happens::Close),
        1 => Just(Happens::Outcome),
    ]
}

/// What must be true of the attempt, kept apart from it and by other means.
#[derive(Debug)]
struct Model {
    number: u8,
    made: i64,
    expires: i64,
    answers: BTreeSet<u8>,
    used: Option<i64>,
}

impl Model {
    fn new(number: u8, now: i64) -> Self {
        let expires = now + 5 * MINUTE;
        Self { number, made: now, expires, answers: BTreeSet::new(), used: None }
    }

    fn tries_left(&self) -> usize {
        usize::from(TRIES) - self.answers.len()
    }

    fn can_resume(&self, now: i64) -> bool {
        self.used.is_none()
            && now < self.expires
            && self.tries_left() > 0
            && self.made + 10 * MINUTE - now >= MINUTE
    }

    /// Whether an answer is compared; if so it is among the answers from then on.
    fn answer(&mut self, number: u8, now: i64) -> bool {
        let known = self.answers.contains(&number);
        let compared = match self.used {
            Some(used) => known && now - used <= MINUTE,
            None => now < self.expires && (known || self.tries_left() > 0),
        };
        if compared {
            self.answers.insert(number);
        }
        compared
    }

    fn assert_is(&self, attempt: &Attempt) {
        let answers: BTreeSet<u8> =
            attempt.answers.iter().map(|answer| answer.as_bytes()[0]).collect();
        assert_eq!(attempt.answers.len(), answers.len(), "an answer took two tries");
        assert_eq!(answers, self.answers);
        assert_eq!(usize::from(attempt.tries_left), self.tries_left(), "tries came or went");
        assert_eq!((attempt.id, attempt.nonce), (fresh(self.number).id, fresh(self.number).nonce));
        assert_eq!(attempt.made, at(self.made));
        assert_eq!(attempt.expires, at(self.expires));
        assert!(attempt.expires <= attempt.made + Duration::from_mins(10));
        assert_eq!(attempt.used, self.used.map(at));
    }
}

fn start(slot: &mut Slot, model: &mut Option<Model>, next: u8, now: i64) {
    let told = slot.open(next, now);
    if let Some(model) = model.as_mut().filter(|model| model.can_resume(now)) {
        assert!(matches!(told, StartedAttempt::Resumed(_)), "{told:?}");
        model.expires = (now + 5 * MINUTE).min(model.made + 10 * MINUTE);
    } else {
        assert!(matches!(told, StartedAttempt::New(_)), "{told:?}");
        *model = Some(Model::new(next, now));
    }
}

fn give_back(slot: &mut Slot, model: &mut Model, number: u8) {
    let step = return_try(slot.0.as_ref(), fresh(model.number).id, answer(number));
    slot.take_in(step);
    model.answers.remove(&number);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_happens_the_rules_of_an_attempt_hold(
        all in prop::collection::vec(happens(), 0..60)
    ) {
        let (mut slot, mut model, mut now) = (Slot::default(), None::<Model>, 0);
        for (next, happens) in (1..).zip(all) {
            match (happens, &mut model) {
                (Happens::Later(millis), _) => now += millis,
                (Happens::Start, model) => start(&mut slot, model, next, now),
                (Happens::Answer(number), Some(model)) => {
                    let compared = model.answer(number, now);
                    prop_assert_eq!(slot.take(number, now).is_none(), compared);
                }
                (Happens::Return(number), Some(model)) => give_back(&mut slot, model, number),
                (Happens::Close, Some(model)) => {
                    let step = mark_used(slot.0.as_ref(), fresh(model.number).id, at(now));
                    slot.take_in(step);
                    model.used = model.used.or(Some(now));
                }
                (Happens::Outcome, Some(model)) => {
                    let id = fresh(model.number).id;
                    let step = set_outcome(slot.0.as_ref(), id, SendOutcome::Sent);
                    slot.take_in(step);
                    prop_assert_eq!(slot.attempt().outcome, SendOutcome::Sent);
                }
                (Happens::Answer(number), None) => {
                    prop_assert_eq!(slot.take(number, now), Some("unknown"));
                }
                (_, None) => {}
            }
            match (&model, &slot.0) {
                (Some(model), Some(attempt)) => model.assert_is(attempt),
                (model, attempt) => prop_assert!(model.is_none() && attempt.is_none()),
            }
        }
    }

    #[test]
    fn a_try_that_is_given_back_leaves_no_trace(
        before in prop::collection::vec(0..6_u8, 0..TRIES.into()), number in 6..9_u8
    ) {
        let mut slot = opened(0);
        for number in before {
            slot.take(number, 1);
        }
        let kept = slot.attempt().clone();
        prop_assert_eq!(slot.take(number, 2), None);
        let step = return_try(slot.0.as_ref(), kept.id, answer(number));
        slot.take_in(step);
        prop_assert_eq!(format!("{:?}", slot.attempt()), format!("{kept:?}"));
    }
}
