//! `interlock:read/logs` from files, by configured name, read from their ends.
//! Not an index: each search reads, and stops at the window's begin or at its bound.
//! Start at [`LogFiles`].
//! Invariant: a file that is missing, replaced by a link, or without times that can be read is a
//! gap; what a bound left unread makes the answer `truncated`.

mod backward;
mod search;
mod when;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use interlock_capabilities::read::logs::{LogLines, Logs, SearchAsk};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};
use jiff::tz::Offset;
use regex::bytes::{Regex, RegexBuilder};

use crate::words::quote;
use crate::work;

pub(crate) use when::offset;

/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4096;
/// Most bytes that a pattern may compile to.
const PATTERN_PROGRAM_MAX: usize = 1 << 20;
/// Most lines of one answer, whatever is asked.
const LINES_MAX: u32 = 10_000;

/// One configured log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSource {
    /// Its files. Beside each, an uncompressed `<file>.1` is read on where the window reaches back
    /// beyond the file's first line.
    pub files: Vec<PathBuf>,
    /// The offset of times that name none, or a zone that is only a word. Without it they are UTC
    /// and unknown.
    pub offset: Option<Offset>,
}

/// Every configured log.
#[derive(Clone, Debug)]
pub struct LogFiles {
    sources: BTreeMap<String, LogSource>,
    time_max: Duration,
}

impl LogFiles {
    /// Nothing is read yet.
    pub fn new(sources: BTreeMap<String, LogSource>, time_max: Duration) -> Self {
        Self { sources, time_max }
    }

    /// Whether the newest lines of one log can be read, and their times.
    pub(crate) async fn check(&self, name: &str) -> Result<String, Gap> {
        let source = self.find(name)?.clone();
        work::begin_blocking(self.time_max, move |_stop| search::newest(&source)).await
    }

    fn find(&self, name: &str) -> Result<&LogSource, Gap> {
        self.sources.get(name).ok_or_else(|| {
            Gap::NoSource(format!("no [[source.logs]] has the name `{}`", quote(name)))
        })
    }
}

impl Logs for LogFiles {
    fn search(
        &self,
        ask: SearchAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<LogLines, Unchecked>> {
        let source = self.find(&ask.source).cloned();
        work::begin_blocking(self.time_max, move |stop| {
            let (source, pattern) = (source?, pattern(&ask.pattern)?);
            let most = usize::try_from(ask.most.min(LINES_MAX)).unwrap_or(0);
            let mut lines = search::search(&source, &ask.window, &pattern, most, limit, stop)?;
            // Escapes may make the JSON longer than the text was: the oldest lines go first.
            while limit.check(&lines).is_err() && !lines.lines.is_empty() {
                lines.lines.drain(..lines.lines.len().div_ceil(4));
                lines.truncated = true;
            }
            limit.check(&lines)?;
            Ok(lines)
        })
    }
}

fn pattern(text: &str) -> Result<Regex, Gap> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(Gap::Refused(format!(
            "the pattern is over {PATTERN_BYTES_MAX} bytes"
        )));
    }
    RegexBuilder::new(text)
        .size_limit(PATTERN_PROGRAM_MAX)
        .dfa_size_limit(PATTERN_PROGRAM_MAX)
        .build()
        .map_err(|error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or("").trim();
            Gap::Refused(format!(
                "the pattern is no regular expression: {}",
                quote(last)
            ))
        })
}
