//! How well alerts are grouped: on storms mixed from ITBench's scenarios, whose times are synthetic.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use interlock_bundle::{Corpus, Truth};
use interlock_capabilities::call::Answer;
use interlock_capabilities::read::alerts::Alert;
use interlock_import::Format;
use serde_json::Value;

use super::{Ran, Runner};
use crate::error::{BenchError, setup};

/// Both halves.
pub(super) struct Quality {
    halves: Vec<(String, Counted)>,
}

/// Sums over the storms of one half.
#[derive(Default)]
struct Counted {
    storms: u64,
    alerts: u64,
    /// Cases and alerts that could not be placed: what a person would be told of.
    told: u64,
    /// Groups there really are.
    groups: u64,
    /// Pairs of alerts that are in one case, in one group, in both.
    together: u64,
    belong: u64,
    both: u64,
    /// Groups of two alerts or more, and those whose origin is named first, and among the first three.
    origins: u64,
    first: u64,
    among: u64,
}

/// Imports the scenarios, runs every storm, and only then opens the truths.
pub(super) async fn measure(runner: &Runner, itbench: &Path) -> Result<Quality, BenchError> {
    let scratch = tempfile::tempdir().map_err(setup("make a folder"))?;
    let out = scratch.path().join("corpus");
    interlock_import::import(Format::ItBench, itbench, &out, &mut |_, _, _| {})
        .map_err(setup("import the scenarios"))?;
    let corpus = Corpus::open(&out).map_err(setup("open the corpus"))?;
    let mut halves: BTreeMap<String, Counted> = BTreeMap::new();
    for name in corpus.names() {
        let bundle = corpus.bundle(name).map_err(setup("read a bundle"))?;
        let ran = runner.run(&bundle).await?;
        let truth = corpus.truth(name).map_err(setup("read a truth"))?;
        let Some(truth) = truth else { continue };
        let half = name
            .rsplit_once('-')
            .map_or(name.as_str(), |(half, _)| half);
        let counted = halves.entry(half.to_owned()).or_default();
        counted
            .add(&ran, &truth)
            .ok_or_else(|| BenchError::Undone {
                side: "correlate-alerts",
                why: format!("the findings of {name} are of another shape"),
            })?;
    }
    let mut halves: Vec<(String, Counted)> = halves.into_iter().collect();
    halves.reverse(); // what was tuned on first
    Ok(Quality { halves })
}

/// A case of the findings: the names of its origin and alternates, and its alerts.
struct Case {
    names: Vec<String>,
    alerts: Vec<usize>,
}

impl Counted {
    /// Nothing where the findings are not of the shape that the runbook writes.
    fn add(&mut self, ran: &Ran, truth: &Truth) -> Option<()> {
        let alerts = ran.calls.iter().find_map(|call| match &call.answer {
            Ok(Answer::AlertsList(list)) => Some(&list.alerts),
            _ => None,
        })?;
        let findings: Value = serde_json::from_str(ran.report.findings.as_deref()?).ok()?;
        let cases: Option<Vec<Case>> = findings["cases"].as_array()?.iter().map(case).collect();
        let cases = cases?;
        let unplaced = findings["unplaced"].as_array()?.len();
        let mut put = vec![None; alerts.len()];
        for (number, case) in cases.iter().enumerate() {
            for alert in &case.alerts {
                *put.get_mut(*alert)? = Some(number);
            }
        }
        let groups = groups(alerts, truth);
        self.storms += 1;
        self.alerts += alerts.len() as u64;
        self.told += (cases.len() + unplaced) as u64;
        self.groups += truth.cases.len() as u64;
        for (one, group) in groups.iter().enumerate() {
            for other in 0..one {
                let together = put[one].is_some() && put[one] == put[other];
                let belong = group.is_some() && *group == groups[other];
                self.together += u64::from(together);
                self.belong += u64::from(belong);
                self.both += u64::from(together && belong);
            }
        }
        for (number, group) in truth.cases.iter().enumerate() {
            if group.alerts.len() < 2 || group.origins.is_empty() {
                continue;
            }
            // The case that holds the most of it speaks for it.
            let mut held: BTreeMap<usize, usize> = BTreeMap::new();
            let of_group = groups
                .iter()
                .zip(&put)
                .filter(|(of, _)| **of == Some(number));
            for case in of_group.filter_map(|(_, case)| *case) {
                *held.entry(case).or_default() += 1;
            }
            let most = held
                .iter()
                .max_by_key(|(case, held)| (**held, usize::MAX - **case));
            let names = most.map_or(&[][..], |(case, _)| &cases[*case].names[..]);
            let right = |name: &String| group.origins.contains(name);
            self.origins += 1;
            self.first += u64::from(names.first().is_some_and(right));
            self.among += u64::from(names.iter().take(3).any(right));
        }
        Some(())
    }
}

fn case(case: &Value) -> Option<Case> {
    let text = |name: &Value| name.as_str().map(str::to_owned);
    let alternates = case["alternates"].as_array()?.iter().filter_map(text);
    let alerts = case["alerts"].as_array()?.iter();
    Some(Case {
        names: text(&case["origin"])
            .into_iter()
            .chain(alternates)
            .collect(),
        alerts: alerts
            .map(|alert| alert.as_u64().and_then(|one| usize::try_from(one).ok()))
            .collect::<Option<Vec<usize>>>()?,
    })
}

/// The group of each alert.
fn groups(alerts: &[Alert], truth: &Truth) -> Vec<Option<usize>> {
    let mut of: HashMap<&str, usize> = HashMap::new();
    for (number, case) in truth.cases.iter().enumerate() {
        of.extend(case.alerts.iter().map(|one| (one.as_str(), number)));
    }
    let group = |alert: &Alert| of.get(alert.fingerprint.as_str()).copied();
    alerts.iter().map(group).collect()
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "correlate-alerts on storms mixed from ITBench's scenarios; their times are synthetic"
        )?;
        for (half, it) in &self.halves {
            let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
            writeln!(f, "  {half}: {} storms, {} alerts", it.storms, it.alerts)?;
            writeln!(
                f,
                "    pairs of alerts   precision {:.3} ({} of {}), recall {:.3} ({} of {})",
                share(it.both, it.together),
                it.both,
                it.together,
                share(it.both, it.belong),
                it.both,
                it.belong
            )?;
            writeln!(
                f,
                "    origins           first {:.3} ({} of {}), among three {:.3} ({} of {})",
                share(it.first, it.origins),
                it.first,
                it.origins,
                share(it.among, it.origins),
                it.among,
                it.origins
            )?;
            writeln!(
                f,
                "    notifications     {} instead of {} (-{:.0} %); the groups are {}",
                it.told,
                it.alerts,
                100.0 * (1.0 - share(it.told, it.alerts)),
                it.groups
            )?;
        }
        Ok(())
    }
}
