//! The one thread that writes: what waits at the same time commits together.
//! Not a rule: see [`super::append`].
//! Invariant: a job is answered only after the transaction that holds it is synced; an intent only
//! after its checkpoint is synced outside the store, too.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use interlock_capabilities::journal::Refused;
use interlock_gate::permit::Basis;
use interlock_gate::time::Time;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use crate::checkpoint::{HostKey, Signed};
use crate::entry::{Entry, RecordedOutcome};
use crate::error::{StoreError, sql};

use super::append::unwritable;
use super::job::{Job, Put, Signs};
use super::keeper::Keeper;
use super::known::Known;
use super::open::Places;
use super::{Clock, tree};

/// At most so many jobs share a transaction.
const BATCH_MAX: usize = 64;

/// A transaction that is synced: what it holds, and the checkpoint it was signed with.
struct Committed {
    put: Vec<Put>,
    signed: Option<(Signs, Signed)>,
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
    #[cfg(test)]
    pub(crate) watch: Option<Watch>,
}

/// Starts the thread. It ends when the sender is dropped.
pub(crate) fn start(mut writer: Writer) -> Result<(Sender<Job>, JoinHandle<()>), StoreError> {
    let (sender, jobs) = channel();
    let thread = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || writer.serve(&jobs))
        .map_err(|_| StoreError::Closed)?;
    Ok((sender, thread))
}

impl Writer {
    fn serve(&mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            batch.extend(jobs.try_iter().take(BATCH_MAX - 1));
            self.write(batch);
        }
    }

    /// Writes what came together, and answers each.
    fn write(&mut self, batch: Vec<Job>) {
        match self.commit(batch) {
            Ok(Committed {
                put,
                signed: Some((Signs::ForAnAnswer, signed)),
            }) => self.publish(put, &signed),
            Ok(Committed { put, signed }) => {
                put.into_iter().for_each(|put| put.answer(Ok(())));
                if let Some((_, signed)) = signed {
                    self.keeper.give(signed);
                }
            }
            Err(Failed { jobs, put, refused }) => {
                jobs.into_iter().for_each(|job| job.refuse(refused.clone()));
                put.into_iter()
                    .for_each(|put| put.answer(Err(refused.clone())));
            }
        }
    }

    /// Everything in one synced transaction; each job stands or falls by itself.
    fn commit(&mut self, batch: Vec<Job>) -> Result<Committed, Failed> {
        let begin = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let mut transaction = match begin {
            Ok(transaction) => transaction,
            Err(error) => {
                let refused = unwritable(sql("write the store")(error));
                return Err(Failed {
                    jobs: batch,
                    put: Vec::new(),
                    refused,
                });
            }
        };
        let alone = batch.len() == 1;
        let (mut put, mut jobs) = (Vec::new(), batch.into_iter());
        while let Some(job) = jobs.next() {
            let now = (self.clock)();
            if alone {
                // It stands or falls with the transaction: a savepoint would copy every page.
                match job.put(&transaction, now, &mut self.known) {
                    Ok(done) => put.push(done),
                    Err((job, refused)) => {
                        drop(transaction);
                        job.refuse(refused);
                        return Ok(Committed { put, signed: None });
                    }
                }
                continue;
            }
            match put_one(&mut transaction, job, now, &mut self.known) {
                Ok(done) => put.push(done),
                Err((job, refused)) if transaction.is_autocommit() => {
                    // A full disk makes SQLite undo the whole transaction, not this job alone.
                    let jobs = job.into_iter().chain(jobs).collect();
                    return Err(Failed { jobs, put, refused });
                }
                Err((Some(job), refused)) => job.refuse(refused),
                Err((None, _)) => {}
            }
        }
        let signs = put.iter().map(Put::signs).max().unwrap_or(Signs::Not);
        let signed = (signs != Signs::Not).then(|| sign(&transaction, &self.key));
        let signed = match signed.transpose() {
            Ok(signed) => signed.map(|signed| (signs, signed)),
            Err(error) => {
                return Err(Failed {
                    jobs: Vec::new(),
                    put,
                    refused: unwritable(error),
                });
            }
        };
        #[cfg(test)]
        if let Some(watch) = &mut self.watch {
            watch(Moment::BeforeCommit);
        }
        match transaction.commit() {
            Ok(()) => {}
            Err(error) => {
                let refused = unwritable(sql("write the store")(error));
                return Err(Failed {
                    jobs: Vec::new(),
                    put,
                    refused,
                });
            }
        }
        #[cfg(test)]
        if let Some(watch) = &mut self.watch {
            watch(Moment::AfterCommit);
        }
        Ok(Committed { put, signed })
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
                Put::Intended(_, ref why, _) => {
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
    transaction: &mut Transaction<'_>,
    job: Job,
    now: Time,
    known: &mut Known,
) -> Result<Put, (Option<Job>, Refused)> {
    let failed = |error| unwritable(sql("write the store")(error));
    let savepoint = match transaction.savepoint() {
        Ok(savepoint) => savepoint,
        Err(error) => return Err((Some(job), failed(error))),
    };
    let put = job
        .put(&savepoint, now, known)
        .map_err(|(job, refused)| (Some(job), refused))?;
    match savepoint.commit() {
        Ok(()) => Ok(put),
        Err(error) => {
            let refused = failed(error);
            put.answer(Err(refused.clone()));
            Err((None, refused))
        }
    }
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
