//! ITBench's incident scenarios, mixed into storms of alerts.
//!
//! Not a recording: a scenario says which alerts an incident is expected to raise and how it
//! spreads, and gives no times. The times here are made by a seeded rule, written in [`mix`], and
//! every bundle's `source` line says so.
//!
//! Start at [`import`]; then [`scenario`], what a file says; [`apps`], what the applications' own
//! documentation says of their services; [`mix`], from scenarios to storms.
//!
//! Invariant: which alerts belong together, and where each group begins, is in `truth.toml` alone: no
//! label, name or order of what a run can read tells scenarios apart.

mod apps;
mod dice;
mod mix;
mod scenario;
mod spread;
mod storm;
#[cfg(test)]
mod tests;

use std::path::Path;

use interlock_bundle::Folder;

use crate::{Format, ImportError, Imported, Progress};

/// Reads the scenarios of a folder (`scenario_N.yaml`), mixes them, and writes the storms of both
/// halves as bundles into `out`.
pub(crate) fn import(
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let scenarios = scenario::read(&Folder::open(path)?)?;
    let count = scenarios.len();
    if count < SCENARIOS_MIN {
        return Err(ImportError::Whole {
            path: path.to_owned(),
            format: Format::ItBench,
            why: format!(
                "it holds {count} files named scenario_N.yaml that tell of alerts, and at least \
                 {SCENARIOS_MIN} are mixed"
            ),
        });
    }
    let storms = mix::mix(&scenarios);
    let all = Some(storms.len());
    let mut imported = Imported {
        truths: storms.len(),
        notes: vec![format!(
            "{count} scenarios are mixed into {} storms: their times are synthetic",
            storms.len()
        )],
        ..Imported::default()
    };
    for (done, storm) in storms.into_iter().enumerate() {
        let place = out.join(&storm.name);
        storm.bundle().write(&place)?;
        storm.truth.write(&place)?;
        progress(done + 1, all, &storm.name);
        imported.bundles.push(storm.name);
    }
    imported.bundles.sort();
    Ok(imported)
}

/// Each half needs one.
const SCENARIOS_MIN: usize = 2;
