//! One run's entries on their way to the journal, and the same entries as its screens read them.
//!
//! A run that is over at once is written at once, as a whole; of a longer one, what is known is
//! sent without waiting, and everything is awaited at its end.
//! Invariant: a run ends as recorded only where the journal has taken every entry of it, in order.

use std::{
    collections::VecDeque,
    pin::pin,
    time::{Duration, Instant},
};

use interlock_capabilities::{Soon, journal::Refused};
use interlock_engine::Progress;
use interlock_gate::ids::{BlobDigest, RunId};
use interlock_store::{
    Blob, HeldBy, PlanLock, Store as _, Taken,
    entry::{Entry, Stamped},
};
use tokio::time::timeout;

use crate::{
    error::RunError,
    fold::{Kept, fold},
    installed::Runbook,
    open::Runner,
    record::RunRecord,
    watch::Watch,
};

/// What is over within this time costs one wait for the disk, not two.
const AT_ONCE: Duration = Duration::from_millis(5);

/// How often whoever watches is told how far a step is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// The entries and kept bytes of a run that is under way.
pub(crate) struct Ledger<'a> {
    runner: &'a Runner,
    run: RunId,
    watch: &'a dyn Watch,
    began: Instant,
    /// Whoever finds the run open and this lock free knows that its process died.
    held: Option<PlanLock>,
    blobs: Vec<Blob>,
    /// Of the steps' own bytes among them.
    fresh: Vec<BlobDigest>,
    entries: Vec<Entry>,
    sent: VecDeque<Sent<'a>>,
    written: Vec<Stamped>,
    kept: Kept,
    lost: Option<String>,
    /// Steps of which nobody was told yet: the run's opening comes first.
    untold: Vec<String>,
}

/// What the journal was given and has not answered.
struct Sent<'a> {
    entries: Vec<Entry>,
    fresh: Vec<BlobDigest>,
    answer: Soon<'a, Result<Vec<Taken>, Refused>>,
}

/// What the run does while the journal is written.
enum Haste {
    /// It goes on.
    Beside,
    /// It waits.
    Awaited,
}

impl<'a> Ledger<'a> {
    /// Of a new run; `lost` says why nothing of it can be journalled, where that is known.
    pub(crate) fn new(
        runner: &'a Runner,
        run: RunId,
        watch: &'a dyn Watch,
        lost: Option<String>,
    ) -> Ledger<'a> {
        Ledger {
            runner,
            run,
            watch,
            began: Instant::now(),
            held: None,
            blobs: Vec::new(),
            fresh: Vec::new(),
            entries: Vec::new(),
            sent: VecDeque::new(),
            written: Vec::new(),
            kept: Kept::default(),
            lost,
            untold: Vec::new(),
        }
    }

    /// Tells whoever watches that a step begins.
    pub(crate) fn step(&mut self, name: &str) {
        if self.written.is_empty() && self.lost.is_none() {
            self.untold.push(name.to_owned());
        } else {
            self.tell();
            self.watch.step(name);
        }
    }

    fn tell(&mut self) {
        for step in std::mem::take(&mut self.untold) {
            self.watch.step(&step);
        }
    }

    /// Why the run is in no journal, where it is not.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// Keeps the bytes of the steps, unless this process has kept them before.
    pub(crate) fn components(&mut self, runbook: &Runbook) {
        for step in &runbook.steps {
            let digest = BlobDigest::from_raw(*step.digest.raw());
            if self.lost.is_none() && !self.runner.has_kept(&digest) {
                self.blobs.push(Blob::new(step.bytes.clone()));
                self.fresh.push(digest);
            }
        }
    }

    /// Keeps bytes; what they say goes to [`Ledger::kept`].
    pub(crate) fn keep(&mut self, bytes: Vec<u8>) -> BlobDigest {
        let blob = Blob::new(bytes);
        let digest = blob.digest();
        self.blobs.push(blob);
        digest
    }

    /// What the entries speak of, for the record.
    pub(crate) fn kept(&mut self) -> &mut Kept {
        &mut self.kept
    }

    /// Adds an entry; where the run is longer than a moment, it goes out now.
    pub(crate) fn entry(&mut self, entry: Entry) -> Result<(), RunError> {
        self.entries.push(entry);
        if self.under_way() {
            self.send()
        } else {
            Ok(())
        }
    }

    fn under_way(&self) -> bool {
        !self.sent.is_empty() || !self.written.is_empty()
    }

    /// Gives the journal what there is, and does not wait.
    pub(crate) fn send(&mut self) -> Result<(), RunError> {
        self.give(Haste::Beside)
    }

    fn give(&mut self, haste: Haste) -> Result<(), RunError> {
        let (blobs, entries) = (
            std::mem::take(&mut self.blobs),
            std::mem::take(&mut self.entries),
        );
        if entries.is_empty() && blobs.is_empty() {
            return Ok(());
        }
        let whole = entries
            .iter()
            .any(|entry| matches!(entry, Entry::RunEnded { .. }));
        if self.lost.is_none() && self.held.is_none() && !whole {
            match self.runner.store().hold_run(&self.run) {
                Ok(held) => self.held = Some(held),
                Err(HeldBy::Unusable { source, .. }) if source.is_of_the_medium() => {
                    self.lost = Some(source.to_string());
                }
                Err(by) => {
                    return Err(RunError::Held {
                        plan: self.run.to_string(),
                        by: by.to_string(),
                    });
                }
            }
        }
        let answer = match &self.lost {
            None => {
                let store = self.runner.store();
                match haste {
                    Haste::Beside => store.record_all(blobs, entries.clone()),
                    Haste::Awaited => store.record_now(blobs, entries.clone()),
                }
            }
            Some(_) if self.sent.is_empty() => {
                self.remember(entries);
                return Ok(());
            }
            // After what was sent before it, which is not answered yet.
            Some(why) => {
                let why = why.clone();
                let lost = Refused::Unwritable { why, medium: true };
                Box::pin(std::future::ready(Err(lost)))
            }
        };
        self.sent.push_back(Sent {
            entries,
            fresh: std::mem::take(&mut self.fresh),
            answer,
        });
        Ok(())
    }

    /// What no journal holds, with the host's own time.
    fn remember(&mut self, entries: Vec<Entry>) {
        let at = self.runner.now();
        let entries = entries
            .into_iter()
            // A plan that no journal holds is none.
            .filter(|entry| !matches!(entry, Entry::Planned { .. }));
        let index = self.written.len() as u64;
        self.written
            .extend(
                (index..)
                    .zip(entries)
                    .map(|(index, entry)| Stamped { index, at, entry }),
            );
    }

    /// Waits for every answer. Dropped half-way it has lost none.
    async fn settle(&mut self) -> Result<(), RunError> {
        while let Some(first) = self.sent.front_mut() {
            let answer = (&mut first.answer).await;
            let Some(Sent { entries, fresh, .. }) = self.sent.pop_front() else {
                return Ok(());
            };
            match answer {
                Ok(taken) => {
                    self.runner.keeps(fresh);
                    let opened = self.written.is_empty();
                    let stamped = taken.into_iter().zip(entries);
                    self.written.extend(stamped.map(|(taken, entry)| Stamped {
                        index: taken.leaf.index,
                        at: taken.at,
                        entry,
                    }));
                    if opened {
                        self.watch.opened(&self.run);
                        self.tell();
                    }
                }
                // What follows a lost entry does not follow from the journal, and is lost with it.
                Err(_) if self.lost.is_some() => self.remember(entries),
                Err(Refused::Unwritable { why, medium: true }) => {
                    self.lost = Some(why);
                    self.remember(entries);
                }
                Err(refused) => return Err(RunError::Journal(refused)),
            }
        }
        Ok(())
    }

    /// Gives the journal what there is, and waits until it is on disk or lost.
    pub(crate) async fn flush(&mut self) -> Result<(), RunError> {
        self.give(Haste::Awaited)?;
        self.settle().await
    }

    /// Does `work`, and has the run's opening journalled beside it where it takes longer than a
    /// moment; then its watcher is told how far it is, too.
    pub(crate) async fn beside<T>(
        &mut self,
        work: impl Future<Output = T>,
        progress: &Progress,
    ) -> Result<T, RunError> {
        let mut work = pin!(work);
        if self.sent.is_empty() && self.written.is_empty() {
            let left = AT_ONCE.saturating_sub(self.began.elapsed());
            if let Ok(done) = timeout(left, work.as_mut()).await {
                return Ok(done);
            }
            self.send()?;
        }
        tokio::select! {
            biased;
            done = work.as_mut() => return Ok(done),
            settled = self.settle() => settled?,
        }
        let mut told = (0, 0);
        loop {
            if let Ok(done) = timeout(TELL_EVERY, work.as_mut()).await {
                return Ok(done);
            }
            let now = (progress.answered(), progress.asked());
            if now != told {
                told = now;
                self.watch.calls(now.0, now.1);
            }
        }
    }

    /// What was done beside the ledger, and whether it is lost with the journal's medium.
    pub(crate) fn or_lost<T>(&mut self, done: Result<T, RunError>) -> Result<Option<T>, RunError> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(RunError::Journal(Refused::Unwritable { why, medium: true })) => {
                self.lost.get_or_insert(why);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The run as its screens read it.
    pub(crate) async fn record(self) -> Result<RunRecord, RunError> {
        let unknown = || RunError::Unknown {
            what: "run",
            id: self.run.to_string(),
        };
        let mut record = fold(self.written, &self.kept)?.ok_or_else(unknown)?;
        self.runner.plan_states(&mut record).await?;
        Ok(record)
    }
}
