//! One message to the webhook: a few attempts, each bounded, with pauses between them.

use std::time::Duration;

use interlock_connectors::config::Notify;
use interlock_connectors::http::{ClientOptions, plain};
use interlock_connectors::secrets::Secret;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::TellError;
use super::message::Message;

/// Attempts of one message.
const ATTEMPTS_MAX: u32 = 4;
/// Before the second attempt; twice as long before each further one.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whatever the receiver asks for.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Where messages go.
pub(super) struct Webhook {
    client: reqwest::Client,
    url: Url,
    pause: Duration,
}

/// Why a message was given up. It never holds the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotDelivered {
    /// No whole answer in time.
    #[error("the webhook did not answer in time")]
    TimedOut,
    /// No connection, or one that broke.
    #[error("the webhook cannot be reached")]
    Unreachable,
    /// An answer that says no.
    #[error("the webhook answered {status}")]
    Status {
        /// Of HTTP.
        status: u16,
    },
    /// The message cannot be written.
    #[error("the message cannot be written as JSON")]
    Message,
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attempt {
    error: NotDelivered,
    /// What the receiver asked for.
    retry_after: Option<Duration>,
}

impl Webhook {
    pub(super) fn open(notify: &Notify) -> Result<Webhook, TellError> {
        let secret = Secret::read(&notify.webhook_file).map_err(TellError::File)?;
        let url = url(secret.expose()).ok_or(TellError::NotAUrl)?;
        let client = plain(&ClientOptions {
            timeout: notify.timeout,
            tls: url.scheme() == "https",
            bearer: None,
            pinned: None,
        })
        .map_err(TellError::Client)?;
        Ok(Webhook {
            client,
            url,
            pause: PAUSE,
        })
    }

    /// Posts until the receiver takes it, says no for good, or the attempts are used up.
    pub(super) async fn post(&self, message: &Message) -> Result<(), NotDelivered> {
        let body = serde_json::to_vec(message).map_err(|_| NotDelivered::Message)?;
        let mut attempt = 1;
        loop {
            let failed = match self.attempt(body.clone()).await {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            };
            let Some(pause) = pause_after(&failed, attempt, self.pause) else {
                return Err(failed.error);
            };
            tracing::debug!(attempt, "a notification is tried again: {}", failed.error);
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, body: Vec<u8>) -> Result<(), Attempt> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        // The library's error names the URL: only its kind is kept.
        let answer = request.send().await.map_err(|error| Attempt {
            error: if error.is_timeout() {
                NotDelivered::TimedOut
            } else {
                NotDelivered::Unreachable
            },
            retry_after: None,
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = answer.headers().get(RETRY_AFTER);
        let seconds = asked.and_then(|it| it.to_str().ok()?.trim().parse().ok());
        Err(Attempt {
            error: NotDelivered::Status {
                status: status.as_u16(),
            },
            retry_after: seconds.map(Duration::from_secs),
        })
    }
}

/// Whoever can read a message on its way learns nothing that could approve; the URL itself lets
/// them post, so it is not sent in the clear beyond this machine.
fn url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = inner == "localhost"
        || inner
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Some(url),
        "http" if loopback => Some(url),
        _other => None,
    }
}

/// How long to wait before the next attempt; `None`: there is none.
fn pause_after(failed: &Attempt, attempt: u32, pause: Duration) -> Option<Duration> {
    let worth_it = match failed.error {
        NotDelivered::TimedOut | NotDelivered::Unreachable => true,
        NotDelivered::Status { status } => matches!(status, 408 | 425 | 429 | 500..=599),
        NotDelivered::Message => false,
    };
    if !worth_it || attempt >= ATTEMPTS_MAX {
        return None;
    }
    let doubled = pause.saturating_mul(1 << (attempt - 1).min(16));
    let asked = failed.retry_after.unwrap_or(doubled);
    Some(asked.max(doubled).min(PAUSE_MAX))
}

#[cfg(test)]
mod tests;
