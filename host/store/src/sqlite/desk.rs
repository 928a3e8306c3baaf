//! Where jobs wait for the writer, and the thread that takes them there.
//! Not a transaction: see [`super::writer`].
//! Invariant: one job or batch is written at a time, and a job that came in is answered.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::error::StoreError;

use super::job::Job;
use super::writer::Writer;

/// At most so many jobs share a transaction.
const BATCH_MAX: usize = 64;
/// What is left for later is done once nothing was written for so long,
const QUIET: Duration = Duration::from_millis(20);
/// or so long after it was last done.
const LATE: Duration = Duration::from_millis(250);
/// Kept bytes that a store which is closed leaves out of their index.
const LEFT_AT_CLOSE: u64 = 64;

/// The jobs that wait, and who writes them.
pub(crate) struct Desk {
    queue: Mutex<Queue>,
    bell: Condvar,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
    /// Something is left for a quiet moment.
    behind: bool,
    /// Something was written since the thread looked last.
    busy: bool,
}

/// What the thread does next.
enum Next {
    Write(Vec<Job>),
    Tidy,
    End,
}

impl Desk {
    /// Starts the thread. It ends when the desk is closed.
    pub(crate) fn open(writer: Writer) -> Result<(Arc<Desk>, JoinHandle<()>), StoreError> {
        let desk = Arc::new(Desk {
            queue: Mutex::default(),
            bell: Condvar::new(),
            writer: Mutex::new(writer),
        });
        let served = Arc::clone(&desk);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || served.serve())
            .map_err(|_| StoreError::Closed)?;
        Ok((desk, thread))
    }

    /// Nothing comes in any more; what did is written.
    pub(crate) fn close(&self) {
        self.queue().closed = true;
        self.bell.notify_one();
    }

    /// Has it written soon, with what else waits then.
    pub(crate) fn put(&self, job: Job) {
        self.queue().jobs.push_back(job);
        self.bell.notify_one();
    }

    /// Has it written now: by the caller itself, where it is the only one that could go on
    /// meanwhile and nobody else writes. Two hand-overs between threads cost as much as the write.
    pub(crate) fn put_now(&self, job: Job) {
        if let Some(mut writer) = self.alone() {
            writer.write(vec![job]);
            let behind = writer.is_behind();
            drop(writer);
            let mut queue = self.queue();
            queue.busy = true;
            if behind && !queue.behind {
                queue.behind = true;
                self.bell.notify_one();
            }
        } else {
            self.put(job);
        }
    }

    fn alone(&self) -> Option<MutexGuard<'_, Writer>> {
        let one_thread = Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread);
        if !one_thread || !self.queue().jobs.is_empty() {
            return None;
        }
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            // A panic while writing left its transaction uncommitted: the next one says so.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing is done under this lock that could leave it half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        let mut tidied = Instant::now();
        loop {
            match self.next(tidied) {
                Next::Write(batch) => {
                    let mut writer = self.writer();
                    writer.write(batch);
                    let late = writer.is_behind() && tidied.elapsed() >= LATE;
                    if late || writer.is_far_behind() {
                        writer.tidy(0);
                        tidied = Instant::now();
                    }
                    let behind = writer.is_behind();
                    drop(writer);
                    self.queue().behind |= behind;
                }
                Next::Tidy => {
                    self.writer().tidy(0);
                    tidied = Instant::now();
                }
                Next::End => {
                    self.writer().tidy(LEFT_AT_CLOSE);
                    return;
                }
            }
        }
    }

    /// Waits for work.
    fn next(&self, tidied: Instant) -> Next {
        let mut queue = self.queue();
        loop {
            if !queue.jobs.is_empty() {
                let count = queue.jobs.len().min(BATCH_MAX);
                return Next::Write(queue.jobs.drain(..count).collect());
            }
            if queue.closed {
                return Next::End;
            }
            if !queue.behind {
                queue = self
                    .bell
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.busy = false;
            let (woken, waited) = self
                .bell
                .wait_timeout(queue, QUIET)
                .unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            let quiet = waited.timed_out() && queue.jobs.is_empty();
            if quiet && (!queue.busy || tidied.elapsed() >= LATE) {
                queue.behind = false;
                return Next::Tidy;
            }
        }
    }
}
