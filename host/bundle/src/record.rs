//! Makes a bundle of what live sources answer for a window of time.

use std::collections::BTreeMap;

use interlock_capabilities::call::{
    self, AlertsList, Answer, Ask, ChangesList, LogsSearch, MetricsRange, TopologyServices,
};
use interlock_capabilities::read::alerts::{Alert, AlertsAsk};
use interlock_capabilities::read::changes::ChangesAsk;
use interlock_capabilities::read::logs::{LogLine, SearchAsk};
use interlock_capabilities::read::metrics::{Matrix, RangeAsk, Series};
use interlock_capabilities::read::topology::ServicesAsk;
use interlock_capabilities::read::{Label, Window};
use interlock_capabilities::{AnswerLimit, Gap, Read, Readers, Recorded};
use interlock_gate::ids::CallId;
use interlock_gate::time::Time;

use crate::serve::is_selector;
use crate::{Observed, is_name, series_text};

/// One answer of a source may be larger than a run's: nobody waits for it under an alert.
const LIMIT: AnswerLimit = AnswerLimit {
    bytes_max: 64 << 20,
};

/// Most lines that one answer of a log holds.
const LINES_MAX: u32 = 10_000;

/// How often a window is halved where an answer for it is too large.
const HALVINGS_MAX: u32 = 7;

/// Every series.
const ALL_SERIES: &str = "{__name__=~\".+\"}";

/// What Prometheus itself keeps of the alerts that rang.
const RANG: &str = "ALERTS{alertstate=\"firing\"}";

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Recording {
    /// From.
    pub begin: Time,
    /// Until.
    pub end: Time,
    /// Logs by the names of their sources.
    pub logs: Vec<String>,
    /// PromQL expressions; none: every series.
    pub queries: Vec<String>,
    /// Milliseconds between two values of a series.
    pub step_ms: u64,
}

/// What could not be recorded, or only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrecorded {
    /// What, in a word or two.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Asks the sources; where one is not configured, its part is left out. `now` is when they are
/// asked, for what they answer as it is now and not as it was.
pub async fn record(readers: &Readers, what: &Recording, now: Time) -> (Observed, Vec<Unrecorded>) {
    let mut recorder = Recorder {
        readers,
        what,
        now,
        observed: Observed::default(),
        missing: Vec::new(),
    };
    recorder.metrics().await;
    recorder.alerts().await;
    recorder.changes().await;
    recorder.topology().await;
    for source in &what.logs {
        recorder.log(source).await;
    }
    (recorder.observed, recorder.missing)
}

struct Recorder<'a> {
    readers: &'a Readers,
    what: &'a Recording,
    now: Time,
    observed: Observed,
    missing: Vec<Unrecorded>,
}

impl Recorder<'_> {
    fn window(&self) -> Window {
        Window {
            begin: self.what.begin.micros(),
            end: self.what.end.micros(),
        }
    }

    fn miss(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.missing.push(Unrecorded {
            what: what.into(),
            why: why.into(),
        });
    }

    async fn ask<C: Read>(&self, ask: C::Ask) -> Result<C::Answer, Gap> {
        C::start(self.readers, ask, LIMIT).await
    }

    async fn metrics(&mut self) {
        if self.readers.metrics.is_none() {
            return;
        }
        let all = [ALL_SERIES.to_owned()];
        let queries = match self.what.queries.as_slice() {
            [] => &all[..],
            some => some,
        };
        for query in queries {
            match self.range(query).await {
                Ok(series) if is_selector(query) => {
                    let known = self.observed.metrics.get_or_insert_default();
                    known.extend(series);
                }
                Ok(series) => self.expression(query, series),
                Err(gap) => self.miss(format!("metrics `{query}`"), gap.to_string()),
            }
        }
    }

    /// What a bundle cannot compute is kept as the answer that it had.
    fn expression(&mut self, query: &str, series: Vec<Series>) {
        let step_ms = self.what.step_ms;
        let ask = RangeAsk {
            query: query.to_owned(),
            window: self.window(),
            step_ms,
        };
        self.observed.calls.push(Recorded {
            id: CallId(self.observed.calls.len() as u64 + 1),
            ask: Ask::MetricsRange(ask),
            answer: Ok(Answer::MetricsRange(Matrix { step_ms, series })),
            asked_at: self.now,
            answered_at: self.now,
        });
    }

    /// The series of an expression over the window, in pieces where the whole is too large.
    async fn range(&self, query: &str) -> Result<Vec<Series>, Gap> {
        let mut done: BTreeMap<String, Series> = BTreeMap::new();
        // The last is the next.
        let mut pieces = vec![(self.window(), HALVINGS_MAX)];
        while let Some((window, halvings)) = pieces.pop() {
            let ask = RangeAsk {
                query: query.to_owned(),
                window: window.clone(),
                step_ms: self.what.step_ms,
            };
            match self.ask::<MetricsRange>(ask).await {
                Ok(matrix) => {
                    for mut one in matrix.series {
                        let known = done.entry(series_text(&one.labels));
                        let known = known.or_insert_with(|| Series {
                            labels: one.labels.clone(),
                            points: Vec::new(),
                        });
                        known.points.append(&mut one.points);
                    }
                }
                Err(Gap::TooLarge(_)) if halvings > 0 && self.steps(&window) > 1 => {
                    let half = self.steps(&window) / 2 * self.what.step_ms * 1000;
                    let middle = window.begin + half;
                    let later = Window {
                        begin: middle,
                        end: window.end,
                    };
                    pieces.push((later, halvings - 1));
                    let sooner = Window {
                        begin: window.begin,
                        end: middle,
                    };
                    pieces.push((sooner, halvings - 1));
                }
                Err(gap) => return Err(gap),
            }
        }
        Ok(done.into_values().collect())
    }

    fn steps(&self, window: &Window) -> u64 {
        (window.end - window.begin).div_ceil(self.what.step_ms.max(1) * 1000)
    }

    async fn alerts(&mut self) {
        let mut all: Option<Vec<Alert>> = None;
        if self.readers.alerts.is_some() {
            match self.ask::<AlertsList>(AlertsAsk {}).await {
                Ok(list) => {
                    let end = self.what.end.micros();
                    let rang = list.alerts.into_iter().filter(|a| a.starts_at < end);
                    all = Some(rang.collect());
                }
                Err(gap) => self.miss("alerts", gap.to_string()),
            }
        }
        // What has ended since is in no list: Prometheus' own series of alerts tells of it.
        if self.readers.metrics.is_some() {
            match self.range(RANG).await {
                Ok(series) if !series.is_empty() => {
                    let known = all.get_or_insert_default();
                    let rang = series.iter().flat_map(|one| self.rang(one));
                    let new: Vec<Alert> = rang.filter(|one| !is_told(known, one)).collect();
                    known.extend(new);
                }
                Ok(_) => {}
                Err(gap) => self.miss("alerts that have ended", gap.to_string()),
            }
        }
        self.observed.alerts = all;
    }

    /// An alert for each stretch of a series without a hole.
    fn rang(&self, series: &Series) -> Vec<Alert> {
        let hole = 2 * self.what.step_ms * 1000;
        let end = self.what.end.micros();
        let inner = |label: &&Label| !matches!(label.name.as_str(), "__name__" | "alertstate");
        let labels: Vec<Label> = series.labels.iter().filter(inner).cloned().collect();
        let named = labels.iter().find(|label| label.name == "alertname");
        let name = named.map_or(String::new(), |label| label.value.clone());
        let mut all: Vec<Alert> = Vec::new();
        let mut last = 0;
        for point in &series.points {
            match all.last_mut() {
                Some(alert) if point.at - last <= hole => alert.ends_at = Some(point.at),
                Some(_) | None => all.push(Alert {
                    name: name.clone(),
                    state: "firing".to_owned(),
                    starts_at: point.at,
                    ends_at: Some(point.at),
                    fingerprint: series_text(&labels),
                    labels: labels.clone(),
                    annotations: Vec::new(),
                    source: "alertmanager".to_owned(),
                }),
            }
            last = point.at;
        }
        for alert in &mut all {
            match alert.ends_at {
                // It still rang when the window ended.
                Some(at) if at + hole >= end => alert.ends_at = None,
                Some(_) | None => alert.state = "resolved".to_owned(),
            }
        }
        all
    }

    async fn changes(&mut self) {
        if self.readers.changes.is_none() {
            return;
        }
        let window = self.window();
        match self.ask::<ChangesList>(ChangesAsk { window }).await {
            Ok(list) => {
                if list.truncated {
                    self.miss("changes", "the oldest were left out by their source");
                }
                self.observed.changes = Some(list.changes);
            }
            Err(gap) => self.miss("changes", gap.to_string()),
        }
    }

    async fn topology(&mut self) {
        if self.readers.topology.is_none() {
            return;
        }
        match self.ask::<TopologyServices>(ServicesAsk {}).await {
            Ok(list) => self.observed.topology = Some(list.services),
            Err(gap) => self.miss("topology", gap.to_string()),
        }
    }

    async fn log(&mut self, source: &str) {
        let what = format!("log `{source}`");
        if !is_name(source) {
            return self.miss(what, "no bundle can hold a log of that name");
        }
        match self.lines(source).await {
            Ok((lines, whole)) => {
                if !whole {
                    self.miss(what, "it holds more lines than could be read");
                }
                self.observed.logs.insert(source.to_owned(), lines);
            }
            Err(gap) => self.miss(what, gap.to_string()),
        }
    }

    /// All lines of a log, in pieces where there are more than one answer holds, and whether they
    /// are all.
    async fn lines(&self, source: &str) -> Result<(Vec<LogLine>, bool), Gap> {
        let (mut all, mut whole) = (Vec::new(), true);
        let mut pieces = vec![(self.window(), HALVINGS_MAX)];
        while let Some((window, halvings)) = pieces.pop() {
            let ask = SearchAsk {
                source: source.to_owned(),
                window: window.clone(),
                pattern: String::new(),
                most: LINES_MAX,
            };
            let mut found = self.ask::<LogsSearch>(ask).await?;
            let middle = window.begin.midpoint(window.end);
            if found.truncated && halvings > 0 && middle > window.begin {
                let (sooner, later) = ((window.begin, middle), (middle, window.end));
                for (begin, end) in [later, sooner] {
                    pieces.push((Window { begin, end }, halvings - 1));
                }
                continue;
            }
            whole &= !found.truncated;
            all.append(&mut found.lines);
        }
        Ok((all, whole))
    }
}

/// Whether a list tells of this alert already: the same labels and more, over the same time.
fn is_told(known: &[Alert], new: &Alert) -> bool {
    let same = |one: &Alert| {
        let began = new.ends_at.is_none_or(|ends| one.starts_at <= ends);
        began && new.labels.iter().all(|label| one.labels.contains(label))
    };
    known.iter().any(same)
}

/// The calls that a bundle keeps of a run: each question once, as it was first answered.
pub fn calls_of<'a>(calls: impl IntoIterator<Item = &'a Recorded>) -> Vec<Recorded> {
    let mut kept: Vec<Recorded> = Vec::new();
    for one in calls {
        if !kept.iter().any(|known| known.ask == one.ask) {
            kept.push(one.clone());
        }
    }
    kept
}

/// An alert that a run was given, as a source of alerts would tell it.
pub fn alert_given(alert: &interlock_capabilities::report::Alert) -> Alert {
    Alert {
        name: alert.name.clone(),
        state: "firing".to_owned(),
        starts_at: alert.starts_at,
        ends_at: None,
        fingerprint: series_text(&alert.labels),
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        source: "incident".to_owned(),
    }
}

/// Alerts that a list of a run tells, where it asked for one.
pub fn alerts_listed(calls: &[Recorded]) -> Option<&[Alert]> {
    calls.iter().find_map(|one| match &one.answer {
        Ok(call::Answer::AlertsList(list)) => Some(list.alerts.as_slice()),
        Ok(_) | Err(_) => None,
    })
}
