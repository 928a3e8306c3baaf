//! A plan that waits for its approvers, and the short commands around it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use interlock_gate::plan::Plan;
use interlock_gate::time::Time;
use interlock_system_tests::{Person, Ran, World, WorldBuilder};
use interlock_test_servers::Plot;

use crate::seen::{RUN, sorted};

const MANIFEST: &str = "runbooks/postgres-connections/runbook.toml";

/// A server full of transactions left open, with nothing that watches it.
pub(crate) fn full() -> WorldBuilder {
    World::build(Plot::IdleInTransaction).unwatched()
}

/// Starts it. What comes after a change is looked at soon: these tests are not about what helps.
pub(crate) async fn started(world: WorldBuilder) -> World {
    let world = world.start().await.unwrap();
    let manifest = text(&world, MANIFEST).replace("wait = \"20s\"", "wait = \"1s\"");
    world.write(MANIFEST, &manifest, 0o644).unwrap();
    world
}

/// A file of the host's folder.
pub(crate) fn text(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).unwrap()
}

/// Changes a text in the policy; the text must be there.
pub(crate) fn change_policy(world: &World, from: &str, to: &str) {
    let policy = text(world, "policies/postgres.toml");
    assert!(policy.contains(from), "`{from}` is not in {policy}");
    let policy = policy.replace(from, to);
    world
        .write("policies/postgres.toml", &policy, 0o644)
        .unwrap();
}

/// Bob's command.
pub(crate) async fn bob(world: &World, arguments: &[&str]) -> Ran {
    world.interlock(Person::Bob, arguments).await.unwrap()
}

/// Bob's command on a terminal, where he types these lines.
pub(crate) async fn bob_types(world: &World, arguments: &[&str], lines: &str) -> Ran {
    // `script` makes a terminal; what it is given is typed there.
    let line = arguments
        .iter()
        .map(|argument| format!("'{argument}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let program = world.path("bin/interlock");
    let typed = format!("{lines}\n");
    let script = format!(
        "printf '%s' '{typed}' | script -qec \"{} {line}\" /dev/null",
        program.display()
    );
    world
        .run(Person::Bob, Path::new("/bin/sh"), &["-c", &script])
        .await
        .unwrap()
}

/// `ssh-keygen` in a folder, as the user of these tests: it wants one whom the system knows.
pub(crate) fn ssh_keygen(folder: &Path, arguments: &[&str]) -> Ran {
    let output = std::process::Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .env_remove("SSH_AUTH_SOCK")
        .output()
        .unwrap();
    Ran {
        arguments: arguments.join(" "),
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The system's clock.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_micros(u64::try_from(since.as_micros()).unwrap()).unwrap()
}

/// A plan that waits.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Its run.
    pub(crate) run: String,
    /// Its whole id.
    pub(crate) plan: String,
    /// The word that `approve` asks for.
    pub(crate) word: String,
}

impl Waiting {
    /// Runs the runbook, which must end with a plan.
    pub(crate) async fn of(world: &World) -> Self {
        let run = bob(world, &RUN).await.expect(3).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        Self {
            run: text(&run["run"]),
            plan: text(&run["plan"]["plan"]),
            word: text(&run["plan"]["confirm"]),
        }
    }

    /// The plan with all actions but these skipped, in this one's place.
    pub(crate) async fn narrowed(&self, world: &World, only: &str) -> Self {
        let narrow = ["plan", "narrow", &self.plan, "--only", only, "--json"];
        let plan = bob(world, &narrow).await.expect(0).json();
        Self {
            run: self.run.clone(),
            plan: plan["plan"].as_str().unwrap().to_owned(),
            word: plan["confirm"].as_str().unwrap().to_owned(),
        }
    }

    /// The first digits, as files of it are named.
    pub(crate) fn short(&self) -> &str {
        let hex = self.plan.strip_prefix("sha256:").unwrap();
        &hex[..12]
    }

    /// The plan itself.
    pub(crate) async fn body(&self, world: &World) -> Plan {
        let folder = world.path("exported");
        if !folder.exists() {
            world.make_folder("exported", Person::Bob).unwrap();
        }
        let out = folder.display().to_string();
        bob(world, &["plan", "export", &self.plan, "--out", &out])
            .await
            .expect(0);
        let bytes = std::fs::read(folder.join(format!("{}.json", self.short()))).unwrap();
        Plan::read(&bytes).unwrap()
    }

    /// That person's decision with their key, at Bob's keyboard: `approve`, `reject` or `revoke`.
    pub(crate) async fn decide(&self, world: &World, decision: &str, person: Person) -> Ran {
        let key = world.people.key(person).display().to_string();
        let sign = [
            decision,
            &self.plan,
            "--key",
            &key,
            "--reason",
            "read c2",
            "--confirm",
            &self.word,
        ];
        bob(world, &sign).await
    }

    /// An attempt to carry it out, as a document.
    pub(crate) async fn apply(&self, world: &World, tokens: &[&Path]) -> Ran {
        let tokens: Vec<String> = tokens
            .iter()
            .map(|token| token.display().to_string())
            .collect();
        let mut apply = vec!["apply", &self.plan, "--json"];
        for token in &tokens {
            apply.extend(["--token", token]);
        }
        bob(world, &apply).await
    }
}

/// Everything that a refusal says, each reason whole: the screen breaks lines, the document does not.
pub(crate) fn reasons(refused: &Ran) -> String {
    let document = refused.json();
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    let messages = list("reasons")
        .into_iter()
        .map(|reason| reason["message"].clone());
    messages
        .chain(list("not_counted"))
        .map(|text| format!("{}\n", text.as_str().unwrap_or_default()))
        .collect()
}

/// The pids that a plan acts on.
pub(crate) fn pids_of(plan: &Plan) -> Vec<i32> {
    let pid = |act: &interlock_gate::plan::PlannedAction| {
        let arguments = interlock_gate::plan::ActionText::from(&act.action).arguments;
        i32::try_from(arguments["pid"].as_i64().unwrap()).unwrap()
    };
    sorted(&plan.acts().map(|(_, act)| pid(act)).collect::<Vec<_>>())
}
