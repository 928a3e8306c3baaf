//! Recall by group, with intervals, beside the best that was published.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use interlock_measure::{Coverage, Rate, median, recall_at};

use super::cases::Case;
use super::published::Table;

/// How far down a list, where nothing is published to say so.
const DEPTHS: [usize; 2] = [1, 3];

/// The cases of one set.
pub(crate) struct Scores {
    groups: BTreeMap<String, Vec<Case>>,
}

impl Scores {
    pub(crate) fn of(cases: Vec<Case>) -> Scores {
        let mut groups: BTreeMap<String, Vec<Case>> = BTreeMap::new();
        for case in cases {
            groups
                .entry(case.place.group.clone())
                .or_default()
                .push(case);
        }
        Scores { groups }
    }

    /// Whether no published figure is above ours.
    pub(crate) fn leads(&self) -> bool {
        self.ratios().iter().all(|ratio| ratio.value >= 1.0)
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut ratios = Vec::new();
        for cases in self.groups.values() {
            let Some(table) = cases.first().and_then(|case| case.place.table) else {
                continue;
            };
            for &(k, best, _) in table.best {
                let ours = recall(cases, k, |_| true).share().unwrap_or(0.0);
                let ours = (ours * table.parts).round() / table.parts;
                let value = ours / best;
                ratios.push(Ratio { table, k, value });
            }
        }
        ratios
    }
}

struct Ratio {
    table: &'static Table,
    k: usize,
    value: f64,
}

fn recall(cases: &[Case], k: usize, which: impl Fn(&Case) -> bool) -> Rate {
    let ranks: Vec<Option<usize>> = cases
        .iter()
        .filter(|case| which(case))
        .map(|case| case.rank)
        .collect();
    recall_at(&ranks, k)
}

fn said(rate: Rate) -> String {
    match (rate.share(), rate.wilson(Coverage::P95)) {
        (Some(share), Some(interval)) => format!(
            "{share:.3}  ({} of {}; 95 %: {:.3} to {:.3})",
            rate.hits, rate.of, interval.low, interval.high
        ),
        _ => "none".to_owned(),
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, cases) in &self.groups {
            let table = cases.first().and_then(|case| case.place.table);
            writeln!(f, "{group}: {} incidents", cases.len())?;
            if let Some(table) = table {
                writeln!(f, "  {}", table.about)?;
            }
            let depths: Vec<usize> = match table {
                Some(table) => table.best.iter().map(|(k, _, _)| *k).collect(),
                None => DEPTHS.to_vec(),
            };
            for k in depths {
                writeln!(
                    f,
                    "  top-{k}  all       {}",
                    said(recall(cases, k, |_| true))
                )?;
                let tuned = recall(cases, k, |case| !case.place.held_out);
                writeln!(f, "         tuned on  {}", said(tuned))?;
                let held = recall(cases, k, |case| case.place.held_out);
                writeln!(f, "         held out  {}", said(held))?;
                let best = table.and_then(|table| table.best.iter().find(|best| best.0 == k));
                if let Some((_, best, whose)) = best {
                    writeln!(f, "         published {best:.3}  ({whose})")?;
                }
            }
            let wrong: Vec<&Case> = cases.iter().filter(|case| case.rank != Some(1)).collect();
            for case in &wrong {
                let stands = match case.rank {
                    Some(rank) => format!("the right one stands at {rank}"),
                    None => "the right one is not named".to_owned(),
                };
                let sure = if case.unrefuted {
                    "; no check refuted the first"
                } else {
                    ""
                };
                writeln!(f, "  not first: {}: {stands}{sure}", case.name)?;
            }
            for (half, held_out) in [("tuned on", false), ("held out", true)] {
                let sure = cases
                    .iter()
                    .filter(|c| c.unrefuted && c.place.held_out == held_out);
                let wrong = Rate::count(sure, |case| case.rank != Some(1));
                writeln!(
                    f,
                    "  of {} whose first no check refuted, {} wrong ({half})",
                    wrong.of, wrong.hits
                )?;
            }
            let took: Vec<Duration> = cases.iter().map(|case| case.took).collect();
            if let Some(took) = median(&took) {
                writeln!(
                    f,
                    "  a run in the sandbox takes {:.1} ms (median)",
                    took.as_secs_f64() * 1e3
                )?;
            }
            writeln!(f)?;
        }
        for ratio in self.ratios() {
            writeln!(
                f,
                "rca-{}-top{} ratio={:.3} limit=1.0",
                ratio.table.name, ratio.k, ratio.value
            )?;
        }
        writeln!(
            f,
            "  a ratio is ours, in as many digits as are published, over the best that is: more is better, \
             and 1.0 is the least that passes\n"
        )
    }
}
