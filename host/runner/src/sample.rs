//! A host with a runbook, and runs on its record, to test with. Nothing is compiled or run.

use std::collections::BTreeMap;
use std::fs;

use interlock_capabilities::{
    Answer, Ask, Gap, Recorded,
    read::database::{DatabaseAsk, Session, Sessions},
    report::{Incident, Input},
};
use interlock_connectors::config::Config;
use interlock_engine::{CASSETTE_SCHEMA, Cassette, Seed};
use interlock_gate::{
    ids::{CallId, ComponentDigest, RunId},
    plan::{Requester, StepBytes},
    time::Time,
};
use interlock_store::entry::{Entry, StepEnd};
use serde_json::json;

use crate::{caller::Caller, open::Runner};

const MANIFEST: &str = include_str!("../../../runbooks/postgres-connections/runbook.toml");
const POLICY: &str = r#"version = 1

[[approver]]
name = "alice"
keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGTpUGTg2i5IxnVPx1QaCd9theElwjbJHf4/mACCD2jR alice"]
roles = ["sre"]

[[write]]
name = "end stuck sessions"
runbooks = ["postgres-connections"]
capability = "database.terminate"
targets = ["orders-db/client"]
approvals = { need = 1, roles = ["sre"] }
"#;

/// A host in a folder of its own.
pub(crate) struct Host {
    pub(crate) runner: Runner,
    _folder: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new() -> Host {
        let folder = tempfile::tempdir().unwrap();
        let runbook = folder.path().join("runbooks/postgres-connections");
        fs::create_dir_all(runbook.join("components")).unwrap();
        fs::write(runbook.join("runbook.toml"), MANIFEST).unwrap();
        for step in ["diagnose", "remediate", "verify"] {
            fs::write(crate::installed::component(&runbook, step), b"bytes").unwrap();
        }
        fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        let config = "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\nrunbooks = [\"runbooks\"]\n";
        let config = Config::parse(&folder.path().join("interlock.toml"), config).unwrap();
        Host {
            runner: Runner::open(config).unwrap(),
            _folder: folder,
        }
    }

    /// A run that ended, with three calls: c1 and c3 list two sessions, c2 was not answered.
    pub(crate) async fn ran(&self, name: &str, incident: &str) -> RunId {
        self.ran_as(name, &given(incident), None).await
    }

    pub(crate) async fn ran_as(
        &self,
        name: &str,
        incident: &Incident,
        id_key: Option<String>,
    ) -> RunId {
        let run: RunId = format!("r-{name}").parse().unwrap();
        let component = ComponentDigest::of(b"bytes");
        let opened = Entry::RunOpened {
            run: run.clone(),
            id_key,
            runbook: "postgres-connections".to_owned(),
            version: "0.3.0".to_owned(),
            components: vec![StepBytes {
                step: "diagnose".to_owned(),
                digest: component,
            }],
            incident: serde_json::to_value(incident).unwrap(),
            inputs: BTreeMap::from([("server".to_owned(), json!("orders-db"))]),
            requester: caller("bob", Some("bob")).requester,
            owners: vec!["bob".parse().unwrap()],
        };
        self.runner.record(opened).await.unwrap();
        let cassette = cassette(incident.clone());
        let ended = Entry::StepEnded {
            run: run.clone(),
            step: "diagnose".to_owned(),
            component,
            calls: 3,
            cassette: self.runner.keep_cassette(&cassette).await.unwrap(),
            end: StepEnd::Writes(0),
        };
        self.runner.record(ended).await.unwrap();
        let over = Entry::RunEnded {
            run: run.clone(),
            state: "concluded".to_owned(),
        };
        self.runner.record(over).await.unwrap();
        run
    }

    /// How many entries the journal has.
    pub(crate) async fn size(&self) -> u64 {
        use interlock_store::Store as _;
        self.runner.store().head().await.unwrap().size
    }
}

/// A caller, and who stands behind them.
pub(crate) fn caller(name: &str, owner: Option<&str>) -> Caller {
    Caller {
        requester: Requester {
            caller: Some(name.to_owned()),
            via: format!("bearer:{name}"),
            unattended: owner.is_none(),
        },
        owner: owner.map(|owner| owner.parse().unwrap()),
    }
}

pub(crate) fn at(second: u64) -> Time {
    Time::default().plus_seconds(1_795_000_000 + second)
}

pub(crate) fn given(id: &str) -> Incident {
    Incident {
        id: id.to_owned(),
        service: Some("checkout".to_owned()),
        severity: None,
        begin: at(0).micros(),
        end: at(900).micros(),
        alerts: Vec::new(),
    }
}

pub(crate) fn sessions(id: u64) -> Recorded {
    let session = |pid: i32| Session {
        pid,
        backend_type: Some("client backend".to_owned()),
        role: Some("checkout".to_owned()),
        database: Some("orders".to_owned()),
        application_name: None,
        client_addr: None,
        backend_start: Some(at(1).micros()),
        xact_start: Some(at(2).micros()),
        query_start: None,
        state: Some("idle in transaction".to_owned()),
        state_change: None,
        wait_event_type: None,
        wait_event: None,
        backend_xid: None,
        backend_xmin: None,
        leader_pid: None,
        superuser: Some(false),
        query: None,
        ours: false,
    };
    let answer = Sessions {
        server: "orders-db".to_owned(),
        read_at: at(900).micros(),
        postmaster_start: at(0).micros(),
        system_identifier: "7301".to_owned(),
        sessions: vec![session(101), session(102)],
    };
    recorded(id, Ok(Answer::DatabaseSessions(answer)))
}

fn recorded(id: u64, answer: Result<Answer, Gap>) -> Recorded {
    Recorded {
        id: CallId(id),
        ask: Ask::DatabaseSessions(DatabaseAsk {
            server: "orders-db".to_owned(),
        }),
        answer,
        asked_at: at(900),
        answered_at: at(901),
    }
}

pub(crate) fn cassette(incident: Incident) -> Cassette {
    Cassette {
        schema: CASSETTE_SCHEMA.to_owned(),
        component: ComponentDigest::of(b"bytes"),
        input: Input {
            now: at(900).micros(),
            incident,
            inputs: "{}".to_owned(),
            findings: None,
        },
        first_call: CallId(1),
        seed: Seed([0; 32]),
        clock: vec![at(900)],
        calls: vec![
            sessions(1),
            recorded(2, Err(Gap::Unreachable("down".to_owned()))),
            sessions(3),
        ],
        writes: Vec::new(),
        notes: Vec::new(),
    }
}
