//! All that the record holds of one incident, each fact with the entry or line that says it.
//! Not a screen's record: there the journal's numbers are left out, here they are what counts.

mod alerts;
mod changes;

use interlock_gate::{ids::RunId, time::Time};
use interlock_runner::{
    diagnosis::DiagnosisRecord,
    error::RunError,
    imported::{Timeline, TimelineLine},
    open::Runner,
    record::{RunRecord, StepConclusion, StepRecord, VerifyRecord},
    report::StepReport,
};
use interlock_store::{
    Store as _,
    entry::{Entry, Stamped},
};
use sha2::{Digest as _, Sha256};

pub use alerts::Rang;
pub use changes::Changed;

use crate::cite::Source;

/// Entries about an incident itself that are looked at, the newest.
const ENTRIES_MAX: usize = 2_000;
/// Runs of an incident that are looked at, the newest.
const RUNS_MAX: usize = 30;

/// One incident's record.
#[derive(Clone, Debug)]
pub struct Story {
    /// The incident's id.
    pub incident: String,
    /// Whose, where known. Untrusted text.
    pub service: Option<String>,
    /// How bad, where known. Untrusted text.
    pub severity: Option<String>,
    /// Every entry about it, its runs and their plans, in the journal's order.
    pub entries: Vec<Stamped>,
    /// Its runs, oldest first.
    pub runs: Vec<RunRecord>,
    /// The timelines that were attached to it, by name.
    pub timelines: Vec<(String, Timeline)>,
    /// Whether more is known than is looked at.
    pub left_out: bool,
}

/// A step that ended with a report.
pub struct Told<'a> {
    /// The entry that says so.
    pub source: Source,
    /// When.
    pub at: Time,
    /// Its run.
    pub run: &'a RunRecord,
    /// The step.
    pub step: &'a StepRecord,
    /// What it reports.
    pub report: &'a StepReport,
}

impl Story {
    /// Everything that is known of an incident.
    pub async fn of(runner: &Runner, id: &str) -> Result<Story, RunError> {
        let record = runner.incident(id).await?;
        let store = runner.store();
        let mut entries = store.about_incident(id, ENTRIES_MAX).await?;
        let lines = store.runs_of_incident(id, RUNS_MAX).await?;
        let left_out = entries.len() == ENTRIES_MAX || lines.len() == RUNS_MAX;
        let mut runs = Vec::new();
        for line in lines.iter().rev() {
            entries.extend(store.events(&line.run).await?);
            runs.push(runner.run_record(&line.run).await?);
        }
        // Brought in with its cause, as the learning loop keeps it.
        let of_this = |stamped: &Stamped| match &stamped.entry {
            Entry::Incident { incident, .. } => {
                incident.get("id").and_then(|found| found.as_str()) == Some(id)
            }
            _ => false,
        };
        let judged = store.entries_of("incident").await?;
        entries.extend(judged.into_iter().filter(of_this));
        entries.sort_by_key(|stamped| stamped.index);
        entries.dedup_by_key(|stamped| stamped.index);
        let mut timelines: Vec<(String, Timeline)> = Vec::new();
        for timeline in runner.timelines(id).await? {
            let same = |(_, before): &&(String, Timeline)| before.format == timeline.format;
            let before = timelines.iter().filter(same).count();
            let name = Source::timeline_name(&timeline.format, before);
            timelines.push((name, timeline));
        }
        Ok(Story {
            incident: record.id,
            service: record.service,
            severity: record.severity,
            entries,
            runs,
            timelines,
            left_out,
        })
    }

    /// The entry that named the incident first.
    pub fn opening(&self) -> Option<&Stamped> {
        self.entries.first()
    }

    /// The newest entry.
    pub fn newest(&self) -> Option<&Stamped> {
        self.entries.last()
    }

    /// A run's record.
    pub fn run(&self, id: &RunId) -> Option<&RunRecord> {
        self.runs.iter().find(|record| record.run == *id)
    }

    /// The entry that opened a run.
    pub fn opened(&self, run: &RunId) -> Option<&Stamped> {
        self.entries
            .iter()
            .find(|stamped| matches!(&stamped.entry, Entry::RunOpened { run: of, .. } if of == run))
    }

    /// The steps that ended with a report, in order.
    pub fn reports(&self) -> Vec<Told<'_>> {
        let steps = self.entries.iter().filter_map(|stamped| {
            let (run, step) = self.step(stamped)?;
            match &step.end {
                StepConclusion::Report(report) => Some(Told {
                    source: source(stamped),
                    at: stamped.at,
                    run,
                    step,
                    report,
                }),
                StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
            }
        });
        steps.collect()
    }

    /// The step that an entry says has ended, of those that are no verification.
    pub fn step(&self, stamped: &Stamped) -> Option<(&RunRecord, &StepRecord)> {
        let Entry::StepEnded {
            run,
            step,
            cassette,
            ..
        } = &stamped.entry
        else {
            return None;
        };
        let record = self.run(run)?;
        let same =
            |one: &&StepRecord| one.step == *step && one.kept == *cassette && one.at == stamped.at;
        Some((record, record.steps.iter().find(same)?))
    }

    /// What a verify step found, by the entry that says so.
    pub fn verification(&self, stamped: &Stamped) -> Option<&VerifyRecord> {
        let Entry::Verified { run, .. } = &stamped.entry else {
            return None;
        };
        let mut found = self.run(run)?.verified.iter();
        found.find(|one| one.at == stamped.at)
    }

    /// A caller's diagnosis, by the entry that says so.
    pub fn diagnosis(&self, stamped: &Stamped) -> Option<&DiagnosisRecord> {
        let Entry::Diagnosis { run, document, .. } = &stamped.entry else {
            return None;
        };
        let mut found = self.run(run)?.diagnoses.iter();
        found.find(|one| one.document == *document && one.at == stamped.at)
    }

    /// Every attached line with its source.
    pub fn lines(&self) -> impl Iterator<Item = (Source, &Timeline, &TimelineLine)> {
        self.timelines.iter().flat_map(|(name, timeline)| {
            timeline.lines.iter().map(move |line| {
                let source = Source::Line {
                    timeline: name.clone(),
                    line: line.line,
                };
                (source, timeline, line)
            })
        })
    }

    /// Of every entry and, by their digests in these, of everything kept that they speak of.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for stamped in &self.entries {
            hash.update(stamped.index.to_be_bytes());
            // An entry that was read has bytes.
            let bytes = interlock_store::entry::encode(&stamped.entry, stamped.at);
            hash.update(Sha256::digest(bytes.unwrap_or_default()));
        }
        format!("sha256:{}", hex::encode(hash.finalize()))
    }
}

/// An entry as a source.
pub fn source(stamped: &Stamped) -> Source {
    Source::Entry(stamped.index)
}

/// Who asked, as the record names them.
pub fn asker(requester: &interlock_gate::plan::Requester) -> &str {
    requester.caller.as_deref().unwrap_or(&requester.via)
}
