//! Puts checkpoints outside the store that nobody waits for: those of runs that only read.
//! Not the way of a decision or an act: the writer puts those outside itself, before it answers.
//! Invariant: what was given is outside once the keeper is dropped, unless it could not be written.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::checkpoint::{HostPublic, Signed};
use crate::error::StoreError;

use super::open::Places;

/// At most one is put outside within this time: each costs two waits for the disk, which the
/// journal's own commits would feel.
const APART: Duration = Duration::from_secs(1);

/// The thread, and the way to it.
pub(crate) struct Keeper {
    given: Option<Sender<Signed>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn start(places: Places, host: HostPublic) -> Result<Keeper, StoreError> {
        let (given, signed) = channel();
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || keep(&signed, &places, &host))
            .map_err(|_| StoreError::Closed)?;
        Ok(Keeper {
            given: Some(given),
            thread: Some(thread),
        })
    }

    /// Has it put outside, soon; a later one takes its place.
    pub(crate) fn give(&self, signed: Signed) {
        if let Some(given) = &self.given {
            // A thread that has died leaves an older checkpoint outside, which the store extends.
            drop(given.send(signed));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.given.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn keep(given: &Receiver<Signed>, places: &Places, host: &HostPublic) {
    while let Ok(first) = given.recv() {
        let newest = given.try_iter().last().unwrap_or(first);
        // The facts are in the journal all the same; only an act must not outrun the copy.
        drop(places.put_outside(&newest, host));
        let until = Instant::now() + APART;
        let mut waiting = None;
        loop {
            match given.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(signed) => waiting = Some(signed),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(signed) = waiting {
                        drop(places.put_outside(&signed, host));
                    }
                    return;
                }
            }
        }
        if let Some(signed) = waiting {
            drop(places.put_outside(&signed, host));
        }
    }
}
