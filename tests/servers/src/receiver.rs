//! A receiver of what the host sends out: traces, notifications. It takes everything and keeps it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ServerError;

/// Most bytes of one request's body.
const BODY_MAX: usize = 16 << 20;

const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// One request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// An HTTP server on loopback that answers `200 ok` to everything.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    over: Arc<AtomicBool>,
}

impl Receiver {
    /// Starts it on a free port.
    pub fn start() -> Result<Receiver, ServerError> {
        let failed = |source| ServerError::Io {
            what: "listen on loopback".to_owned(),
            source,
        };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let (theirs, ends) = (Arc::clone(&received), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let theirs = Arc::clone(&theirs);
                std::thread::spawn(move || {
                    if let Some(one) = take(&stream) {
                        // Kept before it is answered: whoever has the answer finds it here.
                        lock(&theirs).push(one);
                        // Whoever asked may be gone.
                        _ = (&stream).write_all(TAKEN);
                    }
                });
            }
        });
        Ok(Receiver {
            address,
            received,
            over,
        })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// Waits until `enough` says so of what came; what came, in either case.
    pub fn wait_for(
        &self,
        at_most: Duration,
        enough: impl Fn(&[Received]) -> bool,
    ) -> Vec<Received> {
        let until = Instant::now() + at_most;
        loop {
            let received = self.received();
            if enough(&received) || Instant::now() >= until {
                return received;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

fn lock(received: &Mutex<Vec<Received>>) -> MutexGuard<'_, Vec<Received>> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one request.
fn take(stream: &TcpStream) -> Option<Received> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    if length > BODY_MAX {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        path,
        headers,
        body,
    })
}
