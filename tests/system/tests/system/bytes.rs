//! An approval is of these bytes of code: others change nothing, and propose nothing before a person
//! on a terminal trusts them.

use std::fs;

use interlock_system_tests::{Person, World};

use crate::seen::{RUN, alive, sorted};
use crate::waiting::{Waiting, bob, bob_types, full, reasons, started};

const STEP: &str = "runbooks/postgres-connections/components/remediate.wasm";

/// The same component with other bytes: a custom section more, which does nothing.
fn other_bytes(component: &[u8]) -> Vec<u8> {
    let mut other = component.to_vec();
    other.extend(b"\0\x05\x04mark");
    other
}

fn write_step(world: &World, bytes: &[u8]) {
    fs::write(world.path(STEP), bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bytes_than_were_approved_change_nothing_and_need_trust_to_propose() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let approved = fs::read(world.path(STEP)).unwrap();
    let other = other_bytes(&approved);

    write_step(&world, &other);
    let refused = waiting.apply(&world, &[]).await.expect(4);
    let said = reasons(&refused);
    assert!(said.contains("the bytes of step `remediate`"), "{said}");
    assert_eq!(alive(&world, &guilty).await, guilty);

    // What is no component at all is not run either, and nothing panics.
    for garbage in [&b"\0asm"[..], &approved[..approved.len() / 2], b""] {
        write_step(&world, garbage);
        let refused = waiting.apply(&world, &[]).await;
        assert!([2, 4].contains(&refused.code), "{refused:#?}");
        let ran = bob(&world, &RUN).await;
        assert_eq!(ran.code, 2, "{ran:#?}");
        for ran in [refused, ran] {
            assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        }
    }

    // New bytes of a write step propose nothing until they are trusted, on a terminal.
    write_step(&world, &other);
    let ran = bob(&world, &RUN).await.expect(4);
    assert!(
        ran.everything().contains("runbooks trust"),
        "{}",
        ran.everything()
    );
    let trust = ["runbooks", "trust", "postgres-connections"];
    bob(&world, &trust).await.expect(4);
    bob_types(&world, &trust, "yes").await.expect(2);
    bob(&world, &RUN).await.expect(4);
    bob_types(&world, &trust, "postgres-connections")
        .await
        .expect(0);
    let new = Waiting::of(&world).await;
    assert_ne!(new.plan, waiting.plan);
    new.apply(&world, &[]).await.expect(3);

    // The approved bytes are still what was approved.
    write_step(&world, &approved);
    let applied = waiting.apply(&world, &[]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());
}
