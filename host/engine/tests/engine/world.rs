//! What the tests share: components out of `tests/hostile`, a policy, and readers from memory.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use interlock_capabilities::{
    AnswerLimit, Gap, Readers, Soon,
    read::database::{
        Database, DatabaseAsk, Locks, PreparedTransactions, ReplicationSlots, Session, Sessions,
        Settings,
    },
    report::Incident,
};
use interlock_engine::{
    ClockStart, Engine, EngineConfig, Grants, Limits, Linked, Ran, Seed, Source, StepInput,
};
use interlock_gate::{ids::CallId, policy::Policy, time::Time};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

pub(crate) const RUNBOOK: &str = "postgres-connections";

const POLICY: &str = r#"
version = 1
[[approver]]
name = "alice"
keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ alice"]
roles = ["sre"]
[[read]]
runbooks = ["postgres-connections"]
capabilities = ["database"]
targets = ["orders-db"]
[[write]]
name = "end sessions"
runbooks = ["postgres-connections"]
capability = "database.terminate"
targets = ["orders-db/client"]
approvals = { need = 1, roles = ["sre"] }
"#;

pub(crate) static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(EngineConfig::default()).unwrap());

pub(crate) fn policy() -> Arc<Policy> {
    Arc::new(Policy::parse(POLICY).unwrap())
}

pub(crate) fn grants() -> Grants {
    Grants::of(policy(), RUNBOOK)
}

/// Every read, on every target.
pub(crate) fn policy_for_everything() -> Grants {
    let text = r#"
version = 1
[[read]]
runbooks = ["*"]
capabilities = ["alerts", "changes", "database", "incidents", "logs", "metrics", "topology"]
targets = ["*"]
"#;
    Grants::of(Arc::new(Policy::parse(text).unwrap()), RUNBOOK)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The contract, parsed.
pub(crate) fn contract() -> Resolve {
    let mut resolve = Resolve::default();
    for package in ["read", "write", "step"] {
        resolve
            .push_path(root().join("runbook-sdk/wit").join(package))
            .unwrap();
    }
    resolve
}

/// The component of `tests/hostile/wat/NAME.wat`.
pub(crate) fn hostile(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(root().join(format!("tests/hostile/wat/{name}.wat"))).unwrap();
    encode(&text)
}

/// The component that a core module's text is encoded to.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let lines = |prefix: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.strip_prefix(prefix))
            .map(str::to_owned)
            .collect()
    };
    let world = lines(";; world: ").remove(0);
    let own = lines(";; wit: ");
    let mut resolve = contract();
    let package = if own.is_empty() {
        let step = resolve
            .packages
            .iter()
            .find(|(_, package)| package.name.name == "step");
        step.unwrap().0
    } else {
        // Packages nest only after the first one is named; the world comes last.
        let (world, rest): (Vec<String>, Vec<String>) = (
            own[..world_lines(&own)].to_vec(),
            own[world_lines(&own)..].to_vec(),
        );
        let nested: String = rest
            .iter()
            .map(|line| line.replacen('{', "{\n", 1) + "\n")
            .collect();
        let text = format!("package test:hostile;\n{nested}\n{}\n", world.join("\n"));
        resolve.push_str("hostile.wit", &text).unwrap()
    };
    let world = resolve.select_world(&[package], Some(&world)).unwrap();
    let mut module = wat::parse_str(text).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

/// How many of the lines are the world's.
fn world_lines(lines: &[String]) -> usize {
    lines
        .iter()
        .position(|line| line.starts_with("package "))
        .unwrap_or(lines.len())
}

pub(crate) fn linked(name: &str) -> Linked {
    ENGINE
        .load(&hostile(name))
        .unwrap()
        .link(&grants())
        .unwrap()
}

pub(crate) fn input() -> StepInput {
    StepInput {
        now: 0,
        incident: Incident {
            id: "INC-1".into(),
            service: None,
            severity: None,
            begin: 0,
            end: 0,
            alerts: Vec::new(),
        },
        inputs: "{}".into(),
        findings: None,
    }
}

pub(crate) fn start() -> Time {
    "2026-11-25T03:12:08.000000Z".parse().unwrap()
}

pub(crate) fn live(readers: Readers) -> Source {
    Source::Live {
        readers,
        clock: ClockStart::at(start()),
        seed: Seed([7; 32]),
        first_call: CallId(1),
    }
}

/// A run with one server of two sessions that answers at once.
pub(crate) async fn run(name: &str, limits: &Limits) -> Ran {
    linked(name)
        .run(input(), live(Server::readers(Duration::ZERO)), limits)
        .await
}

/// A server from memory.
pub(crate) struct Server {
    delay: Duration,
    rows: usize,
    /// Answers that were given.
    pub(crate) answered: Arc<AtomicU64>,
}

impl Server {
    pub(crate) fn new(delay: Duration, rows: usize) -> Server {
        Server {
            delay,
            rows,
            answered: Arc::default(),
        }
    }

    pub(crate) fn readers(delay: Duration) -> Readers {
        Server::new(delay, 2).into()
    }

    fn answer<T: Send + 'static>(&self, answer: Result<T, Gap>) -> Soon<'static, Result<T, Gap>> {
        let (delay, answered) = (self.delay, Arc::clone(&self.answered));
        Box::pin(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            answered.fetch_add(1, Ordering::SeqCst);
            answer
        })
    }
}

impl From<Server> for Readers {
    fn from(server: Server) -> Readers {
        Readers {
            database: Some(Arc::new(server)),
            ..Readers::default()
        }
    }
}

pub(crate) fn session(pid: i32) -> Session {
    Session {
        pid,
        backend_type: Some("client backend".into()),
        role: Some("checkout".into()),
        database: Some("orders".into()),
        application_name: None,
        client_addr: None,
        backend_start: Some(1_000_000),
        xact_start: Some(2_000_000),
        query_start: None,
        state: Some("idle in transaction".into()),
        state_change: None,
        wait_event_type: None,
        wait_event: None,
        backend_xid: None,
        backend_xmin: None,
        leader_pid: None,
        superuser: Some(false),
        query: None,
        ours: false,
    }
}

impl Database for Server {
    fn sessions(
        &self,
        ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<Sessions, Gap>> {
        self.answer(Ok(Sessions {
            server: ask.server,
            read_at: 9_000_000,
            postmaster_start: 1,
            system_identifier: "7".into(),
            sessions: (0..self.rows)
                .map(|row| session(100 + i32::try_from(row).unwrap()))
                .collect(),
        }))
    }

    fn locks(&self, ask: DatabaseAsk, _limit: AnswerLimit) -> Soon<'static, Result<Locks, Gap>> {
        self.answer(Ok(Locks {
            server: ask.server,
            read_at: 9_000_000,
            locks: Vec::new(),
        }))
    }

    fn prepared_transactions(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<PreparedTransactions, Gap>> {
        self.answer(Err(Gap::Unreachable("no answer within 5 s".into())))
    }

    fn replication_slots(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<ReplicationSlots, Gap>> {
        self.answer(Err(Gap::Refused("permission denied".into())))
    }

    fn settings(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<Settings, Gap>> {
        self.answer(Err(Gap::Unreachable("no answer within 5 s".into())))
    }
}
