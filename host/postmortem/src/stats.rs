//! Post-mortems counted: how many incidents a factor, a cause, a service or a severity had.
//! Not a trend and not a rate: it counts what people and the record say, and names what is missing.
//! Invariant: a factor that nobody has confirmed is never counted among those that are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use interlock_gate::time::Time;
use interlock_runner::{error::RunError, open::Runner};
use interlock_store::{Store as _, entry::Entry};

use crate::front::{BadFront, Front, Status};

/// Incidents of the journal that are looked at, the newest.
const INCIDENTS_MAX: usize = 10_000;

/// By what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Contributing factors.
    Factor,
    /// Causes, as runbooks name them.
    Cause,
    /// Services.
    Service,
    /// Severities.
    Severity,
}

impl By {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            By::Factor => "factor",
            By::Cause => "cause",
            By::Service => "service",
            By::Severity => "severity",
        }
    }
}

/// An incident as the journal knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub incident: String,
    /// When it was opened.
    pub opened_at: Time,
    /// Whose, where known.
    pub service: Option<String>,
    /// How bad, where known.
    pub severity: Option<String>,
    /// What was judged to be its cause last: `runbook/cause`.
    pub judged: Option<String>,
}

/// A post-mortem in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its file.
    pub file: PathBuf,
    /// Its header.
    pub front: Front,
}

/// A file of the folder that is not counted, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCounted {
    /// Its header cannot be read.
    #[error("{}:{}: {}", .file.display(), .source.line, .source.problem)]
    Header {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: BadFront,
    },
    /// Another file is about the same incident.
    #[error("{}: {} is about `{incident}` too, and is counted", .file.display(), .other.display())]
    Second {
        /// The file.
        file: PathBuf,
        /// The one that is counted.
        other: PathBuf,
        /// The incident, escaped.
        incident: String,
    },
}

/// How many incidents had one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Incidents of which it is said so, sorted.
    pub said: Vec<String>,
    /// Incidents for which it is proposed, and nobody has confirmed it; factors only.
    pub proposed: Vec<String>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By what.
    pub by: By,
    /// Only incidents that were opened then or later.
    pub since: Option<Time>,
    /// Only incidents of this severity.
    pub severity: Option<String>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Stats {
    /// What was asked.
    pub asked: Asked,
    /// By value, the most frequent first.
    pub counts: Vec<(String, Count)>,
    /// Incidents that match, with a post-mortem or without.
    pub incidents: usize,
    /// How many of them have a post-mortem that a person stands behind.
    pub finals: usize,
    /// How many have a draft.
    pub drafts: usize,
    /// Those that have none, newest first.
    pub without: Vec<Known>,
    /// Files that are not counted.
    pub not_counted: Vec<NotCounted>,
}

/// The headers of a folder's files, in the order of their names.
pub fn filed(files: Vec<(PathBuf, String)>) -> (Vec<Filed>, Vec<NotCounted>) {
    let mut all: Vec<Filed> = Vec::new();
    let mut not_counted = Vec::new();
    for (file, text) in files {
        match Front::read(&text) {
            Err(source) => not_counted.push(NotCounted::Header { file, source }),
            Ok((front, _)) => match all.iter().find(|one| one.front.incident == front.incident) {
                Some(other) => not_counted.push(NotCounted::Second {
                    file,
                    other: other.file.clone(),
                    incident: interlock_gate::escape::foreign_short(&front.incident, 80),
                }),
                None => all.push(Filed { file, front }),
            },
        }
    }
    (all, not_counted)
}

/// Counts.
pub fn count(
    asked: Asked,
    filed: &[Filed],
    known: &[Known],
    not_counted: Vec<NotCounted>,
) -> Stats {
    let by_id: BTreeMap<&str, &Known> = known
        .iter()
        .map(|one| (one.incident.as_str(), one))
        .collect();
    let matches = |opened: Option<Time>, severity: Option<&str>| {
        let late = match (asked.since, opened) {
            (Some(since), Some(opened)) => opened >= since,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let as_bad = asked
            .severity
            .as_deref()
            .is_none_or(|wanted| severity.is_some_and(|one| one.eq_ignore_ascii_case(wanted)));
        late && as_bad
    };
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut written: BTreeSet<&str> = BTreeSet::new();
    let (mut finals, mut drafts) = (0, 0);
    for Filed { front, .. } in filed {
        written.insert(&front.incident);
        let journal = by_id.get(front.incident.as_str()).copied();
        let opened = journal.map(|one| one.opened_at);
        let opened = opened.or(front.detected).or(front.began);
        if !matches(opened, front.severity.as_deref()) {
            continue;
        }
        match front.status {
            Status::Final => finals += 1,
            Status::Draft => drafts += 1,
        }
        let (said, proposed) = values(asked.by, front, journal);
        for value in said {
            let count = counts.entry(value).or_default();
            count.said.push(front.incident.clone());
        }
        for value in proposed {
            let count = counts.entry(value).or_default();
            count.proposed.push(front.incident.clone());
        }
    }
    let mut without: Vec<Known> = known
        .iter()
        .filter(|one| !written.contains(one.incident.as_str()))
        .filter(|one| matches(Some(one.opened_at), one.severity.as_deref()))
        .cloned()
        .collect();
    without.sort_by_key(|one| std::cmp::Reverse(one.opened_at));
    let mut counts: Vec<(String, Count)> = counts.into_iter().collect();
    for (_, count) in &mut counts {
        count.said.sort_unstable();
        count.proposed.sort_unstable();
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse((count.said.len(), count.proposed.len())));
    Stats {
        asked,
        counts,
        incidents: finals + drafts + without.len(),
        finals,
        drafts,
        without,
        not_counted,
    }
}

/// What is said, and what is only proposed.
fn values(by: By, front: &Front, journal: Option<&Known>) -> (Vec<String>, Vec<String>) {
    const NONE: &str = "(none said)";
    let words = |factors: &[crate::taxonomy::Factor]| -> Vec<String> {
        factors.iter().map(ToString::to_string).collect()
    };
    let or_none = |mut said: Vec<String>| {
        if said.is_empty() {
            said.push(NONE.to_owned());
        }
        said
    };
    match by {
        By::Factor => {
            let (said, proposed) = (words(&front.factors), words(&front.proposed));
            match (said.is_empty(), proposed.is_empty()) {
                (true, true) => (or_none(said), proposed),
                _ => (said, proposed),
            }
        }
        By::Cause => {
            let corrected = front.changed().contains(&"causes");
            let judged = journal.and_then(|one| one.judged.clone());
            match judged.filter(|_| !corrected) {
                Some(judged) => (vec![judged], Vec::new()),
                None => (or_none(front.causes.clone()), Vec::new()),
            }
        }
        By::Service => (or_none(front.services.clone()), Vec::new()),
        By::Severity => (
            or_none(front.severity.iter().cloned().collect()),
            Vec::new(),
        ),
    }
}

impl Known {
    /// Every incident of the journal, newest first, with what was judged to be its cause.
    pub async fn all(runner: &Runner) -> Result<Vec<Known>, RunError> {
        let store = runner.store();
        let lines = runner.incidents(INCIDENTS_MAX).await?;
        let mut of_run = BTreeMap::new();
        let mut newest = BTreeMap::new();
        for line in &lines {
            for run in line.runs.iter().rev() {
                of_run.insert(run.run.to_string(), (line.id.clone(), run.runbook.clone()));
                newest.insert(line.id.clone(), run.runbook.clone());
            }
        }
        let mut told = store.entries_of("feedback").await?;
        told.extend(store.entries_of("incident").await?);
        told.extend(store.entries_of("cause").await?);
        told.sort_by_key(|stamped| stamped.index);
        let mut judged: BTreeMap<String, String> = BTreeMap::new();
        for stamped in told {
            match stamped.entry {
                Entry::Feedback {
                    run,
                    cause: Some(cause),
                    ..
                } => {
                    if let Some((incident, runbook)) = of_run.get(run.as_str()) {
                        judged.insert(incident.clone(), format!("{runbook}/{cause}"));
                    }
                }
                Entry::Incident {
                    incident,
                    cause: Some(cause),
                    ..
                } => {
                    let id = incident.get("id").and_then(|id| id.as_str());
                    if let Some(id) = id
                        && let Some(runbook) = newest.get(id)
                    {
                        judged.insert(id.to_owned(), format!("{runbook}/{cause}"));
                    }
                }
                Entry::Cause {
                    incident, cause, ..
                } => {
                    if let Some(runbook) = newest.get(&incident) {
                        judged.insert(incident, format!("{runbook}/{cause}"));
                    }
                }
                _ => {}
            }
        }
        let known = lines.into_iter().map(|line| Known {
            judged: judged.get(&line.id).cloned(),
            incident: line.id,
            opened_at: line.opened_at,
            service: line.service,
            severity: line.severity,
        });
        Ok(known.collect())
    }
}

#[cfg(test)]
mod tests;
