//! A small world to ask the gate about: five approvers, two rules, one plan, and everything that
//! can be wrong with any of it.

pub(crate) mod backtests;
mod people;
pub(crate) mod random;
mod told;

pub(crate) use backtests::{backtest, read_by_diagnose};
pub(crate) use people::{TokenParts, Who};

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use interlock_gate::action::{
    AnyAction, Scale, ScaleArguments, SessionArguments, Silence, SilenceArguments, Terminate,
};
use interlock_gate::history::{History, Kind};
use interlock_gate::ids::{
    CallDigest, CallId, CassetteDigest, ComponentDigest, HostId, PlanDigest, ReportDigest,
};
use interlock_gate::plan::{
    CheckpointRef, CitedCall, CitedItem, Components, Do, PLAN_SCHEMA, Plan, PlanBody,
    PlannedAction, Requester, RuleRef, StepBytes,
};
use interlock_gate::policy::Policy;
use interlock_gate::revision::{Revision, SessionRevision, SilenceRevision, WorkloadRevision};
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use interlock_gate::{AnyPermit, Case, Denied, decide};
use proptest::test_runner::Config as ProptestConfig;

/// So many cases; a failure prints its whole world, so that no file need remember it.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// When the plan of this world is made.
pub(crate) fn made_at() -> Time {
    "2026-11-25T03:12:11.000000Z".parse().unwrap()
}

/// Seconds after the plan was made.
pub(crate) fn after(seconds: u64) -> Time {
    made_at().plus_seconds(seconds)
}

pub(crate) fn here() -> HostId {
    HostId {
        origin: "interlock.demo".to_owned(),
        key: STANDARD.encode(Who::Host.key().point()),
    }
}

/// A policy in parts, so that tests can add to it and change the order of its rules.
#[derive(Clone, Debug)]
pub(crate) struct PolicyParts {
    pub(crate) head: String,
    pub(crate) writes: Vec<String>,
    pub(crate) nevers: Vec<String>,
    pub(crate) freezes: Vec<String>,
    pub(crate) revoked_keys: Vec<String>,
    pub(crate) revoked_plans: Vec<PlanDigest>,
}

impl PolicyParts {
    pub(crate) fn text(&self) -> String {
        let quoted = |list: Vec<String>| {
            list.iter()
                .map(|item| format!("\"{item}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let plans = self.revoked_plans.iter().map(ToString::to_string).collect();
        format!(
            "{}\n{}\n{}\n{}\n[revoked]\nkeys = [{}]\nplans = [{}]\n",
            self.head,
            self.writes.join("\n"),
            self.nevers.join("\n"),
            self.freezes.join("\n"),
            quoted(self.revoked_keys.clone()),
            quoted(plans)
        )
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::parse(&self.text()).unwrap_or_else(|errors| panic!("{errors}\n{}", self.text()))
    }
}

pub(crate) fn head() -> String {
    let approver = |name: &str, keys: &[Who], roles: &str| {
        let keys: Vec<String> = keys
            .iter()
            .map(|who| format!("\"{}\"", who.key().to_line()))
            .collect();
        format!(
            "[[approver]]\nname = \"{name}\"\nkeys = [{}]\nroles = [{roles}]\n",
            keys.join(", ")
        )
    };
    format!(
        "version = 1\nundo_window = \"30m\"\n{}{}{}{}{}",
        approver("alice", &[Who::Alice, Who::AliceSecurityKey], "\"sre\""),
        approver("bob", &[Who::Bob], "\"sre\", \"owner\""),
        approver("carol", &[Who::Carol], "\"sre\", \"commander\""),
        approver("dave", &[Who::Dave], "\"owner\""),
        "[[caller]]\nname = \"bob\"\nuid = 1000\nowner = \"bob\"\n\
         [[caller]]\nname = \"hook\"\nunattended = true\n",
    )
}

pub(crate) fn terminate_rule(approvals: &str, limits: &str) -> String {
    format!(
        "[[write]]\nname = \"end stuck sessions\"\nrunbooks = [\"postgres-*\"]\n\
         capability = \"database.terminate\"\ntargets = [\"orders-db/client\", \"*/replication\"]\n\
         arguments = {{ role = {{ one_of = [\"checkout\"] }}, transaction_age_s = {{ min = 60 }} }}\n\
         approvals = {{ {approvals} }}\n{limits}\n"
    )
}

pub(crate) fn scale_rule(approvals: &str) -> String {
    format!(
        "[[write]]\nname = \"grow\"\nrunbooks = [\"*\"]\ncapability = \"workload.scale\"\n\
         targets = [\"prod/*\"]\n\
         arguments = {{ replicas = {{ max = 20, max_change_percent = 100 }} }}\n\
         approvals = {{ {approvals} }}\n"
    )
}

pub(crate) fn silence_rule(approvals: &str) -> String {
    format!(
        "[[write]]\nname = \"hush\"\nrunbooks = [\"postgres-*\"]\ncapability = \"alerts.silence\"\n\
         targets = [\"alertmanager/*\"]\narguments = {{ minutes = {{ max = 60 }} }}\n\
         unconditional = true\napprovals = {{ {approvals} }}\n"
    )
}

pub(crate) const NEVER: &str =
    "[[never]]\ncapability = \"database.terminate\"\ntargets = [\"*/replication\"]\n";

/// A silence stands until its time is over.
pub(crate) const NEVER_EXPIRE: &str =
    "[[never]]\ncapability = \"alerts.expire\"\ntargets = [\"alertmanager/*\"]\n";

pub(crate) fn freeze(name: &str, from: Time, until: Time, roles: &str) -> String {
    let roles = if roles.is_empty() {
        String::new()
    } else {
        format!("except_roles = [{roles}]\n")
    };
    format!("[[freeze]]\nname = \"{name}\"\nfrom = {from}\nuntil = {until}\n{roles}")
}

pub(crate) fn parts() -> PolicyParts {
    PolicyParts {
        head: head(),
        writes: vec![
            terminate_rule(
                "need = 1, roles = [\"sre\"]",
                "limits = { per_run = 40, per_hour = 80 }",
            ),
            scale_rule("need = 1, roles = [\"sre\", \"owner\"]"),
            silence_rule("need = 1, roles = [\"sre\"]"),
        ],
        nevers: vec![NEVER.to_owned()],
        freezes: Vec::new(),
        revoked_keys: Vec::new(),
        revoked_plans: Vec::new(),
    }
}

pub(crate) fn session(pid: i32, class: &str, age_s: Option<u64>) -> (AnyAction, Revision) {
    let action = AnyAction::Terminate(Terminate {
        target: format!("orders-db/{class}").parse().unwrap(),
        arguments: SessionArguments {
            pid,
            role: Some("checkout".to_owned()),
            database: Some("orders".to_owned()),
            only_if_state: Some("idle in transaction".to_owned()),
            transaction_age_s: age_s,
        },
    });
    let seen = Revision::Session(SessionRevision {
        pid,
        backend_start: made_at().minus_seconds(1_260),
        xact_start: age_s.map(|age| made_at().minus_seconds(age)),
        postmaster_start: made_at().minus_seconds(1_000_000),
        system_identifier: "7301934765182993000".to_owned(),
    });
    (action, seen)
}

pub(crate) fn scale(replicas: u32, observed: u32) -> (AnyAction, Revision) {
    let action = AnyAction::Scale(Scale {
        target: "prod/checkout".parse().unwrap(),
        arguments: ScaleArguments {
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            replicas,
            observed_replicas: observed,
        },
    });
    (action, workload(1))
}

pub(crate) fn silence(minutes: u32) -> (AnyAction, Revision) {
    let labels = [("alertname", "High"), ("server", "orders-db")];
    let action = AnyAction::Silence(Silence {
        target: "alertmanager/High".parse().unwrap(),
        arguments: SilenceArguments {
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            minutes,
            reason: "being looked at".to_owned(),
        },
    });
    (action, Revision::Unconditional)
}

/// The silence that such an act made.
pub(crate) fn silenced(id: &str) -> Revision {
    Revision::Silence(SilenceRevision {
        id: id.to_owned(),
        updated_at: Some(after(105)),
    })
}

pub(crate) fn workload(version: u32) -> Revision {
    Revision::Workload(WorkloadRevision {
        uid: "0b1f".to_owned(),
        resource_version: version.to_string(),
    })
}

/// A plan of these actions, each under the rule of its kind as `policy` has it.
pub(crate) fn body(policy: &Policy, actions: Vec<(AnyAction, Revision, Do)>) -> PlanBody {
    let rule = |action: &AnyAction| {
        let name = match action {
            AnyAction::Terminate(_) => "end stuck sessions",
            AnyAction::Silence(_) => "hush",
            _other => "grow",
        };
        RuleRef {
            name: name.to_owned(),
            digest: policy.write(name).unwrap().digest,
        }
    };
    PlanBody {
        schema: PLAN_SCHEMA.to_owned(),
        host: here(),
        run: "r-k7qd".parse().unwrap(),
        incident: "INC-2291".to_owned(),
        created_at: made_at(),
        expires_at: after(3_600),
        requester: Requester {
            caller: Some("bob".to_owned()),
            via: "uid:1000".to_owned(),
            unattended: false,
        },
        owners: vec!["bob".parse().unwrap()],
        components: Components {
            runbook: "postgres-connections".to_owned(),
            version: "0.3.0".to_owned(),
            step: "remediate".to_owned(),
            steps: vec![StepBytes {
                step: "remediate".to_owned(),
                digest: ComponentDigest::of(b"bytes"),
            }],
        },
        inputs: BTreeMap::from([("server".to_owned(), "orders-db".into())]),
        findings: serde_json::Value::Null,
        report: ReportDigest::of(b"report"),
        cassette: CassetteDigest::of(b"cassette"),
        calls: vec![CitedCall {
            id: CallId(14),
            digest: CallDigest::of(b"call"),
        }],
        checkpoint: CheckpointRef {
            size: 83,
            root: "0".repeat(64),
        },
        actions: actions
            .into_iter()
            .zip(0..)
            .map(|((action, seen, r#do), item)| PlannedAction {
                rule: rule(&action),
                undo: action.undo(),
                cites: CitedItem {
                    call: CallId(14),
                    item,
                },
                action,
                seen,
                r#do,
            })
            .collect(),
        parent: None,
    }
}

/// A whole case that owns what it is about.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) parts: PolicyParts,
    pub(crate) policy: Policy,
    pub(crate) plan: Plan,
    pub(crate) kind: Kind,
    pub(crate) tokens: Vec<Token>,
    pub(crate) history: History,
    pub(crate) here: HostId,
    pub(crate) now: Time,
}

impl World {
    /// One session to end, nobody has signed, two minutes after it was planned.
    pub(crate) fn new() -> Self {
        Self::of(parts(), vec![with_do(session(101, "client", Some(842)))])
    }

    pub(crate) fn of(parts: PolicyParts, actions: Vec<(AnyAction, Revision, Do)>) -> Self {
        let policy = parts.policy();
        let plan = Plan::new(body(&policy, actions)).unwrap();
        Self {
            parts,
            policy,
            plan,
            kind: Kind::Apply,
            tokens: Vec::new(),
            history: History::fresh(84),
            here: here(),
            now: after(120),
        }
    }

    pub(crate) fn signed(mut self, who: Who) -> Self {
        self.tokens
            .push(TokenParts::new(who, &self.plan, after(60)).token());
        self
    }

    pub(crate) fn at(mut self, now: Time) -> Self {
        self.now = now;
        self
    }

    /// The same with another policy in force.
    pub(crate) fn under(&self, parts: PolicyParts) -> Self {
        Self {
            policy: parts.policy(),
            parts,
            ..self.clone()
        }
    }

    pub(crate) fn case(&self) -> Case<'_> {
        Case {
            policy: &self.policy,
            plan: &self.plan,
            kind: self.kind,
            tokens: &self.tokens,
            history: &self.history,
            here: &self.here,
            now: self.now,
        }
    }

    pub(crate) fn decide(&self) -> Result<AnyPermit, Denied> {
        decide(&self.case())
    }

    /// The reasons, as people read them.
    pub(crate) fn reasons(&self) -> Vec<String> {
        match self.decide() {
            Ok(_) => Vec::new(),
            Err(denied) => denied.reasons().iter().map(ToString::to_string).collect(),
        }
    }
}

pub(crate) fn with_do((action, seen): (AnyAction, Revision)) -> (AnyAction, Revision, Do) {
    (action, seen, Do::Act)
}
