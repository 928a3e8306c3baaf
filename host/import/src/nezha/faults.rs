//! `DAY-fault_list.json`: when faults were injected, where, and of which type.

use std::collections::BTreeMap;

use interlock_bundle::Folder;
use interlock_gate::time::Time;
use serde::Deserialize;

use super::rows;
use crate::ImportError;

/// Most bytes of a fault list.
const LIST_BYTES_MAX: u64 = 4 << 20;
/// Most faults of a day.
const FAULTS_MAX: usize = 1_000;

/// What is known of one fault, and told to no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// When it was injected, in microseconds since 1970.
    pub(super) at: u64,
    /// Into which pod.
    pub(super) pod: String,
    /// Of which type.
    pub(super) kind: String,
}

/// A fault as the list writes it. `inject_timestamp` is eight hours off, and is not read.
#[derive(Deserialize)]
struct Listed {
    inject_time: String,
    inject_pod: String,
    inject_type: String,
}

/// The faults of a day, the first first; `None`: the folder has no list.
pub(super) fn read(day: &Folder, name: &str) -> Result<Option<Vec<Fault>>, ImportError> {
    let file = format!("{name}-fault_list.json");
    let Some(text) = day.read_text(&file, LIST_BYTES_MAX)? else {
        return Ok(None);
    };
    let path = day.path().join(&file);
    let line = |line: usize, why: String| ImportError::Line {
        path: path.clone(),
        line: line as u64,
        why,
    };
    let hours: BTreeMap<String, Vec<Listed>> =
        serde_json::from_str(&text).map_err(|e| line(e.line(), e.to_string()))?;
    let mut faults = Vec::new();
    for listed in hours.into_values().flatten() {
        let at = rows::utc(&listed.inject_time)
            .ok_or_else(|| line(1, format!("`{}` is no time", listed.inject_time)))?;
        faults.push(Fault {
            at,
            pod: listed.inject_pod,
            kind: listed.inject_type,
        });
    }
    if faults.len() > FAULTS_MAX {
        return Err(ImportError::TooMuch {
            path,
            what: "faults",
            most: FAULTS_MAX as u64,
        });
    }
    faults.sort_by_key(|fault| fault.at);
    faults.dedup();
    Ok(Some(faults))
}

/// A moment as a time of the gate.
pub(super) fn time(micros: u64) -> Time {
    Time::from_micros(micros).unwrap_or_default()
}
