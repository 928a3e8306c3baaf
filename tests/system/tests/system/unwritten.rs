//! Where the journal cannot be written: what only reads goes on and says so, a change does not
//! begin.

use std::path::Path;

use interlock_system_tests::{Person, Ran, World};

use crate::seen::{RUN, alive};
use crate::waiting::{Waiting, full, pids_of, started};

/// The most that any file may grow to, in blocks of 512 bytes: too little to open the store, whose
/// index of pages takes 32 KiB; or enough for that and too little for what a run has to say.
const LIMITS: [u32; 2] = [63, 72];

/// Bob's command, under a bound on the size of every file that it writes.
async fn bounded(world: &World, blocks: u32, arguments: &[&str]) -> Ran {
    // A signal that is ignored leaves an error of the write: what a full disk gives.
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let program = world.path("bin/interlock").display().to_string();
    let words: Vec<&str> = ["-c", &line, &program]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    world
        .run(Person::Bob, Path::new("/bin/sh"), &words)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_read_run_prints_its_report_and_fails_and_a_change_does_not_begin() {
    let world = started(full()).await;
    let waiting = Waiting::of(&world).await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let pids = pids_of(&waiting.body(&world).await);
    let journal = || std::fs::read(world.path("state/checkpoint")).unwrap();
    let before = journal();
    for blocks in LIMITS {
        let ran = bounded(&world, blocks, &RUN).await.expect(1);
        let run = ran.json();
        let cause = run["unrecorded"].as_str().unwrap();
        let said = format!("error: this run is in no journal: {cause}");
        assert!(ran.stderr.contains(&said), "{blocks}: {}", ran.stderr);
        let report = &run["steps"][0]["report"];
        assert!(!report["hypotheses"].as_array().unwrap().is_empty());
        assert!(run["plan"].is_null(), "{run}");
        let refused = run["refused"].to_string();
        assert!(
            refused.contains("not proposed: the journal cannot be written"),
            "{refused}"
        );
        // As people read it: the whole report, then the error.
        let words: Vec<&str> = RUN.into_iter().filter(|word| *word != "--json").collect();
        let shown = bounded(&world, blocks, &words).await.expect(1);
        assert!(shown.stdout.contains("not proposed"), "{}", shown.stdout);
        assert!(shown.stderr.contains("error: this run is in no journal: "));

        let apply = ["apply", &waiting.plan, "--json"];
        let refused = bounded(&world, blocks, &apply).await.expect(1);
        assert_eq!(refused.json()["schema"], "interlock.error.v1");
    }
    assert_eq!(alive(&world, &pids).await, pids, "nothing was ended");
    assert_eq!(journal(), before, "nothing was journalled");
    // With room again, all of it goes on where it was.
    waiting.apply(&world, &[]).await.expect(0);
}
