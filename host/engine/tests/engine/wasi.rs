//! WASI has nothing in it, and what it tells can be told again.

use interlock_engine::{ClockStart, Grants, Limits, Seed, Source, Tier, Why};
use interlock_gate::ids::CallId;

use crate::world::{ENGINE, RUNBOOK, hostile, input, linked, start};

async fn notes(seed: u8) -> Vec<String> {
    let source = Source::Live {
        readers: Default::default(),
        clock: ClockStart::at(start()),
        seed: Seed([seed; 32]),
        first_call: CallId(1),
    };
    let ran = linked("wasi")
        .run(input(), source, &Limits::default())
        .await;
    assert!(ran.end.is_ok(), "{:?}", ran.end);
    assert_eq!(ran.cassette.clock.len(), 2);
    ran.cassette
        .notes
        .into_iter()
        .map(|note| note.text)
        .collect()
}

#[tokio::test]
async fn the_world_is_empty_and_random_values_grow_from_the_seed() {
    let (one, again, other) = (notes(1).await, notes(1).await, notes(2).await);
    assert_eq!(one[0][..8], again[0][..8]);
    assert_ne!(one[0][..8], other[0][..8]);
}

#[test]
fn wasi_is_inert_and_what_is_not_of_its_empty_world_is_not_there() {
    assert_eq!(ENGINE.load(&hostile("wasi")).unwrap().tier(), Tier::Read);
    let step = ENGINE.load(&hostile("wasi_http")).unwrap();
    let missing = step.link(&Grants::for_replay(RUNBOOK)).unwrap_err().missing;
    assert_eq!(missing[0].capability, "wasi:http/outgoing@0.2.0");
    assert_eq!(missing[0].why, Why::Unknown);
}
