//! Generated targets through the socket: what arrives is what was sent, and only where it may.
use doorcode::app::{APP_KINDS, AppKind};

use crate::support::gate::Gate;
use crate::support::http::Wire;
use crate::support::targets::{Targets, is_below};

const SOME: usize = 2000;

/// A byte that no request line may hold ends it early: what Doorcode reads is another target.
fn is_one_word(target: &str) -> bool {
    !target.contains([' ', '\r', '\n'])
}

#[test]
fn generated_targets_arrive_as_they_were_sent_or_not_at_all() {
    let gate = Gate::start();
    let mut arrived = 0;
    for target in Targets::new().filter(|target| is_one_word(target)).take(SOME) {
        let before = gate.app.count();
        let mut wire = Wire::to(gate.port);
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", gate.port);
        wire.send(head.as_bytes()).unwrap();
        let answer = wire.answer(false).unwrap();
        if gate.app.count() == before {
            let refused = [200, 303, 400, 401, 403, 404, 405].contains(&answer.status);
            assert!(refused, "{target}: {answer}");
            continue;
        }
        arrived += 1;
        assert_eq!(gate.app.count(), before + 1, "{target} arrived twice");
        assert_eq!(gate.app.last().target, target);
        for kind in APP_KINDS.into_iter().filter(|kind| *kind != AppKind::CaseFolding) {
            let path = kind.path(&target);
            let open = is_below(&path, "/public") || is_below(&path, "/maybe");
            assert!(open, "{kind:?} reads {target} as {path}: {answer}");
        }
    }
    assert!(arrived > SOME / 20, "only {arrived} arrived");
}
