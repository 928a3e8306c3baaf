//! The lines of a file from its end, in bounded memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const BLOCK_BYTES: u64 = 256 << 10;
/// A longer line comes in pieces of this size.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// Reads a file of the length it had when it was opened.
pub(super) struct Backward {
    file: File,
    /// Bytes before this offset are not read yet.
    at: u64,
    /// Read, and not yet given; ends where the last given line began.
    rest: Vec<u8>,
    bytes_left: u64,
}

/// Why there is no further line.
pub(super) enum End {
    /// The file's beginning.
    Beginning,
    /// The bound on what is read of one file.
    Bound,
}

impl Backward {
    pub(super) fn new(file: File, length: u64, bytes_max: u64) -> Self {
        let mut this = Self {
            file,
            at: length,
            rest: Vec::new(),
            bytes_left: bytes_max,
        };
        // The last line's own end is no line after it.
        if length > 0 {
            let mut last = [0];
            if this.file.read_exact_at(&mut last, length - 1).is_ok() && last == *b"\n" {
                this.at = length - 1;
            }
        }
        this
    }

    /// The line before the last one given, without its end. An empty first line is not given.
    pub(super) fn line(&mut self) -> io::Result<Result<Vec<u8>, End>> {
        loop {
            if let Some(at) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let line = self.rest.split_off(at + 1);
                self.rest.pop();
                return Ok(Ok(line));
            }
            if self.rest.len() >= PIECE_BYTES_MAX {
                return Ok(Ok(std::mem::take(&mut self.rest)));
            }
            if self.at == 0 {
                return Ok(if self.rest.is_empty() {
                    Err(End::Beginning)
                } else {
                    Ok(std::mem::take(&mut self.rest))
                });
            }
            if self.bytes_left == 0 {
                // A line of which only the end was read is none.
                return Ok(Err(End::Bound));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let size = BLOCK_BYTES.min(self.at).min(self.bytes_left);
        self.at -= size;
        self.bytes_left -= size;
        // At most BLOCK_BYTES, which fits.
        let mut block = vec![0; usize::try_from(size).unwrap_or(0)];
        self.file.read_exact_at(&mut block, self.at)?;
        block.append(&mut self.rest);
        self.rest = block;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(content: &[u8], bytes_max: u64) -> Vec<Vec<u8>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let mut backward = Backward::new(file, u64::try_from(content.len()).unwrap(), bytes_max);
        let mut all = Vec::new();
        while let Ok(line) = backward.line().unwrap() {
            all.push(line);
        }
        all.reverse();
        all
    }

    #[test]
    fn backward_is_forward_reversed() {
        for content in ["", "a", "a\n", "a\nb", "a\n\nb\n", "a\n\n"] {
            let expected: Vec<_> = content.lines().map(|l| l.as_bytes().to_vec()).collect();
            assert_eq!(lines(content.as_bytes(), 99), expected, "{content:?}");
        }
        let long: String = (0..40_000)
            .map(|n| format!("line {n} {}\n", "x".repeat(n % 50)))
            .collect();
        let expected: Vec<_> = long.lines().map(|l| l.as_bytes().to_vec()).collect();
        assert!(lines(long.as_bytes(), u64::MAX) == expected);
    }

    #[test]
    fn no_more_is_read_than_the_bound() {
        let long = "x".repeat(99) + "\n";
        let content = long.repeat(10_000);
        let read = lines(content.as_bytes(), 300_000);
        assert_eq!(read.len(), 3000);
        let one_line = vec![b'x'; 3 << 20];
        assert!(
            lines(&one_line, u64::MAX)
                .iter()
                .all(|piece| piece.len() <= PIECE_BYTES_MAX + 300_000)
        );
    }
}
