//! Lines in and lines out, bounded: the framing of the protocol over standard streams.
//! Not a parser of messages.

use std::io;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    sync::mpsc,
    task::JoinHandle,
};

/// The longest message over standard streams, in bytes.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages that wait to be written; whoever writes more waits.
const WAITING_MAX: usize = 64;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// One line, without its end.
    Whole(Vec<u8>),
    /// A line over the bound; what was left of it is skipped.
    TooLong,
    /// Nothing more comes.
    End,
}

/// Reads lines. A read that is dropped half-way loses nothing.
pub(crate) struct Lines<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    bytes_max: usize,
    skipping: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(read: R, bytes_max: usize) -> Lines<R> {
        Lines {
            read: BufReader::new(read),
            line: Vec::new(),
            bytes_max,
            skipping: false,
        }
    }

    /// The next line that is not empty.
    pub(crate) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let available = self.read.fill_buf().await?;
            if available.is_empty() {
                // A line without its end is a message cut off: nobody can know the rest.
                return Ok(Line::End);
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let taken = newline.map_or(available.len(), |at| at + 1);
            let fits = self.line.len() + taken <= self.bytes_max;
            if !self.skipping && fits {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.read.consume(taken);
            match (self.skipping, fits, newline.is_some()) {
                (true, _, ended) => self.skipping = !ended,
                (false, false, ended) => {
                    self.line.clear();
                    self.skipping = !ended;
                    return Ok(Line::TooLong);
                }
                (false, true, false) => {}
                (false, true, true) => {
                    let mut line = std::mem::take(&mut self.line);
                    while line.last().is_some_and(u8::is_ascii_whitespace) {
                        line.pop();
                    }
                    if !line.is_empty() {
                        return Ok(Line::Whole(line));
                    }
                }
            }
        }
    }
}

/// Where messages are written, one a line, whole or not at all.
#[derive(Clone)]
pub(crate) struct Out {
    send: mpsc::Sender<Vec<u8>>,
}

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads the output any more")]
pub(crate) struct Closed;

impl Out {
    /// Starts the one writer; it ends when every [`Out`] is gone or the stream fails.
    pub(crate) fn start<W>(mut write: W) -> (Out, JoinHandle<io::Result<()>>)
    where
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (send, mut wanted) = mpsc::channel::<Vec<u8>>(WAITING_MAX);
        let writer = tokio::spawn(async move {
            while let Some(line) = wanted.recv().await {
                write.write_all(&line).await?;
                if wanted.is_empty() {
                    write.flush().await?;
                }
            }
            write.flush().await
        });
        (Out { send }, writer)
    }

    /// Writes one message, which holds no line end.
    pub(crate) async fn line(&self, mut message: Vec<u8>) -> Result<(), Closed> {
        message.push(b'\n');
        self.send.send(message).await.map_err(|_| Closed)
    }

    /// Until nobody reads any more.
    pub(crate) async fn closed(&self) {
        self.send.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(text: &str, bytes_max: usize) -> Vec<Line> {
        let mut lines = Lines::new(text.as_bytes(), bytes_max);
        let mut found = Vec::new();
        loop {
            let line = lines.next().await.unwrap();
            let ended = line == Line::End;
            found.push(line);
            if ended {
                return found;
            }
        }
    }

    #[tokio::test]
    async fn a_line_over_the_bound_is_refused_and_the_next_is_read() {
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(
            all("one\r\n\n0123456789\ntwo\n", 8).await,
            [whole("one"), Line::TooLong, whole("two"), Line::End]
        );
    }

    #[tokio::test]
    async fn a_line_cut_off_is_no_message() {
        assert_eq!(all("{\"id\":", 100).await, [Line::End]);
    }

    #[tokio::test]
    async fn lines_are_written_whole_and_in_order() {
        let (ours, theirs) = tokio::io::duplex(8);
        let (out, writer) = Out::start(ours);
        let reader = tokio::spawn(async move {
            let mut lines = Lines::new(theirs, 100);
            (lines.next().await.unwrap(), lines.next().await.unwrap())
        });
        out.line(b"a long first line".to_vec()).await.unwrap();
        out.line(b"second".to_vec()).await.unwrap();
        drop(out);
        writer.await.unwrap().unwrap();
        let read = reader.await.unwrap();
        assert_eq!(read.0, Line::Whole(b"a long first line".to_vec()));
        assert_eq!(read.1, Line::Whole(b"second".to_vec()));
    }
}
