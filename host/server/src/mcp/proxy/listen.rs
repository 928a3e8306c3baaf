//! What the host says by itself in a session: that its tools are others now.

use super::{
    Carrier,
    message::stands_alone,
    post::pause,
    session::Open,
    sse::{Event, Events},
};

/// How often in a row a stream that breaks is asked for again.
const TRIES_MAX: u32 = 8;

impl Carrier {
    /// Listens in each session that is opened, for as long as the proxy lives.
    pub(super) async fn listen(&self) {
        let mut changes = self.session.changes();
        loop {
            let open = changes.borrow_and_update().clone();
            if wants_stream(&open) {
                tokio::select! {
                    () = self.listen_in_session() => {}
                    changed = changes.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Until the host refuses, or breaks off too often.
    async fn listen_in_session(&self) {
        let mut last_event: Option<String> = None;
        let mut tried = 0;
        while tried < TRIES_MAX {
            if let Ok(mut response) = self.listen_from(last_event.as_deref()).await {
                if !response.status().is_success() {
                    // A host without such streams, or a session that is gone: the next request
                    // finds that out.
                    return;
                }
                let mut events = Events::default();
                while let Ok(Some(chunk)) = response.chunk().await {
                    let Ok(found) = events.take(&chunk) else {
                        break;
                    };
                    for Event { data, id } in found {
                        last_event = id.or(last_event);
                        tried = 0;
                        if !data.is_empty() && self.forward(&data).await.is_err() {
                            return;
                        }
                    }
                }
            }
            tried += 1;
            tokio::time::sleep(pause(tried)).await;
        }
    }
}

fn wants_stream(open: &Open) -> bool {
    open.ready
        && open
            .version
            .as_deref()
            .is_some_and(|version| !stands_alone(version))
}
