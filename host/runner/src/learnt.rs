//! What people have said of diagnoses, read from the journal: verdicts on the spot, and causes that
//! came to be known.
//! Invariant: the newest word counts, and what it superseded stays in the journal.

use std::collections::BTreeMap;

use interlock_gate::{ids::RunId, time::Time};
use interlock_store::{Store, StoreError, entry::Entry};
use serde::{Deserialize, Serialize};

/// What somebody thought of a diagnosis on the spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They went by it.
    Accepted,
    /// They went by a part of it.
    Modified,
    /// They did not go by it.
    Rejected,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 3] = [Verdict::Accepted, Verdict::Modified, Verdict::Rejected];

    /// Its word, as the journal and screens use it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Modified => "modified",
            Verdict::Rejected => "rejected",
        }
    }

    /// The verdict of that word.
    pub fn of_word(word: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// What an incident turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
    /// A cause of a manifest, or `other: ` and words.
    pub cause: String,
    /// The component that it was in, where known. Untrusted text.
    pub subject: Option<String>,
    /// When it came to be known.
    pub at: Time,
    /// The journal's entry that says so.
    pub entry: u64,
}

/// What was said of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) verdict: Option<(Verdict, Time)>,
    cause: Option<Actual>,
}

/// What a diagnosis came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether the cause that was named first is the actual one; nothing where nobody can say.
    pub(crate) right: Option<bool>,
    /// Whether all that is known is a verdict on the spot.
    pub(crate) on_the_spot: bool,
}

/// All of it, as it stood when the journal had so many entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learnt {
    said: BTreeMap<RunId, Said>,
    causes: BTreeMap<String, Actual>,
    /// The newest last.
    backtests: Vec<Entry>,
    /// One behind the newest entry that is in it; 0 where nothing is.
    pub(crate) up_to: u64,
}

impl Learnt {
    /// From the journal's entries before `end`; all of them where that is `None`.
    pub(crate) async fn read(store: &dyn Store, end: Option<u64>) -> Result<Learnt, StoreError> {
        let mut entries = Vec::new();
        for kind in ["feedback", "cause", "backtested"] {
            entries.extend(store.entries_of(kind).await?);
        }
        entries.retain(|stamped| end.is_none_or(|end| stamped.index < end));
        entries.sort_by_key(|stamped| stamped.index);
        let mut found = Learnt::default();
        for stamped in entries {
            found.up_to = stamped.index + 1;
            found.take(stamped.index, stamped.at, stamped.entry);
        }
        Ok(found)
    }

    fn take(&mut self, index: u64, at: Time, entry: Entry) {
        let actual = |cause, subject| Actual {
            cause,
            subject,
            at,
            entry: index,
        };
        match entry {
            Entry::Feedback {
                run,
                verdict,
                cause,
                ..
            } => {
                let said = self.said.entry(run).or_default();
                if let Some(verdict) = verdict.as_deref().and_then(Verdict::of_word) {
                    said.verdict = Some((verdict, at));
                }
                if let Some(cause) = cause {
                    said.cause = Some(actual(cause, None));
                }
            }
            Entry::Cause {
                incident,
                cause,
                subject,
                ..
            } => drop(self.causes.insert(incident, actual(cause, subject))),
            entry @ Entry::Backtested { .. } => self.backtests.push(entry),
            _of_another_kind => {}
        }
    }

    /// The runs of which something was said.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.said.keys()
    }

    /// The incidents whose cause is known by a word on the incident itself.
    pub(crate) fn incidents(&self) -> impl Iterator<Item = &str> {
        self.causes.keys().map(String::as_str)
    }

    /// The kept backtests, the newest first.
    pub(crate) fn backtests(&self) -> impl Iterator<Item = &Entry> {
        self.backtests.iter().rev()
    }

    /// The newest verdict on a run.
    pub(crate) fn verdict(&self, run: &RunId) -> Option<(Verdict, Time)> {
        self.said.get(run).and_then(|said| said.verdict)
    }

    /// What a run's incident turned out to be: the newest word on the run or on the incident.
    pub(crate) fn actual(&self, run: &RunId, incident: Option<&str>) -> Option<&Actual> {
        let of_run = self.said.get(run).and_then(|said| said.cause.as_ref());
        let of_incident = incident.and_then(|id| self.causes.get(id));
        of_run
            .into_iter()
            .chain(of_incident)
            .max_by_key(|actual| actual.entry)
    }

    /// What a run's first hypothesis came to: by the actual cause where that is known, else by
    /// whether it was accepted or rejected on the spot.
    pub(crate) fn outcome(
        &self,
        run: &RunId,
        incident: Option<&str>,
        named: &Named<'_>,
    ) -> Outcome {
        if let Some(actual) = self.actual(run, incident) {
            return Outcome {
                right: Some(named.is(actual)),
                on_the_spot: false,
            };
        }
        let right = match self.verdict(run) {
            Some((Verdict::Accepted, _)) => Some(true),
            Some((Verdict::Rejected, _)) => Some(false),
            // Of what was changed nobody says whether it was the cause.
            Some((Verdict::Modified, _)) | None => None,
        };
        Outcome {
            right,
            on_the_spot: right.is_some(),
        }
    }
}

/// What a hypothesis names.
pub(crate) struct Named<'a> {
    pub(crate) cause: &'a str,
    /// The component that it blames, where it blames one.
    pub(crate) subject: Option<&'a str>,
}

impl Named<'_> {
    fn is(&self, actual: &Actual) -> bool {
        let place = match (self.subject, actual.subject.as_deref()) {
            (Some(named), Some(actual)) => named == actual,
            // One that names no place is not wrong about it.
            _ => true,
        };
        self.cause == actual.cause && place
    }
}
