//! Tells approvers, through a webhook, that a plan waits and what became of it.
//!
//! Not a way to decide anything: a message holds what a person needs to find the plan and the
//! command line that shows it, and a link that leads to a page for reading. Not the record either:
//! a message that is lost is counted, and the plan waits all the same.
//! Start at [`Teller::start`]; [`memory`] decides what is due, [`message`] words it, [`delivery`]
//! posts it.
//! Invariant: the webhook's URL is in no message, log line, span or error, and no text of an alert
//! or a step can address anybody, link anywhere or pass for the host's words.

mod delivery;
mod facts;
mod kept;
mod memory;
mod message;
mod mrkdwn;

use std::sync::Arc;
use std::time::Duration;

use interlock_connectors::http::ClientError;
use interlock_connectors::secrets::SecretError;
use interlock_runner::open::Runner;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;

use self::delivery::Webhook;
use self::facts::Looker;
use self::kept::Kept;
use self::memory::Memory;
use crate::desk::{Desk, News};
use crate::http::Metrics;

/// Between two looks at the store where nothing is heard: another process may decide a plan.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Between two looks while something is about to be due.
const LOOK_SOON: Duration = Duration::from_millis(500);

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The URL's file cannot be read.
    #[error("`webhook_file` of [notify]")]
    File(#[source] SecretError),
    /// What the file holds is no URL that can be posted to. What it holds is not shown.
    #[error("`webhook_file` of [notify] must hold one `https` URL, or an `http` one of loopback")]
    NotAUrl,
    /// The HTTP client cannot be made.
    #[error("[notify]: no client for the webhook")]
    Client(#[source] ClientError),
}

/// The task that tells. Dropping it ends it; a message on its way may then be told again later.
#[derive(Debug)]
pub struct Teller {
    task: JoinHandle<()>,
}

impl Teller {
    /// Starts to tell, where [notify] is configured. Plans that wait already and were not told of
    /// before are told of now.
    pub fn start(desk: &Arc<Desk>, metrics: &Metrics) -> Result<Option<Teller>, TellError> {
        let runner = Arc::clone(desk.runner());
        let config = runner.config();
        let Some(notify) = &config.notify else {
            return Ok(None);
        };
        let webhook = Webhook::open(notify)?;
        let kept = Kept::open(&config.state_dir);
        let telling = Telling {
            looker: Looker::new(Arc::clone(&runner)),
            runner,
            webhook,
            memory: kept.memory(),
            kept,
            metrics: metrics.clone(),
        };
        let task = tokio::spawn(telling.go_on(desk.news()));
        Ok(Some(Teller { task }))
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Telling {
    runner: Arc<Runner>,
    looker: Looker,
    webhook: Webhook,
    memory: Memory,
    kept: Kept,
    metrics: Metrics,
}

impl Telling {
    async fn go_on(mut self, mut news: Receiver<News>) {
        loop {
            self.look().await;
            let wait = if self.memory.is_pending() {
                LOOK_SOON
            } else {
                LOOK_EVERY
            };
            if tokio::time::timeout(wait, about_a_plan(&mut news)).await == Ok(false) {
                return;
            }
        }
    }

    /// The store is what counts: news only say when to look at it.
    async fn look(&mut self) {
        let seen = match self.looker.look(&self.memory).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!("plans cannot be listed for notifications: {error}");
                return;
            }
        };
        for due in self.memory.look(&seen, self.runner.now()) {
            let message = match self.looker.message(&due).await {
                Ok(Some(message)) => message,
                // It was decided between the look and now, or a token came that counts for nothing.
                Ok(None) => {
                    self.memory.failed(&due, self.runner.now());
                    continue;
                }
                Err(error) => {
                    tracing::warn!("a notification cannot be made: {error}");
                    self.memory.failed(&due, self.runner.now());
                    continue;
                }
            };
            match self.webhook.post(&message).await {
                Ok(()) => {
                    self.metrics.notification("delivered");
                    self.memory.delivered(&due, self.runner.now());
                    tracing::info!(about = due.word(), "approvers were told");
                }
                Err(error) => {
                    self.metrics.notification("failed");
                    self.memory.failed(&due, self.runner.now());
                    tracing::warn!(about = due.word(), "approvers were not told: {error}");
                }
            }
            if let Err(error) = self.kept.keep(&self.memory) {
                tracing::warn!("what was told cannot be kept, and may be told again: {error}");
            }
        }
    }
}

/// Waits for news of a plan; false once there will be none.
async fn about_a_plan(news: &mut Receiver<News>) -> bool {
    loop {
        match news.recv().await {
            Ok(News::PlanWaiting { .. } | News::PlanChanged { .. }) | Err(RecvError::Lagged(_)) => {
                return true;
            }
            Ok(
                News::RunOpened { .. }
                | News::Step { .. }
                | News::RunEnded { .. }
                | News::RunbooksChanged,
            ) => {}
            Err(RecvError::Closed) => return false,
        }
    }
}
