//! Which formats there are.

use std::fmt;
use std::str::FromStr;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Alertmanager's webhook JSON, version 4; one document, or several a line.
    Alertmanager,
    /// PagerDuty's log entries, as its REST API gives them.
    PagerDuty,
    /// A Slack channel export: its folder, or one day's file.
    Slack,
    /// A set of metrics: CSV, wide or long, or Parquet.
    Metrics,
    /// The PetShop data set, in its own layout.
    PetShop,
    /// The Nezha data set, in its own layout.
    Nezha,
    /// ITBench's scenarios, in their own layout.
    ItBench,
}

/// A text that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is no format: one of {}",
    interlock_gate::escape::foreign_short(text, 40),
    Format::names()
)]
pub struct UnknownFormat {
    /// The text.
    pub text: String,
}

impl Format {
    /// All of them.
    pub const ALL: &[Format] = &[
        Format::Alertmanager,
        Format::PagerDuty,
        Format::Slack,
        Format::Metrics,
        Format::PetShop,
        Format::Nezha,
        Format::ItBench,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Alertmanager => "alertmanager",
            Format::PagerDuty => "pagerduty",
            Format::Slack => "slack",
            Format::Metrics => "metrics",
            Format::PetShop => "petshop",
            Format::Nezha => "nezha",
            Format::ItBench => "itbench",
        }
    }

    /// Whether it tells what was written while an incident lasted, so that [`crate::timeline`]
    /// reads it.
    pub const fn has_timeline(self) -> bool {
        matches!(
            self,
            Format::Alertmanager | Format::PagerDuty | Format::Slack
        )
    }

    fn names() -> String {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        let found = Format::ALL.iter().find(|format| format.name() == text);
        found.copied().ok_or_else(|| UnknownFormat {
            text: text.to_owned(),
        })
    }
}
