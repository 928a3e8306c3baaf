//! Log lines by window and pattern.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use interlock_capabilities::call::LogsSearch;
use interlock_capabilities::read::logs::{LogLine, LogLines, Logs, SearchAsk};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};
use interlock_gate::escape::foreign_short;
use regex::{Regex, RegexBuilder};

use super::at_once;
use super::calls::Calls;
use crate::Observed;

/// Longest pattern, in bytes, and most bytes that it may compile to: as for live logs.
const PATTERN_BYTES_MAX: usize = 4096;
const PATTERN_PROGRAM_MAX: usize = 1 << 20;
/// Most lines of one answer, whatever is asked.
const LINES_MAX: u32 = 10_000;
/// Patterns kept compiled, for all bundles: the same runbook asks each the same.
const KEPT_MAX: usize = 256;

pub(super) struct Kept {
    observed: Arc<Observed>,
    /// Later lines were not there yet.
    now: u64,
    /// Of each source: the time that decides for each line, and its place; by time.
    order: BTreeMap<String, Vec<(u64, usize)>>,
    calls: Arc<Calls>,
}

impl Kept {
    pub(super) fn new(observed: &Arc<Observed>, now: u64, calls: Arc<Calls>) -> Kept {
        let order = observed.logs.iter().map(|(source, lines)| {
            let mut at = 0;
            let timed = lines.iter().enumerate().map(|(index, line)| {
                // A line without a time goes on from the one before it.
                at = line.at.unwrap_or(at);
                (at, index)
            });
            let mut timed: Vec<(u64, usize)> = timed.collect();
            timed.sort_unstable();
            (source.clone(), timed)
        });
        Kept {
            order: order.collect(),
            observed: observed.clone(),
            now,
            calls,
        }
    }

    fn answer(&self, ask: &SearchAsk, limit: AnswerLimit) -> Result<LogLines, Gap> {
        if let Some(recorded) = self.calls.find::<LogsSearch>(ask) {
            return recorded;
        }
        let (Some(order), Some(lines)) = (
            self.order.get(&ask.source),
            self.observed.logs.get(&ask.source),
        ) else {
            let name = foreign_short(&ask.source, 80);
            return Err(Gap::NoSource(format!("the bundle holds no log `{name}`")));
        };
        if ask.window.begin >= ask.window.end {
            return Err(Gap::Refused("the window ends before it begins".to_owned()));
        }
        let pattern = pattern(&ask.pattern)?;
        let from = order.partition_point(|(at, _)| *at < ask.window.begin);
        let end = ask.window.end.min(self.now.saturating_add(1));
        let until = order.partition_point(|(at, _)| *at < end);
        let most = ask.most.min(LINES_MAX) as usize;
        let (mut matched, mut room, mut full) = (0, limit.bytes_max, false);
        let mut newest: Vec<LogLine> = Vec::new();
        for (_, index) in order.get(from..until).unwrap_or_default().iter().rev() {
            let Some(line) = lines.get(*index) else {
                continue;
            };
            if !pattern.is_match(&line.text) {
                continue;
            }
            matched += 1;
            // What JSON makes of the text, at the most but for control characters.
            let cost = line.text.len() as u64 + 64;
            match room.checked_sub(cost) {
                Some(left) if newest.len() < most && !full => {
                    room = left;
                    newest.push(line.clone());
                }
                // No older line after one that did not fit: a gap in the middle would not show.
                Some(_) | None => full = true,
            }
        }
        newest.reverse();
        Ok(LogLines {
            matched,
            truncated: full,
            lines: newest,
        })
    }
}

impl Logs for Kept {
    fn search(
        &self,
        ask: SearchAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<LogLines, Unchecked>> {
        at_once(self.answer(&ask, limit))
    }
}

fn pattern(text: &str) -> Result<Regex, Gap> {
    static KEPT: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    if text.len() > PATTERN_BYTES_MAX {
        let why = format!("the pattern is over {PATTERN_BYTES_MAX} bytes");
        return Err(Gap::Refused(why));
    }
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept().get(text) {
        return Ok(known.clone());
    }
    let made = RegexBuilder::new(text)
        .size_limit(PATTERN_PROGRAM_MAX)
        .dfa_size_limit(PATTERN_PROGRAM_MAX)
        .build()
        .map_err(|error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or("").trim();
            let last = foreign_short(last, 200);
            Gap::Refused(format!("the pattern is no regular expression: {last}"))
        })?;
    let mut kept = kept();
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(text.to_owned(), made.clone());
    Ok(made)
}
