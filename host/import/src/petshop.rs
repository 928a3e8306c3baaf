//! PetShop (Amazon, CC-BY-4.0): incidents with injected causes, in the layout that the set has.
//!
//! A traffic level is a folder with `graph.csv`, `noissue/metrics.csv` and
//! `{train,test}/issue_N/{metrics.csv,target.json}`. The graph and the normal period become a part
//! that the level's bundles share. `root_cause` and `metadata` go into the truth and nowhere else;
//! a bundle is named after its level, half and number.
//!
//! The set's normal period may have been recorded months after its incidents. A run knows nothing
//! that is later than itself, so the period is moved back, by whole weeks, until it ends before the
//! first incident: times of day and days of the week stay, and the import says so.

mod table;
mod target;

use std::collections::BTreeMap;
use std::path::Path;

use interlock_bundle::{About, Bundle, BundleError, Folder, Observed, Room, Truth};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_capabilities::read::metrics::Series;
use interlock_gate::time::Time;

use self::target::Target;
use crate::{Format, ImportError, Imported, Progress};

const GRAPH: &str = "graph.csv";
const METRICS: &str = "metrics.csv";
const TARGET: &str = "target.json";
const NORMAL: &str = "noissue";
/// The halves of a level; which incident is in which, the set says.
const HALVES: [&str; 2] = ["train", "test"];
/// Most bytes of one level.
const LEVEL_BYTES_MAX: u64 = 256 << 20;
/// By such steps a normal period is moved.
const WEEK_MICROS: u64 = 7 * 24 * 3600 * 1_000_000;
/// Between two samples of the set.
const EVERY_SECONDS: u64 = 300;
const SOURCE: &str = "PetShop, Amazon.com, Inc. or its affiliates, CC-BY-4.0";

/// Makes a bundle in `out` of every incident in `dir`: the whole set, or one of its traffic levels.
pub(crate) fn import(
    dir: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let root = Folder::open(dir)?;
    let mut making = Making {
        out,
        progress,
        made: Imported::default(),
    };
    if root.has(GRAPH) {
        let level = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let level = level.file_name().unwrap_or_default().to_string_lossy();
        making.level(&root, &name_of(&level))?;
    } else {
        for level in root.names()? {
            if root.has_folder(&level) && root.folder(&level)?.has(GRAPH) {
                making.level(&root.folder(&level)?, &name_of(&level))?;
            }
        }
    }
    if making.made.bundles.is_empty() {
        return Err(ImportError::Whole {
            path: dir.to_owned(),
            format: Format::PetShop,
            why: "neither it nor a folder in it holds `graph.csv` and `{train,test}/issue_N`"
                .to_owned(),
        });
    }
    making.made.truths = making.made.bundles.len();
    making.made.bundles.sort_unstable();
    Ok(making.made)
}

struct Making<'a> {
    out: &'a Path,
    progress: Progress<'a>,
    made: Imported,
}

/// What may stand in a bundle's name.
fn name_of(level: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    level.chars().filter(|c| good(*c)).take(30).collect()
}

impl Making<'_> {
    fn level(&mut self, level: &Folder, name: &str) -> Result<(), ImportError> {
        let mut room = Room::new(LEVEL_BYTES_MAX);
        let shared_name = format!("petshop-{name}");
        let graph = needed(level, GRAPH, &mut room)?;
        let topology = table::graph(&level.path().join(GRAPH), &graph)?;
        let normal = match level.has_folder(NORMAL) {
            true => level.folder(NORMAL)?.read(METRICS, &mut room)?,
            false => None,
        };
        let mut normal = match normal {
            Some(bytes) => table::metrics(&level.path().join(NORMAL).join(METRICS), &bytes)?,
            None => {
                let note = format!("{name} has no {NORMAL}/{METRICS}: no normal period is known");
                self.made.notes.push(note);
                Vec::new()
            }
        };
        let issues = self.issues(level, &mut room)?;
        let weeks = weeks_back(&normal, &issues);
        if weeks > 0 {
            for point in normal.iter_mut().flat_map(|series| &mut series.points) {
                point.at = point.at.saturating_sub(weeks * WEEK_MICROS);
            }
            self.made.notes.push(format!(
                "{name}: its normal period was recorded after its incidents, and is moved back by \
                 {weeks} weeks: a run knows nothing that is later than itself"
            ));
        }
        let usual = span(&normal);
        let shared = Observed {
            topology: Some(topology),
            metrics: (!normal.is_empty()).then_some(normal),
            ..Observed::default()
        };
        Bundle::write_shared(self.out, &shared_name, shared)?;
        for issue in issues {
            let bundle = format!("{shared_name}-{}-{:02}", issue.half, issue.number);
            write(issue, &bundle, &shared_name, usual, self.out)?;
            (self.progress)(self.made.bundles.len() + 1, None, &bundle);
            self.made.bundles.push(bundle);
        }
        Ok(())
    }

    fn issues(&self, level: &Folder, room: &mut Room) -> Result<Vec<Issue>, ImportError> {
        let mut issues = Vec::new();
        for half in HALVES {
            if !level.has_folder(half) {
                continue;
            }
            let folder = level.folder(half)?;
            for (number, name) in numbered(&folder)? {
                let issue = folder.folder(&name)?;
                issues.push(read(&issue, half, number, room)?);
            }
        }
        Ok(issues)
    }
}

/// One incident of the set.
struct Issue {
    half: &'static str,
    number: u32,
    metrics: Vec<Series>,
    begin: Time,
    end: Time,
    target: Target,
    truth: Truth,
}

/// By how many weeks the normal period lies too late.
fn weeks_back(normal: &[Series], issues: &[Issue]) -> u64 {
    let first = issues.iter().map(|issue| issue.begin.micros()).min();
    match (span(normal), first) {
        (Some((_, end)), Some(first)) => end.saturating_sub(first).div_ceil(WEEK_MICROS),
        _ => 0,
    }
}

/// The incidents of a half, by their number.
fn numbered(half: &Folder) -> Result<BTreeMap<u32, String>, BundleError> {
    let mut issues = BTreeMap::new();
    for name in half.names()? {
        let number = name.strip_prefix("issue_").and_then(|n| n.parse().ok());
        if let Some(number) = number
            && half.has_folder(&name)
        {
            issues.insert(number, name);
        }
    }
    Ok(issues)
}

fn read(
    issue: &Folder,
    half: &'static str,
    number: u32,
    room: &mut Room,
) -> Result<Issue, BundleError> {
    let bytes = needed(issue, METRICS, room)?;
    let metrics = table::metrics(&issue.path().join(METRICS), &bytes)?;
    let path = issue.path().join(TARGET);
    let bytes = needed(issue, TARGET, room)?;
    let (target, truth) = target::read(&path, &bytes)?;
    let (begin, end) = span(&metrics)
        .and_then(|(begin, end)| Some((Time::from_micros(begin)?, Time::from_micros(end)?)))
        .ok_or_else(|| BundleError::Line {
            path: issue.path().join(METRICS),
            line: 1,
            why: "it holds no samples".to_owned(),
        })?;
    Ok(Issue {
        half,
        number,
        metrics,
        begin,
        end,
        target,
        truth,
    })
}

fn write(
    issue: Issue,
    name: &str,
    shared: &str,
    usual: Option<(u64, u64)>,
    out: &Path,
) -> Result<(), BundleError> {
    let (target, begin) = (issue.target, issue.begin);
    let mut about = About::new(name, begin, issue.end);
    about.title = format!("{} of `{}` is not as usual", target.metric, target.node);
    about.service = Some(target.node.clone());
    about.source = Some(SOURCE.to_owned());
    about.shared = Some(shared.to_owned());
    let observed = Observed {
        alerts: Some(vec![alert(&target, usual, begin.micros())]),
        metrics: Some(issue.metrics),
        ..Observed::default()
    };
    let place = out.join(name);
    Bundle::new(about, observed).write(&place)?;
    issue.truth.write(&place)
}

fn needed(folder: &Folder, name: &str, room: &mut Room) -> Result<Vec<u8>, BundleError> {
    folder
        .read(name, room)?
        .ok_or_else(|| BundleError::Missing {
            path: folder.path().join(name),
        })
}

/// From the first sample until one period after the last, in microseconds.
fn span(metrics: &[Series]) -> Option<(u64, u64)> {
    let times = metrics.iter().flat_map(|series| &series.points);
    let first = times.clone().map(|point| point.at).min()?;
    let last = times.map(|point| point.at).max()?;
    Some((first, last.saturating_add(EVERY_SECONDS * 1_000_000)))
}

/// The alert that the set calls target. The labels `usual_*` and `sampled_every` are this
/// importer's: they say where the normal period lies.
fn alert(target: &Target, usual: Option<(u64, u64)>, begin: u64) -> Alert {
    let label = |name: &str, value: String| Label {
        name: name.to_owned(),
        value,
    };
    let mut labels = vec![
        label("alertname", "NotAsUsual".to_owned()),
        label("metric", target.metric.clone()),
        label("sampled_every", format!("{EVERY_SECONDS}s")),
        label("service", target.node.clone()),
        label("stat", target.stat.clone()),
    ];
    if let Some(kind) = table::kind(&target.metric) {
        labels.push(label("signal", kind.to_owned()));
    }
    if let Some((from, until)) = usual {
        labels.push(label("usual_from", (from / 1_000_000).to_string()));
        labels.push(label("usual_until", (until / 1_000_000).to_string()));
    }
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    Alert {
        name: "NotAsUsual".to_owned(),
        state: "firing".to_owned(),
        starts_at: target.at.max(begin),
        ends_at: None,
        fingerprint: "0000000000000001".to_owned(),
        labels,
        annotations: Vec::new(),
        source: "incident".to_owned(),
    }
}

#[cfg(test)]
mod tests;
