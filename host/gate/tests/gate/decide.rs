//! Single cases of the decision, in the words that people read.

use crate::world::{self, TokenParts, Who, World, after, body, freeze, parts, session, with_do};
use interlock_gate::history::{PastIntent, Redemption, SpentToken};
use interlock_gate::plan::{Do, Plan};
use interlock_gate::token::{Decision, Nonce};
use interlock_gate::{Finding, PlanState, explain};

#[test]
fn nobody_has_signed() {
    let world = World::new();
    assert_eq!(
        world.reasons(),
        ["rule `end stuck sessions` needs 1 sre who is not the requester, has 0"]
    );
    assert!(world.decide().unwrap_err().is_only_missing_approval());
}

#[test]
fn one_signature_of_the_right_person_is_enough() {
    let permit = World::new().signed(Who::Alice).decide().unwrap();
    assert_eq!(permit.basis().tokens.len(), 1);
    assert_eq!(permit.not_after(), after(60 + 900));
}

#[test]
fn a_token_is_refused_the_second_it_expires() {
    let world = World::new().signed(Who::Alice);
    assert!(world.clone().at(after(959)).decide().is_ok());
    assert_eq!(
        world.at(after(960)).reasons(),
        [
            "token of `alice` expired at 03:28:11Z, 0s ago (issued 03:13:11Z + max_age 15m)",
            "rule `end stuck sessions` needs 1 sre who is not the requester, has 0",
        ]
    );
}

#[test]
fn the_requester_cannot_approve_what_they_asked_for() {
    let world = World::new().signed(Who::Bob);
    assert_eq!(
        world.reasons(),
        [
            "token of `bob` does not count: they stand behind the request",
            "rule `end stuck sessions` needs 1 sre who is not the requester, has 0",
        ]
    );
    assert!(!world.decide().unwrap_err().is_only_missing_approval());
}

#[test]
fn a_caller_that_no_line_maps_fails_and_the_missing_line_is_printed() {
    let mut world = World::new();
    let mut unmapped = world.plan.body().clone();
    unmapped.requester.caller = None;
    unmapped.owners = Vec::new();
    world.plan = Plan::new(unmapped).unwrap();
    assert_eq!(
        world.signed(Who::Alice).reasons(),
        ["no [[caller]] says who stands behind `uid:1000`; missing: \
         [[caller]] name = \"...\", uid = 1000, owner = \"...\"",]
    );
}

#[test]
fn a_rejection_beats_every_approval_and_outlives_its_own_end() {
    let mut world = World::new().signed(Who::Alice).signed(Who::Carol);
    let mut no = TokenParts::new(Who::Dave, &world.plan, after(61));
    no.decision = Decision::Reject;
    no.expires_at = after(62);
    world.tokens.push(no.token());
    assert_eq!(world.reasons(), ["`dave` rejected the plan at 03:13:12Z"]);
    // Nor does it help to revoke the key that said no.
    let mut revoked = world.parts.clone();
    revoked.revoked_keys.push(Who::Dave.key().fingerprint());
    assert_eq!(
        world.under(revoked).reasons(),
        ["`dave` rejected the plan at 03:13:12Z"]
    );
}

#[test]
fn a_strangers_rejection_is_no_rejection() {
    let mut world = World::new().signed(Who::Alice);
    let mut no = TokenParts::new(Who::Stranger, &world.plan, after(61));
    no.decision = Decision::Reject;
    world.tokens.push(no.token());
    assert!(world.decide().is_ok());
}

#[test]
fn an_invalid_token_never_blocks_a_valid_one() {
    let mut world = World::new()
        .signed(Who::Stranger)
        .signed(Who::Bob)
        .signed(Who::Alice);
    let mut wrong = TokenParts::new(Who::Carol, &world.plan, after(60));
    wrong.actions.clear();
    world.tokens.push(wrong.token());
    assert!(world.decide().is_ok());
    let ignored: Vec<String> = explain(&world.case())
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Ignored(reason) => Some(reason.to_string()),
            _other => None,
        })
        .collect();
    assert_eq!(
        ignored,
        [
            format!(
                "token of `mallory` is signed by {}, no approver's key",
                Who::Stranger.key().fingerprint()
            ),
            "token of `carol` lists other acts than the plan".to_owned(),
            "token of `bob` does not count: they stand behind the request".to_owned(),
        ]
    );
}

#[test]
fn every_seat_is_filled_by_a_different_person() {
    let mut parts = parts();
    parts.writes[0] = world::terminate_rule(
        "all = [{ need = 1, roles = [\"sre\"] }, { need = 1, roles = [\"commander\"] }]",
        "",
    );
    let actions = vec![with_do(session(101, "client", Some(842)))];
    let world = World::of(parts, actions).signed(Who::Carol);
    assert_eq!(
        world.reasons(),
        ["rule `end stuck sessions` needs 2 different people for its seats, has 1"]
    );
    assert!(world.signed(Who::Alice).decide().is_ok());
}

#[test]
fn two_keys_of_one_person_are_one_person() {
    let mut parts = parts();
    parts.writes[0] = world::terminate_rule("need = 2, roles = [\"sre\"]", "");
    let actions = vec![with_do(session(101, "client", Some(842)))];
    let world = World::of(parts, actions)
        .signed(Who::Alice)
        .signed(Who::AliceSecurityKey);
    assert_eq!(
        world.reasons(),
        ["rule `end stuck sessions` needs 2 sre who are not the requester, has 1"]
    );
}

#[test]
fn presence_is_read_from_the_security_keys_flags() {
    let mut parts = parts();
    parts.writes[0] =
        world::terminate_rule("need = 1, roles = [\"sre\"], presence = \"touch\"", "");
    let actions = vec![with_do(session(101, "client", Some(842)))];
    let world = World::of(parts, actions);
    assert!(world.clone().signed(Who::AliceSecurityKey).decide().is_ok());
    let mut untouched = TokenParts::new(Who::AliceSecurityKey, &world.plan, after(60));
    untouched.flags = 0;
    let mut refused = world.signed(Who::Carol);
    refused.tokens.push(untouched.token());
    assert_eq!(
        refused.reasons(),
        [
            "token of `alice` is not signed with the touch of a security key",
            "token of `carol` is not signed with the touch of a security key",
            "rule `end stuck sessions` needs 1 sre who is not the requester, \
         signed with the touch of a security key, has 0",
        ]
    );
}

#[test]
fn a_freeze_asks_for_one_more_person_and_replaces_none() {
    let mut frozen = parts();
    frozen.freezes.push(freeze(
        "quarter end",
        after(0),
        after(7_200),
        "\"commander\"",
    ));
    let actions = vec![with_do(session(101, "client", Some(842)))];
    let world = World::of(frozen, actions);
    assert_eq!(
        world.reasons(),
        [
            "freeze `quarter end` is on until 2026-11-25T05:12:11Z: needs 1 more by commander, has 0",
            "rule `end stuck sessions` needs 1 sre who is not the requester, has 0",
        ]
    );
    assert_eq!(
        world.clone().signed(Who::Carol).reasons(),
        ["rule `end stuck sessions` needs 2 different people for its seats, has 1",]
    );
    assert!(
        world
            .clone()
            .signed(Who::Carol)
            .signed(Who::Alice)
            .decide()
            .is_ok()
    );
    assert!(world.decide().unwrap_err().is_only_missing_approval());
}

#[test]
fn a_freeze_without_exceptions_denies() {
    let mut frozen = parts();
    frozen
        .freezes
        .push(freeze("quarter end", after(0), after(7_200), ""));
    let world = World::new().under(frozen).signed(Who::Alice);
    assert_eq!(
        world.reasons(),
        ["freeze `quarter end` is on until 2026-11-25T05:12:11Z, and nobody may lift it"]
    );
    assert!(!world.decide().unwrap_err().is_only_missing_approval());
}

#[test]
fn a_freeze_is_read_at_apply_not_at_plan() {
    let mut frozen = parts();
    frozen
        .freezes
        .push(freeze("later", after(300), after(7_200), "\"commander\""));
    let world = World::new().under(frozen).signed(Who::Alice);
    // No permit outlives the peace before it.
    assert_eq!(world.decide().unwrap().not_after(), after(300));
    assert!(world.at(after(300)).decide().is_err());
}

#[test]
fn a_rule_that_changed_since_planned_denies_and_a_limit_that_changed_does_not() {
    let world = World::new().signed(Who::Alice);
    let mut changed = parts();
    changed.writes[0] = changed.writes[0].replace("min = 60", "min = 61");
    assert_eq!(
        world.under(changed).reasons(),
        ["rule changed since planned: `end stuck sessions` of action 1"]
    );
    let mut looser = parts();
    looser.writes[0] = looser.writes[0].replace("per_run = 40", "per_run = 39");
    assert!(world.under(looser).decide().is_ok());
}

#[test]
fn rates_are_counted_over_the_plan_and_over_the_hour() {
    let mut tight = parts();
    tight.writes[0] =
        tight.writes[0].replace("per_run = 40, per_hour = 80", "per_run = 1, per_hour = 3");
    let actions: Vec<_> = (1..=2)
        .map(|pid| with_do(session(pid, "client", Some(842))))
        .collect();
    let mut world = World::of(tight, actions.clone()).signed(Who::Alice);
    world.history.intents = vec![
        PastIntent {
            rule: "end stuck sessions".to_owned(),
            at: after(0),
        },
        PastIntent {
            rule: "end stuck sessions".to_owned(),
            at: after(1),
        },
        PastIntent {
            rule: "grow".to_owned(),
            at: after(1),
        },
    ];
    assert_eq!(
        world.reasons(),
        [
            "rule `end stuck sessions` permits 1 action a run, the plan holds 2",
            "rule `end stuck sessions` permits 3 actions an hour, had 2, the plan adds 2",
        ]
    );
    // A skipped action counts for neither.
    let mut fewer = actions;
    fewer[0].2 = Do::Skip;
    world.plan = Plan::new(body(&world.policy, fewer)).unwrap();
    world.tokens.clear();
    assert!(world.signed(Who::Alice).decide().is_ok());
}

#[test]
fn a_never_is_found_on_every_action() {
    let actions = vec![
        with_do(session(1, "client", Some(842))),
        with_do(session(2, "replication", Some(842))),
    ];
    let world = World::of(parts(), actions).signed(Who::Alice);
    assert_eq!(
        world.reasons(),
        [
            "action 2 (database.terminate on orders-db/replication) is forbidden: \
         [[never]] `*/replication`",
        ]
    );
}

#[test]
fn all_reasons_are_reported_at_once() {
    let mut world = World::of(parts(), vec![with_do(session(1, "replication", None))]);
    world.here.origin = "elsewhere".to_owned();
    world.now = after(4_000);
    world.history.last_entry_at = Some(after(5_000));
    world.history.state = PlanState::Superseded;
    assert_eq!(
        world.reasons(),
        [
            "the plan is for host `interlock.demo`",
            "the clock is 16m 40s behind the journal's last entry",
            "the plan is superseded",
            "the plan ended at 04:12:11Z, 23m 20s ago",
            "action 1 (database.terminate on orders-db/replication) is forbidden: \
         [[never]] `*/replication`",
            "rule `end stuck sessions` does not permit action 1 \
         (database.terminate on orders-db/replication)",
            "rule `end stuck sessions` needs 1 sre who is not the requester, has 0",
        ]
    );
}

#[test]
fn a_plan_goes_on_action_by_action_and_is_redeemed_once() {
    let actions: Vec<_> = (1..=3)
        .map(|pid| with_do(session(pid, "client", Some(842))))
        .collect();
    let mut world = World::of(parts(), actions).signed(Who::Alice);
    assert_eq!(world.decide().unwrap().basis().index, 0);
    world.history.state = PlanState::Applying { next: 2 };
    let tokens = vec![world.tokens[0].digest()];
    world.history.applied = Some(Redemption {
        at: after(100),
        tokens,
    });
    let permit = world.decide().unwrap();
    assert_eq!((permit.basis().index, permit.basis().step), (2, 2));
    world.history.state = PlanState::Applied;
    assert_eq!(world.reasons(), ["the plan is applied"]);
    world.history.state = PlanState::Waiting;
    assert_eq!(world.reasons(), ["the plan was applied once, at 03:13:51Z"]);
}

#[test]
fn a_nonce_that_was_redeemed_for_something_else_is_spent() {
    let mut world = World::new().signed(Who::Alice);
    world.history.spent.push(SpentToken {
        signer: Who::Alice.key(),
        nonce: Nonce::from_raw([Who::Alice as u8; 16]),
        token: interlock_gate::ids::TokenDigest::of(b"another"),
        plan: world.plan.id(),
    });
    assert_eq!(world.reasons()[0], "token of `alice` was redeemed before");
}

#[test]
fn explain_names_who_can_supply_what_is_missing() {
    let findings = explain(&World::new().case());
    assert_eq!(
        findings[1],
        Finding::Empty {
            rule: "end stuck sessions".to_owned(),
            freeze: None,
            roles: vec!["sre".to_owned()],
            presence: interlock_gate::sshsig::Presence::Unproven,
            can: vec!["alice".parse().unwrap(), "carol".parse().unwrap()],
        }
    );
}
