//! What a scenario's file says.

use interlock_bundle::Folder;
use serde::Deserialize;

use crate::ImportError;

const FILE_BYTES_MAX: u64 = 1 << 20;
const FILES_MAX: usize = 10_000;
/// Of each list of one scenario.
const LIST_MAX: usize = 1_000;

/// One scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenario {
    /// The number in its file's name.
    pub(super) number: u32,
    /// The alerts that it is expected to raise.
    pub(super) alerts: Vec<Expected>,
    /// What it is made of.
    pub(super) groups: Vec<Group>,
    /// How it spreads.
    pub(super) propagations: Vec<Propagation>,
    /// Groups that are one thing.
    pub(super) aliases: Vec<Vec<String>>,
}

/// An alert that is expected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Expected {
    /// Its rule's name.
    pub(super) id: String,
    /// The group that raises it; a few have none.
    pub(super) group_id: Option<String>,
}

/// A part of the system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Group {
    /// Its id in this scenario.
    pub(super) id: String,
    /// `Service`, `Pod`, `ConfigMap`, ...
    #[serde(default)]
    pub(super) kind: String,
    /// Where it is.
    pub(super) namespace: Option<String>,
    /// Whether the incident begins here.
    #[serde(default)]
    pub(super) root_cause: bool,
}

/// One group's fault shows in another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Propagation {
    /// From.
    pub(super) source: String,
    /// To.
    pub(super) target: String,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    alerts: Vec<Expected>,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    propagations: Vec<Propagation>,
    #[serde(default)]
    aliases: Vec<Vec<String>>,
}

/// The newer files wrap the same keys in `spec`.
#[derive(Deserialize)]
struct Wrapped {
    spec: Option<Body>,
}

/// Reads every `scenario_N.yaml` of a folder that raises alerts, by number. Other files are not
/// looked at; one that is no scenario is an error, never left out.
pub(super) fn read(folder: &Folder) -> Result<Vec<Scenario>, ImportError> {
    let mut found: Vec<(u32, String)> = folder
        .names()?
        .into_iter()
        .filter_map(|name| {
            let number = name.strip_prefix("scenario_")?.strip_suffix(".yaml")?;
            Some((number.parse().ok()?, name))
        })
        .collect();
    found.sort();
    if found.len() > FILES_MAX {
        return Err(ImportError::TooMuch {
            path: folder.path().to_owned(),
            what: "scenarios",
            most: FILES_MAX as u64,
        });
    }
    let mut scenarios = Vec::with_capacity(found.len());
    for (number, name) in found {
        let Some(text) = folder.read_text(&name, FILE_BYTES_MAX)? else {
            continue; // taken away since it was listed
        };
        let scenario = parse(number, &text).map_err(|(line, why)| ImportError::Line {
            path: folder.path().join(&name),
            line,
            why,
        })?;
        if !scenario.alerts.is_empty() {
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// Reads the text of one scenario; else which line is wrong, from 1, and why.
pub(super) fn parse(number: u32, text: &str) -> Result<Scenario, (u64, String)> {
    fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, (u64, String)> {
        serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            // Its first line says what is wrong; the others draw the place.
            let said = error.without_snippet().to_string();
            (line, said.lines().next().unwrap_or_default().to_owned())
        })
    }
    let body = match read::<Wrapped>(text)?.spec {
        Some(body) => body,
        None => read::<Body>(text)?,
    };
    let longest = [
        body.alerts.len(),
        body.groups.len(),
        body.propagations.len(),
        body.aliases.iter().map(Vec::len).sum(),
    ];
    if longest.iter().any(|length| *length > LIST_MAX) {
        return Err((1, format!("a list of it is longer than {LIST_MAX}")));
    }
    Ok(Scenario {
        number,
        alerts: body.alerts,
        groups: body.groups,
        propagations: body.propagations,
        aliases: body.aliases,
    })
}
