//! Waiting for a condition of the outside world, with a deadline.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use crate::ServerError;

/// How long a server may take to become ready. Generous: the machine may be busy with a build.
pub const READY_WITHIN: Duration = Duration::from_secs(60);

/// Asks again and again until `attempt` gives a value; its last error is told when time is up.
pub async fn until<T, E, F>(
    what: &'static str,
    within: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, ServerError>
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    let started = Instant::now();
    loop {
        let last = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => error.to_string(),
        };
        if started.elapsed() >= within {
            return Err(ServerError::NotReady {
                server: what,
                after: within,
                last,
            });
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
