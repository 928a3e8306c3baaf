//! Random histories: what the store takes is what the fold takes, row for row.

use interlock_gate::history::Kind;
use interlock_gate::state::PlanState;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::entry::RecordedOutcome;
use crate::verify::{Anchors, Bad, verify_store};

/// One thing that some process may try to write, sensible or not.
#[derive(Debug, Clone)]
enum Try {
    Policy(u8),
    Run(u8),
    EndRun(u8),
    Plan(u8, u8),
    Narrow(u8),
    Token(u8, u8, Decision),
    Begin(u8),
    Intend(u8, u8),
    Outcome(u8, u8, u8),
    End(u8, bool),
    Refuse(u8),
    Reconcile(u8, u8),
    Alert(u8, u8, bool),
    Note(u8),
    Diagnose(u8),
    Import(u8),
    Backtest,
    Wait(u16),
}

fn a_try() -> impl Strategy<Value = Try> {
    let decision = prop_oneof![
        6 => Just(Decision::Approve),
        1 => Just(Decision::Reject),
        1 => Just(Decision::Revoke),
        1 => Just(Decision::Undo),
    ];
    let few = 0..2_u8;
    prop_oneof![
        1 => few.clone().prop_map(Try::Policy),
        2 => few.clone().prop_map(Try::Run),
        1 => few.clone().prop_map(Try::EndRun),
        2 => (few.clone(), 1..4_u8).prop_map(|(run, n)| Try::Plan(run, n)),
        1 => few.clone().prop_map(Try::Narrow),
        4 => (few.clone(), 0..4_u8, decision).prop_map(|(p, nonce, d)| Try::Token(p, nonce, d)),
        2 => few.clone().prop_map(Try::Begin),
        12 => (few.clone(), 0..4_u8).prop_map(|(p, i)| Try::Intend(p, i)),
        12 => (few.clone(), 0..4_u8, 0..12_u8).prop_map(|(p, i, o)| Try::Outcome(p, i, o)),
        1 => (few.clone(), any::<bool>()).prop_map(|(p, why)| Try::End(p, why)),
        1 => few.clone().prop_map(Try::Refuse),
        1 => (few.clone(), 0..4_u8).prop_map(|(p, i)| Try::Reconcile(p, i)),
        3 => (few.clone(), few.clone(), any::<bool>()).prop_map(|(i, g, f)| Try::Alert(i, g, f)),
        1 => few.clone().prop_map(Try::Note),
        1 => few.clone().prop_map(Try::Diagnose),
        1 => few.prop_map(Try::Import),
        1 => Just(Try::Backtest),
        1 => (0..100_u16).prop_map(Try::Wait),
    ]
}

struct World {
    store: SqliteStore,
    hand: Hand,
    plans: Vec<Plan>,
    tokens: Vec<Token>,
}

impl World {
    fn plan(&self, which: u8) -> Option<Plan> {
        self.plans.get(usize::from(which)).cloned()
    }

    /// Writes it, or is refused; whether it was written.
    fn attempt(&mut self, what: &Try) -> bool {
        let host = self.store.host();
        let name = |run: u8| format!("run{run}");
        let entry = match *what {
            Try::Wait(seconds) => {
                self.hand.move_on(u64::from(seconds));
                return true;
            }
            Try::Policy(0) => sample::policy(),
            Try::Policy(n) => sample::policy_entry(&format!("{}# {n}\n", sample::policy_text())),
            Try::Run(run) => sample::run_opened(&name(run)),
            Try::EndRun(run) => Entry::RunEnded {
                run: sample::run(&name(run)),
                state: "concluded".into(),
            },
            Try::Plan(run, sessions) => {
                let plan = sample::plan(&host, &name(run), sessions, 0);
                let entry = sample::planned(&plan);
                let taken = record(&self.store, entry).is_ok();
                if taken {
                    self.plans.insert(0, plan);
                }
                return taken;
            }
            Try::Narrow(which) => {
                let Some(parent) = self.plan(which) else {
                    return false;
                };
                let body = parent.body();
                let sessions = u8::try_from(body.actions.len()).unwrap();
                if sessions < 2 {
                    return false;
                }
                let run = body.run.as_str().trim_start_matches("r-").to_owned();
                let actions = sample::terminations(sessions, 1);
                let plan = sample::plan_of(&host, &run, actions, Some(&parent));
                let taken = record(&self.store, sample::planned(&plan)).is_ok();
                if taken {
                    self.plans.insert(0, plan);
                }
                return taken;
            }
            Try::Token(which, nonce, decision) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                let token = sample::token("alice", &plan, decision, nonce);
                let taken = record(&self.store, sample::token_entry(&token)).is_ok();
                if taken {
                    self.tokens.push(token);
                }
                return taken;
            }
            Try::Intend(which, index) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                // Mostly the action whose turn it is.
                let next = match block_on(self.store.history(&plan.id())).unwrap().state {
                    PlanState::Applying { next } if index > 0 => next,
                    _ => u16::from(index) / 3,
                };
                if usize::from(next) >= plan.body().actions.len() {
                    return false;
                }
                let of_plan = |token: &&Token| {
                    let payload = token.payload();
                    payload.plan == plan.id() && payload.decision == Decision::Approve
                };
                let Some(token) = self.tokens.iter().find(of_plan) else {
                    return false;
                };
                let mut basis = sample::basis(&plan, next, &[token], size(&self.store));
                basis.policy = block_on(self.store.policy()).unwrap().unwrap().0;
                let action = sample::action(&plan, next);
                return block_on(self.store.append(&action, &basis)).is_ok();
            }
            Try::Outcome(which, index, outcome) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                let why = "random".to_owned();
                // Mostly the action whose outcome is not known yet.
                let doubts = block_on(self.store.doubts()).unwrap();
                let open = doubts
                    .iter()
                    .find(|doubt| doubt.plan == plan.id() && outcome > 1);
                let index = open.map_or(u16::from(index), |doubt| doubt.index);
                match outcome {
                    0 => sample::outcome(&plan, index, RecordedOutcome::Unknown { why }),
                    1 => sample::outcome(&plan, index, RecordedOutcome::NotTried { why }),
                    2 => sample::outcome(&plan, index, RecordedOutcome::Refused { why }),
                    3 => sample::outcome(&plan, index, RecordedOutcome::Gone),
                    _ => sample::done(&plan, index),
                }
            }
            Try::Alert(incident, group, firing) => {
                sample::alerted(&format!("am-{incident}"), &format!("{group}"), firing)
            }
            Try::Note(0) => sample::note("INC-2291", "look"),
            Try::Note(n) => sample::note(&format!("am-{n}"), "look"),
            Try::Diagnose(run) => {
                block_on(self.store.keep(b"document".to_vec())).unwrap();
                sample::diagnosis(&name(run), b"document")
            }
            Try::Import(n) => {
                block_on(self.store.keep(b"lines".to_vec())).unwrap();
                sample::imported(&format!("am-{n}"), b"lines")
            }
            Try::Backtest => {
                block_on(self.store.keep(b"backtest".to_vec())).unwrap();
                sample::backtested(b"backtest")
            }
            Try::Begin(which) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                Entry::ApplyBegan {
                    plan: plan.id(),
                    kind: Kind::Apply,
                    conformed: Some(true),
                }
            }
            Try::End(which, stopped) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                Entry::ApplyEnded {
                    plan: plan.id(),
                    kind: Kind::Apply,
                    stopped: stopped.then(|| "random".to_owned()),
                    counts: Default::default(),
                }
            }
            Try::Refuse(which) => {
                let plan = self.plan(which).map(|plan| plan.id());
                Entry::Refused {
                    run: None,
                    plan,
                    asked: "apply".into(),
                    reasons: vec!["no".into()],
                }
            }
            Try::Reconcile(which, index) => {
                let Some(plan) = self.plan(which) else {
                    return false;
                };
                Entry::Reconciled {
                    plan: plan.id(),
                    index: index.into(),
                    kind: Kind::Apply,
                    finding: "it was done".into(),
                    token: "{}".into(),
                }
            }
        };
        record(&self.store, entry).is_ok()
    }
}

/// Plays one history, and says how many intents it reached.
fn play(tries: &[Try]) -> Result<usize, TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::new();
    let store = open_by(folder.path(), &hand).unwrap();
    let mut world = World {
        store,
        hand,
        plans: Vec::new(),
        tokens: Vec::new(),
    };
    // So that every case has an intent, and most go on from there.
    let approve = Try::Token(0, 0, Decision::Approve);
    let begun = [
        Try::Policy(0),
        Try::Run(0),
        Try::Plan(0, 3),
        approve,
        Try::Intend(0, 0),
    ];
    for first in begun {
        prop_assert!(world.attempt(&first));
    }
    for what in tries {
        let before = size(&world.store);
        let taken = world.attempt(what);
        let after = size(&world.store);
        // A refusal writes nothing; only what is said again is taken without an entry.
        let again = matches!(what, Try::Wait(_) | Try::Policy(_) | Try::Token(..));
        prop_assert!(after == before + u64::from(taken) || (taken && again && after == before));
    }
    block_on(world.store.rows_equal_the_fold()).unwrap();
    let (written, intents) = (
        size(&world.store),
        block_on(world.store.entries_of("intent")).unwrap(),
    );
    drop(world);
    let verdict = verify_store(folder.path(), "interlock.demo", &Anchors::default()).unwrap();
    prop_assert_eq!(verdict.entries, written);
    prop_assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
    if let Some(bad) = &verdict.first_bad {
        // These were asked for without the gate, or made up; nothing else may be wrong.
        let invented = matches!(bad.what, Bad::Approval { .. } | Bad::Statement(_));
        prop_assert!(invented, "{:?}", bad);
    }
    Ok(intents.len())
}

#[test]
fn rows_equal_the_fold() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 24,
        ..ProptestConfig::default()
    });
    let reached = std::cell::Cell::new((0, 0));
    runner
        .run(&prop::collection::vec(a_try(), 1..60), |tries| {
            let intents = play(&tries)?;
            let (cases, acts) = reached.get();
            reached.set((cases + usize::from(intents > 1), acts + intents));
            Ok(())
        })
        .unwrap();
    let (cases, acts) = reached.get();
    assert!(
        cases >= 6 && acts >= 36,
        "only {cases} of 24 histories went on, to {acts} intents"
    );
}
