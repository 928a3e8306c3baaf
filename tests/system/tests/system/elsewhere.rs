//! An approver on another machine needs the exported files and a key: no store, no network, not even
//! Interlock's own way to sign.

use std::path::{Path, PathBuf};

use interlock_system_tests::{Person, Ran, World};

use crate::seen::{alive, sorted};
use crate::waiting::{Waiting, bob, full, pids_of, ssh_keygen, started};

async fn alice(world: &World, program: &Path, arguments: &[&str]) -> Ran {
    world.run(Person::Alice, program, arguments).await.unwrap()
}

/// The exported plan, where Alice can read it.
async fn handed(world: &World, waiting: &Waiting) -> PathBuf {
    let folder = world.make_folder("handed", Person::Bob).unwrap();
    let out = folder.display().to_string();
    bob(world, &["plan", "export", &waiting.plan, "--out", &out])
        .await
        .expect(0);
    folder.join(format!("{}.json", waiting.short()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_openssh_signs_what_cat_shows_and_that_is_carried_out() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    let file = handed(&world, &waiting).await;
    let sum = alice(&world, Path::new("sha256sum"), &[file.to_str().unwrap()]).await;
    assert_eq!(
        format!("sha256:{}", &sum.stdout[..64]),
        waiting.plan,
        "sha256sum prints a plan's id"
    );

    let program = world.path("bin/interlock");
    let file = file.to_str().unwrap();
    let ask = [
        "plan",
        "payload",
        file,
        "--approver",
        "alice",
        "--reason",
        "read c2",
    ];
    let to_file = [&ask[..], &["--out", "payload"]].concat();
    alice(&world, &program, &to_file).await.expect(0);
    let payload = world.people.home(Person::Alice).join("payload");
    let payload = std::fs::read_to_string(payload).unwrap();
    assert!(!payload.contains('\n'), "one line");
    for pid in &guilty {
        assert!(payload.contains(&format!("\"pid\":{pid}")), "{payload}");
    }

    let sign = [
        "-q",
        "-Y",
        "sign",
        "-n",
        "approval.v1@interlock",
        "-f",
        ".ssh/id_ed25519",
        "payload",
    ];
    ssh_keygen(&world.people.home(Person::Alice), &sign).expect(0);
    let assemble = [
        &ask[..],
        &[
            "--assemble",
            "payload",
            "payload.sig",
            "--out",
            "token.json",
        ],
    ]
    .concat();
    alice(&world, &program, &assemble).await.expect(0);

    let token = world.people.home(Person::Alice).join("token.json");
    let applied = waiting.apply(&world, &[&token]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());

    // The same file checks as an anchor from outside.
    let token = token.display().to_string();
    let verified = bob(&world, &["journal", "verify", "--token", &token]).await;
    verified.expect(0);
    // Another plan's payload is not put together with this signature.
    std::fs::write(
        world.people.home(Person::Alice).join("payload"),
        payload.replace("read c2", "read c3"),
    )
    .unwrap();
    alice(&world, &program, &assemble).await.expect(4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_altered_on_the_way_are_not_signed() {
    let world = started(full()).await;
    let waiting = Waiting::of(&world).await;
    let file = handed(&world, &waiting).await;
    let plan = pids_of(&waiting.body(&world).await);
    let evidence = file.with_file_name(format!("{}.evidence.json", waiting.short()));
    let program = world.path("bin/interlock");
    let approve = [
        "approve",
        file.to_str().unwrap(),
        "--confirm",
        &waiting.word,
        "--out",
        "token.json",
    ];
    let (plan_text, evidence_text) = (
        std::fs::read_to_string(&file).unwrap(),
        std::fs::read_to_string(&evidence).unwrap(),
    );
    // Another session in the plan; another answer in the evidence; another policy beside it.
    let pid = format!("\"pid\":{}", plan[0]);
    let altered_plan = plan_text.replace(&pid, "\"pid\":1");
    let altered_answer = evidence_text.replace("idle in transaction", "idle_in_transaction");
    for (plan, evidence_now) in [
        (&altered_plan, &evidence_text),
        (&plan_text, &altered_answer),
    ] {
        assert!(plan != &plan_text || evidence_now != &evidence_text);
        std::fs::write(&file, plan).unwrap();
        std::fs::write(&evidence, evidence_now).unwrap();
        let refused = alice(&world, &program, &approve).await;
        assert!([2, 4].contains(&refused.code), "{refused:#?}");
        let token = world.people.home(Person::Alice).join("token.json");
        assert!(!token.exists(), "nothing was signed");
    }
    std::fs::write(&file, &plan_text).unwrap();
    std::fs::write(&evidence, &evidence_text).unwrap();
    alice(&world, &program, &approve).await.expect(0);
}
