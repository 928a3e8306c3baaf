//! Writes: what comes together commits together.
//! Not a rule: see [`super::append`]; nor a thread: see [`super::desk`].
//! Invariant: a job is answered only after the transaction that holds it is synced; an intent only
//! after its checkpoint is synced outside the store, too.

use interlock_capabilities::journal::Refused;
use interlock_gate::permit::Basis;
use interlock_gate::time::Time;
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::blobs::{self, FRESH_MAX};
use crate::checkpoint::{HostKey, Signed};
use crate::entry::{Entry, RecordedOutcome};
use crate::error::{StoreError, sql};

use super::append::unwritable;
use super::job::{Job, Put, Signs};
use super::keeper::Keeper;
use super::known::Known;
use super::open::Places;
use super::transaction::Open;
use super::{Clock, tree};

/// A transaction that is synced: what it holds, and the checkpoint it was signed with.
struct Committed {
    put: Vec<Put>,
    signed: Option<Signed>,
}

/// A transaction that did not come about: what was not begun, and what was undone.
struct Failed {
    jobs: Vec<Job>,
    put: Vec<Put>,
    refused: Refused,
}

/// Moments at which a crash would leave the files in different states.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    BeforeCommit,
    AfterCommit,
    AfterOutside,
}

/// Looks at the files at each [`Moment`], or fails the copy outside.
#[cfg(test)]
pub(crate) type Watch = Box<dyn FnMut(Moment) + Send>;

pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) keeper: Keeper,
    pub(crate) places: Places,
    pub(crate) key: HostKey,
    pub(crate) clock: Clock,
    pub(crate) known: Known,
    /// What is left for a quiet moment.
    pub(crate) later: Later,
    #[cfg(test)]
    pub(crate) watch: Option<Watch>,
}

/// What was written and may wait for a quiet moment: nobody's answer does.
#[derive(Debug, Default)]
pub(crate) struct Later {
    /// A run's end that no checkpoint covers.
    unsigned: bool,
    /// Kept bytes that are not in their index.
    fresh: u64,
}

impl Writer {
    /// Writes what came together, and answers each.
    pub(crate) fn write(&mut self, batch: Vec<Job>) {
        match self.commit(batch) {
            Ok(Committed {
                put,
                signed: Some(signed),
            }) => {
                self.later.unsigned = false;
                self.publish(put, &signed);
            }
            Ok(Committed { put, signed: None }) => {
                for put in put {
                    self.later.unsigned |= put.signs() == Signs::ForLater;
                    self.later.fresh += put.blobs();
                    put.answer(Ok(()));
                }
            }
            Err(Failed { jobs, put, refused }) => {
                jobs.into_iter().for_each(|job| job.refuse(refused.clone()));
                put.into_iter()
                    .for_each(|put| put.answer(Err(refused.clone())));
            }
        }
    }

    /// Whether something is left for a quiet moment.
    pub(crate) fn is_behind(&self) -> bool {
        self.later.unsigned || self.later.fresh > 0
    }

    /// Whether so much is left that it waits no longer.
    pub(crate) fn is_far_behind(&self) -> bool {
        self.later.fresh >= FRESH_MAX
    }

    /// Does what was left: signs what has ended, and moves kept bytes into their index where there
    /// are at least `fresh_min`. What fails is tried again after the next write.
    pub(crate) fn tidy(&mut self, fresh_min: u64) {
        if let Ok(Some(signed)) = self.tidied(fresh_min) {
            self.keeper.give(signed);
        }
        self.later = Later::default();
    }

    fn tidied(&mut self, fresh_min: u64) -> Result<Option<Signed>, StoreError> {
        // Others may have left some too.
        let moves = blobs::fresh(&self.connection)? >= fresh_min.max(1);
        if !self.later.unsigned && !moves {
            return Ok(None);
        }
        let open = Open::begin(&self.connection)?;
        if moves {
            blobs::settle(&open)?;
        }
        let signed = self.later.unsigned.then(|| sign(&open, &self.key));
        let signed = signed.transpose()?;
        open.commit()?;
        Ok(signed)
    }

    /// Everything in one synced transaction; each job stands or falls by itself.
    fn commit(&mut self, batch: Vec<Job>) -> Result<Committed, Failed> {
        let mut put = Vec::with_capacity(batch.len());
        let open = match Open::begin(&self.connection) {
            Ok(open) => open,
            Err(error) => {
                let (jobs, refused) = (batch, unwritable(error));
                return Err(Failed { jobs, put, refused });
            }
        };
        let mut jobs = batch.into_iter();
        // Without a savepoint for each, which would copy every page: hardly ever is one refused.
        let refused = jobs.by_ref().find_map(|job| {
            let now = (self.clock)();
            job.put(&open, now, &mut self.known)
                .map(|done| put.push(done))
                .err()
        });
        let Some((job, refused)) = refused else {
            return end(
                open,
                put,
                &self.key,
                #[cfg(test)]
                &mut self.watch,
            );
        };
        let over = open.is_over();
        drop(open);
        // It may know a plan that was taken back with the rest.
        self.known = Known::default();
        if over {
            // A full disk makes SQLite undo the whole transaction, not this job alone.
            let jobs = std::iter::once(job).chain(jobs).collect();
            return Err(Failed { jobs, put, refused });
        }
        if put.is_empty() && jobs.len() == 0 {
            job.refuse(refused);
            return Ok(Committed { put, signed: None });
        }
        let again = put.into_iter().map(Put::undone).chain([job]).chain(jobs);
        self.commit_each(again.collect())
    }

    /// As [`Writer::commit`], of jobs of which one is refused, and leaves nothing behind.
    fn commit_each(&mut self, batch: Vec<Job>) -> Result<Committed, Failed> {
        let mut put = Vec::with_capacity(batch.len());
        let open = match Open::begin(&self.connection) {
            Ok(open) => open,
            Err(error) => {
                let (jobs, refused) = (batch, unwritable(error));
                return Err(Failed { jobs, put, refused });
            }
        };
        let mut jobs = batch.into_iter();
        while let Some(job) = jobs.next() {
            let now = (self.clock)();
            match put_one(&open, job, now, &mut self.known) {
                Ok(done) => put.push(done),
                Err((job, refused)) if open.is_over() => {
                    let jobs = job.into_iter().chain(jobs).collect();
                    return Err(Failed { jobs, put, refused });
                }
                Err((job, refused)) => {
                    self.known = Known::default();
                    if let Some(job) = job {
                        job.refuse(refused);
                    }
                }
            }
        }
        end(
            open,
            put,
            &self.key,
            #[cfg(test)]
            &mut self.watch,
        )
    }

    /// Puts the checkpoint outside, and only then lets intents be acted on.
    fn publish(&mut self, put: Vec<Put>, signed: &Signed) {
        let outside = self.places.put_outside(signed, self.key.public());
        #[cfg(test)]
        if let Some(watch) = &mut self.watch {
            watch(Moment::AfterOutside);
        }
        let Err(error) = outside else {
            put.into_iter().for_each(|put| put.answer(Ok(())));
            return;
        };
        let refused = unwritable(error);
        for put in put {
            match put {
                // Facts are in the journal all the same; only an act must not outrun the copy.
                Put::Recorded(..) | Put::RecordedAll(..) | Put::Kept(..) => put.answer(Ok(())),
                Put::Intended(_, _, ref why, _) => {
                    self.give_up(why, &refused);
                    put.answer(Err(refused.clone()));
                }
            }
        }
    }

    /// The intent is in the journal and will not be tried: say so. Where even that cannot be
    /// written it stays in doubt, and a person settles it.
    fn give_up(&mut self, why: &Basis, refused: &Refused) {
        let entry = Entry::Outcome {
            plan: why.plan,
            index: why.index,
            kind: why.kind,
            outcome: RecordedOutcome::NotTried {
                why: refused.to_string(),
            },
        };
        let (answer, _nobody_waits) = oneshot::channel();
        let read_at = crate::store::ANY_SIZE;
        let job = Job::Record {
            entry: Box::new(entry),
            read_at,
            answer,
        };
        // Nobody is told: the caller has its refusal already.
        drop(self.commit(vec![job]));
    }
}

/// One job, behind a savepoint of its own: refused, it leaves nothing behind. It is given back
/// unless it was answered.
fn put_one(
    open: &Open<'_>,
    job: Job,
    now: Time,
    known: &mut Known,
) -> Result<Put, (Option<Job>, Refused)> {
    if let Err(error) = open.mark() {
        return Err((Some(job), unwritable(error)));
    }
    let put = job.put(open, now, known).map_err(|(job, refused)| {
        open.go_back();
        (Some(job), refused)
    })?;
    match open.keep() {
        Ok(()) => Ok(put),
        Err(error) => {
            let refused = unwritable(error);
            put.answer(Err(refused.clone()));
            Err((None, refused))
        }
    }
}

/// Signs where an answer waits for it, and commits.
fn end(
    open: Open<'_>,
    put: Vec<Put>,
    key: &HostKey,
    #[cfg(test)] watch: &mut Option<Watch>,
) -> Result<Committed, Failed> {
    let failed = |put, error| Failed {
        jobs: Vec::new(),
        put,
        refused: unwritable(error),
    };
    let waits = put.iter().any(|put| put.signs() == Signs::ForAnAnswer);
    let signed = match waits.then(|| sign(&open, key)).transpose() {
        Ok(signed) => signed,
        Err(error) => return Err(failed(put, error)),
    };
    #[cfg(test)]
    if let Some(watch) = watch {
        watch(Moment::BeforeCommit);
    }
    if let Err(error) = open.commit() {
        return Err(failed(put, error));
    }
    #[cfg(test)]
    if let Some(watch) = watch {
        watch(Moment::AfterCommit);
    }
    Ok(Committed { put, signed })
}

/// Signs the tree as the transaction leaves it, and keeps the note in it.
pub(crate) fn sign(connection: &Connection, key: &HostKey) -> Result<Signed, StoreError> {
    let signed = key.sign(tree::head(connection)?)?;
    connection
        .prepare_cached(
            "INSERT INTO checkpoint (size, note) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| statement.execute(params![signed.head().size, signed.note()]))
        .map_err(sql("write the store"))?;
    Ok(signed)
}
