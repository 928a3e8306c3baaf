//! What the writing thread is asked, and what it answers once that is synced.
//! Not a transaction: see [`super::writer`].

use interlock_capabilities::journal::{Leaf, Refused};
use interlock_gate::action::AnyAction;
use interlock_gate::ids::BlobDigest;
use interlock_gate::permit::Basis;
use interlock_gate::time::Time;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::blobs;
use crate::entry::Entry;
use crate::store::{Blob, Taken, TreeSize};

use super::append::{self, unwritable};
use super::known::Known;

/// Where a job is answered.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Refused>>;

/// What the thread is asked to write.
pub(crate) enum Job {
    Record {
        entry: Box<Entry>,
        read_at: TreeSize,
        answer: Answer<Leaf>,
    },
    Append {
        what: Box<AnyAction>,
        why: Box<Basis>,
        answer: Answer<Leaf>,
    },
    RecordAll {
        blobs: Vec<Blob>,
        entries: Vec<Entry>,
        answer: Answer<Vec<Taken>>,
    },
    Keep {
        blob: Blob,
        answer: Answer<BlobDigest>,
    },
}

impl Job {
    /// Puts it into the open transaction, or gives it back with what is against it.
    pub(crate) fn put(
        self,
        open: &Connection,
        now: Time,
        known: &mut Known,
    ) -> Result<Put, (Job, Refused)> {
        match self {
            Job::Record {
                entry,
                read_at,
                answer,
            } => match append::record(open, now, &entry, read_at, known) {
                Ok(leaf) => Ok(Put::Recorded(leaf, entry, read_at, answer)),
                Err(refused) => Err((
                    Job::Record {
                        entry,
                        read_at,
                        answer,
                    },
                    refused,
                )),
            },
            Job::Append { what, why, answer } => {
                match append::intend(open, now, &what, &why, known) {
                    Ok(leaf) => Ok(Put::Intended(leaf, what, why, answer)),
                    Err(refused) => Err((Job::Append { what, why, answer }, refused)),
                }
            }
            Job::RecordAll {
                blobs,
                entries,
                answer,
            } => match append::put_all(open, now, &blobs, &entries, known) {
                Ok(taken) => Ok(Put::RecordedAll(taken, blobs, entries, answer)),
                Err(refused) => Err((
                    Job::RecordAll {
                        blobs,
                        entries,
                        answer,
                    },
                    refused,
                )),
            },
            Job::Keep { blob, answer } => match blobs::put(open, &blob) {
                Ok(()) => Ok(Put::Kept(blob, answer)),
                Err(error) => Err((Job::Keep { blob, answer }, unwritable(error))),
            },
        }
    }

    pub(crate) fn refuse(self, refused: Refused) {
        // A caller that no longer waits needs no answer.
        match self {
            Job::Record { answer, .. } | Job::Append { answer, .. } => {
                drop(answer.send(Err(refused)));
            }
            Job::RecordAll { answer, .. } => drop(answer.send(Err(refused))),
            Job::Keep { answer, .. } => drop(answer.send(Err(refused))),
        }
    }
}

/// Whether a checkpoint is signed over an entry, and who waits until it is outside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signs {
    Not,
    /// A run's end: nobody acts on it, so nobody waits.
    ForLater,
    ForAnAnswer,
}

impl Signs {
    fn of(entry: &Entry) -> Signs {
        match entry {
            Entry::RunEnded { .. } => Signs::ForLater,
            entry if entry.is_decision_or_stop() => Signs::ForAnAnswer,
            _ => Signs::Not,
        }
    }
}

/// What a job has put into the transaction, to be answered once that is synced.
pub(crate) enum Put {
    Recorded(Leaf, Box<Entry>, TreeSize, Answer<Leaf>),
    RecordedAll(Vec<Taken>, Vec<Blob>, Vec<Entry>, Answer<Vec<Taken>>),
    Intended(Leaf, Box<AnyAction>, Box<Basis>, Answer<Leaf>),
    Kept(Blob, Answer<BlobDigest>),
}

impl Put {
    /// Whether the host signs a checkpoint over it.
    pub(crate) fn signs(&self) -> Signs {
        match self {
            Put::Recorded(_, entry, ..) => Signs::of(entry),
            Put::RecordedAll(_, _, entries, _) => {
                entries.iter().map(Signs::of).max().unwrap_or(Signs::Not)
            }
            Put::Intended(..) => Signs::ForAnAnswer,
            Put::Kept(..) => Signs::Not,
        }
    }

    /// How many kept bytes it added.
    pub(crate) fn blobs(&self) -> u64 {
        match self {
            Put::RecordedAll(_, blobs, ..) => blobs.len() as u64,
            Put::Kept(..) => 1,
            Put::Recorded(..) | Put::Intended(..) => 0,
        }
    }

    /// The job, where the transaction was taken back.
    pub(crate) fn undone(self) -> Job {
        match self {
            Put::Recorded(_, entry, read_at, answer) => Job::Record {
                entry,
                read_at,
                answer,
            },
            Put::RecordedAll(_, blobs, entries, answer) => Job::RecordAll {
                blobs,
                entries,
                answer,
            },
            Put::Intended(_, what, why, answer) => Job::Append { what, why, answer },
            Put::Kept(blob, answer) => Job::Keep { blob, answer },
        }
    }

    pub(crate) fn answer(self, result: Result<(), Refused>) {
        // A caller that no longer waits needs no answer.
        match self {
            Put::Recorded(leaf, _, _, answer) | Put::Intended(leaf, _, _, answer) => {
                drop(answer.send(result.map(|()| leaf)));
            }
            Put::RecordedAll(taken, _, _, answer) => drop(answer.send(result.map(|()| taken))),
            Put::Kept(blob, answer) => drop(answer.send(result.map(|()| blob.digest()))),
        }
    }
}
