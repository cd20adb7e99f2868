//! Every call of a store that a login makes: it fails, everything fails from it on, or the request
//! ends there; before the store has done it, and after.
use super::trap::{Fault, How, When};
use super::visitor::{Step, Visitor};
use super::world::World;

/// THE table of calls. A login that makes others is a login with other points: name them here.
const LOGIN: &[(Step, &[&str])] = &[
    (Step::GiveNumber, GIVE_NUMBER),
    (Step::Text, &["attempts.get", "attempts.update"]),
    (Step::ShowCodePage, &["attempts.get", "counters.take"]),
    (Step::GiveCode, GIVE_CODE),
    (Step::LeaveForTheSite, &["sessions.find", "sessions.find"]),
];

/// Of the counters, the first looks whether a proof is asked for, the last counts the text for where the number
/// is from. Whether codes are used there is not judged in the first minutes of a process.
const GIVE_NUMBER: &[&str] =
    &["attempts.get", "counters.take", "counters.take", "counters.take", "attempts.update"];

const GIVE_CODE: &[&str] = &[
    "attempts.get",
    "attempts.update",
    "counters.take",
    "counters.give_back",
    "logins.commit",
    "attempts.update",
    "counters.give_back",
    "counters.clear",
    "counters.clear",
    "counters.take",
    "counters.take",
];

/// The same in a browser that is known: that a code was used is not counted for its country, only that it
/// was right.
const GIVE_CODE_AGAIN: &[&str] = GIVE_CODE.split_at(GIVE_CODE.len() - 1).0;

/// The step that takes the try was done, and nobody knows: the try is not given back, since it
/// may have been that of a wrong code. The right one takes no other when it is given again.
const TRY_TAKEN: (usize, When) = (1, When::After);

pub(super) struct Point {
    pub(super) name: String,
    pub(super) step: Step,
    pub(super) fault: Fault,
}

/// Before and after each of `calls`.
fn points(step: Step, calls: &[&str], how: How) -> Vec<Point> {
    let each = calls.iter().enumerate().flat_map(|(nth, call)| {
        [When::Before, When::After].map(|when| {
            let name = format!("{step:?}, call {nth}: {how:?} {when:?} {call}");
            Point { name, step, fault: Fault { nth, when, how } }
        })
    });
    each.collect()
}

pub(super) fn points_of_a_login(how: How) -> Vec<Point> {
    let each = LOGIN.iter().flat_map(|(step, calls)| points(*step, calls, how));
    // A worker is dropped by nobody but the end of the process.
    each.filter(|point| (point.step, how) != (Step::Text, How::IsDropped)).collect()
}

/// Signs in through one point.
pub(super) async fn meet(visitor: &mut Visitor<'_>, point: &Point, world: &World) {
    let Point { name, step, fault } = point;
    let before = world.texts(&visitor.phone).len();
    visitor.come_to(*step).await;
    let tries = *step == Step::GiveCode && fault.how == How::Fails;
    if tries {
        visitor.gives_a_wrong_code(0, name).await;
    }
    let answer = visitor.take_with(*step, *fault, name).await;
    if *step == Step::GiveNumber {
        world.send_texts().await;
        let sent = world.texts(&visitor.phone).len() - before;
        let refused = answer.as_ref().is_none_or(|answer| answer.status == 503);
        assert_eq!(sent, usize::from(!refused), "{name}: {answer:?}");
    }
    let given_back = tries && (fault.nth, fault.when) != TRY_TAKEN;
    visitor.comes_back(before, given_back, name).await;
}

async fn meet_all(how: How) {
    let world = World::new().await;
    for (n, point) in (0..).zip(points_of_a_login(how)) {
        let mut visitor = Visitor::new(&world, n).await;
        meet(&mut visitor, &point, &world).await;
    }
}

/// Somebody who signs in for the second time, in the browser that they are signed in with: the
/// session before ends in the transaction that begins the new one, so that no call is added.
async fn meet_all_again(how: How) {
    let world = World::new().await;
    for (n, point) in (0..).zip(points(Step::GiveCode, GIVE_CODE_AGAIN, how)) {
        let mut visitor = Visitor::who_was_here(&world, n, &point.name).await;
        meet(&mut visitor, &point, &world).await;
    }
}

#[tokio::test]
async fn the_table_names_every_call_of_a_login() {
    let world = World::new().await;
    let mut visitor = Visitor::new(&world, 0).await;
    for (step, calls) in LOGIN {
        world.trap.arm(None);
        visitor.take(*step).await;
        assert_eq!(world.trap.disarm().0, *calls, "{step:?}");
    }
    visitor.logins = 1;
    visitor.come_to(Step::GiveCode).await;
    world.trap.arm(None);
    visitor.take(Step::GiveCode).await;
    assert_eq!(world.trap.disarm().0, GIVE_CODE_AGAIN);
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing_by_half() {
    meet_all(How::Fails).await;
}

#[tokio::test]
async fn stores_that_go_down_leave_nothing_by_half() {
    meet_all(How::GoesDown).await;
}

#[tokio::test]
async fn a_request_that_is_dropped_leaves_nothing_by_half() {
    meet_all(How::IsDropped).await;
}

#[tokio::test]
async fn a_second_login_leaves_nothing_by_half_wherever_it_fails() {
    for how in [How::Fails, How::GoesDown, How::IsDropped] {
        meet_all_again(how).await;
    }
}
