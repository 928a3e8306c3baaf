//! Tells clients that the installed runbooks, and so the tools, are others now.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use rmcp::{
    Peer, RoleServer,
    service::{SubscriptionContext, SubscriptionSendError},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::desk::{Desk, News};

/// How often a connection that says nothing is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often the runbooks' folders are looked at: a build lands seldom, and a look is a few calls
/// of the system.
const FOLDERS_EVERY: Duration = Duration::from_secs(2);

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

/// For as long as a connection of the older revisions lasts.
pub(super) async fn tell(mut news: Receiver<News>, peer: Peer<RoleServer>) {
    loop {
        let heard = tokio::time::timeout(LOOK_EVERY, news.recv()).await;
        if peer.is_transport_closed() {
            return;
        }
        match heard {
            // Who lagged may have missed it: told once too often harms nobody.
            Ok(Ok(News::RunbooksChanged) | Err(RecvError::Lagged(_))) => {
                let told = peer.notify_tool_list_changed().await.is_ok()
                    && peer.notify_resource_list_changed().await.is_ok();
                if !told {
                    return;
                }
            }
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(RecvError::Closed)) => return,
        }
    }
}

/// For as long as a subscription of the newer revisions lasts.
pub(super) async fn listen(mut news: Receiver<News>, context: &SubscriptionContext) {
    loop {
        let heard = tokio::select! {
            heard = news.recv() => heard,
            () = context.cancelled() => return,
        };
        match heard {
            Ok(News::RunbooksChanged) | Err(RecvError::Lagged(_)) => {
                let sink = context.sink();
                let tools = sink.notify_tool_list_changed().await;
                let resources = sink.notify_resource_list_changed().await;
                if is_over(&tools) || is_over(&resources) {
                    return;
                }
            }
            Ok(_) => {}
            Err(RecvError::Closed) => return,
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
