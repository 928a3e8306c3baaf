//! What rules demand of backtests, and what is kept of them.

use interlock_gate::history::PastBacktest;
use interlock_gate::ids::{BlobDigest, ComponentDigest};
use interlock_gate::plan::{PlanBody, StepBytes};
use proptest::prelude::*;

use super::random::mostly;

pub(super) const DEMANDS: [&str; 3] = [
    "\nbacktest = { cases = 20, top1_percent = 80, confident_wrong_percent = 2 }",
    "\nbacktest = { cases = 1, top1_percent = 1, confident_wrong_percent = 100 }",
    "\nbacktest = { cases = 20, top1_percent = 50, confident_wrong_percent = 10, corpus = \
     \"sha256:4e0b6d4a30ac0b1d0f1a4a2ab1b6e7c6a9d9c3c0c5bb7b2e4f4f0f1c2a3b4c5d\" }",
];

/// The plan's body with a step in front that read for it, of the bytes `bytes`.
pub(crate) fn read_by_diagnose(mut body: PlanBody) -> PlanBody {
    let diagnose = backtest(0, 0, 0, 0).components;
    body.components.steps.splice(0..0, diagnose);
    body
}

/// A kept backtest of the bytes that [`read_by_diagnose`] puts in front.
pub(crate) fn backtest(cases: u32, right: u32, confident: u32, wrong: u32) -> PastBacktest {
    PastBacktest {
        runbook: "postgres-connections".to_owned(),
        components: vec![StepBytes {
            step: "diagnose".to_owned(),
            digest: ComponentDigest::of(b"bytes"),
        }],
        corpus: BlobDigest::of(b"corpus"),
        cases,
        right,
        confident,
        confident_wrong: wrong,
    }
}

/// What is kept of backtests: most of it of these bytes and good enough.
pub(super) fn arb_backtests() -> impl Strategy<Value = Vec<PastBacktest>> {
    let one = (
        mostly("postgres-connections", vec!["another"]),
        prop_oneof![6 => Just("diagnose"), 1 => Just("other bytes"), 1 => Just("another step")],
        any::<bool>(),
        prop_oneof![3 => Just((24_u32, 22_u32)), 1 => Just((19, 19)), 1 => Just((25, 19)), 1 => Just((0, 0))],
        prop_oneof![3 => Just((20_u32, 0_u32)), 1 => Just((0, 0)), 1 => Just((50, 1)), 1 => Just((49, 1)), 1 => Just((9, 9))],
    )
        .prop_map(|(runbook, what, pinned, (cases, right), (confident, wrong))| {
            let mut past = backtest(cases, right, confident, wrong);
            past.runbook = runbook.to_owned();
            match what {
                "other bytes" => past.components[0].digest = ComponentDigest::of(b"old"),
                "another step" => past.components[0].step = "look".to_owned(),
                _ => {}
            }
            if pinned {
                past.corpus = "sha256:4e0b6d4a30ac0b1d0f1a4a2ab1b6e7c6a9d9c3c0c5bb7b2e4f4f0f1c2a3b4c5d"
                    .parse()
                    .unwrap();
            }
            past
        });
    prop::collection::vec(one, 0..4)
}
