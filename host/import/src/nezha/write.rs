//! From a day to bundles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use interlock_bundle::{About, Bundle, Observed, Truth};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_capabilities::read::metrics::{Point, Series};
use interlock_capabilities::read::topology::Service;

use super::day::Day;
use super::faults::{Fault, time};
use super::metrics::{Name, Sample};
use super::pieces::{MINUTE, SECOND, Windows, service};
use crate::{ImportError, Imported, Progress};

/// Minutes of the usual period. They are laid end to end, the last before the day's midnight: so a
/// run, which sees nothing that is still to come, sees all of them.
const USUAL_MINUTES: u64 = 240;

/// Writes a day's shared part, and a bundle with its truth for each fault.
pub(super) fn write(
    day: &Day,
    out: &Path,
    imported: &mut Imported,
    progress: Progress<'_>,
) -> Result<(), ImportError> {
    let shared = format!("nezha-{}", day.name);
    std::fs::create_dir_all(out).map_err(|why| interlock_bundle::BundleError::System {
        path: out.to_owned(),
        doing: "written",
        why,
    })?;
    let part = Observed {
        metrics: Some(usual(day)),
        topology: Some(topology(day)),
        ..Observed::default()
    };
    Bundle::write_shared(out, &shared, part)?;
    for (index, fault) in day.faults.iter().enumerate() {
        let (begin, end) = (time(Windows::begin(fault)), time(Windows::end(fault)));
        // The id is a place in the day: it says nothing of the fault.
        let id = format!("nezha-{}-{index:02}", day.name);
        let mut about = About::new(&id, begin, end);
        about.title = "Requests behave differently".to_owned();
        about.source = Some("Nezha (https://github.com/IntelligentDDS/Nezha), MIT".to_owned());
        about.shared = Some(shared.clone());
        let observed = Observed {
            alerts: Some(vec![alert(day, fault, &id)]),
            metrics: Some(window(day, index, fault)),
            ..Observed::default()
        };
        let folder = out.join(&id);
        Bundle::new(about, observed).write(&folder)?;
        Truth {
            subjects: vec![service(&fault.pod).to_owned()],
            note: Some(fault.kind.clone()),
            ..Truth::default()
        }
        .write(&folder)?;
        imported.bundles.push(id);
        imported.truths += 1;
        let done = imported.bundles.len();
        progress(done, None, &format!("{} of {}", index + 1, day.name));
    }
    let notes = &mut imported.notes;
    notes.push(format!(
        "{}: `PodSuccessRate(%)` is 0 throughout, and is left out",
        day.name
    ));
    if day.calls.edges(&day.texts).next().is_none() {
        notes.push(format!("{}: there are no traces and no logs", day.name));
    }
    Ok(())
}

/// The window of a fault, what led to it, and what was counted within it.
fn window(day: &Day, index: usize, fault: &Fault) -> Vec<Series> {
    let windows = Windows::of(&day.faults);
    let (begin, end) = (Windows::begin(fault), Windows::end(fault));
    let mut made: Vec<Series> = day
        .gauges
        .series
        .iter()
        .map(|(name, samples)| {
            let held = |sample: &&Sample| windows.held(sample.0).any(|held| held == index);
            series(name, samples.iter().filter(held).copied())
        })
        .filter(|series| !series.points.is_empty())
        .collect();
    // A minute's calls are known when it is over.
    let minute = |at: u64| {
        let before_it = windows.held(at).any(|held| held == index) && at <= begin;
        let held = before_it || Windows::traced(fault, at);
        let after = at.saturating_sub(begin).div_ceil(MINUTE) * MINUTE;
        let before = begin.saturating_sub(at) / MINUTE * MINUTE;
        held.then_some(begin + after - before)
    };
    add(&mut made, day.calls.middles(&day.texts, minute));
    if let Some(habits) = day.habits.get(index) {
        add(&mut made, habits.counters((begin, end), &day.texts));
    }
    made
}

fn add(made: &mut Vec<Series>, named: Vec<(Name, Vec<Sample>)>) {
    made.extend(
        named
            .into_iter()
            .map(|(name, samples)| series(&name, samples.into_iter())),
    );
}

fn usual_window(day: &Day) -> (u64, u64) {
    let from = day.midnight.saturating_sub(USUAL_MINUTES * MINUTE);
    (from, day.midnight)
}

/// The usual period: calm minutes, spread over the day and laid end to end.
fn usual(day: &Day) -> Vec<Series> {
    let windows = Windows::of(&day.faults);
    let (from, until) = usual_window(day);
    let measured = day.gauges.series.values().flatten();
    let calm: BTreeSet<u64> = measured
        .map(|s| s.0)
        .filter(|&at| windows.calm(at))
        .map(|at| at / MINUTE)
        .collect();
    let places = laid(calm, until);
    let mut made: Vec<Series> = day
        .gauges
        .series
        .iter()
        .map(|(name, samples)| {
            let moved = samples.iter().filter(|sample| windows.calm(sample.0));
            let moved =
                moved.filter_map(|(at, value)| Some((*places.get(&(at / MINUTE))?, *value)));
            series(name, moved)
        })
        .filter(|series| !series.points.is_empty())
        .collect();
    // Of the traces, the normal recording comes first, then the calm minutes of the other.
    let mut calls: BTreeMap<Name, Vec<f64>> = BTreeMap::new();
    let normal = day.normal_calls.middles(&day.texts, |at| Some(at / MINUTE));
    let calm = day
        .calls
        .middles(&day.texts, |at| windows.calm(at).then_some(at / MINUTE));
    for (name, samples) in normal.into_iter().chain(calm) {
        let values = samples.into_iter().map(|(_, value)| value);
        calls.entry(name).or_default().extend(values);
    }
    for (name, values) in calls {
        let kept = values.len().min(USUAL_MINUTES as usize);
        let late = (1..=kept as u64)
            .rev()
            .map(|minutes| until - minutes * MINUTE);
        made.push(series(&name, late.zip(values.into_iter().take(kept))));
    }
    add(&mut made, day.usual.counters((from, until), &day.texts));
    made
}

/// Where each of these minutes is laid, as many as there is room for, evenly chosen.
fn laid(minutes: BTreeSet<u64>, until: u64) -> BTreeMap<u64, u64> {
    let count = minutes.len() as u64;
    let kept = count.min(USUAL_MINUTES);
    let minutes: Vec<u64> = minutes.into_iter().collect();
    let chosen = (0..kept).filter_map(|index| {
        let minute = minutes.get((index * count / kept) as usize)?;
        Some((*minute, until - (kept - index) * MINUTE))
    });
    chosen.collect()
}

fn series(name: &Name, samples: impl Iterator<Item = Sample>) -> Series {
    let labels = name.iter().map(|(name, value)| label(name, value));
    Series {
        labels: labels.collect(),
        points: samples.map(|(at, value)| Point { at, value }).collect(),
    }
}

fn label(name: &str, value: &str) -> Label {
    Label {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// That something is wrong, and no more: the set has no alerts of its own.
fn alert(day: &Day, fault: &Fault, id: &str) -> Alert {
    let (from, until) = usual_window(day);
    Alert {
        name: "RequestsBehaveDifferently".to_owned(),
        state: "firing".to_owned(),
        starts_at: Windows::begin(fault),
        ends_at: None,
        fingerprint: id.to_owned(),
        labels: vec![
            label("alertname", "RequestsBehaveDifferently"),
            label("sampled_every", "1m"),
            label("usual_from", &(from / SECOND).to_string()),
            label("usual_until", &(until / SECOND).to_string()),
        ],
        annotations: Vec::new(),
        source: "incident".to_owned(),
    }
}

fn topology(day: &Day) -> Vec<Service> {
    let services = day.gauges.services.iter();
    let of = |name: &String| {
        let calls = day.gauges.calls.iter().filter(|(caller, _)| caller == name);
        Service {
            name: name.clone(),
            depends_on: calls.map(|(_, callee)| callee.clone()).collect(),
            databases: Vec::new(),
        }
    };
    services.map(of).collect()
}
