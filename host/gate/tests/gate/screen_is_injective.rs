//! Different plans never print alike, even without the line that carries the plan's digest.

use std::collections::BTreeSet;

use interlock_gate::action::{AnyAction, Notify, NotifyArguments, Silence, SilenceArguments};
use interlock_gate::ids::{CallDigest, CallId, ReportDigest, RuleDigest};
use interlock_gate::narrow::{is_narrowed, narrow};
use interlock_gate::plan::{CheckpointRef, CitedItem, Do, Plan, PlanBody, PlannedAction, RuleRef};
use interlock_gate::revision::Revision;
use interlock_gate::screen::{confirm_word, plan_line, rule_terms, summary, what_you_sign};
use proptest::prelude::*;

use crate::world::{self, World, after, body, scale, session, with_do};

/// Texts that try to look like something else: quotes, line ends, other texts' ends.
fn arb_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "a",
            "a`",
            "`",
            "a`, role `b",
            "none",
            "1",
            "\\",
            "\\u{60}",
            "\n",
            "a\n   2  c14[1]",
            "\u{202e}",
            "\u{200b}",
            "a ",
            " a",
            "é",
            "e\u{301}",
            "true",
            "`none`",
            "[]",
        ])
        .prop_map(str::to_owned),
        "[a`,\\\\ \n]{0,4}",
    ]
}

fn arb_action() -> impl Strategy<Value = (AnyAction, Revision)> {
    prop_oneof![
        (
            1..4_i32,
            1..4_i32,
            prop::option::of(arb_text()),
            prop::option::of(arb_text()),
            prop::option::of(1_u64..4)
        )
            .prop_map(|(pid, seen_pid, role, state, age)| {
                let (mut action, _) = session(pid, "client", age);
                let (_, seen) = session(seen_pid, "client", age);
                if let AnyAction::Terminate(terminate) = &mut action {
                    terminate.arguments.role = role;
                    terminate.arguments.only_if_state = state;
                }
                (action, seen)
            }),
        (1..4_u32, 1..4_u32, arb_text()).prop_map(|(to, from, kind)| {
            let (mut action, seen) = scale(to, from);
            if let AnyAction::Scale(scale) = &mut action {
                scale.arguments.kind = kind;
            }
            (action, seen)
        }),
        (
            prop::collection::btree_map(arb_text(), arb_text(), 0..3),
            1..3_u32,
            arb_text()
        )
            .prop_map(|(labels, minutes, reason)| {
                let target = "alertmanager/silence".parse().unwrap();
                let arguments = SilenceArguments {
                    labels,
                    minutes,
                    reason,
                };
                (
                    AnyAction::Silence(Silence { target, arguments }),
                    Revision::Unconditional,
                )
            }),
        arb_text().prop_map(|message| {
            let target = "pager/oncall".parse().unwrap();
            let arguments = NotifyArguments { message };
            (
                AnyAction::Notify(Notify { target, arguments }),
                Revision::Unconditional,
            )
        }),
    ]
}

fn arb_planned() -> impl Strategy<Value = PlannedAction> {
    (
        arb_action(),
        0..3_u32,
        prop::sample::select(vec!["a", "a`", "b"]),
        0..2_u8,
        any::<bool>(),
    )
        .prop_map(|((action, seen), item, rule, digest, acts)| PlannedAction {
            undo: action.undo(),
            action,
            seen,
            cites: CitedItem {
                call: CallId(14),
                item,
            },
            rule: RuleRef {
                name: rule.to_owned(),
                digest: RuleDigest::of(&[digest]),
            },
            r#do: if acts { Do::Act } else { Do::Skip },
        })
}

fn arb_body() -> impl Strategy<Value = PlanBody> {
    (
        prop::collection::vec(arb_planned(), 1..4),
        (
            arb_text(),
            arb_text(),
            prop::option::of(arb_text()),
            arb_text(),
            any::<bool>(),
        ),
        prop::collection::btree_map(
            arb_text(),
            arb_text().prop_map(serde_json::Value::from),
            0..3,
        ),
        arb_text(),
        (0..3_u8, 0..2_u64, 0..3_u64),
        prop::sample::subsequence(vec!["alice", "bob"], 0..=2),
    )
        .prop_map(
            |(
                mut actions,
                (incident, origin, caller, via, unattended),
                inputs,
                step,
                (n, size, late),
                owners,
            )| {
                actions[0].r#do = Do::Act;
                let world = World::new();
                let mut body = body(&world.policy, vec![with_do(session(1, "client", None))]);
                body.actions = actions;
                body.incident = incident;
                body.host.origin = origin;
                body.requester.caller = caller;
                body.requester.via = via;
                body.requester.unattended = unattended;
                body.findings = inputs.values().cloned().collect();
                body.inputs = inputs;
                body.components.step = step;
                body.report = ReportDigest::of(&[n]);
                body.calls[0].digest = CallDigest::of(&[n]);
                body.checkpoint.size = size;
                body.created_at = after(late);
                body.owners = owners
                    .into_iter()
                    .map(|name| name.parse().unwrap())
                    .collect();
                body
            },
        )
}

proptest! {
    #![proptest_config(crate::world::cases(512))]

    #[test]
    fn different_plans_never_print_alike(a in arb_body(), b in arb_body()) {
        let (a, b) = (Plan::new(a).unwrap(), Plan::new(b).unwrap());
        prop_assert_eq!(a == b, what_you_sign(&a) == what_you_sign(&b));
    }

    #[test]
    fn a_plan_with_one_thing_changed_prints_otherwise(a in arb_body(), b in arb_body(), which in 0..14_u8) {
        let mut c = a.clone();
        match which {
            0 => c.actions[0].action = b.actions[0].action.clone(),
            1 => c.actions[0].cites = b.actions[0].cites.clone(),
            2 => c.actions[0].rule = b.actions[0].rule.clone(),
            3 => c.actions.reverse(),
            4 => c.incident = b.incident,
            5 => c.host.origin = b.host.origin,
            6 => c.requester = b.requester,
            7 => c.inputs = b.inputs,
            8 => c.findings = b.findings,
            9 => c.components.step = b.components.step,
            10 => c.calls = b.calls,
            11 => c.actions = b.actions,
            12 => c.owners = b.owners,
            _other => c.created_at = b.created_at,
        }
        for planned in &mut c.actions {
            planned.undo = planned.action.undo();
        }
        c.actions[0].r#do = Do::Act;
        // The changed action may be of a kind that expects another revision: no plan then.
        let (Ok(a), Ok(c)) = (Plan::new(a), Plan::new(c)) else { return Ok(()) };
        prop_assert_eq!(a == c, what_you_sign(&a) == what_you_sign(&c));
    }

    #[test]
    fn a_screen_is_printable_ascii_in_lines(body in arb_body()) {
        let text = what_you_sign(&Plan::new(body).unwrap());
        prop_assert!(text.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)));
        prop_assert!(text.ends_with('\n'));
    }
}

#[test]
fn the_screen_reads_as_it_was_reviewed() {
    let actions: Vec<_> = [(210_411, 842), (210_415, 838), (212_093, 309)]
        .into_iter()
        .map(|(pid, age)| with_do(session(pid, "client", Some(age))))
        .collect();
    let world = World::of(world::parts(), actions);
    let plan = &world.plan;
    assert_eq!(summary(plan), "3 x database.terminate on orders-db/client");
    assert_eq!(confirm_word(plan), "orders-db 3");
    assert!(plan_line(plan).contains(&plan.id().to_string()));
    insta::assert_snapshot!(what_you_sign(plan), @r#"
    run        r-k7qd, incident `INC-2291`, host `interlock.demo` (`6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=`)
    asked      by `bob` (`uid:1000`) at 2026-11-25T03:12:11.000000Z
    behind it  bob
    ends       2026-11-25T04:12:11.000000Z
    WHAT YOU SIGN
    3 x database.terminate on orders-db/client, rule `end stuck sessions`
    same for all 3: database `orders`, only_if_state `idle in transaction`, role `checkout`, session began 02:51:11.000000, server began 2026-11-13T13:25:31.000000Z, system `7301934765182993000`
       #  item    pid     transaction_age_s  transaction began
       1  c14[0]  210411  842                02:58:09.000000
       2  c14[1]  210415  838                02:58:13.000000
       3  c14[2]  212093  309                03:07:02.000000
    undo       none: a terminated session cannot come back; its transaction is rolled back
    meanwhile  a session that has changed or ended by then is left alone; the others go on
    rule       `end stuck sessions` (sha256:5224c1e58e308cb039971d4f0e07786e301f8f5098207dffe2f2b713f1683faa): 3 actions
    runbook    `postgres-connections` `0.3.0`, these are the writes of `remediate`
    bytes      `remediate` sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9
    inputs     `server` = "orders-db"
    findings   null
    evidence   c14 (sha256:ae970dadb6fdbc97fc68ab0c98c2f1c2747825bb7c85f918266e2c138e9a3e86)
    report     sha256:845e91831319e89c4d656bdb80c278ac09a7230d61e5dfd2e1b1fbb436ac8917
    cassette   sha256:5eb37b9673d59438724b6d80dbb61a1816b73de9f42d8f7fe22aca2e913b2482
    journal    83 entries, root `0000000000000000000000000000000000000000000000000000000000000000`
    "#);
}

#[test]
fn one_action_is_said_in_one_line() {
    let world = World::of(world::parts(), vec![with_do(scale(6, 3))]);
    assert_eq!(confirm_word(&world.plan), "prod");
    let text = what_you_sign(&world.plan);
    let row = text.lines().find(|line| line.starts_with("   1")).unwrap();
    assert_eq!(
        row,
        "   1       item c14[0], kind `Deployment`, namespace `shop`, observed_replicas 3, \
         replicas 6, uid `0b1f`, resource version `1`"
    );
}

#[test]
fn a_rules_terms_are_said_in_words() {
    let world = World::new();
    let rule = world.policy.write("end stuck sessions").unwrap();
    assert_eq!(
        rule_terms(rule),
        "1 sre who is not the requester, within 15m; at most 40 actions a run; \
         at most 80 actions an hour"
    );
}

#[test]
fn a_narrowed_plan_keeps_the_whole_list_and_is_another_plan() {
    let actions = (1..=3)
        .map(|pid| with_do(session(pid, "client", Some(842))))
        .collect();
    let plan = World::of(world::parts(), actions).plan;
    let checkpoint = CheckpointRef {
        size: 90,
        root: "1".repeat(64),
    };
    let carol: interlock_gate::ids::PersonName = "carol".parse().unwrap();
    let skip = BTreeSet::from([1]);
    let child = narrow(
        &plan,
        &skip,
        std::slice::from_ref(&carol),
        after(60),
        checkpoint.clone(),
    )
    .unwrap();
    assert_ne!(child.id(), plan.id());
    assert_eq!(child.body().actions.len(), 3);
    assert_eq!(
        child.acts().map(|(index, _)| index).collect::<Vec<_>>(),
        [0, 2]
    );
    assert_eq!(child.body().parent, Some(plan.id()));
    assert!(child.body().owners.contains(&carol));
    assert!(is_narrowed(&child, &plan));
    assert!(!is_narrowed(&plan, &child));
    let all = BTreeSet::from([0, 1, 2]);
    assert!(narrow(&plan, &all, &[], after(60), checkpoint.clone()).is_err());
    assert!(
        narrow(
            &plan,
            &BTreeSet::from([3]),
            &[],
            after(60),
            checkpoint.clone()
        )
        .is_err()
    );
    assert!(narrow(&child, &skip, &[], after(60), checkpoint).is_err());
}
