//! What was changed before and during the incident, as its runs' calls were answered.

use std::collections::BTreeMap;

use interlock_capabilities::{Answer, Recorded, read::changes::Change};
use interlock_gate::{ids::CallId, time::Time};
use interlock_runner::record::StepRecord;

use super::{Story, source};
use crate::cite::Source;

/// Changes that are told, those nearest to the incident.
const CHANGES_MAX: usize = 20;
/// How long before its first alert a change is looked at, in seconds.
const BEFORE_S: u64 = 6 * 3_600;

/// One change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// When it took effect.
    pub at: Time,
    /// What; its title and author are untrusted text.
    pub change: Change,
    /// The call that was answered so.
    pub call: CallId,
    /// The entry of the step that asked.
    pub source: Source,
}

impl Story {
    /// The changes that its runs were told of, each once, oldest first.
    pub fn changes(&self) -> Vec<Changed> {
        let Some(began) = self
            .first_alert()
            .map(|one| one.from)
            .or(self.opening().map(|one| one.at))
        else {
            return Vec::new();
        };
        let mut found: BTreeMap<(u64, String, String), Changed> = BTreeMap::new();
        for stamped in &self.entries {
            let Some((_, step)) = self.step(stamped) else {
                continue;
            };
            for (call, change) in told(step) {
                let at = Time::from_micros(change.at).unwrap_or_default();
                if at < began.minus_seconds(BEFORE_S) {
                    continue;
                }
                let key = (change.at, change.source.clone(), change.id.clone());
                found.entry(key).or_insert_with(|| Changed {
                    at,
                    change: change.clone(),
                    call,
                    source: source(stamped),
                });
            }
        }
        let mut all: Vec<Changed> = found.into_values().collect();
        // The nearest to the beginning, before or after.
        all.sort_by_key(|one| one.at.micros().abs_diff(began.micros()));
        all.truncate(CHANGES_MAX);
        all.sort_by_key(|one| one.at);
        all
    }
}

fn told(step: &StepRecord) -> impl Iterator<Item = (CallId, &Change)> {
    let answers = step.cassette.calls.iter();
    answers.flat_map(|recorded: &Recorded| {
        let changes = match &recorded.answer {
            Ok(Answer::ChangesList(list)) => list.changes.as_slice(),
            _ => &[],
        };
        changes.iter().map(move |change| (recorded.id, change))
    })
}
