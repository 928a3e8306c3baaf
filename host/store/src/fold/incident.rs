//! Runs and incidents: each opened by the first entry that names it, and what belongs to which.
//! Invariant: a group of alerts has at most one incident that is open.

use interlock_gate::ids::RunId;

use super::illegal::Illegal;
use super::rows::{Change, Facts, IncidentRow, RunRow};
use super::step::{Step, StepError};
use crate::entry::{INCIDENT_BYTES_MAX, NOTE_BYTES_MAX, TIMELINE_LINES_MAX};

pub(super) fn get<F: Facts, T>(
    facts: &F,
    ask: impl FnOnce(&F) -> Result<T, F::Error>,
) -> Result<T, StepError<F::Error>> {
    ask(facts).map_err(StepError::Facts)
}

/// A run, about an incident or none.
pub(super) fn run<F: Facts>(
    facts: &F,
    run: &RunId,
    row: RunRow,
    about: Option<&str>,
) -> Step<F::Error> {
    if get(facts, |f| f.run(run))?.is_some() {
        return Err(Illegal::RunTwice(run.clone()).into());
    }
    if let Some(key) = &row.id_key
        && let Some(run) = get(facts, |f| f.run_of_key(key))?
    {
        let key = key.clone();
        return Err(Illegal::IdTaken { key, run }.into());
    }
    let index = row.index;
    let mut all = vec![Change::Run(run.clone(), row)];
    if let Some(id) = about {
        if get(facts, |f| f.incident(id))?.is_none() {
            let row = IncidentRow {
                index,
                group: None,
                firing: false,
            };
            all.push(Change::Incident(id.to_owned(), row));
        }
        all.push(Change::About(index, id.to_owned()));
    }
    Ok(all)
}

/// Alerts of a group.
pub(super) fn alerted<F: Facts>(
    facts: &F,
    index: u64,
    id: &str,
    group: &str,
    firing: bool,
) -> Step<F::Error> {
    let named = |why| Illegal::Incident {
        incident: id.to_owned(),
        why,
    };
    let change = match get(facts, |f| f.incident(id))? {
        Some(row) if row.group.as_deref() != Some(group) => {
            return Err(named("it is not of this group of alerts").into());
        }
        Some(row) if !row.firing => {
            return Err(named("it is over").into());
        }
        Some(_) => Change::Firing(id.to_owned(), firing),
        None => {
            if id.is_empty() || id.len() > INCIDENT_BYTES_MAX {
                return Err(named("that is no id").into());
            }
            if !firing {
                return Err(named("nothing rings that could open it").into());
            }
            if get(facts, |f| f.open_incident(group))?.is_some() {
                return Err(named("its group of alerts has one that is open").into());
            }
            let row = IncidentRow {
                index,
                group: Some(group.to_owned()),
                firing,
            };
            Change::Incident(id.to_owned(), row)
        }
    };
    Ok(vec![change, Change::About(index, id.to_owned())])
}

/// A caller's words on an incident.
pub(super) fn noted<F: Facts>(facts: &F, index: u64, id: &str, text: &str) -> Step<F::Error> {
    if get(facts, |f| f.incident(id))?.is_none() {
        return Err(Illegal::NoIncident(id.to_owned()).into());
    }
    if text.is_empty() || text.len() > NOTE_BYTES_MAX {
        return Err(Illegal::Note { bytes: text.len() }.into());
    }
    Ok(vec![Change::About(index, id.to_owned())])
}

/// Longest name of what kept a timeline, in bytes.
const FORMAT_BYTES_MAX: usize = 32;

/// What another program kept of an incident.
pub(super) fn imported<F: Facts>(
    facts: &F,
    index: u64,
    id: &str,
    format: &str,
    lines: u64,
) -> Step<F::Error> {
    if get(facts, |f| f.incident(id))?.is_none() {
        return Err(Illegal::NoIncident(id.to_owned()).into());
    }
    let named = |format: &str| {
        !format.is_empty()
            && format.len() <= FORMAT_BYTES_MAX
            && format.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    if !named(format) || lines == 0 || lines > TIMELINE_LINES_MAX {
        return Err(Illegal::Timeline { lines }.into());
    }
    Ok(vec![Change::About(index, id.to_owned())])
}

/// A caller's diagnosis of the run that entry `opened` opened.
pub(super) fn diagnosed<F: Facts>(facts: &F, index: u64, opened: u64) -> Step<F::Error> {
    let of = get(facts, |f| f.about(opened))?;
    Ok(of.map(|id| Change::About(index, id)).into_iter().collect())
}
