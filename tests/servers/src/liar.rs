//! A backend that lies: for connectors, which must say `could not check` and never hang or believe it.
//!
//! It speaks HTTP as far as it must, and any protocol for the lies that need none. Each connection is told
//! the lie that is set when its request arrives; [`Liar::tell`] changes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::ServerError;

/// What it does to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lie {
    /// No lie: what a backend on this port says.
    Forward {
        /// The backend's loopback port.
        port: u16,
    },
    /// No lie: this body, as JSON.
    Json(String),
    /// Accepts, and never says a word.
    Hang,
    /// Sends a head that promises a body, and never the body.
    HangAfterHead,
    /// Ends the connection at once, with a reset.
    Reset,
    /// Ends it in the middle of the body it promised.
    CutShort,
    /// One byte of an endless body at a time.
    Trickle {
        /// Between two bytes.
        pause: Duration,
    },
    /// Bytes that are no HTTP.
    Garbage,
    /// These bytes as soon as the client has said anything, in whatever protocol; then the end.
    Raw(Vec<u8>),
    /// A body of that many bytes of JSON, its length told before.
    Huge {
        /// How many.
        bytes: u64,
    },
    /// The same without a length, until the connection ends.
    Endless,
    /// JSON nested so deep.
    Deep {
        /// How many arrays.
        levels: usize,
    },
    /// Valid JSON of another shape than asked for.
    WrongShape,
    /// 200, and text that is not JSON.
    NotJson,
    /// A status, with a body that names a secret and an address.
    Status(u16),
    /// A redirect to there.
    Redirect(String),
}

/// What its [`Lie::Status`] says: none of it may pass into an error.
pub const SECRET_IN_ERROR: &str = "token=hunter2 at http://user:hunter2@10.0.0.7/internal";

/// A running liar; dropping it ends it and every connection.
#[derive(Debug)]
pub struct Liar {
    port: u16,
    lie: Arc<Mutex<Lie>>,
    asked: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Liar {
    /// Listens on a free loopback port.
    pub async fn start(lie: Lie) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(ServerError::io("bind a free loopback port"))?;
        let port = listener
            .local_addr()
            .map_err(ServerError::io("learn a port"))?
            .port();
        let lie = Arc::new(Mutex::new(lie));
        let asked = Arc::new(AtomicU64::new(0));
        let (told, count) = (lie.clone(), asked.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let told = told.clone();
                connections.spawn(async move {
                    // The other side may leave at any time.
                    let _ = serve(stream, &told).await;
                });
            }
        });
        Ok(Self {
            port,
            lie,
            asked,
            task,
        })
    }

    /// Its loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its address for a PostgreSQL client.
    pub fn dsn(&self) -> String {
        format!(
            "postgresql://interlock_read@127.0.0.1:{}/postgres?sslmode=disable",
            self.port
        )
    }

    /// Tells this from now on.
    pub fn tell(&self, lie: Lie) {
        *self
            .lie
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = lie;
    }

    /// How many connections it had.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn told(lie: &Mutex<Lie>) -> Lie {
    lie.lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .clone()
}

async fn serve(mut stream: TcpStream, lie: &Mutex<Lie>) -> std::io::Result<()> {
    // These need no request in HTTP.
    if told(lie) == Lie::Hang {
        return std::future::pending().await;
    }
    if let Lie::Forward { port } = told(lie) {
        let mut backend = TcpStream::connect(("127.0.0.1", port)).await?;
        tokio::io::copy_bidirectional(&mut stream, &mut backend).await?;
        return Ok(());
    }
    if told(lie) == Lie::Reset {
        return reset(&stream);
    }
    if let Lie::Raw(bytes) = told(lie) {
        stream.readable().await?;
        stream.write_all(&bytes).await?;
        return stream.shutdown().await;
    }
    // One answer for each connection, so that the next request meets the next lie.
    if request(&mut stream).await? {
        match told(lie) {
            Lie::Json(body) => answer(&mut stream, 200, &body).await?,
            Lie::WrongShape => {
                let body = r#"{"status":"success","data":[{"resultType":7,"result":"none"}]}"#;
                answer(&mut stream, 200, body).await?;
            }
            Lie::NotJson => answer(&mut stream, 200, "<html>Welcome to nginx!</html>").await?,
            Lie::Deep { levels } => {
                let body = "[".repeat(levels) + &"]".repeat(levels);
                answer(&mut stream, 200, &body).await?;
            }
            Lie::Status(code) => answer(&mut stream, code, SECRET_IN_ERROR).await?,
            Lie::Redirect(to) => {
                let rest = "connection: close\r\ncontent-length: 0\r\n\r\n";
                let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\n{rest}");
                stream.write_all(head.as_bytes()).await?;
            }
            lie => return one_way(stream, lie).await,
        }
    }
    Ok(())
}

/// Lies after which the connection is of no use.
async fn one_way(mut stream: TcpStream, lie: Lie) -> std::io::Result<()> {
    match lie {
        Lie::Garbage => {
            stream
                .write_all(b"\x00\xff\x13\x37 this is no HTTP\r\n\r\n")
                .await
        }
        Lie::CutShort => {
            head(&mut stream, 200, Some(10_000)).await?;
            stream.write_all(b"{\"status\":\"succ").await
        }
        Lie::HangAfterHead => {
            head(&mut stream, 200, Some(10_000)).await?;
            std::future::pending().await
        }
        Lie::Trickle { pause } => {
            head(&mut stream, 200, None).await?;
            stream.write_all(b"{\"data\":\"").await?;
            loop {
                stream.write_all(b"a").await?;
                tokio::time::sleep(pause).await;
            }
        }
        Lie::Huge { bytes } => {
            head(&mut stream, 200, Some(bytes)).await?;
            stream.write_all(b"\"").await?;
            let mut left = bytes.saturating_sub(2);
            while left > 0 {
                let part = left.min(BLOCK.len() as u64);
                let end = usize::try_from(part).unwrap_or(BLOCK.len());
                stream.write_all(&BLOCK[..end]).await?;
                left -= part;
            }
            stream.write_all(b"\"").await
        }
        Lie::Endless => {
            head(&mut stream, 200, None).await?;
            stream.write_all(b"\"").await?;
            loop {
                stream.write_all(&BLOCK).await?;
            }
        }
        // Set in the middle of a connection: as near as it gets.
        Lie::Hang => std::future::pending().await,
        Lie::Reset | Lie::Forward { .. } | Lie::Raw(_) => reset(&stream),
        // Those that `serve` answers itself.
        Lie::Json(_)
        | Lie::WrongShape
        | Lie::NotJson
        | Lie::Deep { .. }
        | Lie::Status(_)
        | Lie::Redirect(_) => Ok(()),
    }
}

static BLOCK: [u8; 65_536] = [b'a'; 65_536];

fn reset(stream: &TcpStream) -> std::io::Result<()> {
    // No time to linger: the kernel sends a reset instead of an orderly end.
    stream.set_zero_linger()
}

/// Reads one request to its end; false where the other side has left.
async fn request(stream: &mut TcpStream) -> std::io::Result<bool> {
    let mut seen = Vec::new();
    let mut block = [0; 4096];
    loop {
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            if seen.len() >= end + 4 + length {
                return Ok(true);
            }
        }
        let read = stream.read(&mut block).await?;
        if read == 0 || seen.len() > 1 << 20 {
            return Ok(false);
        }
        seen.extend_from_slice(&block[..read]);
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    head(stream, status, Some(body.len() as u64)).await?;
    stream.write_all(body.as_bytes()).await
}

async fn head(stream: &mut TcpStream, status: u16, length: Option<u64>) -> std::io::Result<()> {
    let length = match length {
        Some(bytes) => format!("content-length: {bytes}\r\n"),
        None => String::new(),
    };
    let kind = "content-type: application/json\r\nconnection: close\r\n";
    let head = format!("HTTP/1.1 {status} Told\r\n{kind}{length}\r\n");
    stream.write_all(head.as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    #[tokio::test]
    async fn it_tells_what_it_was_told_to() {
        let liar = Liar::start(Lie::Json("{\"a\":1}".into())).await.unwrap();
        assert_eq!(http::get_json(liar.port(), "/").await.unwrap()["a"], 1);
        liar.tell(Lie::Status(500));
        let told = http::get(liar.port(), "/").await.unwrap();
        assert_eq!((told.status, told.body.as_str()), (500, SECRET_IN_ERROR));
        liar.tell(Lie::Huge { bytes: 100_000 });
        assert_eq!(
            http::get(liar.port(), "/").await.unwrap().body.len(),
            100_000
        );
        liar.tell(Lie::Reset);
        assert!(http::get(liar.port(), "/").await.is_err());
        liar.tell(Lie::Garbage);
        assert_eq!(http::get(liar.port(), "/").await.unwrap().status, 0);
        liar.tell(Lie::Hang);
        let hung = tokio::time::timeout(Duration::from_millis(100), http::get(liar.port(), "/"));
        assert!(hung.await.is_err());
        liar.tell(Lie::Raw(b"E\0\0\0\x08hold".to_vec()));
        assert!(crate::Session::open(&liar.dsn(), "test").await.is_err());
        let behind = Liar::start(Lie::Json("2".into())).await.unwrap();
        liar.tell(Lie::Forward {
            port: behind.port(),
        });
        assert_eq!(http::get(liar.port(), "/").await.unwrap().body, "2");
        assert_eq!((liar.asked(), behind.asked()), (8, 1));
    }
}
