//! A component that was built against an older contract keeps running. One of each version is kept.

use std::{fs, path::Path, time::Duration};

use interlock_capabilities::report::Verdict;
use interlock_engine::{Ended, Kind, Limits, Step, Tier};

use crate::world::{ENGINE, Server, grants, input, live, policy_for_everything};

fn kept(version: &str, step: &str) -> Step {
    let path = format!("../../tests/kept/contract-{version}/{step}.wasm");
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    ENGINE.load(&bytes).unwrap()
}

#[tokio::test]
async fn a_verify_step_of_contract_0_1_0_still_runs() {
    let step = kept("0.1.0", "verify");
    assert_eq!((step.tier(), step.kind()), (Tier::Read, Some(Kind::Verify)));
    let mut given = input();
    given.inputs = r#"{"server":"orders-db","stuck_after":300000,"lookback":3600000}"#.into();
    let linked = step.link(&policy_for_everything()).unwrap();
    let ran = linked
        .run(
            given,
            live(Server::readers(Duration::ZERO)),
            &Limits::default(),
        )
        .await;
    let Ok(Ended::Verification(found)) = &ran.end else {
        panic!("{:?}", ran.end)
    };
    // The settings of this server cannot be had: the step says so, and does not guess.
    assert_eq!(found.verdict, Verdict::CouldNotTell);
    assert!(ran.cassette.calls.len() >= 2);
}

#[tokio::test]
async fn a_remediate_step_of_contract_0_1_0_still_runs() {
    let step = kept("0.1.0", "remediate");
    assert_eq!(
        (step.tier(), step.kind()),
        (Tier::Write, Some(Kind::Remediate))
    );
    assert_eq!(
        step.capabilities(),
        ["database.locks", "database.sessions", "database.terminate"]
    );
    let mut given = input();
    given.inputs = r#"{"server":"orders-db","stuck_after":300000,"lookback":3600000}"#.into();
    let linked = step.link(&grants()).unwrap();
    let ran = linked
        .run(
            given,
            live(Server::readers(Duration::ZERO)),
            &Limits::default(),
        )
        .await;
    // Without findings it proposes nothing.
    assert_eq!(ran.end, Ok(Ended::Writes(Vec::new())));
}
