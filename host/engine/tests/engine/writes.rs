//! A write is proposed from a cited answer, and nothing is changed.

use interlock_capabilities::write::{Refusal, Seen};
use interlock_engine::{Ended, Fault, Limits};
use interlock_gate::action::AnyAction;

use crate::world::run;

#[tokio::test]
async fn a_write_cites_a_recorded_item() {
    let ran = run("terminates", &Limits::default()).await;
    let Ok(Ended::Writes(writes)) = &ran.end else {
        panic!("{:?}", ran.end)
    };
    let [aimed] = &writes[..] else {
        panic!("{writes:?}")
    };
    let AnyAction::Terminate(terminate) = &aimed.action else {
        panic!("{aimed:?}")
    };
    assert_eq!(terminate.target.to_string(), "orders-db/client");
    assert_eq!(terminate.arguments.pid, 100);
    assert_eq!(ran.cassette.writes[0].cites, Seen { call: 1, item: 0 });
}

#[tokio::test]
async fn what_was_not_observed_cannot_be_cited() {
    let ran = run("writes_unread", &Limits::default()).await;
    assert_eq!(ran.end, Ok(Ended::Writes(Vec::new())));
    let refused: Vec<_> = ran
        .cassette
        .writes
        .iter()
        .map(|write| write.refused.clone())
        .collect();
    assert_eq!(refused.len(), 3);
    assert!(
        refused
            .iter()
            .all(|why| matches!(why, Some(Refusal::NoSuchItem(_)))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_read_after_a_write_is_a_fault() {
    let ran = run("reads_after_write", &Limits::default()).await;
    assert_eq!(
        ran.end,
        Err(Fault::ReadAfterWrite {
            call: "database.sessions"
        })
    );
    assert_eq!(
        (ran.cassette.calls.len(), ran.cassette.writes.len()),
        (1, 1)
    );
}
