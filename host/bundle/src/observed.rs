//! What was observed: all that a run can be answered from.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_capabilities::Recorded;
use interlock_capabilities::read::alerts::{Alert, AlertList};
use interlock_capabilities::read::changes::{Change, ChangeList};
use interlock_capabilities::read::logs::LogLine;
use interlock_capabilities::read::metrics::Series;
use interlock_capabilities::read::topology::{Service, ServiceList};

use crate::{BundleError, Folder, Room, TimelineLine, is_name, lines, metrics_csv};

const ALERTS_FILE: &str = "alerts.json";
const METRICS_FILE: &str = "metrics.csv";
const CHANGES_FILE: &str = "changes.json";
const TOPOLOGY_FILE: &str = "topology.json";
const TIMELINE_FILE: &str = "timeline.jsonl";
const CALLS_FILE: &str = "calls.jsonl";
const LOGS_FOLDER: &str = "logs";

/// Most bytes of one file of a bundle, which is read whole.
pub(crate) const FILE_BYTES_MAX: u64 = 256 << 20;
const SOURCES_MAX: usize = 1_000;
const LINES_MAX: usize = 5_000_000;
const LIST_MAX: usize = 100_000;

/// What was observed. `None`, or a log that is not there: no source, and a run is told so; an empty
/// list: a source that had nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// `alerts.json`: all of the window, those that ended too.
    pub alerts: Option<Vec<Alert>>,
    /// `metrics.csv`.
    pub metrics: Option<Vec<Series>>,
    /// `logs/SOURCE.jsonl`, oldest first; a line without a time goes on from the one before.
    pub logs: BTreeMap<String, Vec<LogLine>>,
    /// `changes.json`.
    pub changes: Option<Vec<Change>>,
    /// `topology.json`.
    pub topology: Option<Vec<Service>>,
    /// `timeline.jsonl`. No run can read it.
    pub timeline: Vec<TimelineLine>,
    /// `calls.jsonl`: questions with the answers that a run had, for what cannot be derived.
    pub calls: Vec<Recorded>,
}

impl Observed {
    /// Reads the files of a folder; what is not there is not known.
    pub(crate) fn read(folder: &Folder, room: &mut Room) -> Result<Observed, BundleError> {
        let mut observed = Observed::default();
        let path = |name: &str| folder.path().join(name);
        let mut file = |name: &str| -> Result<_, BundleError> {
            let bytes = folder.read(name, room)?;
            Ok(bytes.map(|bytes| (path(name), bytes)))
        };
        let few = |(path, count): (&Path, usize), what| match count > LIST_MAX {
            true => Err(BundleError::TooMuch {
                path: path.to_owned(),
                what,
                most: LIST_MAX as u64,
            }),
            false => Ok(()),
        };
        if let Some((path, bytes)) = file(ALERTS_FILE)? {
            let list: AlertList = lines::document(&path, &bytes)?;
            few((&path, list.alerts.len()), "alerts")?;
            observed.alerts = Some(list.alerts);
        }
        if let Some((path, bytes)) = file(METRICS_FILE)? {
            observed.metrics = Some(metrics_csv::read(&path, &bytes)?);
        }
        if let Some((path, bytes)) = file(CHANGES_FILE)? {
            let list: ChangeList = lines::document(&path, &bytes)?;
            few((&path, list.changes.len()), "changes")?;
            observed.changes = Some(list.changes);
        }
        if let Some((path, bytes)) = file(TOPOLOGY_FILE)? {
            let list: ServiceList = lines::document(&path, &bytes)?;
            few((&path, list.services.len()), "services")?;
            observed.topology = Some(list.services);
        }
        if let Some((path, bytes)) = file(TIMELINE_FILE)? {
            observed.timeline = lines::lines(&path, &bytes, ("lines", LIST_MAX))?;
        }
        if let Some((path, bytes)) = file(CALLS_FILE)? {
            observed.calls = lines::lines(&path, &bytes, ("calls", LIST_MAX))?;
        }
        match folder.folder(LOGS_FOLDER) {
            Ok(logs) => observed.read_logs(&logs, room)?,
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
        Ok(observed)
    }

    fn read_logs(&mut self, logs: &Folder, room: &mut Room) -> Result<(), BundleError> {
        let mut left = LINES_MAX;
        for name in logs.names()? {
            let path = logs.path().join(&name);
            let source = match name.strip_suffix(".jsonl") {
                Some(source) if is_name(source) => source,
                Some(_) | None => return Err(BundleError::Name { text: name }),
            };
            if self.logs.len() == SOURCES_MAX {
                return Err(BundleError::TooMuch {
                    path: logs.path().to_owned(),
                    what: "logs",
                    most: SOURCES_MAX as u64,
                });
            }
            let Some(bytes) = logs.read(&name, room)? else {
                continue;
            };
            let all: Vec<LogLine> = lines::lines(&path, &bytes, ("lines", left))?;
            left -= all.len();
            self.logs.insert(source.to_owned(), all);
        }
        Ok(())
    }

    /// Writes the files into a folder that stands and is empty.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), BundleError> {
        let put = |name: &str, bytes: Vec<u8>| write_new(&folder.join(name), &bytes);
        if let Some(alerts) = self.alerts.clone() {
            let list = AlertList { alerts };
            put(ALERTS_FILE, lines::to_document(folder, &list)?)?;
        }
        if let Some(metrics) = &self.metrics {
            put(METRICS_FILE, metrics_csv::write(metrics))?;
        }
        if let Some(changes) = self.changes.clone() {
            let truncated = false;
            let list = ChangeList { truncated, changes };
            put(CHANGES_FILE, lines::to_document(folder, &list)?)?;
        }
        if let Some(services) = self.topology.clone() {
            let list = ServiceList { services };
            put(TOPOLOGY_FILE, lines::to_document(folder, &list)?)?;
        }
        if !self.timeline.is_empty() {
            put(TIMELINE_FILE, lines::to_lines(folder, &self.timeline)?)?;
        }
        if !self.calls.is_empty() {
            put(CALLS_FILE, lines::to_lines(folder, &self.calls)?)?;
        }
        if !self.logs.is_empty() {
            let logs = folder.join(LOGS_FOLDER);
            new_folder(&logs)?;
            for (source, all) in &self.logs {
                if !is_name(source) {
                    let text = source.clone();
                    return Err(BundleError::Name { text });
                }
                let name = logs.join(format!("{source}.jsonl"));
                write_new(&name, &lines::to_lines(folder, all)?)?;
            }
        }
        Ok(())
    }

    /// Series with sorted labels and times, each once, in the order of their labels.
    pub(crate) fn normal(mut self) -> Observed {
        let Some(metrics) = self.metrics.take() else {
            return self;
        };
        type Key = Vec<(String, String)>;
        let mut all: BTreeMap<Key, Series> = BTreeMap::new();
        for mut one in metrics {
            one.labels.sort_by(|a, b| a.name.cmp(&b.name));
            let pairs = one.labels.iter();
            let key: Key = pairs.map(|l| (l.name.clone(), l.value.clone())).collect();
            match all.get_mut(&key) {
                Some(known) => known.points.append(&mut one.points),
                None => _ = all.insert(key, one),
            }
        }
        for one in all.values_mut() {
            // Stable, and the first of a time stays: a bundle's own value before a shared one.
            one.points.sort_by_key(|point| point.at);
            one.points.dedup_by_key(|point| point.at);
        }
        self.metrics = Some(all.into_values().collect());
        self
    }

    /// This, and what a shared part knows beside it.
    pub(crate) fn over(mut self, shared: &Observed) -> Observed {
        fn both<T: Clone>(own: &mut Option<Vec<T>>, shared: &Option<Vec<T>>) {
            match (own.as_mut(), shared) {
                (Some(own), Some(shared)) => own.extend_from_slice(shared),
                (None, Some(shared)) => *own = Some(shared.clone()),
                (_, None) => {}
            }
        }
        both(&mut self.alerts, &shared.alerts);
        both(&mut self.metrics, &shared.metrics);
        both(&mut self.changes, &shared.changes);
        if let Some(changes) = &mut self.changes {
            changes.sort_by_key(|change| change.at);
        }
        // Two topologies cannot be added up: a service may have lost a dependency.
        self.topology = self.topology.or_else(|| shared.topology.clone());
        self.timeline.extend_from_slice(&shared.timeline);
        self.calls.extend_from_slice(&shared.calls);
        for (source, all) in &shared.logs {
            let own = self.logs.entry(source.clone()).or_default();
            let mut joined = all.clone();
            joined.append(own);
            *own = joined;
        }
        self.normal()
    }
}

/// A folder that was not there before.
pub(crate) fn new_folder(path: &Path) -> Result<(), BundleError> {
    std::fs::create_dir(path).map_err(|why| match why.kind() {
        std::io::ErrorKind::AlreadyExists => BundleError::Exists {
            path: path.to_owned(),
        },
        _other => unwritten(path, why),
    })
}

/// A file that was not there before.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    use std::io::Write as _;
    let opened = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    opened
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|why| unwritten(path, why))
}

pub(crate) fn unwritten(path: &Path, why: std::io::Error) -> BundleError {
    BundleError::System {
        path: path.to_owned(),
        doing: "written",
        why,
    }
}
