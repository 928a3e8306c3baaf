//! What every store can do, whatever database is under it.
//! Not a judge: it takes an entry that follows from the journal, and no other.

use interlock_capabilities::journal::{Journal, Leaf, Refused};
use interlock_capabilities::read::Soon;
use interlock_gate::history::{History, Kind};
use interlock_gate::ids::{BlobDigest, HostId, PlanDigest, PolicyDigest, RunId};
use interlock_gate::plan::Plan;
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::Token;

use crate::checkpoint::Signed;
use crate::entry::{Entry, Stamped};
use crate::error::StoreError;
use crate::lock::{HeldBy, PlanLock};
use crate::merkle::TreeHead;

/// How many entries the journal had when something was read from it.
pub type TreeSize = u64;

/// For an entry that nothing recorded meanwhile may keep out: an outcome, a token, an end.
pub const ANY_SIZE: TreeSize = TreeSize::MAX;

/// The largest blob that is kept, in bytes.
pub const BLOB_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Bytes to be kept, under the digest that was taken of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    digest: BlobDigest,
    bytes: Vec<u8>,
}

impl Blob {
    /// Hashes them, once.
    pub fn new(bytes: Vec<u8>) -> Blob {
        Blob {
            digest: BlobDigest::of(&bytes),
            bytes,
        }
    }

    /// Of its bytes.
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// An entry that the journal took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it stands.
    pub leaf: Leaf,
    /// When it was taken.
    pub at: Time,
}

/// One line of a list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLine {
    /// The run.
    pub run: RunId,
    /// Its caller's own id.
    pub id_key: Option<String>,
    /// The runbook's name.
    pub runbook: String,
    /// `open`, or the state in which it ended.
    pub state: String,
    /// When it was opened.
    pub opened_at: Time,
}

/// One line of a list of plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// The plan.
    pub plan: PlanDigest,
    /// Its run.
    pub run: RunId,
    /// The plan it narrows.
    pub parent: Option<PlanDigest>,
    /// Where it stands by the journal alone: that its time has run out is for the reader to see.
    pub state: PlanState,
    /// When the journal took it.
    pub recorded_at: Time,
}

/// One line of a list of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentLine {
    /// Its id.
    pub incident: String,
    /// The group of alerts that opened it; none where a run was asked with it.
    pub group: Option<String>,
    /// Whether that group still rings.
    pub firing: bool,
    /// When it was first named here.
    pub opened_at: Time,
    /// The entry that named it first: a run's opening, or alerts.
    pub opening: Stamped,
    /// Its newest runs, newest first, 20 at most.
    pub runs: Vec<RunLine>,
}

/// What is known of a group of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    /// Its newest incident.
    pub newest: Option<String>,
    /// Whether that one still rings.
    pub open: bool,
    /// How many incidents it has opened.
    pub count: u64,
}

/// An intent of which no outcome is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The plan.
    pub plan: PlanDigest,
    /// Forward or back.
    pub kind: Kind,
    /// The action's place.
    pub index: u16,
    /// When it was begun.
    pub at: Time,
    /// `unknown`, or nothing where the host ended before it could say so.
    pub outcome: Option<String>,
}

/// The journal and what is kept beside it. A fact and the rows derived from it commit together.
pub trait Store: Journal {
    /// Records a fact. Refused where it does not follow from the journal, where something about
    /// its plan or run was recorded at or after `read_at`, or where a blob it speaks of is not
    /// kept. A token or policy that is recorded already gives its leaf again. Intents come in by
    /// [`Journal::append`] only.
    fn record(&self, entry: Entry, read_at: TreeSize) -> Soon<'_, Result<Leaf, Refused>>;

    /// Keeps bytes and records facts that may speak of them, in order: all of it in one transaction
    /// or nothing. For what a run has to say at once; nothing newer keeps these facts out.
    fn record_all(
        &self,
        blobs: Vec<Blob>,
        entries: Vec<Entry>,
    ) -> Soon<'_, Result<Vec<Taken>, Refused>>;

    /// As [`Store::record_all`], for a caller that can do nothing else before it is answered: it may
    /// be written before this returns, in the caller's own thread.
    fn record_now(
        &self,
        blobs: Vec<Blob>,
        entries: Vec<Entry>,
    ) -> Soon<'_, Result<Vec<Taken>, Refused>>;

    /// What the gate needs to know of a plan.
    fn history(&self, plan: &PlanDigest) -> Soon<'_, Result<History, StoreError>>;

    /// Every entry about a run and its plans, in order.
    fn events(&self, run: &RunId) -> Soon<'_, Result<Vec<Stamped>, StoreError>>;

    /// Every entry of a kind, as [`Entry::kind`] names it, in order.
    fn entries_of(&self, kind: &str) -> Soon<'_, Result<Vec<Stamped>, StoreError>>;

    /// Takes the plan's lock for this process, or says who holds it.
    fn hold(&self, plan: &PlanDigest) -> Result<PlanLock, HeldBy>;

    /// Takes the run's lock for this process, or says who holds it.
    fn hold_run(&self, run: &RunId) -> Result<PlanLock, HeldBy>;

    /// Keeps bytes, at most [`BLOB_BYTES_MAX`], and returns their digest once they are synced.
    fn keep(&self, bytes: Vec<u8>) -> Soon<'_, Result<BlobDigest, Refused>>;

    /// Kept bytes, checked against their digest.
    fn blob(&self, digest: &BlobDigest) -> Soon<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Who this journal belongs to.
    fn host(&self) -> HostId;

    /// How far the journal reaches.
    fn head(&self) -> Soon<'_, Result<TreeHead, StoreError>>;

    /// When the newest entry was taken: no `now` may be earlier.
    fn newest_at(&self) -> Soon<'_, Result<Option<Time>, StoreError>>;

    /// The host's newest signed checkpoint.
    fn checkpoint(&self) -> Soon<'_, Result<Signed, StoreError>>;

    /// The policy in force: its digest and whole text.
    fn policy(&self) -> Soon<'_, Result<Option<(PolicyDigest, String)>, StoreError>>;

    /// A plan that was recorded here.
    fn plan(&self, plan: &PlanDigest) -> Soon<'_, Result<Option<Plan>, StoreError>>;

    /// Every token about a plan, in the order in which they came.
    fn tokens(&self, plan: &PlanDigest) -> Soon<'_, Result<Vec<Token>, StoreError>>;

    /// All runs, newest first, at most `max`.
    fn runs(&self, max: usize) -> Soon<'_, Result<Vec<RunLine>, StoreError>>;

    /// All plans, newest first, at most `max`.
    fn plans(&self, max: usize) -> Soon<'_, Result<Vec<PlanLine>, StoreError>>;

    /// The plans of a run, in the order in which they were made.
    fn plans_of(&self, run: &RunId) -> Soon<'_, Result<Vec<PlanLine>, StoreError>>;

    /// The run that its caller gave this id.
    fn run_of_key(&self, key: &str) -> Soon<'_, Result<Option<RunId>, StoreError>>;

    /// The one run whose id begins so.
    fn find_run(&self, prefix: &str) -> Soon<'_, Result<RunId, StoreError>>;

    /// The one plan whose digest begins so, with or without `sha256:`.
    fn find_plan(&self, prefix: &str) -> Soon<'_, Result<PlanDigest, StoreError>>;

    /// All incidents, newest first, at most `max`.
    fn incidents(&self, max: usize) -> Soon<'_, Result<Vec<IncidentLine>, StoreError>>;

    /// An incident.
    fn incident(&self, id: &str) -> Soon<'_, Result<Option<IncidentLine>, StoreError>>;

    /// The runs about an incident, newest first, at most `max`.
    fn runs_of_incident(&self, id: &str, max: usize) -> Soon<'_, Result<Vec<RunLine>, StoreError>>;

    /// The newest entries of an incident, at most `max`, in order: the openings of its runs, its
    /// alerts, notes and diagnoses.
    fn about_incident(&self, id: &str, max: usize) -> Soon<'_, Result<Vec<Stamped>, StoreError>>;

    /// Every entry of an incident of that kind, in order.
    fn about_incident_of(&self, id: &str, kind: &str)
    -> Soon<'_, Result<Vec<Stamped>, StoreError>>;

    /// The incidents that an entry from index `from` on is about, each with the index of the last
    /// such entry, the longest untouched first, at most `max`.
    fn incidents_since(
        &self,
        from: u64,
        max: usize,
    ) -> Soon<'_, Result<Vec<(String, u64)>, StoreError>>;

    /// Every diagnosis of a run, in order.
    fn diagnoses(&self, run: &RunId) -> Soon<'_, Result<Vec<Stamped>, StoreError>>;

    /// What is known of a group of alerts.
    fn alert_group(&self, group: &str) -> Soon<'_, Result<GroupLine, StoreError>>;

    /// Intents whose outcome is not known, oldest first.
    fn doubts(&self) -> Soon<'_, Result<Vec<Doubt>, StoreError>>;

    /// Compares every derived row with a fold over all entries.
    fn rows_equal_the_fold(&self) -> Soon<'_, Result<(), StoreError>>;
}
