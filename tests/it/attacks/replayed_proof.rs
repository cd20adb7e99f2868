//! A puzzle that was solved is shown once more: while a restart is in between.
use std::time::Duration;

use doorcode::domain::PhoneNumber;
use doorcode::login::{Proof, ProofFault, RefusedStart, StartChallenge, StartError, StartRequest};

use super::world::{Outcome, World, attacker, stranger};
use crate::support::puzzle::solve;
use crate::support::settings::ADA;

const FIVE_MINUTES: Duration = Duration::from_mins(5);

fn start<'a>(phone: &'a PhoneNumber, proof: Option<Proof<'a>>) -> StartRequest<'a> {
    StartRequest {
        requester: stranger(attacker(9), 9),
        phone,
        accept_language: None,
        page_language: None,
        page_host: None,
        application: None,
        proof,
        channel: None,
    }
}

async fn asked(world: &World, start: StartRequest<'_>) -> StartChallenge {
    match world.inner.login.start(start).await {
        Err(RefusedStart { why: StartError::Challenged(asked), .. }) => *asked,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_proof_is_good_once_whether_the_process_is_another_or_not() {
    for restarts in [false, true] {
        let mut world = World::new(&[]).await;
        for n in 1..=2 {
            world.start_without_proof(attacker(n), ADA, &mut Outcome::default()).await;
            world.inner.pass(FIVE_MINUTES);
        }
        let phone = PhoneNumber::from_e164(ADA).unwrap();
        let puzzle = asked(&world, start(&phone, None)).await;
        assert_eq!(puzzle.fault, None);
        let number = solve(&puzzle.puzzle, puzzle.bits);
        let proof = Proof { puzzle: &puzzle.puzzle, number: &number, captcha: "" };
        world.inner.login.start(start(&phone, Some(proof))).await.expect("a text");
        world.inner.send_texts().await;
        world.inner.pass(FIVE_MINUTES);
        if restarts {
            world = world.restart().await;
        }
        let again = asked(&world, start(&phone, Some(proof))).await;
        assert_eq!(again.fault, Some(ProofFault::Replayed), "after a restart: {restarts}");
        assert_eq!(world.inner.texts(ADA).len(), 3);
    }
}
