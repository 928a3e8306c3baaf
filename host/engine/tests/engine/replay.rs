//! The same bytes on their cassette do the same; where they do not, the first difference is named.

use interlock_capabilities::{Ask, Gap, read::database::DatabaseAsk};
use interlock_engine::{Cassette, Difference, Ended, Fault, Grants, Limits, Ran, Source};

use crate::world::{ENGINE, RUNBOOK, hostile, input, run};

async fn replay(name: &str, from: Source) -> Ran {
    let linked = ENGINE
        .load(&hostile(name))
        .unwrap()
        .link(&Grants::for_replay(RUNBOOK))
        .unwrap();
    linked.run(input(), from, &Limits::default()).await
}

#[tokio::test]
async fn a_replay_gives_the_same_report_plan_and_calls() {
    for name in [
        "nothing",
        "reads_once",
        "overlaps",
        "uses_clock",
        "terminates",
        "writes_unread",
        "asks_and_drops",
        "wasi",
    ] {
        let live = run(name, &Limits::default()).await;
        let bytes = live.cassette.canonical().unwrap();
        let again = replay(name, Source::Tape(Cassette::read(&bytes).unwrap())).await;
        assert_eq!(live.end, again.end, "{name}");
        assert_eq!(bytes, again.cassette.canonical().unwrap(), "{name}");
    }
}

async fn difference(name: &str, change: impl FnOnce(&mut Cassette)) -> Difference {
    let mut cassette = run(name, &Limits::default()).await.cassette;
    change(&mut cassette);
    match replay(name, Source::Tape(cassette)).await.end {
        Err(Fault::Differs(difference)) => difference,
        end => panic!("{end:?}"),
    }
}

#[tokio::test]
async fn the_first_difference_is_named() {
    let other = Ask::DatabaseSessions(DatabaseAsk {
        server: "other-db".into(),
    });
    let found = difference("overlaps", |cassette| cassette.calls[0].ask = other).await;
    assert_eq!(
        found.to_string(),
        "at c1: expected database.sessions {\"server\":\"other-db\"}, \
         found database.sessions {\"server\":\"orders-db\"}"
    );
    let found = difference("overlaps", |cassette| drop(cassette.calls.remove(2))).await;
    assert_eq!(
        found.to_string(),
        "at c3: expected nothing, found database.settings {\"server\":\"orders-db\"}"
    );
    let found = difference("reads_once", |cassette| {
        let mut more = cassette.calls[0].clone();
        more.id.0 = 2;
        cassette.calls.push(more);
    })
    .await;
    assert_eq!(
        found.to_string(),
        "at c2: expected database.sessions {\"server\":\"orders-db\"}, found nothing"
    );
    let found = difference("terminates", |cassette| cassette.writes[0].cites.item = 1).await;
    assert!(
        found
            .to_string()
            .starts_with("at write 0: expected database.terminate c1[1] "),
        "{found}"
    );
    assert!(
        found
            .to_string()
            .contains(", found database.terminate c1[0] "),
        "{found}"
    );
    let found = difference("uses_clock", |cassette| {
        cassette.notes[0].text = "other".into()
    })
    .await;
    assert_eq!(
        (found.at.as_str(), found.expected.as_str()),
        ("note 0", "other")
    );
    let found = difference("uses_clock", |cassette| cassette.clock.truncate(1)).await;
    assert_eq!(found.at, "clock");
    let found = difference("nothing", |cassette| cassette.input.inputs = "[]".into()).await;
    assert_eq!(found.at, "input");
}

#[tokio::test]
async fn another_component_is_a_difference_before_it_runs() {
    let cassette = run("nothing", &Limits::default()).await.cassette;
    let end = replay("trap", Source::Tape(cassette)).await.end;
    assert!(matches!(end, Err(Fault::Differs(difference)) if difference.at == "component"));
}

#[tokio::test]
async fn a_changed_step_gets_what_the_record_holds_and_a_gap_for_the_rest() {
    let cassette = run("reads_once", &Limits::default()).await.cassette;
    let ran = replay("overlaps", Source::Against(cassette.clone())).await;
    assert!(matches!(ran.end, Ok(Ended::Report(_))), "{:?}", ran.end);
    assert_eq!(ran.cassette.calls[0].answer, cassette.calls[0].answer);
    assert!(
        ran.cassette.calls[1..]
            .iter()
            .all(|call| matches!(call.answer, Err(Gap::NotRecorded(_))))
    );
}

#[test]
fn a_cassette_reads_only_its_own_form() {
    assert!(Cassette::read(b"{}").is_err());
    assert!(Cassette::read(b"").is_err());
}
