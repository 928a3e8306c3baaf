//! The way to end a run from outside.
//! Not a way to end an apply: what has begun to change production goes to its end.

use tokio::sync::watch;

/// Stops the run that it is given to; every clone is the same stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<Option<String>>);

impl Stop {
    /// One that has not fired.
    pub fn new() -> Stop {
        Stop(watch::Sender::new(None))
    }

    /// Fires, once: the first reason stands.
    pub fn stop(&self, reason: &str) {
        self.0.send_if_modified(|why| {
            let first = why.is_none();
            if first {
                *why = Some(reason.to_owned());
            }
            first
        });
    }

    /// Why it fired, where it has.
    pub fn fired(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Ends when it fires, with the reason.
    pub(crate) async fn wait(&self) -> String {
        let mut seen = self.0.subscribe();
        let fired = seen.wait_for(Option::is_some).await;
        match fired.map(|why| why.clone()) {
            Ok(Some(why)) => why,
            // Cannot be: this clone keeps the sender alive, and the wait is for a reason.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

impl Default for Stop {
    fn default() -> Stop {
        Stop::new()
    }
}

/// Ends when `stop` fires; never where there is none.
pub(crate) async fn stopped(stop: Option<Stop>) -> String {
    match stop {
        Some(stop) => stop.wait().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands_and_every_clone_hears_it() {
        let stop = Stop::new();
        let other = stop.clone();
        assert_eq!(other.fired(), None);
        stop.stop("the client asked");
        stop.stop("later");
        assert_eq!(other.wait().await, "the client asked");
        assert_eq!(stopped(Some(other)).await, "the client asked");
    }
}
