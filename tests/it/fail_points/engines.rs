//! PostgreSQL and Redis fail for real at each call of a login, or are away from it on.
use std::sync::Arc;

use super::calls::{Point, meet, points_of_a_login};
use super::trap::How;
use super::visitor::{Step, Visitor};
use super::world::World;
use crate::support::engines::{Cache, Engines};

/// Signs in through each point that `meets`.
async fn break_at_each(cache: Cache, breaks: fn(&Engines), meets: impl Fn(&Point) -> bool) {
    let world = World::on(cache).await;
    let engines = Arc::clone(world.engines.as_ref().expect("engines"));
    world.trap.on_break(move || breaks(&engines));
    for (n, point) in (0..).zip(points_of_a_login(How::Breaks)).filter(|(_, point)| meets(point)) {
        let mut visitor = Visitor::new(&world, n).await;
        meet(&mut visitor, &point, &world).await;
    }
}

#[tokio::test]
async fn engines_that_are_cut_off_at_any_call_leave_nothing_by_half() {
    break_at_each(Cache::Redis, Engines::cut_off, |_| true).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_postgresql_that_is_cut_off_at_any_call_leaves_nothing_by_half() {
    for cache in [Cache::Database, Cache::Memory] {
        break_at_each(cache, Engines::cut_off, |_| true).await;
    }
}

#[tokio::test]
async fn a_postgresql_that_is_killed_while_a_code_is_spent_leaves_nothing_by_half() {
    let spends = |point: &Point| point.step == Step::GiveCode && point.name.contains("commit");
    break_at_each(Cache::Redis, Engines::kill, spends).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_postgresql_that_is_killed_at_any_call_leaves_nothing_by_half() {
    for cache in [Cache::Redis, Cache::Database, Cache::Memory] {
        break_at_each(cache, Engines::kill, |_| true).await;
    }
}
