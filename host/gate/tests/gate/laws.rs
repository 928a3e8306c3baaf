//! The laws of the gate, one property each.

use interlock_gate::history::{Kind, Redemption};
use interlock_gate::ids::PersonName;
use interlock_gate::plan::Plan;
use interlock_gate::token::Decision;
use interlock_gate::{PlanState, Reason};
use proptest::prelude::*;

use crate::world::random::{arb_sound_world, arb_world};
use crate::world::{NEVER, TokenParts, Who, World, after, freeze, terminate_rule};

fn permits(world: &World) -> bool {
    world.decide().is_ok()
}

fn reasons(world: &World) -> Vec<Reason> {
    world
        .decide()
        .map_or_else(|denied| denied.reasons().to_vec(), |_| Vec::new())
}

/// Freezes, `never`s and revocations that a policy may gain.
fn arb_restriction() -> impl Strategy<Value = Restriction> {
    prop_oneof![
        (
            0_u64..1_000,
            1_u64..4_000,
            prop::sample::select(vec!["\"commander\"", "\"sre\"", ""])
        )
            .prop_map(|(from, length, roles)| {
                Restriction::Freeze(freeze("more", after(from), after(from + length), roles))
            }),
        prop::sample::select(vec![
            NEVER.to_owned(),
            NEVER.replace("replication", "client"),
            "[[never]]\ncapability = \"workload.scale\"\ntargets = [\"*/check*\"]\n".to_owned(),
        ])
        .prop_map(Restriction::Never),
        prop::sample::select(vec![
            Who::Alice,
            Who::AliceSecurityKey,
            Who::Bob,
            Who::Carol,
            Who::Dave,
        ])
        .prop_map(Restriction::Key),
        Just(Restriction::Plan),
    ]
}

#[derive(Clone, Debug)]
enum Restriction {
    Freeze(String),
    Never(String),
    Key(Who),
    Plan,
}

fn restricted(world: &World, restriction: Restriction) -> World {
    let mut parts = world.parts.clone();
    match restriction {
        Restriction::Freeze(text) => parts.freezes.push(text),
        Restriction::Never(text) => parts.nevers.push(text),
        Restriction::Key(who) => parts.revoked_keys.push(who.key().to_line()),
        Restriction::Plan => parts.revoked_plans.push(world.plan.id()),
    }
    world.under(parts)
}

/// A seat is missing, or why a token does not fill it.
fn is_about_seats(reason: &Reason) -> bool {
    let code = reason.code();
    matches!(code, "frozen" | "seats" | "quorum") || code.starts_with("token_")
}

proptest! {
    #![proptest_config(crate::world::cases(192))]

    #[test]
    fn law_1_no_rule_no_permit(world in arb_world(), gone in 0_usize..2) {
        let mut parts = world.parts.clone();
        parts.writes.clear();
        prop_assert!(!permits(&world.under(parts)));
        // Nor is another rule of the policy of any help.
        let mut parts = world.parts.clone();
        let named = ["end stuck sessions", "grow"][gone];
        parts.writes.remove(gone);
        if world.kind == Kind::Apply
            && world.plan.acts().any(|(_, planned)| planned.rule.name == named)
        {
            prop_assert!(!permits(&world.under(parts)));
        }
    }

    #[test]
    fn law_10_what_was_never_shown_to_be_right_changes_nothing(mut world in arb_world()) {
        let demands = world.kind == Kind::Apply
            && world.policy.writes()[0].backtest.is_some()
            && world.plan.acts().any(|(_, planned)| planned.rule.name == "end stuck sessions");
        let before = reasons(&world);
        world.history.backtests.clear();
        if demands {
            prop_assert!(!permits(&world));
        } else {
            // And who demands nothing is asked for nothing.
            prop_assert_eq!(before, reasons(&world));
        }
    }

    #[test]
    fn law_2_an_error_while_deciding_denies(mut world in arb_sound_world(), next in 10_u16..) {
        // A journal that contradicts itself, in each of the ways it could.
        let consistent = world.clone();
        world.history.state = PlanState::Applying { next: 0 };
        prop_assert!(!permits(&world));
        world.history.applied = Some(Redemption { at: after(100), tokens: Vec::new() });
        prop_assert_eq!(permits(&world), permits(&consistent));
        world.history.state = PlanState::Applying { next };
        prop_assert!(reasons(&world).contains(&Reason::HistoryBroken));
        world.history.state = PlanState::Undoing { next };
        world.kind = Kind::Undo;
        prop_assert!(reasons(&world).contains(&Reason::HistoryBroken));
    }

    #[test]
    fn law_3_a_rejection_a_revocation_or_a_never_beats_any_number_of_approvals(
        world in arb_sound_world(),
        who in prop::sample::select(vec![Who::Alice, Who::Bob, Who::Carol, Who::Dave]),
        decision in prop::sample::select(vec![Decision::Reject, Decision::Revoke]),
    ) {
        let everybody = [Who::Alice, Who::AliceSecurityKey, Who::Bob, Who::Carol, Who::Dave];
        let mut world = everybody.into_iter().fold(world, World::signed);
        prop_assert!(permits(&world));
        let mut parts = world.parts.clone();
        parts.nevers.push(NEVER.replace("replication", "client"));
        prop_assert!(!permits(&world.under(parts)));
        let mut no = TokenParts::new(who, &world.plan, after(60));
        no.decision = decision;
        world.tokens.push(no.token());
        prop_assert!(!permits(&world));
    }

    #[test]
    fn law_3_a_freeze_only_ever_asks_for_more(world in arb_world(), from in 0_u64..300, length in 1_u64..4_000) {
        let mut parts = world.parts.clone();
        parts.freezes.push(freeze("more", after(from), after(from + length), "\"commander\""));
        let frozen = world.under(parts);
        prop_assert!(permits(&world) || !permits(&frozen));
        // What it asks for is seats, and nothing but seats.
        if permits(&world) {
            prop_assert!(reasons(&frozen).iter().all(is_about_seats));
        }
    }

    #[test]
    fn law_4_a_plan_is_redeemed_once_by_the_host_it_names(world in arb_world(), at in 0_u64..200) {
        let mut elsewhere = world.clone();
        elsewhere.here.origin.push('x');
        prop_assert!(!permits(&elsewhere));
        let mut other_key = world.clone();
        other_key.here.key = "A".repeat(43) + "=";
        prop_assert!(!permits(&other_key));
        // Once redeemed and ended, never again; and while it lasts, only the next action.
        let mut again = world.clone();
        let redemption = Some(Redemption { at: after(at), tokens: Vec::new() });
        match again.kind {
            Kind::Apply => again.history.applied = redemption,
            Kind::Undo => again.history.undone = redemption,
        }
        for state in [PlanState::Waiting, PlanState::Applied, PlanState::Stopped { at: 0 }] {
            again.history.state = state;
            prop_assert!(!permits(&again));
        }
    }

    #[test]
    fn law_5_the_order_of_tokens_and_of_rules_does_not_matter(world in arb_world(), turn in 0_usize..5) {
        let mut other = world.parts.clone();
        other.writes.reverse();
        other.nevers.reverse();
        other.freezes.reverse();
        let mut other = world.under(other);
        other.tokens.reverse();
        let turn = turn.min(other.tokens.len());
        other.tokens.rotate_left(turn);
        match (world.decide(), other.decide()) {
            (Ok(a), Ok(b)) => {
                prop_assert_eq!(a.action(), b.action());
                prop_assert_eq!(a.not_after(), b.not_after());
                prop_assert_eq!(a.basis().index, b.basis().index);
                prop_assert_eq!(&a.basis().tokens, &b.basis().tokens);
            }
            (Err(a), Err(b)) => prop_assert_eq!(a, b),
            (a, b) => prop_assert!(false, "{a:?} against {b:?}"),
        }
    }

    #[test]
    fn law_6_a_quorum_is_at_least_one_human_and_no_human_sits_twice(
        world in arb_world(),
        people in prop::sample::subsequence(vec![Who::Alice, Who::AliceSecurityKey, Who::Carol], 0..=3),
    ) {
        if let Ok(permit) = world.decide() {
            prop_assert!(!permit.basis().tokens.is_empty());
        }
        let mut nobody = world.clone();
        nobody.tokens.clear();
        prop_assert!(!permits(&nobody));
        // Two seats take two people, however many keys and tokens there are.
        let mut parts = crate::world::parts();
        parts.writes[0] = terminate_rule("need = 2, roles = [\"sre\"]", "");
        let actions = vec![crate::world::with_do(crate::world::session(1, "client", Some(842)))];
        let two_seats = people.iter().chain(&people).copied().fold(World::of(parts, actions), World::signed);
        let mut names: Vec<PersonName> =
            people.iter().map(|who| who.name().parse().unwrap()).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(permits(&two_seats), names.len() >= 2);
    }

    #[test]
    fn law_7_adding_a_freeze_a_never_or_a_revocation_never_permits_more(
        world in arb_world(),
        restriction in arb_restriction(),
    ) {
        let restricted = restricted(&world, restriction);
        prop_assert!(permits(&world) || !permits(&restricted));
    }

    #[test]
    fn law_7_adding_a_rule_for_something_else_changes_nothing(world in arb_world()) {
        let mut parts = world.parts.clone();
        parts.writes.insert(0, "[[write]]\nname = \"a\"\nrunbooks = [\"*\"]\n\
            capability = \"workload.restart\"\ntargets = [\"*/*\"]\n\
            approvals = { need = 1, roles = [\"sre\"] }\n".to_owned());
        parts.writes.push(terminate_rule("need = 1, roles = [\"owner\"]", "")
            .replace("end stuck sessions", "others").replace("orders-db/client", "stock-db/client"));
        let more = world.under(parts);
        prop_assert_eq!(reasons(&world), reasons(&more));
        prop_assert_eq!(permits(&world), permits(&more));
    }

    #[test]
    fn an_extra_caller_changes_no_verdict_and_no_reason(
        world in arb_world(),
        behind in prop::sample::select(vec!["owner = \"carol\"", "unattended = true"]),
        read_only in any::<bool>(),
        calls in 1_u32..1_000,
    ) {
        let mut parts = world.parts.clone();
        parts.head.push_str(&format!(
            "[[caller]]\nname = \"page\"\nbearer_sha256 = \"{}\"\n{behind}\n\
             read_only = {read_only}\nrunbooks = [\"postgres-*\"]\n\
             limits = {{ calls_per_minute = {calls} }}\n",
            "7".repeat(64),
        ));
        let more = world.under(parts);
        prop_assert_eq!(permits(&more), permits(&world));
        prop_assert_eq!(reasons(&more), reasons(&world));
    }

    #[test]
    fn law_8_only_the_gate_makes_a_permit_and_it_is_for_the_action_inside_it(world in arb_world()) {
        // That nothing else makes one, and that it is spent once, does not compile otherwise: see
        // the must-not-compile tests.
        if let Ok(permit) = world.decide() {
            let basis = permit.basis();
            let planned = &world.plan.body().actions[usize::from(basis.index)];
            let expected = match world.kind {
                Kind::Apply => planned.action.clone(),
                Kind::Undo => planned.undo.clone().unwrap(),
            };
            prop_assert_eq!(permit.action(), expected);
            prop_assert_eq!(basis.plan, world.plan.id());
            prop_assert_eq!(basis.policy, world.policy.digest());
            prop_assert!(permit.not_after() > world.now);
            let at_hand: Vec<_> = world.tokens.iter().map(|token| token.digest()).collect();
            prop_assert!(basis.tokens.iter().all(|token| at_hand.contains(token)));
        }
    }

    #[test]
    fn law_9_all_reasons_are_reported_in_a_fixed_order_not_the_first(
        world in arb_world(),
        restriction in arb_restriction(),
    ) {
        let before = reasons(&world);
        let mut sorted = before.clone();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(&before, &sorted);
        // A further reason hides none of the others.
        let mut elsewhere = world.clone();
        elsewhere.here.origin = "nowhere".to_owned();
        let with_one_more = reasons(&elsewhere);
        prop_assert!(before.iter().all(|reason| with_one_more.contains(reason)));
        if let Restriction::Never(_) = &restriction {
            let with_one_more = reasons(&restricted(&world, restriction));
            let kept = |reason: &Reason| {
                matches!(reason, Reason::Never { .. }) || with_one_more.contains(reason)
            };
            prop_assert!(before.iter().all(kept));
        }
    }
}

#[test]
fn a_plan_of_another_body_is_another_plan_and_no_token_carries_over() {
    let world = World::new().signed(Who::Alice);
    let mut other = world.plan.body().clone();
    other.incident.push('x');
    let other = World {
        plan: Plan::new(other).unwrap(),
        ..world
    };
    assert_eq!(other.reasons()[0], "token of `alice` is for another plan");
}
