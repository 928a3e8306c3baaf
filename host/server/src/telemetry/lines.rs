//! The log's way out: a queue with a bound and a thread of its own, so that whoever logs never
//! waits for whoever reads. A client that starts a server and does not read its standard error
//! would stop it otherwise.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written; whatever comes while it is full is lost, and counted.
const QUEUE_MAX: usize = 4096;

enum Order {
    Line(Vec<u8>),
    /// Says when everything before it is written.
    Flush(SyncSender<()>),
}

/// Takes lines, and never waits.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    queue: SyncSender<Order>,
    lost: Arc<AtomicU64>,
}

impl Lines {
    /// Writes to `out`, on a thread of its own that ends with the last clone of this.
    pub(super) fn to(out: impl Write + Send + 'static) -> io::Result<Lines> {
        let (queue, orders) = sync_channel(QUEUE_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&lost);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(out, &orders, &theirs))?;
        Ok(Lines { queue, lost })
    }

    /// Waits until what was logged so far is written, at most so long.
    pub(super) fn flush(&self, at_most: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Order::Flush(done)).is_ok() {
            // Late or never: the process ends all the same.
            _ = written.recv_timeout(at_most);
        }
    }
}

fn write(mut out: impl Write, orders: &Receiver<Order>, lost: &AtomicU64) {
    for order in orders {
        // Nobody is left to be told of a log that cannot be written.
        _ = match order {
            Order::Line(line) => out.write_all(&line),
            Order::Flush(done) => {
                let flushed = out.flush();
                _ = done.try_send(());
                flushed
            }
        };
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            // The same in both forms of the log: a JSON object is a line for people too.
            _ = writeln!(out, "{{\"level\":\"WARN\",\"lines_lost\":{missing}}}");
        }
    }
}

/// One line on its way.
pub(super) struct Line<'a>(&'a Lines);

impl Write for Line<'_> {
    /// The layer writes a whole line at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.queue.try_send(Order::Line(line.to_vec())).is_err() {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// A reader that takes nothing until it is let go.
    struct Stuck {
        go: Receiver<()>,
        took: Sender<Vec<u8>>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Let go for good once the other end is dropped.
            _ = self.go.recv();
            self.took.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_is_stuck_and_what_is_lost_is_counted() {
        let (let_go, go) = channel();
        let (took, taken) = channel();
        let lines = Lines::to(Stuck { go, took }).unwrap();
        for n in 0..QUEUE_MAX + 100 {
            let line = format!("line {n}\n");
            Line(&lines).write_all(line.as_bytes()).unwrap();
        }
        lines.flush(Duration::from_millis(10));
        drop(let_go);
        drop(lines);
        let text: Vec<u8> = taken.iter().flatten().collect();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("line 0\n"), "{text:.200}");
        // One more may have left the queue before it was full.
        assert!(text.contains("\"lines_lost\":99") || text.contains("\"lines_lost\":100"));
    }

    #[test]
    fn a_flush_waits_until_everything_is_written() {
        let (let_go, go) = channel::<()>();
        drop(let_go);
        let (took, taken) = channel();
        let lines = Lines::to(Stuck { go, took }).unwrap();
        Line(&lines).write_all(b"last words\n").unwrap();
        lines.flush(Duration::from_secs(10));
        assert_eq!(
            taken.try_iter().flatten().collect::<Vec<u8>>(),
            b"last words\n"
        );
    }
}
