//! `runbook.toml`: what a runbook is, which alerts it answers, what it asks for.
//! Not its code: that is in the components beside it.
//! Start at [`Manifest::parse`].

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use toml::Spanned;

mod input;

pub use input::{Input, InputKind, InputValue};

use input::{InputText, check_input};

use crate::document::{DocumentError, from_toml};

/// A manifest's longest text, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 64 * 1024;
/// The longest `wait` before a step.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// A runbook's manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `[a-z0-9][a-z0-9-]*`.
    pub name: String,
    /// As the author writes it.
    pub version: String,
    /// The alerts it answers.
    pub alerts: Vec<String>,
    /// What it asks for, by name.
    pub inputs: BTreeMap<String, Input>,
    /// The causes it can name, with what each means.
    pub causes: BTreeMap<String, String>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The file under `src/bin/`, without `.rs`.
    pub name: String,
    /// What the host waits before it, after the last outcome.
    pub wait: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestText {
    name: Spanned<String>,
    version: Spanned<String>,
    #[serde(default)]
    alerts: Vec<Spanned<String>>,
    #[serde(default)]
    inputs: BTreeMap<String, Spanned<InputText>>,
    #[serde(default)]
    causes: BTreeMap<String, Spanned<String>>,
    step: Spanned<Vec<StepText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    name: Spanned<String>,
    wait: Option<Spanned<String>>,
}

impl Manifest {
    /// Reads and checks a manifest's text.
    pub fn parse(text: &str) -> Result<Manifest, DocumentError> {
        if text.len() > MANIFEST_BYTES_MAX {
            let message = format!("the manifest is longer than {MANIFEST_BYTES_MAX} bytes");
            return Err(DocumentError::whole("", message));
        }
        let read: ManifestText = toml::from_str(text).map_err(|error| from_toml(text, &error))?;
        let name = slug(text, &read.name, "a runbook's name")?;
        if read.version.get_ref().is_empty() || read.version.get_ref().len() > 64 {
            let message = "`version` must be 1 to 64 characters";
            return Err(DocumentError::at(text, read.version.span(), message));
        }
        let alerts = read
            .alerts
            .iter()
            .map(|alert| alert.get_ref().clone())
            .collect();
        let inputs = read
            .inputs
            .iter()
            .map(|(name, input)| Ok((name.clone(), check_input(text, name, input)?)))
            .collect::<Result<_, DocumentError>>()?;
        for (cause, says) in &read.causes {
            if !is_word(cause, '_') {
                let message = format!("`{cause}` is not a cause's name: `[a-z0-9][a-z0-9_]*`");
                return Err(DocumentError::at(text, says.span(), message));
            }
        }
        let causes = read
            .causes
            .into_iter()
            .map(|(cause, says)| (cause, says.into_inner()))
            .collect();
        let mut steps: Vec<Step> = Vec::new();
        if read.step.get_ref().is_empty() || read.step.get_ref().len() > 16 {
            return Err(DocumentError::at(
                text,
                read.step.span(),
                "a runbook has 1 to 16 [[step]]",
            ));
        }
        for step in read.step.get_ref() {
            let name = slug(text, &step.name, "a step's name")?;
            if steps.iter().any(|earlier| earlier.name == name) {
                let message = format!("step `{name}` stands here twice");
                return Err(DocumentError::at(text, step.name.span(), message));
            }
            let wait = match &step.wait {
                None => Duration::ZERO,
                Some(wait) => parse_duration(wait.get_ref())
                    .filter(|wait| *wait <= WAIT_MAX)
                    .ok_or_else(|| {
                        let message = "`wait` must be a duration of at most 10m, such as \"20s\"";
                        DocumentError::at(text, wait.span(), message)
                    })?,
            };
            steps.push(Step { name, wait });
        }
        Ok(Manifest {
            name,
            version: read.version.into_inner(),
            alerts,
            inputs,
            causes,
            steps,
        })
    }
}

fn slug(text: &str, name: &Spanned<String>, what: &str) -> Result<String, DocumentError> {
    if is_word(name.get_ref(), '-') {
        return Ok(name.get_ref().clone());
    }
    let message = format!(
        "`{}` is not {what}: `[a-z0-9][a-z0-9-]*`",
        name.get_ref().escape_debug()
    );
    Err(DocumentError::at(text, name.span(), message))
}

fn is_word(text: &str, also: char) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 64
        && text.starts_with(letter)
        && text.chars().all(|c| letter(c) || c == also || c == '_')
}

/// A whole number and `ms`, `s`, `m`, `h` or `d`; at most 365 days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let whole = number.parse::<u64>().ok()?.checked_mul(millis)?;
    (whole <= 365 * 86_400_000).then_some(Duration::from_millis(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "postgres-connections"
version = "0.3.0"
alerts = ["PostgresConnectionsHigh"]
[inputs]
server = { type = "string", from = "alert.labels.server" }
stuck_after = { type = "duration", default = "5m", min = "1m" }
[causes]
idle_in_transaction = "one role's sessions hold transactions open"
[[step]]
name = "diagnose"
[[step]]
name = "verify"
wait = "20s"
"#;

    #[test]
    fn a_manifest_is_read_whole() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.steps[1].wait, Duration::from_secs(20));
        let stuck_after = &manifest.inputs["stuck_after"];
        assert_eq!(stuck_after.default, Some(InputValue::Number(300_000)));
        assert!(
            stuck_after
                .check("stuck_after", &InputValue::Number(1))
                .is_err()
        );
    }

    #[test]
    fn every_mistake_has_its_line() {
        for (from, to, line) in [
            ("version =", "versoin =", 3),
            ("\"5m\", min", "\"5 minutes\", min", 7),
            ("default = \"5m\"", "default = \"5s\"", 7),
            ("alert.labels.server", "env.HOME", 6),
            ("name = \"verify\"", "name = \"diagnose\"", 13),
            ("name = \"verify\"", "name = \"../verify\"", 13),
            ("wait = \"20s\"", "wait = \"20h\"", 14),
            ("idle_in_transaction =", "\"Idle\" =", 9),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            let error = Manifest::parse(&text).unwrap_err();
            assert_eq!(error.line_column().map(|at| at.0), Some(line), "{error}");
        }
    }

    #[test]
    fn durations_are_bounded() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        for bad in [
            "",
            "s",
            "5",
            "-1s",
            "1.5h",
            "99999999999999999999s",
            "366d",
            "5 m",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
