//! The promises of [`Journal`] and [`Store`], kept by the writer thread and by snapshots.

use interlock_capabilities::journal::{Journal, Leaf, Refused};
use interlock_capabilities::read::Soon;
use interlock_gate::action::AnyAction;
use interlock_gate::history::History;
use interlock_gate::ids::{BlobDigest, HostId, PlanDigest, PolicyDigest, RunId};
use interlock_gate::permit::Basis;
use interlock_gate::plan::Plan;
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use tokio::sync::oneshot;

use crate::blobs;
use crate::checkpoint::Signed;
use crate::entry::{Entry, Stamped};
use crate::error::StoreError;
use crate::fold::Facts;
use crate::lock::{HeldBy, PlanLock};
use crate::merkle::TreeHead;
use crate::store::{
    Blob, Doubt, GroupLine, IncidentLine, PlanLine, RunLine, Store, Taken, TreeSize,
};

use super::append::unwritable;
use super::job::Job;
use super::query::{self, About};
use super::rows::Tables;
use super::{SqliteStore, incidents, tree};

// SAFETY: the writer answers `Ok` only after SQLite has committed, with `synchronous = FULL` read
// back at opening, one transaction that holds the entry, the redemption and the intent's row which
// limits count, and after the checkpoint outside is synced; `append::intend` refuses, in that same
// transaction, a basis whose plan, policy or tokens the journal does not hold.
#[allow(unsafe_code)]
unsafe impl Journal for SqliteStore {
    fn append<'a>(
        &'a self,
        what: &'a AnyAction,
        why: &'a Basis,
    ) -> Soon<'a, Result<Leaf, Refused>> {
        self.ask(|answer| Job::Append {
            what: Box::new(what.clone()),
            why: Box::new(why.clone()),
            answer,
        })
    }
}

impl SqliteStore {
    /// Hands a job to the writer at once, so that what is asked together commits together.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Refused>>) -> Job,
    ) -> Soon<'_, Result<T, Refused>> {
        let (answer, answered) = oneshot::channel();
        self.desk.put(job(answer));
        answer_of(answered)
    }
}

fn answer_of<'a, T: Send + 'static>(
    answered: oneshot::Receiver<Result<T, Refused>>,
) -> Soon<'a, Result<T, Refused>> {
    Box::pin(async move { answered.await.map_err(|_| unwritable(StoreError::Closed))? })
}

/// Reads at once; the answer is there when it is asked for. Each is a few rows from a local file.
fn soon<'a, T: Send + 'a>(answer: T) -> Soon<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Store for SqliteStore {
    fn record(&self, entry: Entry, read_at: TreeSize) -> Soon<'_, Result<Leaf, Refused>> {
        self.ask(|answer| Job::Record {
            entry: Box::new(entry),
            read_at,
            answer,
        })
    }

    fn record_all(
        &self,
        blobs: Vec<Blob>,
        entries: Vec<Entry>,
    ) -> Soon<'_, Result<Vec<Taken>, Refused>> {
        self.ask(|answer| Job::RecordAll {
            blobs,
            entries,
            answer,
        })
    }

    fn record_now(
        &self,
        blobs: Vec<Blob>,
        entries: Vec<Entry>,
    ) -> Soon<'_, Result<Vec<Taken>, Refused>> {
        let (answer, answered) = oneshot::channel();
        self.desk.put_now(Job::RecordAll {
            blobs,
            entries,
            answer,
        });
        answer_of(answered)
    }

    fn history(&self, plan: &PlanDigest) -> Soon<'_, Result<History, StoreError>> {
        soon(self.read_knowing(|connection, known| query::history(connection, known, plan)))
    }

    fn events(&self, run: &RunId) -> Soon<'_, Result<Vec<Stamped>, StoreError>> {
        soon(self.read(|connection| query::about(connection, &About::Run(run))))
    }

    fn entries_of(&self, kind: &str) -> Soon<'_, Result<Vec<Stamped>, StoreError>> {
        soon(self.read(|connection| query::about(connection, &About::Kind(kind))))
    }

    fn hold(&self, plan: &PlanDigest) -> Result<PlanLock, HeldBy> {
        PlanLock::take(&self.places.locks(), &plan.hex())
    }

    fn hold_run(&self, run: &RunId) -> Result<PlanLock, HeldBy> {
        PlanLock::take_once(&self.places.locks(), run.as_str())
    }

    fn keep(&self, bytes: Vec<u8>) -> Soon<'_, Result<BlobDigest, Refused>> {
        let blob = Blob::new(bytes);
        self.ask(|answer| Job::Keep { blob, answer })
    }

    fn blob(&self, digest: &BlobDigest) -> Soon<'_, Result<Option<Vec<u8>>, StoreError>> {
        soon(self.read(|connection| blobs::get(connection, digest)))
    }

    fn host(&self) -> HostId {
        self.host.id()
    }

    fn head(&self) -> Soon<'_, Result<TreeHead, StoreError>> {
        soon(self.read(tree::head))
    }

    fn newest_at(&self) -> Soon<'_, Result<Option<Time>, StoreError>> {
        soon(self.read(tree::newest_at))
    }

    fn checkpoint(&self) -> Soon<'_, Result<Signed, StoreError>> {
        soon(
            self.read(|connection| {
                Ok(Signed::verify(&query::checkpoint(connection)?, &self.host)?)
            }),
        )
    }

    fn policy(&self) -> Soon<'_, Result<Option<(PolicyDigest, String)>, StoreError>> {
        soon(self.read(|connection| {
            let Some(row) = Tables(connection).policy()? else {
                return Ok(None);
            };
            let found = query::about(connection, &About::Kind("policy"))?;
            Ok(found
                .into_iter()
                .rev()
                .find_map(|stamped| match stamped.entry {
                    Entry::Policy { digest, text, .. } if digest == row.digest => {
                        Some((digest, text))
                    }
                    _ => None,
                }))
        }))
    }

    fn plan(&self, plan: &PlanDigest) -> Soon<'_, Result<Option<Plan>, StoreError>> {
        soon(self.read_knowing(|connection, known| Ok(known.plan(connection, plan)?.cloned())))
    }

    fn tokens(&self, plan: &PlanDigest) -> Soon<'_, Result<Vec<Token>, StoreError>> {
        soon(self.read(|connection| query::tokens(connection, plan)))
    }

    fn runs(&self, max: usize) -> Soon<'_, Result<Vec<RunLine>, StoreError>> {
        soon(self.read(|connection| query::runs(connection, max)))
    }

    fn plans(&self, max: usize) -> Soon<'_, Result<Vec<PlanLine>, StoreError>> {
        soon(self.read(|connection| query::plans(connection, max)))
    }

    fn plans_of(&self, run: &RunId) -> Soon<'_, Result<Vec<PlanLine>, StoreError>> {
        soon(self.read(|connection| query::plans_of(connection, run)))
    }

    fn run_of_key(&self, key: &str) -> Soon<'_, Result<Option<RunId>, StoreError>> {
        soon(self.read(|connection| Tables(connection).run_of_key(key)))
    }

    fn find_run(&self, prefix: &str) -> Soon<'_, Result<RunId, StoreError>> {
        soon(self.read(|connection| query::find_run(connection, prefix)))
    }

    fn find_plan(&self, prefix: &str) -> Soon<'_, Result<PlanDigest, StoreError>> {
        soon(self.read(|connection| query::find_plan(connection, prefix)))
    }

    fn incidents(&self, max: usize) -> Soon<'_, Result<Vec<IncidentLine>, StoreError>> {
        soon(self.read(|connection| incidents::newest(connection, max)))
    }

    fn incident(&self, id: &str) -> Soon<'_, Result<Option<IncidentLine>, StoreError>> {
        soon(self.read(|connection| incidents::one(connection, id)))
    }

    fn runs_of_incident(&self, id: &str, max: usize) -> Soon<'_, Result<Vec<RunLine>, StoreError>> {
        let max = u64::try_from(max).unwrap_or(u64::from(u32::MAX));
        soon(self.read(|connection| incidents::runs_of(connection, id, max)))
    }

    fn about_incident(&self, id: &str, max: usize) -> Soon<'_, Result<Vec<Stamped>, StoreError>> {
        soon(self.read(|connection| incidents::about(connection, id, max)))
    }

    fn about_incident_of(
        &self,
        id: &str,
        kind: &str,
    ) -> Soon<'_, Result<Vec<Stamped>, StoreError>> {
        soon(self.read(|connection| incidents::about_of_kind(connection, id, kind)))
    }

    fn incidents_since(
        &self,
        from: u64,
        max: usize,
    ) -> Soon<'_, Result<Vec<(String, u64)>, StoreError>> {
        soon(self.read(|connection| incidents::since(connection, from, max)))
    }

    fn diagnoses(&self, run: &RunId) -> Soon<'_, Result<Vec<Stamped>, StoreError>> {
        soon(self.read(|connection| incidents::diagnoses(connection, run)))
    }

    fn alert_group(&self, group: &str) -> Soon<'_, Result<GroupLine, StoreError>> {
        soon(self.read(|connection| incidents::group(connection, group)))
    }

    fn doubts(&self) -> Soon<'_, Result<Vec<Doubt>, StoreError>> {
        soon(self.read(|connection| Tables(connection).doubts()))
    }

    fn rows_equal_the_fold(&self) -> Soon<'_, Result<(), StoreError>> {
        soon(self.read(query::rows_equal_the_fold))
    }
}
