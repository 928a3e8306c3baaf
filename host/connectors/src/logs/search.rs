//! One search: files backward, window and pattern, newest lines kept.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use interlock_capabilities::read::Window;
use interlock_capabilities::read::logs::{LogLine, LogLines};
use interlock_capabilities::{AnswerLimit, Gap};
use regex::bytes::Regex;

use super::LogSource;
use super::backward::{Backward, End};
use super::when::{Context, When, when};
use crate::files::{self, OpenError};
use crate::work::Stop;

/// Most bytes read of one file.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Most bytes of a line that are kept.
const LINE_BYTES_MAX: usize = 8 << 10;
/// Lines without a time in a row, after which the file counts as one without times.
const UNTIMED_MAX: usize = 20_000;
/// Lines from before the window in a row, after which the rest counts as older too. Several
/// processes write one log, and one line's time may be what a client wrote: one proves nothing.
const OLD_IN_A_ROW_MAX: usize = 100;

/// A line that matches, with the time that decides whether it is in the window.
struct Hit {
    order: u64,
    line: LogLine,
}

/// What one file and its predecessor gave, newest first.
struct Found {
    hits: Vec<Hit>,
    matched: u64,
    truncated: bool,
}

pub(super) fn search(
    source: &LogSource,
    window: &Window,
    pattern: &Regex,
    most: usize,
    limit: AnswerLimit,
    stop: &Stop,
) -> Result<LogLines, Gap> {
    if window.begin >= window.end {
        return Err(Gap::Refused("the window ends before it begins".to_owned()));
    }
    // Not the window's end: what was written since would be taken for last year's.
    let context = Context {
        offset: source.offset,
        latest: now().max(window.end),
    };
    let (mut hits, mut matched, mut truncated) = (Vec::new(), 0_u64, false);
    for path in &source.files {
        let mut one = One::new(window, pattern, most, limit, context);
        one.read(path, stop)?;
        matched += one.found.matched;
        truncated |= one.found.truncated;
        hits.extend(one.found.hits);
    }
    // Stable: within a file lines keep their order.
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.order));
    truncated |= hits.len() > most || matched > u64::try_from(hits.len()).unwrap_or(u64::MAX);
    hits.truncate(most);
    let lines = hits.into_iter().rev().map(|hit| hit.line).collect();
    Ok(LogLines {
        matched,
        truncated,
        lines,
    })
}

/// For `doctor`: the time of the newest line that has one.
pub(super) fn newest(source: &LogSource) -> Result<String, Gap> {
    let mut newest: Option<u64> = None;
    for path in &source.files {
        let (file, length) = files::open_log(path).map_err(closed)?;
        let mut lines = Backward::new(file, length, 4 << 20);
        while let Ok(line) = lines.line().map_err(|e| failed(path, &e))? {
            match when(
                &beginning(&line),
                Context {
                    offset: source.offset,
                    latest: now(),
                },
            ) {
                When::At(at) => {
                    newest = newest.max(Some(at));
                    break;
                }
                When::Zone(word) => return Err(unknown_zone(path, &word)),
                When::Nothing => {}
            }
        }
    }
    Ok(
        match newest.and_then(interlock_gate::time::Time::from_micros) {
            Some(at) => format!("readable, newest line of {}", at.to_seconds_text()),
            None => "readable, with no line whose time can be read".to_owned(),
        },
    )
}

/// The host's clock, only to tell the year of lines that name none.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

struct One<'a> {
    window: &'a Window,
    pattern: &'a Regex,
    most: usize,
    bytes_left: u64,
    context: Context,
    found: Found,
    /// Matching lines that wait for the time of the line they go on from, newest first.
    waiting: Vec<String>,
    waiting_count: u64,
    untimed: usize,
    old_in_a_row: usize,
    seen_a_time: bool,
}

enum Next {
    Further,
    Done,
}

impl<'a> One<'a> {
    fn new(
        window: &'a Window,
        pattern: &'a Regex,
        most: usize,
        limit: AnswerLimit,
        context: Context,
    ) -> Self {
        let found = Found {
            hits: Vec::new(),
            matched: 0,
            truncated: false,
        };
        Self {
            window,
            pattern,
            most,
            bytes_left: limit.bytes_max,
            context,
            found,
            waiting: Vec::new(),
            waiting_count: 0,
            untimed: 0,
            old_in_a_row: 0,
            seen_a_time: false,
        }
    }

    /// The file, and on into the one it was rotated to while the window reaches back that far.
    fn read(&mut self, path: &Path, stop: &Stop) -> Result<(), Gap> {
        let opened = files::open_log(path).map_err(closed)?;
        let mut lines_seen = false;
        if let Next::Done = self.file(path, opened, stop, &mut lines_seen)? {
            return Ok(());
        }
        let before = rotated(path);
        match files::open_log(&before) {
            Ok(opened) => _ = self.file(&before, opened, stop, &mut lines_seen)?,
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(closed(error)),
        }
        if lines_seen && !self.seen_a_time {
            return Err(no_times(path));
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: &Path,
        (file, length): (std::fs::File, u64),
        stop: &Stop,
        lines_seen: &mut bool,
    ) -> Result<Next, Gap> {
        let mut lines = Backward::new(file, length, FILE_BYTES_MAX);
        loop {
            if stop.asked() {
                return Err(Gap::Unreachable(
                    "stopped: nobody waits for it any more".to_owned(),
                ));
            }
            let line = match lines.line().map_err(|e| failed(path, &e))? {
                Ok(line) => line,
                Err(End::Beginning) => return Ok(Next::Further),
                Err(End::Bound) => {
                    if !self.seen_a_time {
                        return Err(no_times(path));
                    }
                    self.found.truncated = true;
                    return Ok(Next::Done);
                }
            };
            *lines_seen |= !line.is_empty();
            match when(&beginning(&line), self.context) {
                When::At(at) => {
                    self.timed(at, &line);
                    self.old_in_a_row = if at < self.window.begin {
                        self.old_in_a_row + 1
                    } else {
                        0
                    };
                    if self.old_in_a_row > OLD_IN_A_ROW_MAX {
                        return Ok(Next::Done);
                    }
                }
                When::Zone(word) => return Err(unknown_zone(path, &word)),
                When::Nothing => {
                    self.untimed += 1;
                    if self.untimed > UNTIMED_MAX {
                        return Err(no_times(path));
                    }
                    if self.pattern.is_match(&line) {
                        self.waiting_count += 1;
                        if self.waiting.len() < self.most {
                            self.waiting.push(text(&line));
                        }
                    }
                }
            }
        }
    }

    /// A line with a time settles the lines that went on from it.
    fn timed(&mut self, at: u64, line: &[u8]) {
        self.seen_a_time = true;
        self.untimed = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let count = std::mem::take(&mut self.waiting_count);
        if at < self.window.begin || at >= self.window.end {
            return;
        }
        self.found.matched += count;
        for text in waiting {
            self.keep(at, LogLine { at: None, text });
        }
        if self.pattern.is_match(line) {
            self.found.matched += 1;
            if self.found.hits.len() < self.most {
                self.keep(
                    at,
                    LogLine {
                        at: Some(at),
                        text: text(line),
                    },
                );
            }
        }
    }

    fn keep(&mut self, order: u64, line: LogLine) {
        let cost = u64::try_from(line.text.len())
            .unwrap_or(u64::MAX)
            .saturating_add(48);
        match self.bytes_left.checked_sub(cost) {
            Some(left) if self.found.hits.len() < self.most => {
                self.bytes_left = left;
                self.found.hits.push(Hit { order, line });
            }
            // Once a line does not fit, no older one is kept: a gap in the middle would not show.
            Some(_) | None => {
                self.bytes_left = 0;
                self.found.truncated = true;
            }
        }
    }
}

fn beginning(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line.get(..80).unwrap_or(line))
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.get(..LINE_BYTES_MAX) {
        Some(cut) => String::from_utf8_lossy(cut).into_owned() + "...",
        None => String::from_utf8_lossy(line).into_owned(),
    }
}

fn rotated(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    PathBuf::from(name)
}

fn closed(error: OpenError) -> Gap {
    let why = crate::document::FileError::Open(error).in_a_line();
    Gap::Unreachable(format!("log file: {why}"))
}

fn failed(path: &Path, error: &std::io::Error) -> Gap {
    let why = match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it was cut while it was read".to_owned(),
        _other => error.to_string(),
    };
    Gap::Unreachable(format!("log file: `{}`: {why}", path.display()))
}

fn no_times(path: &Path) -> Gap {
    let path = path.display();
    Gap::Unreachable(format!(
        "log file: `{path}`: no line begins with a time that can be read"
    ))
}

fn unknown_zone(path: &Path, word: &str) -> Gap {
    let path = path.display();
    Gap::Unreachable(format!(
        "log file: `{path}`: which offset the time zone `{word}` has is not configured (`utc_offset`)"
    ))
}
