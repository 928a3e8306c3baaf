//! A runbook's track record: what its diagnoses came to here, and its newest kept backtest.
//! Invariant: a record as of an entry of the journal is the same whenever it is read, so that a
//! replay rates as the run did.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use interlock_capabilities::report::Hypothesis;
use interlock_gate::{
    ids::{BlobDigest, CassetteDigest, ComponentDigest, RunId},
    time::Time,
};
use interlock_store::{
    Store as _,
    entry::{Entry, StepEnd},
};

use crate::{
    confidence::{Corpus, Judged, Pattern, Standing, pattern},
    error::RunError,
    learnt::{Learnt, Named},
    open::Runner,
    report::StepReport,
    subject::subject,
};

/// Judged runs that are looked at, the newest: with their age older ones count next to nothing.
const JUDGED_MAX: usize = 1_000;
/// Runs of one incident that are looked at, the newest.
const RUNS_MAX: usize = 30;
/// Conclusions that are remembered.
const SEEN_MAX: usize = 4_096;

/// The step whose report is rated.
pub(crate) struct Rated<'a> {
    pub(crate) runbook: &'a str,
    pub(crate) step: &'a str,
    pub(crate) component: ComponentDigest,
    /// Its own incident is no evidence of how it does.
    pub(crate) incident: &'a str,
    pub(crate) now: Time,
}

/// What a run put first.
#[derive(Clone, Debug)]
struct First {
    step: String,
    component: ComponentDigest,
    pattern: Pattern,
    hypothesis: Hypothesis,
    cassette: CassetteDigest,
    /// The entry that the step ended with.
    entry: u64,
}

/// What a run concluded; it never changes once the run has ended.
#[derive(Clone, Debug)]
struct Conclusion {
    runbook: String,
    incident: Option<String>,
    opened_at: Time,
    first: Option<First>,
}

/// Conclusions that were read before.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<RunId, Arc<Conclusion>>>);

impl Runner {
    /// What the host has learnt of a runbook, with the place in the journal up to which it has;
    /// before `end` only, where that is said.
    pub(crate) async fn standing(
        &self,
        of: &Rated<'_>,
        end: Option<u64>,
    ) -> Result<(Standing, u64), RunError> {
        let learnt = Learnt::read(self.store().as_ref(), end).await?;
        let up_to = learnt.up_to;
        let mut standing = Standing {
            now: of.now,
            judged: Vec::new(),
            corpus: learnt.backtests().find_map(|entry| corpus(entry, of)),
        };
        if up_to == 0 {
            return Ok((standing, up_to));
        }
        // One of each incident: a run asked for again has not been right twice.
        let mut judged: BTreeMap<String, Judged> = BTreeMap::new();
        for run in self.judged_runs(&learnt).await? {
            let conclusion = self.conclusion(&run).await?;
            let Some(first) = &conclusion.first else {
                continue;
            };
            let incident = conclusion.incident.as_deref();
            if conclusion.runbook != of.runbook
                || first.step != of.step
                || first.entry >= up_to
                || incident == Some(of.incident)
            {
                continue;
            }
            // The cassette is read only where somebody told the place.
            let told = learnt.actual(&run, incident);
            let subject = match told.and_then(|actual| actual.subject.as_ref()) {
                Some(_) => self.subject_of(first).await?,
                None => None,
            };
            let named = Named {
                cause: &first.hypothesis.cause,
                subject: subject.as_deref(),
            };
            let outcome = learnt.outcome(&run, incident, &named);
            let Some(right) = outcome.right else {
                continue;
            };
            let one = Judged {
                cause: first.hypothesis.cause.clone(),
                strength: first.pattern.strength(),
                right,
                on_the_spot: outcome.on_the_spot,
                at: conclusion.opened_at,
                same_build: first.component == of.component,
            };
            let of_incident = incident.map_or_else(|| run.to_string(), str::to_owned);
            let newer = |old: &Judged| old.at <= one.at;
            if judged.get(&of_incident).is_none_or(newer) {
                judged.insert(of_incident, one);
            }
        }
        standing.judged = judged.into_values().collect();
        Ok((standing, up_to))
    }

    /// The runs of which it is known what they came to, each once.
    async fn judged_runs(&self, learnt: &Learnt) -> Result<Vec<RunId>, RunError> {
        let mut runs: Vec<RunId> = learnt.runs().cloned().collect();
        for incident in learnt.incidents() {
            let lines = self.store().runs_of_incident(incident, RUNS_MAX).await?;
            runs.extend(lines.into_iter().map(|line| line.run));
        }
        runs.sort();
        runs.dedup();
        runs.truncate(JUDGED_MAX);
        Ok(runs)
    }

    /// The component that a hypothesis blames.
    async fn subject_of(&self, first: &First) -> Result<Option<String>, RunError> {
        let cassette = self.cassette(first.cassette).await?;
        let blamed = subject(&first.hypothesis, |id| cassette.call(id));
        Ok(blamed.map(str::to_owned))
    }

    async fn conclusion(&self, run: &RunId) -> Result<Arc<Conclusion>, RunError> {
        let seen = &self.conclusions.0;
        let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(run) {
            return Ok(Arc::clone(known));
        }
        let (found, ended) = self.concluded(run).await?;
        let found = Arc::new(found);
        if ended {
            let mut seen = lock();
            if seen.len() >= SEEN_MAX {
                seen.clear();
            }
            seen.insert(run.clone(), Arc::clone(&found));
        }
        Ok(found)
    }

    /// From the journal, with whether the run has ended.
    async fn concluded(&self, run: &RunId) -> Result<(Conclusion, bool), RunError> {
        let mut found = Conclusion {
            runbook: String::new(),
            incident: None,
            opened_at: Time::default(),
            first: None,
        };
        let mut ended = false;
        for stamped in self.store().events(run).await? {
            match &stamped.entry {
                Entry::RunOpened { runbook, .. } => {
                    found.runbook.clone_from(runbook);
                    found.incident = stamped.entry.incident().map(str::to_owned);
                    found.opened_at = stamped.at;
                }
                Entry::StepEnded {
                    step,
                    component,
                    cassette,
                    end: StepEnd::Report(report),
                    ..
                } => {
                    let blob = BlobDigest::from_raw(*report.raw());
                    let kept: StepReport = self.document(blob, "report").await?;
                    // The last report that names a cause is the run's word.
                    if let (Some(one), Some(pattern)) =
                        (kept.report.hypotheses.first(), pattern(&kept.report, 0))
                    {
                        found.first = Some(First {
                            step: step.clone(),
                            component: *component,
                            pattern,
                            hypothesis: one.clone(),
                            cassette: *cassette,
                            entry: stamped.index,
                        });
                    }
                }
                Entry::RunEnded { .. } => {
                    ended = true;
                    // A verification comes after it, and is no diagnosis.
                    break;
                }
                _ => {}
            }
        }
        Ok((found, ended))
    }
}

fn corpus(entry: &Entry, of: &Rated<'_>) -> Option<Corpus> {
    match entry {
        Entry::Backtested {
            runbook,
            components,
            summary,
            ..
        } if runbook == of.runbook => components
            .iter()
            .any(|one| one.step == of.step && one.digest == of.component)
            .then(|| Corpus::of(summary.judged, &summary.calibration)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
