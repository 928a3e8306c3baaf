//! Taking back what was done, with the plan's own approvals or with fresh ones.

use interlock_gate::PlanState;
use interlock_gate::action::Capability;
use interlock_gate::history::{DoneAct, Kind, Redemption};
use interlock_gate::plan::{BadPlan, Plan};
use interlock_gate::policy::Policy;
use interlock_gate::revision::Revision;
use interlock_gate::screen::what_you_sign;
use interlock_gate::token::Decision;

use crate::world::{
    self, NEVER_EXPIRE, TokenParts, Who, World, after, freeze, parts, scale, session, silence,
    silenced, with_do,
};

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

/// Three silences of which the last is not known to have been made.
fn silenced_thrice() -> World {
    let mut world = World::of(
        parts(),
        vec![
            with_do(silence(30)),
            with_do(silence(40)),
            with_do(silence(50)),
        ],
    )
    .signed(Who::Alice);
    world.kind = Kind::Undo;
    world.history.state = PlanState::Stopped { at: 2 };
    let tokens = vec![world.tokens[0].digest()];
    world.history.applied = Some(Redemption {
        at: after(100),
        tokens,
    });
    world.history.ended_at = Some(after(110));
    world.history.done = ["one", "two"]
        .into_iter()
        .zip(0..)
        .map(|(id, index)| DoneAct {
            index,
            after: silenced(id),
        })
        .collect();
    world.now = after(1_500);
    world
}

#[test]
fn the_undo_of_a_silence_is_the_expiry_of_the_very_silence_that_was_made() {
    let mut world = silenced_thrice();
    let permit = world.decide().unwrap();
    assert_eq!(permit.action(), silence(40).0.undo().unwrap());
    assert_eq!(permit.action().capability(), Capability::Expire);
    assert_eq!(permit.seen(), &silenced("two"));
    world.history.state = PlanState::Undoing { next: 0 };
    world.history.undone = world.history.applied.clone();
    let permit = world.decide().unwrap();
    assert_eq!(permit.seen(), &silenced("one"));
}

#[test]
fn a_never_of_the_expiry_keeps_the_silence_and_one_of_the_silence_does_not() {
    let mut parts = parts();
    parts.nevers.push(NEVER_EXPIRE.to_owned());
    let kept = silenced_thrice().under(parts.clone());
    assert_eq!(
        kept.reasons(),
        [
            "action 1 (alerts.expire on alertmanager/High) is forbidden: [[never]] `alertmanager/*`",
            "action 2 (alerts.expire on alertmanager/High) is forbidden: [[never]] `alertmanager/*`",
        ]
    );
    parts.nevers = vec![NEVER_EXPIRE.replace("expire", "silence")];
    assert!(silenced_thrice().under(parts).decide().is_ok());
}

#[test]
fn a_plan_signed_when_silences_could_not_be_taken_back_reads_as_it_was_signed() {
    let world = silenced_thrice();
    let mut body = world.plan.body().clone();
    assert!(what_you_sign(&world.plan).contains("undo       the silence is expired"));
    for planned in &mut body.actions {
        planned.undo = None;
    }
    let before = Plan::new(body.clone()).unwrap();
    // The file of that time, which stays as it is.
    let kept = include_bytes!("../../../../tests/kept/plan-v1-silences-without-undo.json");
    assert_eq!(Plan::read(kept).unwrap(), before);
    assert!(what_you_sign(&before).contains("undo       none: end the silence by hand"));
    let mut old = world;
    old.plan = before;
    old.tokens = vec![TokenParts::new(Who::Alice, &old.plan, after(60)).token()];
    old.history.applied = Some(Redemption {
        at: after(100),
        tokens: vec![old.tokens[0].digest()],
    });
    assert_eq!(old.reasons(), ["no act that was done can be taken back"]);
    // Nobody can tell which of the two a person would have read.
    body.actions[0].undo = body.actions[0].action.undo();
    assert!(matches!(Plan::new(body), Err(BadPlan::Undo { action: 1 })));
}

#[test]
fn no_plan_asks_for_an_expiry_and_no_rule_is_for_one() {
    let world = silenced_thrice();
    let mut body = world.plan.body().clone();
    body.actions[1].action = body.actions[1].action.undo().unwrap();
    body.actions[1].seen = silenced("two");
    body.actions[1].undo = None;
    assert!(matches!(
        Plan::new(body),
        Err(BadPlan::OnlyUndo { action: 1, .. })
    ));
    let mut parts = parts();
    parts.writes[2] = parts.writes[2].replace("alerts.silence", "alerts.expire");
    let refused = Policy::parse(&parts.text()).unwrap_err().to_string();
    assert!(
        refused.contains("`alerts.expire` only takes another act back"),
        "{refused}"
    );
}

#[test]
fn what_a_silence_left_behind_reads_in_both_forms() {
    let read =
        |json: &str| Revision::read_after(Capability::Silence, serde_json::from_str(json).unwrap());
    assert_eq!(read("null").unwrap(), Revision::Unconditional);
    let after = silenced("one");
    let text = serde_json::to_string(&after).unwrap();
    assert_eq!(read(&text).unwrap(), after);
    assert!(read("{\"updated_at\":null}").is_err());
    assert!(read("{\"id\":\"one\",\"updated_at\":null,\"x\":1}").is_err());
}
