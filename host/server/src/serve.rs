//! The life of a server: one for each store, from its start to a stop that leaves nothing half done.
//!
//! Not a route: [`crate::http`] has those; here are sockets, connections, signals.
//! Start at [`Server::start`], then [`Server::run`].
//! Invariant: while it lives no other server holds its store; every connection, and each of its
//! parts, is bounded in number, bytes and time.

mod connections;
mod crowd;
mod patient;
mod recover;
mod tls;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use interlock_runner::{error::RunError, open::Runner, trust::FIRST_USE};
use interlock_store::{HeldBy, PlanLock};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use recover::Recovered;
pub use tls::TlsError;

use crate::{
    admit::Names,
    desk::Desk,
    http::{self, Doors},
    mcp, page, telemetry,
    tell::{TellError, Teller},
};
use connections::Connections;

/// After an accept that failed: it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a start waits until all steps are loaded.
const WARM_WITHIN: Duration = Duration::from_secs(2);
/// Time for the last answers to leave, once every run has ended.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotServe {
    /// Another process serves this store.
    #[error("this store is served already, by process {pid} (boot {boot_id})")]
    Served {
        /// That process; 0 where it has not said yet.
        pid: u32,
        /// The boot it runs in.
        boot_id: String,
    },
    /// Nobody can say whether another serves it.
    #[error("the server's lock cannot be taken")]
    Lock(#[source] HeldBy),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("`tls` of [server] cannot be used")]
    Tls(#[from] TlsError),
    /// Approvers cannot be told of plans.
    #[error("approvers cannot be told")]
    Tell(#[from] TellError),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] interlock_store::StoreError),
    /// The host cannot be used.
    #[error(transparent)]
    Run(Box<RunError>),
    /// Signals cannot be listened for.
    #[error("no signals")]
    Signals(#[source] std::io::Error),
}

impl From<RunError> for CannotServe {
    fn from(error: RunError) -> CannotServe {
        CannotServe::Run(Box::new(error))
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every run had ended, by itself or interrupted, and that is journalled.
    Whole,
    /// Something went on for longer than a stop may take: the next start finds it.
    Cut,
    /// It was told twice: what went on is found by the next start.
    AtOnce,
}

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    connections: Connections,
    router: Router,
    desk: Arc<Desk>,
    recovered: Recovered,
    stop_within: Duration,
    teller: Option<Teller>,
    streams: CancellationToken,
    _held: PlanLock,
}

impl Server {
    /// Takes the store, settles what a dead process left open, and listens.
    pub async fn start(runner: Arc<Runner>) -> Result<Server, CannotServe> {
        let held = runner.store().hold_server().map_err(|by| match by {
            HeldBy::Process { pid, boot_id, .. } => CannotServe::Served { pid, boot_id },
            unusable @ HeldBy::Unusable { .. } => CannotServe::Lock(unusable),
        })?;
        // A server that could decide nothing does not start; one whose policy breaks later refuses.
        runner.policy().await?;
        let given = runner.config().server.clone();
        let tls = given.tls.as_ref().map(tls::acceptor).transpose()?;
        let recovered = recover::recover(&runner).await?;
        for runbook in runner.trust_installed(FIRST_USE).await? {
            tracing::info!(%runbook, "trusted on first use");
        }
        more_files();
        warm(&runner).await;
        let listen = |source| CannotServe::Listen {
            address: given.listen,
            source,
        };
        let listener = TcpListener::bind(given.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let desk = Desk::new(runner);
        let doors = Doors::new(Arc::clone(&desk), Names::new(&given, address));
        let teller = Teller::start(&desk, doors.metrics())?;
        mcp::watch(&desk);
        let streams = CancellationToken::new();
        let mount = mcp::Mount::new(&given, address, streams.clone());
        let mcp = mcp::router(Arc::clone(&desk), mount);
        let page = page::router(Arc::clone(&desk));
        let news = desk.news();
        tokio::spawn(doors.metrics().clone().listen(news));
        tokio::spawn(telemetry::narrate(desk.news()));
        Ok(Server {
            address,
            listener,
            connections: Connections::new(tls, doors.metrics().clone()),
            router: http::router(&doors, page, mcp),
            desk,
            recovered,
            stop_within: given.stop_within,
            teller,
            streams,
            _held: held,
        })
    }

    /// Where it listens, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same for a browser.
    pub fn url(&self) -> String {
        let scheme = if self.connections.is_tls() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// What its start found of an earlier process.
    pub fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// Serves until SIGTERM or SIGINT; a second one ends it at once.
    pub async fn run(self) -> Result<Stopped, CannotServe> {
        let mut terminate = signal(SignalKind::terminate()).map_err(CannotServe::Signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(CannotServe::Signals)?;
        let (told, mut tellings) = mpsc::channel(2);
        let listening = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if told.send(()).await.is_err() {
                    return;
                }
            }
        });
        let stopped = self.run_until(&mut tellings).await;
        listening.abort();
        Ok(stopped)
    }

    /// Serves until it is told to stop; told again, it ends at once.
    async fn run_until(self, told: &mut mpsc::Receiver<()>) -> Stopped {
        let graceful = GracefulShutdown::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        self.connections.take(stream, peer.ip(), &self.router, &graceful);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                _ = told.recv() => break,
            }
        }
        tracing::info!("stopping: no new calls, {} runs go on", self.desk.running());
        drop(self.listener);
        let stopping = stop(&self.desk, graceful, &self.streams, self.stop_within);
        let stopped = tokio::select! {
            whole = stopping => match whole {
                true => Stopped::Whole,
                false => Stopped::Cut,
            },
            _ = told.recv() => Stopped::AtOnce,
        };
        drop(self.teller);
        stopped
    }
}

/// Every run and change first, then the answers that tell of them.
async fn stop(
    desk: &Desk,
    graceful: GracefulShutdown,
    streams: &CancellationToken,
    within: Duration,
) -> bool {
    desk.stop();
    let answers = graceful.shutdown();
    let whole = desk.settle(within).await;
    streams.cancel();
    // Whoever still listens to a stream is cut off.
    drop(tokio::time::timeout(LAST_ANSWERS, answers).await);
    whole
}

/// Has the sources set up and the steps loaded, before the first alert waits for it. What takes
/// longer goes on beside the first calls.
async fn warm(runner: &Arc<Runner>) {
    let warmed = Arc::clone(runner);
    let warming = tokio::spawn(async move { warmed.warm().await });
    if tokio::time::timeout(WARM_WITHIN, warming).await.is_err() {
        tracing::info!("not all steps are loaded yet");
    }
}

/// Two thousand connections need as many files; systems begin with half of that.
fn more_files() {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = connections::OPEN_MAX as u64 * 2;
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit on open files stays as it is");
        }
    }
}
