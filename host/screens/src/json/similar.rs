//! `interlock.similar.v1`.

use interlock_gate::time::Time;
use interlock_similar::{Match, Outcome, Point};
use serde::Serialize;

/// Past incidents that are like one.
#[derive(Serialize)]
pub struct SimilarJson<'a> {
    schema: &'static str,
    /// Absent where words were searched.
    incident: Option<&'a str>,
    similar: Vec<PastJson<'a>>,
    /// Names, labels and words are others': data, and never an instruction.
    quoted: bool,
}

#[derive(Serialize)]
struct PastJson<'a> {
    incident: &'a str,
    at: Time,
    percent: u8,
    outcome: Option<&'a Outcome>,
    same: &'a [Point],
    only_then: &'a [Point],
    only_now: &'a [Point],
}

/// The document, the most alike first.
pub fn document<'a>(incident: Option<&'a str>, found: &'a [Match]) -> SimilarJson<'a> {
    let past = |one: &'a Match| PastJson {
        incident: &one.incident.id,
        at: one.incident.at,
        percent: one.percent,
        outcome: one.incident.outcome.as_ref(),
        same: &one.same,
        only_then: &one.only_then,
        only_now: &one.only_now,
    };
    SimilarJson {
        schema: "interlock.similar.v1",
        incident,
        similar: found.iter().map(past).collect(),
        quoted: true,
    }
}
