//! A silence that was made is taken back: approved with the plan, carried out on a real Alertmanager,
//! and never against what somebody has changed since.

use interlock_system_tests::{Person, Ran, World};
use interlock_test_servers::{Alertmanager, Liar, Lie, http, test_runbook};
use serde_json::{Value, json};

use crate::waiting::{Waiting, bob, full, reasons, started, text};

const POLICY: &str = "policies/postgres.toml";

/// The rules of the runbook `known-noise`.
const RULES: &str = "
[[read]]
runbooks = [\"known-noise\"]
capabilities = [\"alerts\", \"changes\"]
targets = [\"*\"]

[[write]]
name = \"quiet for an hour\"
runbooks = [\"known-noise\"]
capability = \"alerts.silence\"
targets = [\"alertmanager/NightlyJobSlow\"]
arguments = { minutes = { max = 60 } }
unconditional = true
approvals = { need = 1, roles = [\"sre\"] }
";

/// A world with an Alertmanager in which two alerts ring, and a plan to silence both that waits.
struct Noise {
    world: World,
    alertmanager: Alertmanager,
    /// What Interlock takes for it: it forwards, unless told.
    way: Liar,
}

impl Noise {
    async fn start() -> Noise {
        let folder = tokio::task::spawn_blocking(|| test_runbook("known-noise").unwrap());
        let alertmanager = Alertmanager::start().await.unwrap();
        let port = alertmanager.port();
        let way = Liar::start(Lie::Forward { port }).await.unwrap();
        let world = started(full()).await;
        let folder = folder.await.unwrap();
        let runbook = "runbooks/known-noise";
        world.make_folder(runbook, Person::Bob).unwrap();
        world
            .make_folder(&format!("{runbook}/components"), Person::Bob)
            .unwrap();
        let manifest = std::fs::read_to_string(folder.join("runbook.toml")).unwrap();
        world
            .write(&format!("{runbook}/runbook.toml"), &manifest, 0o644)
            .unwrap();
        for step in ["look", "hush"] {
            let file = format!("components/{step}.wasm");
            let copy = world.path(&format!("{runbook}/{file}"));
            std::fs::copy(folder.join(&file), &copy).unwrap();
            world.people.give(&copy, Person::Bob, 0o644).unwrap();
        }
        let config = text(&world, "interlock.toml");
        let source = format!("[source.alertmanager]\nurl = \"{}\"\n", way.url());
        world
            .write("interlock.toml", &format!("{config}{source}"), 0o644)
            .unwrap();
        let policy = text(&world, POLICY);
        world
            .write(POLICY, &format!("{policy}{RULES}"), 0o644)
            .unwrap();
        let noise = Noise {
            world,
            alertmanager,
            way,
        };
        for job in ["backup", "report"] {
            let labels = json!({"alertname": "NightlyJobSlow", "job": job});
            noise
                .post("/api/v2/alerts", &json!([{"labels": labels}]))
                .await;
        }
        noise
    }

    /// Runs the runbook, which must end with a plan; approves and applies it: both alerts are silent.
    async fn silenced(&self) -> Waiting {
        let run = bob(&self.world, &["run", "known-noise", "--json"]).await;
        let run = run.expect(3).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let waiting = Waiting {
            run: text(&run["run"]),
            plan: text(&run["plan"]["plan"]),
            word: text(&run["plan"]["confirm"]),
        };
        let approved = waiting.decide(&self.world, "approve", Person::Alice).await;
        approved.expect(0);
        let applied = waiting.apply(&self.world, &[]).await.expect(0).json();
        assert_eq!(applied["result"], "done", "{applied}");
        waiting
    }

    async fn post(&self, path: &str, document: &Value) -> http::Answer {
        let answer = http::post(self.alertmanager.port(), path, &document.to_string()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// Every silence, as Alertmanager shows it.
    async fn silences(&self) -> Vec<Value> {
        let all = http::get_json(self.alertmanager.port(), "/api/v2/silences").await;
        all.unwrap().as_array().unwrap().clone()
    }

    /// How many silences are in that state.
    async fn count(&self, state: &str) -> usize {
        let all = self.silences().await;
        let of = |one: &&Value| one["status"]["state"] == state;
        all.iter().filter(of).count()
    }

    async fn undo(&self, waiting: &Waiting) -> Ran {
        bob(&self.world, &["undo", &waiting.run]).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_is_taken_back_once_by_the_approval_of_its_plan() {
    let noise = Noise::start().await;
    let waiting = noise.silenced().await;
    assert_eq!(noise.count("active").await, 2);
    for silence in noise.silences().await {
        assert_eq!(silence["createdBy"], "interlock/alice");
    }
    let shown = bob(&noise.world, &["plan", "show", &waiting.plan]).await;
    let undo = "undo       the silence is expired; one that was changed or has ended by then is left \
                alone";
    assert!(shown.stdout.contains(undo), "{}", shown.stdout);
    for planned in &waiting.body(&noise.world).await.body().actions {
        let undo = planned.undo.as_ref().unwrap();
        assert_eq!(undo.capability().name(), "alerts.expire");
    }

    let undone = noise.undo(&waiting).await.expect(0);
    assert!(undone.stdout.contains("2 done"), "{}", undone.stdout);
    assert_eq!(
        (noise.count("active").await, noise.count("expired").await),
        (0, 2)
    );
    bob(&noise.world, &["journal", "verify"]).await.expect(0);
    let listed = bob(&noise.world, &["runs", "show", &waiting.run])
        .await
        .expect(0);
    assert!(listed.stdout.contains("undone"), "{}", listed.stdout);

    // Once.
    let again = bob(&noise.world, &["undo", &waiting.run, "--json"])
        .await
        .expect(4);
    assert!(reasons(&again).contains("undone"), "{}", again.everything());
    assert_eq!(noise.count("expired").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_that_somebody_changed_is_left_alone_and_said_so() {
    let noise = Noise::start().await;
    let waiting = noise.silenced().await;
    let mut changed = noise.silences().await.remove(0);
    changed["comment"] = json!("we still need this one");
    noise.post("/api/v2/silences", &changed).await;

    let undone = noise.undo(&waiting).await.expect(0);
    assert!(
        undone.stdout.contains("1 done, 0 gone, 1 moved"),
        "{}",
        undone.stdout
    );
    let told = "moved: it has changed and was left alone";
    assert!(undone.stdout.contains(told), "{}", undone.stdout);
    let mine = noise
        .silences()
        .await
        .into_iter()
        .find(|one| one["id"] == changed["id"]);
    let mine = mine.unwrap();
    assert_eq!(mine["status"]["state"], "active");
    assert_eq!(mine["comment"], "we still need this one");
    assert_eq!(noise.count("expired").await, 1);
    bob(&noise.world, &["journal", "verify"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_revocation_an_undo_needs_fresh_tokens() {
    let noise = Noise::start().await;
    let waiting = noise.silenced().await;
    waiting
        .decide(&noise.world, "revoke", Person::Carol)
        .await
        .expect(0);
    let refused = noise.undo(&waiting).await.expect(3);
    let next = format!("runs `interlock approve {} --undo`", waiting.short());
    assert!(
        refused.everything().contains(&next),
        "{}",
        refused.everything()
    );
    assert_eq!(noise.count("active").await, 2);
    let key = noise.world.people.key(Person::Alice).display().to_string();
    let fresh = [
        "approve",
        &waiting.plan,
        "--undo",
        "--key",
        &key,
        "--confirm",
        &waiting.word,
    ];
    bob(&noise.world, &fresh).await.expect(0);
    noise.undo(&waiting).await.expect(0);
    assert_eq!(
        (noise.count("active").await, noise.count("expired").await),
        (0, 2)
    );
    bob(&noise.world, &["journal", "verify"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_cannot_be_begun_spends_no_approval() {
    let noise = Noise::start().await;
    let waiting = noise.silenced().await;
    noise.way.tell(Lie::Reset);
    let refused = noise.undo(&waiting).await.expect(1);
    let why = "`alertmanager` cannot be acted on now";
    assert!(refused.stdout.contains(why), "{}", refused.everything());
    assert_eq!(noise.count("active").await, 2);
    let port = noise.alertmanager.port();
    noise.way.tell(Lie::Forward { port });
    noise.undo(&waiting).await.expect(0);
    assert_eq!(noise.count("expired").await, 2);
    bob(&noise.world, &["journal", "verify"]).await.expect(0);
}
