//! Tells clients what they want to hear of: that the tools are others now, that a run went on, that
//! a plan was decided.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use rmcp::{
    Peer, RoleServer,
    model::ResourceUpdatedNotificationParam,
    service::{SubscriptionContext, SubscriptionSendError},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::library;
use crate::desk::{Code, Desk, News, Refusal};

/// How often a connection that says nothing is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often the runbooks' folders are looked at: a build lands seldom, and a look is a few calls
/// of the system.
const FOLDERS_EVERY: Duration = Duration::from_secs(2);

/// Addresses that one client may watch.
const WATCHED_MAX: usize = 64;

/// Tells the desk's news when the installed runbooks are others, for as long as the desk lives.
pub fn watch(desk: &Arc<Desk>) {
    let desk = Arc::downgrade(desk);
    tokio::spawn(async move {
        let mut known = generation(&desk).await;
        loop {
            tokio::time::sleep(FOLDERS_EVERY).await;
            let Some(now) = generation(&desk).await else {
                return;
            };
            if known.replace(now).is_some_and(|known| known != now)
                && let Some(desk) = desk.upgrade()
            {
                desk.tell(News::RunbooksChanged);
            }
        }
    });
}

async fn generation(desk: &Weak<Desk>) -> Option<u64> {
    let desk = desk.upgrade()?;
    // It reads files: not on a thread that others wait for.
    let look = move || desk.runner().catalogue().generation();
    tokio::task::spawn_blocking(look).await.ok()
}

/// The addresses that a client wants to hear of, for as long as its connection lasts.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<BTreeSet<String>>>);

impl Watched {
    /// Adds an address, where there is room.
    pub(super) fn add(&self, uri: String) -> Result<(), Refusal> {
        let mut watched = self.locked();
        if watched.len() >= WATCHED_MAX && !watched.contains(&uri) {
            let why = format!("{WATCHED_MAX} addresses are watched, which is the most");
            return Err(Refusal::new(Code::RateLimited, why).next("unsubscribe from one"));
        }
        watched.insert(uri);
        Ok(())
    }

    pub(super) fn remove(&self, uri: &str) {
        self.locked().remove(uri);
    }

    fn of(&self, news: &News) -> Vec<String> {
        let watched = self.locked();
        library::changed(news)
            .into_iter()
            .filter(|uri| watched.contains(uri))
            .collect()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        // A set of names is whole whatever a panicking holder did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For as long as a connection of the older revisions lasts.
pub(super) async fn tell(mut news: Receiver<News>, watched: Watched, peer: Peer<RoleServer>) {
    loop {
        let heard = tokio::time::timeout(LOOK_EVERY, news.recv()).await;
        if peer.is_transport_closed() {
            return;
        }
        let told = match heard {
            // Who lagged may have missed it: told once too often harms nobody.
            Ok(Ok(News::RunbooksChanged) | Err(RecvError::Lagged(_))) => {
                peer.notify_tool_list_changed().await.is_ok()
                    && peer.notify_resource_list_changed().await.is_ok()
            }
            Ok(Ok(news)) => {
                let mut told = true;
                for uri in watched.of(&news) {
                    let updated = ResourceUpdatedNotificationParam::new(uri);
                    told = told && peer.notify_resource_updated(updated).await.is_ok();
                }
                told
            }
            Ok(Err(RecvError::Closed)) => false,
            Err(_) => true,
        };
        if !told {
            return;
        }
    }
}

/// For as long as a subscription of the newer revisions lasts; `watched` are those of its addresses
/// that the caller may read.
pub(super) async fn listen(
    mut news: Receiver<News>,
    watched: &Watched,
    context: &SubscriptionContext,
) {
    let sink = context.sink();
    loop {
        let heard = tokio::select! {
            heard = news.recv() => heard,
            () = context.cancelled() => return,
        };
        let sent = match heard {
            Ok(News::RunbooksChanged) | Err(RecvError::Lagged(_)) => vec![
                sink.notify_tool_list_changed().await,
                sink.notify_resource_list_changed().await,
            ],
            Ok(news) => {
                let mut sent = Vec::new();
                for uri in watched.of(&news) {
                    sent.push(sink.notify_resource_updated(uri).await);
                }
                sent
            }
            Err(RecvError::Closed) => return,
        };
        if sent.iter().any(is_over) {
            return;
        }
    }
}

/// What was not asked for is no reason to end.
fn is_over(sent: &Result<(), SubscriptionSendError>) -> bool {
    matches!(
        sent,
        Err(SubscriptionSendError::SubscriptionClosed | SubscriptionSendError::Service(_))
    )
}
