//! Taking back what was done, with the plan's own approvals or with fresh ones.

use interlock_gate::PlanState;
use interlock_gate::history::{DoneAct, Kind, Redemption};
use interlock_gate::token::Decision;

use crate::world::{self, TokenParts, Who, World, after, freeze, parts, scale, session, with_do};

fn applied() -> World {
    let actions = vec![
        with_do(scale(6, 3)),
        with_do(session(1, "client", Some(842))),
    ];
    let mut world = World::of(parts(), actions).signed(Who::Alice);
    world.kind = Kind::Undo;
    world.history.state = PlanState::Applied;
    let tokens = vec![world.tokens[0].digest()];
    world.history.applied = Some(Redemption {
        at: after(100),
        tokens,
    });
    world.history.ended_at = Some(after(110));
    world.history.done = vec![
        DoneAct {
            index: 0,
            after: world::workload(2),
        },
        DoneAct {
            index: 1,
            after: world::session(1, "client", None).1,
        },
    ];
    world.now = after(1_500);
    world
}

#[test]
fn an_undo_takes_back_what_can_be_with_the_plans_own_tokens() {
    let permit = applied().decide().unwrap();
    assert_eq!(permit.action(), scale(6, 3).0.undo().unwrap());
    assert_eq!(permit.seen(), &world::workload(2));
    assert_eq!((permit.basis().index, permit.basis().step), (0, 0));
    assert_eq!(permit.not_after(), after(110 + 1_800));
}

#[test]
fn after_the_window_a_freeze_or_a_revocation_an_undo_needs_fresh_tokens() {
    let missing = "rule `grow` needs 1 sre or owner who is not the requester, has 0";
    let late = applied().at(after(110 + 1_800));
    assert_eq!(late.reasons(), [missing]);
    let mut frozen = applied();
    frozen
        .parts
        .freezes
        .push(freeze("now", after(200), after(300), "\"commander\""));
    let frozen = frozen.under(frozen.parts.clone());
    assert_eq!(frozen.reasons(), [missing]);
    let mut revoked = applied();
    let mut no = TokenParts::new(Who::Dave, &revoked.plan, after(900));
    no.decision = Decision::Revoke;
    revoked.tokens.push(no.token());
    assert_eq!(revoked.reasons(), [missing]);

    for mut world in [late, frozen, revoked] {
        let mut fresh = TokenParts::new(Who::Carol, &world.plan, world.now);
        fresh.decision = Decision::Undo;
        world.tokens.push(fresh.token());
        assert!(world.decide().is_ok());
    }
}
