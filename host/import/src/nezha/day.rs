//! One day of the set, read whole: what was measured, what was traced, and who calls whom.

use std::collections::BTreeMap;

use interlock_bundle::Folder;

use super::calls::Calls;
use super::faults::Fault;
use super::habits::Habits;
use super::metrics::Gauges;
use super::pieces::{MINUTE, Windows};
use super::rows;
use super::spans::{self, Texts};
use crate::ImportError;

/// One day.
pub(super) struct Day {
    pub(super) name: String,
    /// Its midnight, in microseconds since 1970.
    pub(super) midnight: u64,
    pub(super) faults: Vec<Fault>,
    pub(super) gauges: Gauges,
    pub(super) texts: Texts,
    /// What calls lasted in the normal recording, and in the faulty one.
    pub(super) normal_calls: Calls,
    pub(super) calls: Calls,
    /// Of the usual minutes, and of each fault's window.
    pub(super) usual: Habits,
    pub(super) habits: Vec<Habits>,
}

impl Day {
    /// Reads a day's folder, and the one of the normal period where there is one.
    pub(super) fn read(
        name: &str,
        faults: Vec<Fault>,
        folder: &Folder,
        normal: Option<&Folder>,
    ) -> Result<Self, ImportError> {
        let first = faults.first().map_or(0, |fault| fault.at);
        let midnight =
            rows::utc(&format!("{name} 00:00:00")).unwrap_or(first - first % (24 * 60 * MINUTE));
        let mut day = Self {
            name: name.to_owned(),
            midnight,
            habits: faults.iter().map(|_| Habits::default()).collect(),
            faults,
            gauges: Gauges::default(),
            texts: Texts::default(),
            normal_calls: Calls::default(),
            calls: Calls::default(),
            usual: Habits::default(),
        };
        for folder in [Some(folder), normal].into_iter().flatten() {
            match folder.folder("metric") {
                Ok(metric) => day.gauges.read(&metric)?,
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        for samples in day.gauges.series.values_mut() {
            // The normal recording holds the same minutes again.
            samples.sort_by_key(|sample| sample.0);
            samples.dedup_by_key(|sample| sample.0);
        }
        if let Some(normal) = normal {
            for minute in spans::minutes(normal)? {
                let spans = spans::read(normal, &minute, &mut day.texts)?;
                day.usual.add(&spans, |_| true);
                day.normal_calls.add(&spans);
            }
        }
        for minute in spans::minutes(folder)? {
            let spans = spans::read(folder, &minute, &mut day.texts)?;
            day.count(&spans);
        }
        day.connect();
        Ok(day)
    }

    fn count(&mut self, spans: &[spans::Span]) {
        let windows = Windows::of(&self.faults);
        self.usual.add(spans, |span| windows.calm(span.at));
        let mut touched: BTreeMap<usize, ()> = BTreeMap::new();
        for span in spans {
            touched.extend(windows.within(span.at).map(|fault| (fault, ())));
        }
        for &fault in touched.keys() {
            let (Some(habits), Some(of)) = (self.habits.get_mut(fault), self.faults.get(fault))
            else {
                continue;
            };
            habits.add(spans, |span| Windows::traced(of, span.at));
        }
        self.calls.add(spans);
    }

    /// Who calls whom, by the spans.
    fn connect(&mut self) {
        for calls in [&self.normal_calls, &self.calls] {
            for (caller, callee) in calls.edges(&self.texts) {
                for service in [caller, callee] {
                    self.gauges.services.insert(service.to_owned());
                }
                self.gauges
                    .calls
                    .insert((caller.to_owned(), callee.to_owned()));
            }
        }
    }
}
