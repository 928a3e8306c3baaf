//! One minute's spans, with the log lines that were written within each.

use std::collections::{BTreeSet, HashMap};

use interlock_bundle::Folder;

use super::pattern::pattern;
use super::pieces::service;
use super::rows::Rows;
use crate::ImportError;

/// Most spans of one file.
const SPANS_MAX: usize = 2_000_000;
/// Most different texts of a day: patterns, operations, services.
const TEXTS_MAX: usize = 100_000;

/// Texts of a day, each once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    places: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Texts {
    /// The number of a text; beyond the bound all share one.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.places.get(text) {
            return number;
        }
        let text = if self.texts.len() < TEXTS_MAX {
            text
        } else {
            "other"
        };
        let next = self.texts.len() as u32;
        let number = *self.places.entry(text.to_owned()).or_insert(next);
        if number == next {
            self.texts.push(text.to_owned());
        }
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }
}

/// What may follow when an operation is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Event {
    /// A log line of a pattern, at a level.
    Line {
        /// `error`, `warning`, `info` or `other`.
        level: &'static str,
        /// The number of its pattern.
        pattern: u32,
    },
    /// A span within.
    Span {
        /// The number of its service.
        service: u32,
        /// The number of its operation.
        operation: u32,
    },
}

/// One span.
#[derive(Debug)]
pub(super) struct Span {
    /// The number of its trace within the file.
    pub(super) trace: u32,
    /// When it began, in microseconds since 1970.
    pub(super) at: u64,
    pub(super) seconds: f64,
    pub(super) service: u32,
    pub(super) operation: u32,
    /// The place of its parent, where the file holds it.
    pub(super) parent: Option<usize>,
    /// How many spans lie directly in it.
    pub(super) children: u32,
    pub(super) events: BTreeSet<Event>,
}

/// The spans of a minute's trace file and the lines of its log file, either of which may be missing.
pub(super) fn read(
    day: &Folder,
    minute: &str,
    texts: &mut Texts,
) -> Result<Vec<Span>, ImportError> {
    let mut spans: Vec<Span> = Vec::new();
    let mut places: HashMap<(u32, String), usize> = HashMap::new();
    let mut traces: HashMap<String, u32> = HashMap::new();
    let mut parents: Vec<String> = Vec::new();
    if let Some(rows) = open(day, "trace", minute)? {
        rows.each(|row| {
            let next = traces.len() as u32;
            let trace = *traces
                .entry(row.cell("TraceID")?.to_owned())
                .or_insert(next);
            let (from, until) = (
                row.whole("StartTimeUnixNano")?,
                row.whole("EndTimeUnixNano")?,
            );
            if spans.len() == SPANS_MAX {
                return Err(row.wrong(format!("there are more than {SPANS_MAX} spans")));
            }
            places.insert((trace, row.cell("SpanID")?.to_owned()), spans.len());
            parents.push(row.cell("ParentID")?.to_owned());
            spans.push(Span {
                trace,
                at: from / 1_000,
                seconds: until.saturating_sub(from) as f64 / 1e9,
                service: texts.number(service(row.cell("PodName")?)),
                operation: texts.number(row.cell("OperationName")?),
                parent: None,
                children: 0,
                events: BTreeSet::new(),
            });
            Ok(())
        })?;
    }
    for (at, parent) in parents.into_iter().enumerate() {
        let (trace, event) = {
            let span = &spans[at];
            let event = Event::Span {
                service: span.service,
                operation: span.operation,
            };
            (span.trace, event)
        };
        let Some(&parent) = places.get(&(trace, parent)) else {
            continue;
        };
        if parent != at {
            spans[at].parent = Some(parent);
            spans[parent].children += 1;
            spans[parent].events.insert(event);
        }
    }
    if let Some(rows) = open(day, "log", minute)? {
        rows.each(|row| {
            let trace = traces.get(row.cell("TraceID")?);
            let place = trace.and_then(|&trace| {
                let span = row.maybe("SpanID").unwrap_or_default().to_owned();
                places.get(&(trace, span))
            });
            let writer = service(row.cell("PodName")?);
            // A line of no span tells nothing about what was asked.
            if let Some(&place) = place
                && texts.text(spans[place].service) == writer
            {
                let found = pattern(row.cell("Log")?);
                let event = Event::Line {
                    level: found.level,
                    pattern: texts.number(&found.text),
                };
                spans[place].events.insert(event);
            }
            Ok(())
        })?;
    }
    Ok(spans)
}

fn open(day: &Folder, kind: &str, minute: &str) -> Result<Option<Rows>, ImportError> {
    match day.folder(kind) {
        Ok(folder) => Rows::open(&folder, &format!("{minute}_{kind}.csv")),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The minutes of which a day has traces, as its files are named.
pub(super) fn minutes(day: &Folder) -> Result<Vec<String>, ImportError> {
    let folder = match day.folder("trace") {
        Ok(folder) => folder,
        Err(error) if error.is_missing() => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let names = folder.names()?.into_iter();
    let minute = |name: String| name.strip_suffix("_trace.csv").map(str::to_owned);
    Ok(names.filter_map(minute).collect())
}
