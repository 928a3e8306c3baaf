//! `interlock.imported.v1`, `interlock.attached.v1`, `interlock.recorded.v1`: bundles that were
//! made, and timelines that were attached.

use interlock_gate::time::Time;
use serde::Serialize;

/// What an import has made.
#[derive(Serialize)]
pub struct Imported<'a> {
    schema: &'static str,
    /// Of which format.
    pub format: &'a str,
    /// The folder that holds the bundles.
    pub out: &'a str,
    /// Their names.
    pub bundles: &'a [String],
    /// How many of them have a known cause beside them.
    pub truths: usize,
    /// What was left out on purpose, or is to be known.
    pub notes: &'a [String],
}

impl<'a> Imported<'a> {
    /// Of a format, into a folder.
    pub fn new(format: &'a str, out: &'a str) -> Imported<'a> {
        Imported {
            schema: "interlock.imported.v1",
            format,
            out,
            bundles: &[],
            truths: 0,
            notes: &[],
        }
    }
}

/// A timeline that was attached to an incident.
#[derive(Serialize)]
pub struct Attached<'a> {
    schema: &'static str,
    /// The incident's id.
    pub incident: &'a str,
    /// Of which format.
    pub format: &'a str,
    /// How many lines.
    pub lines: usize,
    /// False: these lines were there already.
    pub new: bool,
}

impl<'a> Attached<'a> {
    /// So many lines of a format, to an incident.
    pub fn new(incident: &'a str, format: &'a str, lines: usize, new: bool) -> Attached<'a> {
        Attached {
            schema: "interlock.attached.v1",
            incident,
            format,
            lines,
            new,
        }
    }
}

/// What was recorded of live sources.
#[derive(Serialize)]
pub struct Recorded<'a> {
    schema: &'static str,
    /// The bundle's folder.
    pub bundle: &'a str,
    /// From.
    pub begin: Time,
    /// Until.
    pub end: Time,
    /// Null: no source; so below.
    pub alerts: Option<usize>,
    /// Series of metrics.
    pub series: Option<usize>,
    /// Values of all series.
    pub values: usize,
    /// Each log.
    pub logs: Vec<LogRecorded<'a>>,
    /// Changes.
    pub changes: Option<usize>,
    /// Services of the topology.
    pub services: Option<usize>,
    /// Questions kept with their answers.
    pub calls: usize,
    /// What could not be recorded, or only in part.
    pub missing: Vec<Missing<'a>>,
}

/// One log.
#[derive(Serialize)]
pub struct LogRecorded<'a> {
    /// Its source.
    pub source: &'a str,
    /// How many lines.
    pub lines: usize,
}

/// What could not be recorded.
#[derive(Serialize)]
pub struct Missing<'a> {
    /// What.
    pub what: &'a str,
    /// Why.
    pub why: &'a str,
}

impl<'a> Recorded<'a> {
    /// Nothing yet, of a window.
    pub fn new(bundle: &'a str, begin: Time, end: Time) -> Recorded<'a> {
        Recorded {
            schema: "interlock.recorded.v1",
            bundle,
            begin,
            end,
            alerts: None,
            series: None,
            values: 0,
            logs: Vec::new(),
            changes: None,
            services: None,
            calls: 0,
            missing: Vec::new(),
        }
    }
}
