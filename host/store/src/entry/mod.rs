//! What the journal says: one variant per fact.
//! Not a state: states are folds over these, see [`crate::fold`].
//! Start at [`Entry`]; [`encode`] and [`decode`] are its bytes.
//! Invariant: an entry has one byte form, and holds what an auditor needs without any other file.

mod about;
mod backtest;
mod bytes;
mod outcome;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use interlock_gate::history::Kind;
use interlock_gate::ids::{
    BlobDigest, CassetteDigest, ComponentDigest, HostId, PersonName, PlanDigest, PolicyDigest,
    ReportDigest, RunId, TokenDigest,
};
use interlock_gate::plan::{ActionText, Plan, Requester, RuleRef, StepBytes};
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use backtest::{BacktestSummary, CalibrationRow};
pub use bytes::{BadEntry, ENTRY_BYTES_MAX, ENTRY_SCHEMA, decode, encode};
pub use outcome::RecordedOutcome;

/// Longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 4 * 1024;
/// Longest id of an incident that is listed, in bytes.
pub const INCIDENT_BYTES_MAX: usize = 64;
/// Longest name of a cause or of a subject, in bytes.
pub const CAUSE_BYTES_MAX: usize = 256;
/// Most lines of a timeline in [`Entry::Imported`].
pub const TIMELINE_LINES_MAX: u64 = 20_000;
/// Most incidents of a backtest.
pub const BACKTEST_CASES_MAX: u64 = 1_000_000;
/// The schema of the alerts in [`Entry::Alerted`].
pub const ALERTS_SCHEMA: &str = "interlock.alerts.v1";
/// What a run carries as its incident's id where it is about none.
pub const NO_INCIDENT: &str = "none";

/// One fact. In JSON it also carries `schema` and `at`, the time at which the journal took it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first entry: whose journal this is.
    StoreOpened {
        /// Origin and public key.
        host: HostId,
        /// The program's version.
        version: String,
    },
    /// A policy came into force.
    Policy {
        /// Of `text`.
        digest: PolicyDigest,
        /// The file it was read from.
        path: String,
        /// The whole text.
        text: String,
    },
    /// A person let a component's writes be planned.
    Trusted {
        /// The runbook's name.
        runbook: String,
        /// The step.
        step: String,
        /// The step's bytes.
        component: ComponentDigest,
        /// Who, as the host knows them.
        by: String,
    },
    /// A run began.
    RunOpened {
        /// The run.
        run: RunId,
        /// Its caller's own id for it, made unique per caller.
        id_key: Option<String>,
        /// The runbook's name.
        runbook: String,
        /// The runbook's version.
        version: String,
        /// Every step's bytes.
        components: Vec<StepBytes>,
        /// The incident, whole.
        incident: Value,
        /// What the runbook was given.
        inputs: BTreeMap<String, Value>,
        /// Who asked.
        requester: Requester,
        /// Who stands behind that.
        owners: Vec<PersonName>,
    },
    /// A step ended; its cassette and report are kept as blobs.
    StepEnded {
        /// The run.
        run: RunId,
        /// The step.
        step: String,
        /// The step's bytes.
        component: ComponentDigest,
        /// How many calls it made.
        calls: u64,
        /// Everything it saw.
        cassette: CassetteDigest,
        /// How it ended.
        end: StepEnd,
    },
    /// A run reached its end, or was found without one.
    RunEnded {
        /// The run.
        run: RunId,
        /// `concluded`, `planned`, `faulted` or `interrupted`.
        state: String,
    },
    /// A plan was made; one with a parent supersedes it.
    Planned {
        /// The plan, whole.
        #[serde(with = "bytes::whole_plan")]
        plan: Box<Plan>,
    },
    /// A decision about a plan was brought, and its signature holds.
    Token {
        /// The plan it decides about.
        plan: PlanDigest,
        /// The token file, whole.
        #[serde(with = "bytes::whole_token")]
        token: Box<Token>,
    },
    /// The gate or the policy said no.
    Refused {
        /// The run, where there is one.
        run: Option<RunId>,
        /// The plan, where there is one.
        plan: Option<PlanDigest>,
        /// What was asked for: `apply`, `undo`, `plan`, `link` and so on.
        asked: String,
        /// Every reason, in the gate's order.
        reasons: Vec<String>,
    },
    /// The runner set out to carry out a plan; nothing is redeemed yet.
    ApplyBegan {
        /// The plan.
        plan: PlanDigest,
        /// Forward or back.
        #[serde(rename = "for", with = "bytes::kind_word")]
        kind: Kind,
        /// Whether the component asked for the same actions again; null where it was not run.
        conformed: Option<bool>,
    },
    /// The gate permitted an action, and it may happen from now on. Only
    /// [`Journal::append`](interlock_capabilities::journal::Journal) writes it.
    Intent {
        /// The plan.
        plan: PlanDigest,
        /// The action's place in the plan.
        index: u16,
        /// Forward or back.
        #[serde(rename = "for", with = "bytes::kind_word")]
        kind: Kind,
        /// The step: settled acts before this one, or undo steps after it.
        step: u16,
        /// The exact change.
        action: ActionText,
        /// The rule that permits it.
        rule: RuleRef,
        /// The policy in force.
        policy: PolicyDigest,
        /// How many entries the decision rests on.
        read_at: u64,
        /// The tokens that filled its seats.
        tokens: Vec<TokenDigest>,
        /// On the first intent: the redeemed token files, whole.
        #[serde(with = "bytes::whole_tokens")]
        redeems: Option<Vec<Token>>,
    },
    /// What came of an intent.
    Outcome {
        /// The plan.
        plan: PlanDigest,
        /// The action's place in the plan.
        index: u16,
        /// Forward or back.
        #[serde(rename = "for", with = "bytes::kind_word")]
        kind: Kind,
        /// What came of it.
        outcome: RecordedOutcome,
    },
    /// The runner is done with a plan for now.
    ApplyEnded {
        /// The plan.
        plan: PlanDigest,
        /// Forward or back.
        #[serde(rename = "for", with = "bytes::kind_word")]
        kind: Kind,
        /// Why it ended here: null where it went through.
        stopped: Option<String>,
        /// How many actions had each outcome, by its name.
        counts: BTreeMap<String, u64>,
    },
    /// The verify step looked at what the plan did.
    Verified {
        /// The run.
        run: RunId,
        /// The plan.
        plan: PlanDigest,
        /// `fixed`, `not_fixed` or `could_not_check`.
        verdict: String,
        /// Its report.
        report: Option<ReportDigest>,
    },
    /// A person settled a doubt: what is known of an action whose outcome is not.
    Reconciled {
        /// The plan.
        plan: PlanDigest,
        /// The action's place in the plan.
        index: u16,
        /// Forward or back.
        #[serde(rename = "for", with = "bytes::kind_word")]
        kind: Kind,
        /// What they found, in their words.
        finding: String,
        /// The signed token file, whole.
        token: String,
    },
    /// An incident was brought in, for the learning loop.
    Incident {
        /// The incident, whole.
        incident: Value,
        /// Its actual cause, where known.
        cause: Option<String>,
        /// Who brought it.
        by: String,
    },
    /// Somebody judged a run's diagnosis. A later verdict supersedes it.
    Feedback {
        /// The run.
        run: RunId,
        /// Who.
        by: String,
        /// `accepted`, `modified` or `rejected`; null where only the cause is told.
        verdict: Option<String>,
        /// The actual cause, where known.
        cause: Option<String>,
        /// The signature over it, whole, where there is one.
        token: Option<String>,
    },
    /// The actual cause of an incident came to be known. A later one supersedes it.
    Cause {
        /// The incident.
        incident: String,
        /// A cause of a runbook's manifest, or `other: ` and words; [`CAUSE_BYTES_MAX`] at most.
        cause: String,
        /// The component that it was in, where known; untrusted.
        subject: Option<String>,
        /// Who says so.
        by: Requester,
        /// Who stands behind that.
        owners: Vec<PersonName>,
    },
    /// Alerts came that open an incident, or change one that is open.
    Alerted {
        /// The incident.
        incident: String,
        /// The group that rings, as whoever sends it names it: its SHA-256, 64 hex digits. A group
        /// has one open incident at most.
        group: String,
        /// Whether the group still rings; once it does not, its incident is over.
        firing: bool,
        /// The alerts that are new or have changed, as [`interlock.alerts.v1`](ALERTS_SCHEMA).
        alerts: Value,
        /// Who brought them.
        by: Requester,
    },
    /// A caller's words on an incident.
    Note {
        /// The incident.
        incident: String,
        /// At most [`NOTE_BYTES_MAX`] bytes; untrusted.
        text: String,
        /// Whose words.
        by: Requester,
        /// Who stands behind that.
        owners: Vec<PersonName>,
    },
    /// What another program kept of an incident, such as a chat or a paging log, was brought in.
    Imported {
        /// The incident.
        incident: String,
        /// What kept it: `slack`, `pagerduty`, `alertmanager`; lower-case letters, 32 at most.
        format: String,
        /// Who brought it.
        by: Requester,
        /// Its lines, kept as a blob; untrusted.
        timeline: BlobDigest,
        /// How many lines, 1 to [`TIMELINE_LINES_MAX`].
        lines: u64,
    },
    /// A runbook's reading steps were run over incidents whose causes are known, and what came of it
    /// is kept: policy may demand it, and confidence is calibrated on it.
    Backtested {
        /// The runbook.
        runbook: String,
        /// The version that its manifest says.
        version: String,
        /// The steps that ran, in the manifest's order, with their bytes; never empty.
        components: Vec<StepBytes>,
        /// The digest of the incidents.
        corpus: BlobDigest,
        /// How many incidents, [`BACKTEST_CASES_MAX`] at most.
        cases: u64,
        /// Who had it kept.
        by: Requester,
        /// What it came to, incident by incident, kept as a blob.
        report: BlobDigest,
        /// What it came to, in numbers.
        summary: BacktestSummary,
    },
    /// A caller's own diagnosis of a run. Its citations hold; the rest is their word.
    Diagnosis {
        /// The run.
        run: RunId,
        /// Whose diagnosis.
        by: Requester,
        /// Who stands behind that: they do not approve what is planned for the same incident.
        owners: Vec<PersonName>,
        /// The document, kept as a blob.
        document: BlobDigest,
    },
    /// A file that a person needs later is kept as a blob.
    Kept {
        /// The run it belongs to.
        run: RunId,
        /// What it is: `evidence`, `postmortem`.
        what: String,
        /// The blob.
        blob: BlobDigest,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// With this report, kept as a blob.
    Report(ReportDigest),
    /// A write step, with so many planned writes.
    Writes(u64),
    /// Trapped, over a limit or with an output that is none; in words.
    Fault(String),
}

/// An entry as it stands in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// Its place, from 0.
    pub index: u64,
    /// When the journal took it. Never before the entry in front of it.
    pub at: Time,
    /// The fact.
    pub entry: Entry,
}
