//! Past incidents that are like one: the index beside the journal, brought up to date by whoever
//! asks.
//! Invariant: what the index says of an incident is what the journal said when it was asked.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use interlock_capabilities::report::Incident;
use interlock_gate::{
    ids::{BlobDigest, RunId},
    time::Time,
};
use interlock_similar::{Document, Index, Match, Outcome};
use interlock_store::{
    IncidentLine, SqliteStore, Store,
    entry::{Entry, StepEnd},
};

use super::{
    GroupAlert,
    known::{Alerts, Opening},
    timeline::RUNS_MAX,
};
use crate::{error::RunError, open::Runner, report::StepReport};

/// The index's file, in the state folder.
pub(crate) const INDEX: &str = "similar.db";
/// Incidents that are taken in at a time.
const BATCH: usize = 200;
/// Entries of an incident that are read for its words, the newest.
const ENTRIES_MAX: usize = 200;
/// A run that is open for longer was left, and is not waited for.
const OPEN_S_MAX: u64 = 3_600;

impl Runner {
    /// The past incidents that are like this one, the most alike first, at most `most`.
    pub async fn similar(&self, id: &str, most: usize) -> Result<Vec<Match>, RunError> {
        let line = self.store().incident(id).await?;
        let line = line.ok_or_else(|| RunError::Unknown {
            what: "incident",
            id: id.chars().take(80).collect(),
        })?;
        let now = document(self.store(), &line).await?;
        self.like(now, most).await
    }

    /// The past incidents that such words would find, the most alike first, at most `most`.
    pub async fn similar_to_words(&self, words: &str, most: usize) -> Result<Vec<Match>, RunError> {
        let now = Document {
            words: words.to_owned(),
            ..Document::default()
        };
        self.like(now, most).await
    }

    async fn like(&self, now: Document, most: usize) -> Result<Vec<Match>, RunError> {
        let path = self.config().state_dir.join(INDEX);
        find(Arc::clone(self.store()), &path, &now, most).await
    }
}

/// Brings the index up to date and asks it.
pub(super) async fn find(
    store: Arc<SqliteStore>,
    path: &Path,
    now: &Document,
    most: usize,
) -> Result<Vec<Match>, RunError> {
    let mut index = Index::open(path)?;
    let mut from = index.up_to()?;
    // What a run that goes on will conclude is in no entry about its incident: it is read again.
    let mut again_from = u64::MAX;
    loop {
        let touched = store.incidents_since(from, BATCH).await?;
        let Some((_, last)) = touched.last() else {
            break;
        };
        let (full, next) = (touched.len() == BATCH, last + 1);
        let mut documents = Vec::new();
        for (id, _) in &touched {
            let Some(line) = store.incident(id).await? else {
                continue;
            };
            documents.push(document(&store, &line).await?);
            if goes_on(&line) {
                again_from = again_from.min(line.opening.index);
            }
        }
        index.put(&documents, next.min(again_from))?;
        if !full {
            break;
        }
        from = next;
    }
    Ok(index.similar(now, most)?)
}

fn goes_on(line: &IncidentLine) -> bool {
    let now = crate::open::now();
    line.runs
        .iter()
        .any(|run| run.state == "open" && now.seconds_since(run.opened_at) < OPEN_S_MAX)
}

/// What a run's own incident is, before the journal says more of it.
pub(super) fn asked(incident: &Incident) -> Document {
    let mut found = Document {
        id: incident.id.clone(),
        at: Time::from_micros(incident.begin).unwrap_or_default(),
        service: incident.service.clone(),
        severity: incident.severity.clone(),
        ..Document::default()
    };
    for alert in &incident.alerts {
        found.alerts.insert(alert.name.clone());
        let labels = alert.labels.iter();
        found
            .labels
            .extend(labels.map(|label| (label.name.clone(), label.value.clone())));
        for text in &alert.annotations {
            say(&mut found.words, &text.value);
        }
    }
    found
}

async fn document(store: &SqliteStore, line: &IncidentLine) -> Result<Document, RunError> {
    let opening = Opening::of(&line.opening);
    let alerts = if line.group.is_some() {
        let mut known = Alerts::default();
        for stamped in store.about_incident_of(&line.incident, "alerted").await? {
            if let Entry::Alerted { alerts, .. } = &stamped.entry {
                known.take(alerts);
            }
        }
        known.list()
    } else {
        opening.alerts
    };
    let mut found = Document {
        id: line.incident.clone(),
        at: line.opened_at,
        service: opening.service,
        severity: opening.severity,
        ..Document::default()
    };
    for alert in &alerts {
        take(&mut found, alert);
    }
    for stamped in store.about_incident(&line.incident, ENTRIES_MAX).await? {
        if let Entry::Note { text, .. } = &stamped.entry {
            say(&mut found.words, text);
        }
    }
    for run in store.runs_of_incident(&line.incident, RUNS_MAX).await? {
        conclusion(store, &run.run, &mut found).await?;
    }
    found.outcome = outcome(store, &line.incident).await?;
    Ok(found)
}

fn take(found: &mut Document, alert: &GroupAlert) {
    found.alerts.insert(alert.name().to_owned());
    let labels = alert.labels.iter();
    let labels: BTreeSet<(String, String)> = labels
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    found.labels.extend(labels);
    for text in alert.annotations.values() {
        say(&mut found.words, text);
    }
}

/// What it turned out to be: the newest word on the incident or on a run about it.
async fn outcome(store: &SqliteStore, incident: &str) -> Result<Option<Outcome>, RunError> {
    let mut said = store.about_incident_of(incident, "cause").await?;
    said.extend(store.about_incident_of(incident, "feedback").await?);
    said.sort_by_key(|stamped| stamped.index);
    let known = said
        .into_iter()
        .rev()
        .find_map(|stamped| match stamped.entry {
            Entry::Cause { cause, subject, .. } => Some(Outcome { cause, subject }),
            Entry::Feedback {
                cause: Some(cause), ..
            } => Some(Outcome {
                cause,
                subject: None,
            }),
            _ => None,
        });
    Ok(known)
}

/// What the run put first.
async fn conclusion(
    store: &SqliteStore,
    run: &RunId,
    found: &mut Document,
) -> Result<(), RunError> {
    for stamped in store.events(run).await? {
        if let Entry::StepEnded {
            end: StepEnd::Report(report),
            ..
        } = &stamped.entry
        {
            // What another version wrote is passed over rather than hide the incident.
            let bytes = store.blob(&BlobDigest::from_raw(*report.raw())).await?;
            let kept = bytes.and_then(|it| serde_json::from_slice::<StepReport>(&it).ok());
            let Some(StepReport { report, .. }) = kept else {
                continue;
            };
            say(&mut found.words, &report.summary);
            if let Some(first) = report.hypotheses.first() {
                found.concluded.insert(first.cause.clone());
            }
        }
    }
    Ok(())
}

fn say(words: &mut String, text: &str) {
    if words.len() < interlock_similar::WORDS_BYTES_MAX {
        words.push_str(text);
        words.push('\n');
    }
}
