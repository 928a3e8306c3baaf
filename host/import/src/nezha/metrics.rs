//! What each pod measures of itself, and what each call between two services lasts.

use std::collections::{BTreeMap, BTreeSet};

use interlock_bundle::Folder;

use super::pieces::service;
use super::rows::{Rows, number};
use crate::ImportError;

const POD_SUFFIX: &str = "_metric.csv";
const DEPENDENCY: &str = "dependency.csv";
/// What a call lasts: as its caller sees it, and as its callee does.
const CALLS: [(&str, &str); 2] = [
    ("source_50.csv", "client"),
    ("destination_50.csv", "server"),
];

/// A series' labels, its metric's name among them.
pub(super) type Name = Vec<(&'static str, String)>;
/// When, in microseconds since 1970, and what.
pub(super) type Sample = (u64, f64);

/// A column of a pod's file: its name there, ours, its kind, the statistic, and the factor to base
/// units. `PodSuccessRate(%)` is 0 throughout the set, and so says nothing.
const COLUMNS: [(&str, &str, &str, &str, f64); 9] = [
    (
        "CpuUsageRate(%)",
        "cpu_usage_ratio",
        "saturation",
        "average",
        0.01,
    ),
    (
        "MemoryUsageRate(%)",
        "memory_usage_ratio",
        "saturation",
        "average",
        0.01,
    ),
    (
        "NetworkReceiveBytes",
        "network_receive_bytes",
        "traffic",
        "average",
        1.0,
    ),
    (
        "NetworkTransmitBytes",
        "network_transmit_bytes",
        "traffic",
        "average",
        1.0,
    ),
    (
        "PodServerLatencyP90(s)",
        "latency_seconds",
        "latency",
        "p90",
        1.0,
    ),
    (
        "PodServerLatencyP99(s)",
        "latency_seconds",
        "latency",
        "p99",
        1.0,
    ),
    (
        "PodClientLatencyP90(s)",
        "client_latency_seconds",
        "latency",
        "p90",
        1.0,
    ),
    (
        "PodClientLatencyP99(s)",
        "client_latency_seconds",
        "latency",
        "p99",
        1.0,
    ),
    ("PodWorkload(Ops)", "requests", "traffic", "sum", 60.0),
];

/// The series of a day, and what they tell of who calls whom.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    pub(super) series: BTreeMap<Name, Vec<Sample>>,
    pub(super) services: BTreeSet<String>,
    pub(super) calls: BTreeSet<(String, String)>,
}

impl Gauges {
    /// Adds the files of a day's `metric` folder.
    pub(super) fn read(&mut self, folder: &Folder) -> Result<(), ImportError> {
        for name in folder.names()? {
            if let Some(pod) = name.strip_suffix(POD_SUFFIX) {
                self.pod(folder, &name, pod)?;
            } else if name == DEPENDENCY {
                self.dependencies(folder)?;
            } else if let Some((_, seen)) = CALLS.iter().find(|(file, _)| *file == name) {
                self.calls(folder, &name, seen)?;
            }
        }
        Ok(())
    }

    fn pod(&mut self, folder: &Folder, file: &str, pod: &str) -> Result<(), ImportError> {
        let service = service(pod).to_owned();
        self.services.insert(service.clone());
        let Some(rows) = Rows::open(folder, file)? else {
            return Ok(());
        };
        let mut columns: Vec<Vec<Sample>> = vec![Vec::new(); COLUMNS.len()];
        rows.each(|row| {
            let at = row.time()?;
            for ((column, _, _, _, factor), samples) in COLUMNS.iter().zip(&mut columns) {
                if let Some(value) = row.maybe(column).and_then(number) {
                    samples.push((at, value * factor));
                }
            }
            Ok(())
        })?;
        for ((_, metric, kind, stat, _), samples) in COLUMNS.iter().zip(columns) {
            let mut name = vec![
                ("__name__", (*metric).to_owned()),
                ("kind", (*kind).to_owned()),
                ("pod", pod.to_owned()),
                ("service", service.clone()),
                ("stat", (*stat).to_owned()),
            ];
            if *metric == "latency_seconds" {
                name.insert(3, ("seen", "server".to_owned()));
            }
            self.add(name, samples);
        }
        Ok(())
    }

    fn add(&mut self, name: Name, samples: Vec<Sample>) {
        if !samples.is_empty() {
            self.series.entry(name).or_default().extend(samples);
        }
    }

    /// A row an edge. Targets that are addresses are nodes of the cluster, not services.
    fn dependencies(&mut self, folder: &Folder) -> Result<(), ImportError> {
        let Some(rows) = Rows::open(folder, DEPENDENCY)? else {
            return Ok(());
        };
        rows.each(|row| {
            let (source, target) = (row.cell("Source")?, row.cell("Target")?);
            if target.parse::<std::net::IpAddr>().is_err() && source != target {
                self.call(source, target);
            }
            Ok(())
        })
    }

    fn call(&mut self, caller: &str, callee: &str) {
        for service in [caller, callee] {
            self.services.insert(service.to_owned());
        }
        self.calls.insert((caller.to_owned(), callee.to_owned()));
    }

    /// A column an edge, `CALLER_CALLEE`.
    fn calls(&mut self, folder: &Folder, file: &str, seen: &str) -> Result<(), ImportError> {
        let Some(rows) = Rows::open(folder, file)? else {
            return Ok(());
        };
        let mut edges: BTreeMap<(String, String), Vec<Sample>> = BTreeMap::new();
        rows.each(|row| {
            let at = row.time()?;
            for (column, cell) in row.cells() {
                if let (Some((caller, callee)), Some(value)) =
                    (column.split_once('_'), number(cell))
                {
                    let edge = (caller.to_owned(), callee.to_owned());
                    edges.entry(edge).or_default().push((at, value));
                }
            }
            Ok(())
        })?;
        for ((caller, callee), samples) in edges {
            self.call(&caller, &callee);
            self.add(call_name(&caller, &callee, seen), samples);
        }
        Ok(())
    }
}

/// The series of what a call lasts in the middle; `seen` is `client` or `server`.
pub(super) fn call_name(caller: &str, callee: &str, seen: &str) -> Name {
    vec![
        ("__name__", "call_seconds".to_owned()),
        ("callee", callee.to_owned()),
        ("kind", "call".to_owned()),
        ("seen", seen.to_owned()),
        ("service", caller.to_owned()),
        ("stat", "p50".to_owned()),
    ]
}
