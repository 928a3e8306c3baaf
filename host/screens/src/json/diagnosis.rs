//! `interlock.diagnosis.v1`: a caller's own diagnosis of a run, as it was taken.

use interlock_capabilities::report::Report;
use interlock_gate::{
    ids::{BlobDigest, PersonName, RunId},
    plan::Requester,
    time::Time,
};
use interlock_runner::{confidence::Confidence, diagnosis::DiagnosisRecord};
use serde::Serialize;

/// One diagnosis.
#[derive(Serialize)]
pub struct DiagnosisJson<'a> {
    schema: &'static str,
    run: &'a RunId,
    /// Whose it is, in words.
    title: String,
    by: &'a Requester,
    owners: &'a [PersonName],
    at: Time,
    /// Its causes, the likeliest first.
    causes: Vec<&'a str>,
    /// What they say; every text in it is theirs.
    report: &'a Report,
    quoted: bool,
    /// The host's, one of each hypothesis.
    confidence: &'a [Confidence],
    confidence_by: &'static str,
    /// Of the kept document.
    digest: BlobDigest,
}

/// The document of one diagnosis of `run`.
pub fn document<'a>(run: &'a RunId, one: &'a DiagnosisRecord) -> DiagnosisJson<'a> {
    let hypotheses = one.report.hypotheses.iter();
    DiagnosisJson {
        schema: "interlock.diagnosis.v1",
        run,
        title: one.title(),
        by: &one.by,
        owners: &one.owners,
        at: one.at,
        causes: hypotheses.map(|one| one.cause.as_str()).collect(),
        report: &one.report,
        quoted: true,
        confidence: &one.confidence,
        confidence_by: "host",
        digest: one.document,
    }
}
