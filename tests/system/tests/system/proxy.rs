//! A wire between the host and PostgreSQL that fails in the very moment of an act.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What an act is known by.
const ACT: &[u8] = b"pg_terminate_backend";

/// What happens when an act passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtAct {
    /// It does not arrive, and nothing ever comes back.
    Swallow,
    /// It arrives, and the connection ends before its answer.
    Cut,
}

/// Forwards to a loopback port until an act passes; dropping it ends every connection.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    acts: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free loopback port.
    pub(crate) async fn start(backend: u16, at_act: AtAct) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, acts) = watch::channel(0);
        let seen = Arc::new(seen);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let seen = seen.clone();
                connections.spawn(async move {
                    // Either side may leave at any time.
                    let _ = forward(client, backend, at_act, &seen).await;
                });
            }
        });
        Self { port, acts, task }
    }

    /// Its loopback port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many acts came by.
    pub(crate) fn acts(&self) -> usize {
        *self.acts.borrow()
    }

    /// Waits for the first act.
    pub(crate) async fn first_act(&mut self) {
        self.acts.wait_for(|acts| *acts > 0).await.unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(
    client: TcpStream,
    backend: u16,
    at_act: AtAct,
    seen: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", backend)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = from_client.read(&mut block).await?;
        if read == 0 {
            return Ok(());
        }
        // A statement goes out in one write, far shorter than a segment of loopback.
        if !block[..read].windows(ACT.len()).any(|part| part == ACT) {
            to_server.write_all(&block[..read]).await?;
            continue;
        }
        back.abort();
        if at_act == AtAct::Cut {
            to_server.write_all(&block[..read]).await?;
            to_server.flush().await?;
        }
        seen.send_modify(|acts| *acts += 1);
        if at_act == AtAct::Swallow {
            std::future::pending::<()>().await;
        }
        // The server gets the time to act on what it was sent.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        return Ok(());
    }
}
