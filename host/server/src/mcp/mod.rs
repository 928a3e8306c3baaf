//! Tools, resources and prompts for agents, by the Model Context Protocol.
//!
//! Not a room of its own: every answer is the desk's, and the same as over HTTP.
//! Start at [`Door`], then [`TOOLS`]; [`serve`] is the door over a pipe, [`router`] over HTTP,
//! [`proxy`] the pipe to a host elsewhere.
//! Invariant: no tool approves, signs, trusts bytes or alters the policy, and no result asks the
//! client for input: a model could give it.

mod about;
mod answer;
mod call;
mod changes;
mod diagnosis;
mod door;
mod given;
mod library;
mod lines;
mod mount;
mod offered;
pub mod proxy;
mod running;
mod serving;
mod sessions;
mod shape;
mod stdio;
mod tools;
mod triage;

#[cfg(test)]
mod tests;

use rmcp::ServiceExt as _;
use tokio::io::{AsyncRead, AsyncWrite};

pub use changes::watch;
pub use door::Door;
pub use lines::LINE_BYTES_MAX;
pub use mount::{BODY_BYTES_MAX, McpService, Mount, router};
pub use stdio::pipes;
pub use tools::TOOLS;

/// Why a pipe's client was not served to its end.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It did not open as the protocol does.
    #[error("the client did not begin as the protocol does")]
    Began(#[source] Box<rmcp::service::ServerInitializeError>),
    /// The service's task died.
    #[error("the service ended without a word")]
    Died(#[source] tokio::task::JoinError),
}

/// Serves one client over a pair of streams, until it closes its end.
pub async fn serve<R, W>(door: Door, read: R, write: W) -> Result<(), ServeError>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let service = match door.serve(stdio::Stdio::new(read, write)).await {
        Ok(service) => service,
        // It closed its end before it said anything: that is no failure.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(ServeError::Began(Box::new(error))),
    };
    service.waiting().await.map_err(ServeError::Died)?;
    Ok(())
}
