//! WASI with nothing in it: no files, no network, no environment, no arguments, an empty input; the
//! run's clock, random values that grow from the run's seed, and output that becomes notes.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use rand_core::TryRng;
use sha2::{Digest, Sha256};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

use crate::{
    clock::Clock,
    fault::Stop,
    limits::{LimitName, Reached},
    tape::{Note, NoteLevel, Seed},
};

/// Packages of WASI 0.2 that the empty world has; any other is not there at all.
pub(crate) const PACKAGES: [&str; 6] = [
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];

/// Bytes that a stream takes at once.
const WRITE_BYTES_MAX: usize = 64 * 1024;
/// Random bytes of one call.
const RANDOM_BYTES_MAX: u64 = 64 * 1024;

/// What was written, and where, in order.
type Chunks = Vec<(NoteLevel, Vec<u8>)>;

/// What the guest has written, both streams in the order of writing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written(Arc<Mutex<Chunks>>);

impl Written {
    /// As notes; text that is not UTF-8 is shown with replacement characters.
    pub(crate) fn take(&self) -> Vec<Note> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        std::mem::take(&mut *parts)
            .into_iter()
            .map(|(level, bytes)| Note {
                level,
                text: text(bytes),
            })
            .collect()
    }

    fn push(&self, level: NoteLevel, bytes: &[u8], max: u64) -> Result<(), Reached> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let had: usize = parts.iter().map(|(_, part)| part.len()).sum();
        Reached::check(LimitName::Output, max, (had + bytes.len()) as u64)?;
        match parts.last_mut() {
            Some((last, part)) if *last == level => part.extend_from_slice(bytes),
            Some(_) | None => parts.push((level, bytes.to_vec())),
        }
        Ok(())
    }
}

/// The empty world of one run.
pub(crate) fn empty(
    clock: &Clock,
    seed: &Seed,
    written: &Written,
    output_bytes_max: u64,
) -> WasiCtx {
    let stream = |level| Stream {
        level,
        written: written.clone(),
        max: output_bytes_max,
    };
    let mut words = [0; 16];
    Random::new(seed, b"insecure-seed").fill(&mut words);
    WasiCtx::builder()
        .stdout(stream(NoteLevel::Stdout))
        .stderr(stream(NoteLevel::Stderr))
        .wall_clock(Wall(clock.clone()))
        .monotonic_clock(Monotonic(clock.clone()))
        .secure_random(Random::new(seed, b"secure"))
        .insecure_random(Random::new(seed, b"insecure"))
        .insecure_random_seed(u128::from_le_bytes(words))
        .max_random_size(RANDOM_BYTES_MAX)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

struct Wall(Clock);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.0.read().micros())
    }
}

struct Monotonic(Clock);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        let start = self.0.start().micros();
        self.0
            .read()
            .micros()
            .saturating_sub(start)
            .saturating_mul(1_000)
    }
}

/// SHA-256 in counter mode over the seed: the same values in every replay, on every machine.
struct Random {
    key: [u8; 32],
    block: u64,
    left: Vec<u8>,
}

impl Random {
    fn new(seed: &Seed, purpose: &[u8]) -> Random {
        let key = Sha256::new()
            .chain_update(seed.0)
            .chain_update(purpose)
            .finalize()
            .into();
        Random {
            key,
            block: 0,
            left: Vec::new(),
        }
    }

    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            if self.left.is_empty() {
                let block = Sha256::new()
                    .chain_update(self.key)
                    .chain_update(self.block.to_le_bytes());
                self.left = block.finalize().to_vec();
                self.block += 1;
            }
            *byte = self.left.pop().unwrap_or_default();
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

/// Standard output or error.
#[derive(Clone)]
struct Stream {
    level: NoteLevel,
    written: Written,
    max: u64,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    /// WASI 0.3's door, which is not linked.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let written = self.written.push(self.level, &bytes, self.max);
        written.map_err(|reached| StreamError::Trap(Stop::Limit(reached).into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_grow_from_the_seed_alone() {
        let draw = |seed: u8, purpose: &[u8]| {
            let mut bytes = [0; 100];
            Random::new(&Seed([seed; 32]), purpose).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(1, b"secure"), draw(1, b"secure"));
        assert_ne!(draw(1, b"secure"), draw(2, b"secure"));
        assert_ne!(draw(1, b"secure"), draw(1, b"insecure"));
    }

    #[test]
    fn output_is_bounded_over_both_streams() {
        let written = Written::default();
        assert!(written.push(NoteLevel::Stdout, b"abc", 5).is_ok());
        let over = written.push(NoteLevel::Stderr, b"def", 5).unwrap_err();
        assert_eq!(
            over,
            Reached {
                which: LimitName::Output,
                limit: 5,
                reached: 6
            }
        );
        assert_eq!(
            written.take(),
            [Note {
                level: NoteLevel::Stdout,
                text: "abc".into()
            }]
        );
    }
}
