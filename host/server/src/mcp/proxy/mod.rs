//! Standard streams on this side, an Interlock host over HTTP on the other.
//!
//! Not a host: it has no store, no configuration and no policy, and it decides nothing. It holds a
//! token, and gives it to one address. Messages pass as they are.
//! Start at [`run`].
//! Invariant: every request of the client is answered, if only with the reason why not.

mod address;
mod client;
mod listen;
mod message;
mod post;
mod session;
mod sse;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
};

pub use address::BadAddress;
pub use client::{CannotConnect, Connect};

use self::{client::Host, message::Message, session::Session};
use super::{
    lines::{LINE_BYTES_MAX, Line, Lines, Out},
    stdio,
};

/// Requests that wait for the host's answer at the same time.
const CARRIED_MAX: usize = 256;
/// What is left to answers when the client has closed its end.
const GRACE: Duration = Duration::from_secs(5);

/// Why the proxy ended early.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It did not begin.
    #[error(transparent)]
    Connect(#[from] CannotConnect),
    /// The client's messages cannot be read.
    #[error("standard input cannot be read")]
    Read(#[source] std::io::Error),
}

/// What every carried message shares.
struct Carrier {
    host: Host,
    session: Session,
    out: Out,
}

/// Carries messages until the client closes its end.
pub async fn run<R, W>(connect: &Connect, read: R, write: W) -> Result<(), ProxyError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let host = Host::new(connect)?;
    let (out, _writer) = Out::start(write);
    let carrier = Arc::new(Carrier {
        host,
        session: Session::new(),
        out: out.clone(),
    });
    let listener = {
        let carrier = Arc::clone(&carrier);
        tokio::spawn(async move { carrier.listen().await })
    };
    let mut going = Going::default();
    let mut lines = Lines::new(read, LINE_BYTES_MAX);
    let ended = loop {
        let line = tokio::select! {
            line = lines.next() => line,
            () = out.closed() => break Ok(()),
        };
        let error = match line {
            Ok(Line::Whole(line)) => match Message::read(line) {
                Ok(message) => going.carry(&carrier, message),
                Err(why) => Some(stdio::error(-32700, &why.to_string(), Value::Null)),
            },
            Ok(Line::TooLong) => {
                let why = format!("a message is longer than {LINE_BYTES_MAX} bytes");
                Some(stdio::error(-32600, &why, Value::Null))
            }
            Ok(Line::End) => break Ok(()),
            Err(error) => break Err(ProxyError::Read(error)),
        };
        if let Some(error) = error
            && out.line(error).await.is_err()
        {
            break Ok(());
        }
    };
    listener.abort();
    // What was asked is still answered, within a bound.
    let _ = tokio::time::timeout(GRACE, going.all()).await;
    carrier.close().await;
    ended
}

impl Carrier {
    /// Tells the host that the session is over.
    async fn close(&self) {
        let open = self.session.now();
        if let (Some(id), Some(version)) = (open.id, open.version) {
            let ending = self
                .host
                .http
                .delete(self.host.url.clone())
                .header(session::SESSION_HEADER, id)
                .header("mcp-protocol-version", version)
                .timeout(Duration::from_secs(2))
                .send();
            // The host drops an idle session by itself.
            let _ = ending.await;
        }
    }
}

/// The messages on their way.
struct Going {
    tasks: JoinSet<()>,
    room: Arc<Semaphore>,
    /// Requests that are cancelled by closing their stream, by their id.
    alone: Arc<Mutex<HashMap<String, AbortHandle>>>,
}

impl Default for Going {
    fn default() -> Going {
        Going {
            tasks: JoinSet::new(),
            room: Arc::new(Semaphore::new(CARRIED_MAX)),
            alone: Arc::default(),
        }
    }
}

impl Going {
    /// Sends one message on its way, or says why not.
    fn carry(&mut self, carrier: &Arc<Carrier>, message: Message) -> Option<Vec<u8>> {
        while self.tasks.try_join_next().is_some() {}
        if let Some(cancelled) = &message.cancels {
            let alone = self
                .alone
                .lock()
                .ok()
                .and_then(|mut alone| alone.remove(&cancelled.to_string()));
            if let Some(task) = alone {
                // Without sessions, closing the stream is how the host learns of it.
                task.abort();
                return None;
            }
        }
        if message.initializes() {
            carrier.session.opens_with(&message);
        }
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            let why = format!("{CARRIED_MAX} requests wait for answers: wait for some of them");
            return message.id.map(|id| stdio::error(-32000, &why, id));
        };
        let key = message
            .id
            .as_ref()
            .filter(|_| message.stands_alone())
            .map(Value::to_string);
        let alone = Arc::clone(&self.alone);
        let carrier = Arc::clone(carrier);
        let done = key.clone();
        let task = self.tasks.spawn(async move {
            let _place = place;
            let ready = message.method.as_deref() == Some("notifications/initialized");
            carrier.carry(message).await;
            if ready {
                carrier.session.is_ready();
            }
            if let (Some(key), Ok(mut alone)) = (done, alone.lock()) {
                alone.remove(&key);
            }
        });
        if let (Some(key), Ok(mut alone)) = (key, self.alone.lock()) {
            alone.retain(|_, task| !task.is_finished());
            alone.insert(key, task);
        }
        None
    }

    async fn all(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
