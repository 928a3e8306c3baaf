//! A read's work: begun when it is asked, ended when nobody waits for it any more.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use interlock_capabilities::{Gap, Soon};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::units::duration_text;

/// Aborts its task when it is dropped.
struct Running<T>(JoinHandle<T>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts `work` at once. Outside a runtime it starts when it is awaited.
pub(crate) fn begin<T: Send + 'static>(
    work: impl Future<Output = Result<T, Gap>> + Send + 'static,
) -> Soon<'static, Result<T, Gap>> {
    let Ok(runtime) = Handle::try_current() else {
        return Box::pin(work);
    };
    let mut running = Running(runtime.spawn(work.in_current_span()));
    Box::pin(async move {
        match (&mut running.0).await {
            Ok(answer) => answer,
            Err(_gone) => Err(Gap::Unreachable(
                "the read ended without an answer".to_owned(),
            )),
        }
    })
}

/// Says to blocking work that nobody waits for it any more.
#[derive(Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Raises the flag when it is dropped.
struct Raise(Stop);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Runs work on files away from the runtime, for `time_max` at the most. A thread cannot be
/// aborted: the work looks at [`Stop`] between its bounded parts.
pub(crate) fn begin_blocking<T: Send + 'static>(
    time_max: Duration,
    work: impl FnOnce(&Stop) -> Result<T, Gap> + Send + 'static,
) -> Soon<'static, Result<T, Gap>> {
    let stop = Stop(Arc::new(AtomicBool::new(false)));
    let theirs = stop.clone();
    begin(async move {
        let _raise = Raise(stop);
        let work = tokio::task::spawn_blocking(move || work(&theirs));
        match tokio::time::timeout(time_max, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panicked)) => Err(Gap::Unreachable("the read failed".to_owned())),
            Err(_elapsed) => {
                let ms = u64::try_from(time_max.as_millis()).unwrap_or(u64::MAX);
                Err(Gap::Unreachable(format!(
                    "not done within {}",
                    duration_text(ms)
                )))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_begins_before_it_is_awaited_and_ends_with_its_waiter() {
        let (started, on_start) = tokio::sync::oneshot::channel();
        let (alive, on_end) = tokio::sync::oneshot::channel::<()>();
        let soon = begin(async move {
            _ = started.send(());
            std::future::pending::<()>().await;
            drop(alive);
            Ok(())
        });
        on_start.await.unwrap();
        drop(soon);
        assert!(on_end.await.is_err());
    }

    #[tokio::test]
    async fn blocking_work_that_hangs_is_an_unreachable_source() {
        let (ended, on_end) = std::sync::mpsc::channel();
        let soon = begin_blocking::<()>(Duration::from_millis(10), move |stop| {
            while !stop.asked() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
            Err(Gap::Unreachable("never seen".into()))
        });
        assert_eq!(
            soon.await,
            Err(Gap::Unreachable("not done within 10ms".into()))
        );
        on_end.recv().unwrap();
    }
}
