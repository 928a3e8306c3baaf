//! `doctor`: what is configured, reachable, missing; the mend for each.
//! One check a file entry; each says what it looked at, what it found, what to do.

mod agent;
mod checks;
mod doors;
mod template;

use std::{fmt::Write as _, path::Path};

use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output};

pub(crate) use template::write_config;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// As it should be.
    Good,
    /// It works, and should be mended.
    Warn,
    /// It does not work.
    Bad,
}

/// One line of the doctor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// A short name, such as `policy`.
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    pub(crate) mend: Vec<String>,
}

impl Check {
    pub(crate) fn good(name: impl Into<String>, found: impl Into<String>) -> Check {
        Check {
            name: name.into(),
            standing: Standing::Good,
            found: found.into(),
            mend: Vec::new(),
        }
    }

    pub(crate) fn warn(
        name: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Check {
        let mend = vec![mend.into()];
        Check {
            name: name.into(),
            standing: Standing::Warn,
            found: found.into(),
            mend,
        }
    }

    pub(crate) fn bad(
        name: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Check {
        let mend = vec![mend.into()];
        Check {
            name: name.into(),
            standing: Standing::Bad,
            found: found.into(),
            mend,
        }
    }
}

#[derive(Serialize)]
struct DoctorJson<'a> {
    schema: &'static str,
    exit: u8,
    checks: &'a [Check],
}

pub(crate) async fn doctor(config: Option<&Path>) -> Result<Output, Failure> {
    let mut checks = checks::all(config).await;
    checks.extend(agent::all());
    let mut out = String::new();
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or_default();
    for check in &checks {
        let mark = match check.standing {
            Standing::Good => "ok  ",
            Standing::Warn => "warn",
            Standing::Bad => "BAD ",
        };
        let _ = writeln!(out, "{mark}  {:width$}  {}", check.name, check.found);
        for mend in &check.mend {
            let _ = writeln!(out, "      {:width$}  -> {mend}", "");
        }
    }
    let of = |standing| {
        checks
            .iter()
            .filter(|check| check.standing == standing)
            .count()
    };
    let (bad, warn) = (of(Standing::Bad), of(Standing::Warn));
    let _ = writeln!(
        out,
        "{} checked, {bad} bad, {}",
        interlock_screens::text::words::count(checks.len(), "thing"),
        interlock_screens::text::words::count(warn, "warning")
    );
    let exit = if bad > 0 { Exit::Failed } else { Exit::Done };
    let document = DoctorJson {
        schema: "interlock.doctor.v1",
        exit: exit as u8,
        checks: &checks,
    };
    Ok(Output::new(exit, out, &document))
}
