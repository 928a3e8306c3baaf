//! Reads overlap, are bounded by policy, and end with the run.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use interlock_capabilities::{Gap, Readers};
use interlock_engine::{Fault, Limits, Progress};

use crate::world::{Server, input, linked, live, run};

#[tokio::test(flavor = "multi_thread")]
async fn reads_overlap() {
    let readers = Server::readers(Duration::from_millis(200));
    let linked = linked("overlaps");
    let began = Instant::now();
    let ran = linked.run(input(), live(readers), &Limits::default()).await;
    let took = began.elapsed();
    assert!(ran.end.is_ok(), "{:?}", ran.end);
    assert_eq!(ran.cassette.calls.len(), 3);
    assert!(
        took >= Duration::from_millis(200) && took < Duration::from_millis(450),
        "{took:?}"
    );
}

#[tokio::test]
async fn an_answer_is_given_twice_the_same() {
    assert!(run("reads_twice", &Limits::default()).await.end.is_ok());
}

#[tokio::test]
async fn a_read_outside_its_targets_is_refused_and_recorded() {
    let ran = run("asks_elsewhere", &Limits::default()).await;
    let gap = ran.cassette.calls[0].answer.clone().unwrap_err();
    assert!(
        matches!(&gap, Gap::Refused(why) if why.contains("targets = [\"billing-db\"]")),
        "{gap}"
    );
}

#[tokio::test]
async fn without_a_source_the_answer_is_a_gap() {
    let ran = linked("reads_once")
        .run(input(), live(Readers::default()), &Limits::default())
        .await;
    assert!(matches!(
        ran.cassette.calls[0].answer,
        Err(Gap::NoSource(_))
    ));
}

#[tokio::test]
async fn a_dropped_answer_ends_its_read() {
    let server = Server::new(Duration::from_millis(50), 1);
    let answered = Arc::clone(&server.answered);
    let ran = linked("asks_and_drops")
        .run(input(), live(server.into()), &Limits::default())
        .await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(answered.load(Ordering::SeqCst), 0);
    assert_eq!(ran.cassette.calls.len(), 3);
    assert!(
        ran.cassette
            .calls
            .iter()
            .all(|call| matches!(call.answer, Err(Gap::NotRecorded(_))))
    );
}

#[tokio::test]
async fn more_runs_than_the_pool_has_room_for_wait_their_turn() {
    let runs = (0..40).map(|_| async { run("reads_once", &Limits::default()).await.end.is_ok() });
    assert!(
        futures::future::join_all(runs)
            .await
            .into_iter()
            .all(|ok| ok)
    );
}

#[tokio::test]
async fn a_run_that_is_stopped_keeps_what_it_asked_and_ends_its_reads() {
    let server = Server::new(Duration::from_secs(3600), 1);
    let answered = Arc::clone(&server.answered);
    let (linked, progress) = (linked("overlaps"), Progress::default());
    let asked = progress.clone();
    let stop = async move {
        while asked.asked() < 3 {
            tokio::task::yield_now().await;
        }
        "the client asked".to_owned()
    };
    let limits = Limits::default();
    let ran = linked
        .run_until(
            input(),
            live(server.into()),
            &limits,
            progress.clone(),
            stop,
        )
        .await;
    let Err(fault @ Fault::Cancelled { .. }) = &ran.end else {
        panic!("{:?}", ran.end)
    };
    assert_eq!(fault.to_string(), "cancelled: the client asked");
    assert_eq!((progress.asked(), progress.answered()), (3, 0));
    assert_eq!(ran.cassette.calls.len(), 3);
    assert!(ran.cassette.calls.iter().all(|call| call.answer.is_err()));
    while Arc::strong_count(&answered) > 1 {
        // An aborted task is dropped in its turn; one that went on would hang this test.
        tokio::task::yield_now().await;
    }
}
