//! The JSON interface, the webhook, health and metrics; and where MCP and the page are mounted.
//!
//! Not a listener: [`crate::serve`] owns sockets and time-outs of connections.
//! Start at [`router`] and [`ROUTES`], then `guard`, which every request passes.
//! Invariant: a route is reached only by way of the guard of its class.

mod answer;
mod asked;
mod body;
mod events;
mod guard;
mod health;
mod metrics;
mod openapi;
mod plans;
mod routes;
mod runs;
mod webhook;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use guard::Peer;
pub use metrics::Metrics;
pub use openapi::OPENAPI;
pub use routes::{ROUTES, router};

use crate::{
    admit::{Names, Peers},
    desk::Desk,
};

/// What all routes share. Cheap to clone.
#[derive(Clone)]
pub struct Doors {
    desk: Arc<Desk>,
    names: Arc<Names>,
    peers: Arc<Peers>,
    metrics: Metrics,
    ready: Arc<health::Ready>,
    streams: Arc<Semaphore>,
}

impl Doors {
    /// In front of a desk, under these names.
    pub fn new(desk: Arc<Desk>, names: Names) -> Doors {
        Doors {
            desk,
            names: Arc::new(names),
            peers: Arc::default(),
            metrics: Metrics::default(),
            ready: Arc::default(),
            streams: Arc::new(Semaphore::new(events::STREAMS_MAX)),
        }
    }

    /// The room behind.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}
