//! A policy, a plan and tokens to test with: Alice approves, Bob asks.

mod incidents;

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use interlock_gate::action::{AnyAction, Scale, ScaleArguments, SessionArguments, Terminate};
use interlock_gate::history::Kind;
use interlock_gate::ids::{CallDigest, CallId, ComponentDigest, HostId, PolicyDigest, RunId};
use interlock_gate::key::SignerKey;
use interlock_gate::permit::Basis;
use interlock_gate::plan::{
    CheckpointRef, CitedCall, CitedItem, Components, Do, PLAN_SCHEMA, Plan, PlanBody,
    PlannedAction, Requester, RuleRef, StepBytes,
};
use interlock_gate::policy::Policy;
use interlock_gate::revision::{Revision, SessionRevision, WorkloadRevision};
use interlock_gate::sshsig::{HashName, armor, signature_wire, to_be_signed};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce, Payload, TOKEN_SCHEMA, Token, acts_of};
use serde_json::json;

use crate::entry::{Entry, RecordedOutcome, StepEnd};

pub(crate) use incidents::{alerted, backtested, cause, diagnosis, imported, note};

pub(crate) const RULE: &str = "end stuck sessions";
const SCALE: &str = "scale";
pub(crate) const PATH: &str = "policies/postgres.toml";

pub(crate) fn start() -> Time {
    "2026-11-25T03:12:08.000000Z".parse().unwrap()
}

fn signing_key(person: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed[..person.len()].copy_from_slice(person.as_bytes());
    SigningKey::from_bytes(&seed)
}

fn public(person: &str) -> SignerKey {
    SignerKey::Ed25519 {
        point: signing_key(person).verifying_key().to_bytes(),
    }
}

pub(crate) fn policy_text() -> String {
    format!(
        r#"version = 1

[[approver]]
name = "alice"
keys = ["{}"]
roles = ["sre"]

[[caller]]
name = "bob"
uid = 1000
owner = "bob"

[[read]]
runbooks = ["*"]
capabilities = ["database"]
targets = ["*"]

[[write]]
name = "{RULE}"
runbooks = ["postgres-connections"]
capability = "database.terminate"
targets = ["orders-db/client"]
approvals = {{ need = 1, roles = ["sre"], max_age = "15m" }}
limits = {{ per_run = 40, per_hour = 5 }}

[[write]]
name = "{SCALE}"
runbooks = ["*"]
capability = "workload.scale"
targets = ["prod/*"]
arguments = {{ replicas = {{ max = 20 }} }}
approvals = {{ need = 1, roles = ["sre"] }}
"#,
        public("alice").to_line()
    )
}

pub(crate) fn policy() -> Entry {
    policy_entry(&policy_text())
}

pub(crate) fn policy_entry(text: &str) -> Entry {
    let digest = PolicyDigest::of(text.as_bytes());
    Entry::Policy {
        digest,
        path: PATH.to_owned(),
        text: text.to_owned(),
    }
}

pub(crate) fn run(name: &str) -> RunId {
    format!("r-{name}").parse().unwrap()
}

fn component() -> ComponentDigest {
    ComponentDigest::of(b"remediate")
}

pub(crate) fn run_opened(name: &str) -> Entry {
    Entry::RunOpened {
        run: run(name),
        id_key: None,
        runbook: "postgres-connections".to_owned(),
        version: "0.3.0".to_owned(),
        components: vec![StepBytes {
            step: "remediate".to_owned(),
            digest: component(),
        }],
        incident: json!({"id": "INC-2291"}),
        inputs: BTreeMap::from([("server".to_owned(), json!("orders-db"))]),
        requester: requester(),
        owners: vec!["bob".parse().unwrap()],
    }
}

fn requester() -> Requester {
    Requester {
        caller: Some("bob".to_owned()),
        via: "uid:1000".to_owned(),
        unattended: false,
    }
}

/// A step that ended with this cassette.
pub(crate) fn step_ended(name: &str, cassette: &[u8]) -> Entry {
    Entry::StepEnded {
        run: run(name),
        step: "remediate".to_owned(),
        component: component(),
        calls: 1,
        cassette: interlock_gate::ids::CassetteDigest::of(cassette),
        end: StepEnd::Writes(3),
    }
}

/// A plan of the run that terminates sessions 1 to `sessions`; the last `skipped` are left out.
pub(crate) fn plan(host: &HostId, name: &str, sessions: u8, skipped: u8) -> Plan {
    plan_of(host, name, terminations(sessions, skipped), None)
}

pub(crate) fn terminations(sessions: u8, skipped: u8) -> Vec<PlannedAction> {
    let action = |pid: u8| {
        let terminate = Terminate {
            target: "orders-db/client".parse().unwrap(),
            arguments: SessionArguments {
                pid: i32::from(pid),
                role: Some("checkout".to_owned()),
                database: Some("orders".to_owned()),
                only_if_state: Some("idle in transaction".to_owned()),
                transaction_age_s: Some(842),
            },
        };
        let r#do = if pid + skipped > sessions {
            Do::Skip
        } else {
            Do::Act
        };
        planned_action(
            AnyAction::Terminate(terminate),
            revision(pid),
            RULE,
            pid,
            r#do,
        )
    };
    (1..=sessions).map(action).collect()
}

/// Workloads 1 to `workloads`, each scaled from 3 to 6.
pub(crate) fn scalings(workloads: u8) -> Vec<PlannedAction> {
    let action = |n: u8| {
        let scale = Scale {
            target: format!("prod/checkout-{n}").parse().unwrap(),
            arguments: ScaleArguments {
                kind: "Deployment".to_owned(),
                namespace: "shop".to_owned(),
                replicas: 6,
                observed_replicas: 3,
            },
        };
        planned_action(AnyAction::Scale(scale), workload(n, 1), SCALE, n, Do::Act)
    };
    (1..=workloads).map(action).collect()
}

fn planned_action(
    action: AnyAction,
    seen: Revision,
    rule_name: &str,
    item: u8,
    r#do: Do,
) -> PlannedAction {
    let undo = action.undo();
    let cites = CitedItem {
        call: CallId(1),
        item: u32::from(item),
    };
    PlannedAction {
        action,
        seen,
        cites,
        rule: rule(rule_name),
        undo,
        r#do,
    }
}

pub(crate) fn workload(n: u8, version: u8) -> Revision {
    Revision::Workload(WorkloadRevision {
        uid: format!("uid-{n}"),
        resource_version: version.to_string(),
    })
}

pub(crate) fn plan_of(
    host: &HostId,
    name: &str,
    actions: Vec<PlannedAction>,
    parent: Option<&Plan>,
) -> Plan {
    Plan::new(PlanBody {
        schema: PLAN_SCHEMA.to_owned(),
        host: host.clone(),
        run: run(name),
        incident: "INC-2291".to_owned(),
        created_at: start(),
        expires_at: start().plus_seconds(3600),
        requester: requester(),
        owners: vec!["bob".parse().unwrap()],
        components: Components {
            runbook: "postgres-connections".to_owned(),
            version: "0.3.0".to_owned(),
            step: "remediate".to_owned(),
            steps: vec![StepBytes {
                step: "remediate".to_owned(),
                digest: component(),
            }],
        },
        inputs: BTreeMap::new(),
        findings: json!(null),
        report: interlock_gate::ids::ReportDigest::of(b"report"),
        cassette: interlock_gate::ids::CassetteDigest::of(b"cassette"),
        calls: vec![CitedCall {
            id: CallId(1),
            digest: CallDigest::of(b"call"),
        }],
        checkpoint: CheckpointRef {
            size: 0,
            root: EMPTY.to_owned(),
        },
        actions,
        parent: parent.map(Plan::id),
    })
    .unwrap()
}

fn rule(name: &str) -> RuleRef {
    let policy = Policy::parse(&policy_text()).unwrap();
    let rule = policy.write(name).unwrap();
    RuleRef {
        name: rule.name.clone(),
        digest: rule.digest,
    }
}

fn revision(pid: u8) -> Revision {
    Revision::Session(SessionRevision {
        pid: i32::from(pid),
        backend_start: start().minus_seconds(900),
        xact_start: Some(start().minus_seconds(842)),
        postmaster_start: start().minus_seconds(90_000),
        system_identifier: "7301234567890123456".to_owned(),
    })
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) fn planned(plan: &Plan) -> Entry {
    Entry::Planned {
        plan: Box::new(plan.clone()),
    }
}

/// A token of `person` about `plan`, issued at the start.
pub(crate) fn token(person: &str, plan: &Plan, decision: Decision, nonce: u8) -> Token {
    let payload = Payload {
        schema: TOKEN_SCHEMA.to_owned(),
        plan: plan.id(),
        decision,
        approver: person.parse().unwrap(),
        reason: "read c3".to_owned(),
        issued_at: start(),
        not_before: start(),
        expires_at: start().plus_seconds(900),
        nonce: Nonce::from_raw([nonce; 16]),
        believed_cause: None,
        actions: acts_of(plan),
    };
    Token::verify(&signed(person, &payload.to_bytes().unwrap())).unwrap()
}

/// An envelope around what `person` signs.
pub(crate) fn signed(person: &str, payload: &[u8]) -> Vec<u8> {
    let key = signing_key(person);
    let signature = key
        .sign(&to_be_signed(payload, HashName::Sha512))
        .to_bytes();
    let armored = armor(
        &public(person),
        HashName::Sha512,
        &signature_wire(&signature),
    );
    Token::assemble(payload, &armored).unwrap()
}

/// That Alice settles the doubt about an action, signed by `person`.
pub(crate) fn reconciled(person: &str, plan: &Plan, index: u16) -> Entry {
    let said = json!({
        "schema": "interlock.reconciliation.v1", "plan": plan.id(), "index": index,
        "for": "apply", "found": "done", "approver": "alice", "reason": "looked",
        "issued_at": start(), "nonce": Nonce::from_raw([5; 16]),
    });
    let payload = interlock_gate::canonical::to_bytes(&said).unwrap();
    Entry::Reconciled {
        plan: plan.id(),
        index,
        kind: Kind::Apply,
        finding: "done: looked".to_owned(),
        token: String::from_utf8(signed(person, &payload)).unwrap(),
    }
}

pub(crate) fn token_entry(token: &Token) -> Entry {
    Entry::Token {
        plan: token.payload().plan,
        token: Box::new(token.clone()),
    }
}

/// What the gate would rest the permit of this action on.
pub(crate) fn basis(plan: &Plan, index: u16, tokens: &[&Token], history_size: u64) -> Basis {
    let mut tokens: Vec<_> = tokens.iter().map(|token| token.digest()).collect();
    tokens.sort();
    Basis {
        plan: plan.id(),
        index,
        kind: Kind::Apply,
        step: index,
        rule: plan.body().actions[usize::from(index)].rule.clone(),
        policy: PolicyDigest::of(policy_text().as_bytes()),
        tokens,
        history_size,
    }
}

pub(crate) fn action(plan: &Plan, index: u16) -> AnyAction {
    plan.body().actions[usize::from(index)].action.clone()
}

pub(crate) fn done(plan: &Plan, index: u16) -> Entry {
    let pid = u8::try_from(index + 1).unwrap();
    outcome(
        plan,
        index,
        RecordedOutcome::Done {
            after: serde_json::to_value(revision(pid)).unwrap(),
        },
    )
}

pub(crate) fn outcome(plan: &Plan, index: u16, outcome: RecordedOutcome) -> Entry {
    Entry::Outcome {
        plan: plan.id(),
        index,
        kind: Kind::Apply,
        outcome,
    }
}
