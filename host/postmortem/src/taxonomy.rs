//! The contributing factors: a short closed list, so that post-mortems can be counted.
//!
//! The names follow what public studies of incidents count: Google's SRE workbook (binary push,
//! configuration push, change of user behaviour, pipeline, provider, capacity), the categories in
//! Azure's and AWS' published reviews, and the question that every review asks beside the trigger:
//! who noticed, how late, and whose it was. `docs/postmortems.md` says when each applies.

use std::{fmt, str::FromStr};

/// A word that is no factor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no contributing factor")]
pub struct NoFactor {
    word: String,
}

macro_rules! factors {
    ($($Name:ident = $word:literal: $applies:literal;)*) => {
        /// One contributing factor. An incident may have several.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Factor {
            $(#[doc = $applies] $Name,)*
        }

        impl Factor {
            /// All of them, in the order in which they are listed.
            pub const ALL: &[Factor] = &[$(Factor::$Name),*];

            /// Its name in a post-mortem.
            pub const fn word(self) -> &'static str {
                match self { $(Factor::$Name => $word,)* }
            }

            /// When it applies, in a sentence.
            pub const fn applies(self) -> &'static str {
                match self { $(Factor::$Name => $applies,)* }
            }
        }
    };
}

factors! {
    Deployment = "deployment": "New code or a new build of a service went out shortly before.";
    ConfigurationChange = "configuration_change": "A setting, flag, limit or rule was changed, or was wrong for what it met.";
    Capacity = "capacity": "More work came than there was room for, or a resource ran full.";
    DependencyFailure = "dependency_failure": "Something that the service calls, inside or at a provider, failed or was slow.";
    Defect = "defect": "The service's own code was wrong, however long it had been out.";
    DataOrSchema = "data_or_schema": "Data or a schema was changed, migrated, missing or malformed.";
    Network = "network": "Names, routes, load balancers or links between services failed.";
    SecurityOrExpiry = "security_or_expiry": "A certificate, key or grant expired, was revoked or was missing.";
    OperatorAction = "operator_action": "A person's action by hand began or worsened it.";
    MonitoringGap = "monitoring_gap": "Something that would have shown it was not watched, or could not be asked.";
    DetectionDelay = "detection_delay": "It went on for some time before anything or anybody rang.";
    UnclearOwnership = "unclear_ownership": "It was passed on before somebody took it.";
    Unknown = "unknown": "The record does not say, and nobody has said so far.";
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Factor {
    type Err = NoFactor;

    fn from_str(word: &str) -> Result<Factor, NoFactor> {
        let found = Factor::ALL.iter().find(|factor| factor.word() == word);
        found.copied().ok_or_else(|| NoFactor {
            word: interlock_gate::escape::foreign_short(word, 60),
        })
    }
}

/// Parts of a cause's name that point at a factor: the first row that has one of them counts. A
/// hint from a name that a runbook's author chose, and proposed as no more than that.
const HINTS: &[(Factor, &[&str])] = &[
    (
        Factor::Deployment,
        &["deploy", "release", "rollout", "bad_change", "new_version"],
    ),
    (
        Factor::SecurityOrExpiry,
        &[
            "certificate",
            "expir",
            "credential",
            "permission",
            "revoked",
        ],
    ),
    (
        Factor::DataOrSchema,
        &["migration", "schema", "data_", "_data", "corrupt", "bloat"],
    ),
    (
        Factor::ConfigurationChange,
        &[
            "config",
            "setting",
            "too_low",
            "too_high",
            "limit",
            "misconfigured",
        ],
    ),
    (
        Factor::DependencyFailure,
        &["dependency", "upstream", "downstream", "provider"],
    ),
    (
        Factor::Network,
        &[
            "network",
            "dns",
            "partition",
            "packet",
            "route",
            "unreachable",
        ],
    ),
    (
        Factor::Capacity,
        &[
            "surge", "traffic", "saturat", "capacity", "full", "exhaust", "overload", "out_of_",
        ],
    ),
    (
        Factor::Defect,
        &[
            "leak", "idle_in_", "convoy", "deadlock", "bug", "defect", "crash", "failing", "slow",
        ],
    ),
    (Factor::MonitoringGap, &["not_a_", "false_alarm", "noise"]),
];

impl Factor {
    /// The factor that the name of a cause points at, if it does.
    pub fn of_cause(cause: &str) -> Option<Factor> {
        let has = |(_, parts): &&(Factor, &[&str])| parts.iter().any(|part| cause.contains(part));
        HINTS.iter().find(has).map(|(factor, _)| *factor)
    }

    /// The factor of a change of that kind, as `changes.list` names kinds.
    pub fn of_change(kind: &str) -> Option<Factor> {
        match kind {
            "deployment" => Some(Factor::Deployment),
            "config" => Some(Factor::ConfigurationChange),
            "migration" => Some(Factor::DataOrSchema),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_read_by_its_word_and_no_other() {
        for factor in Factor::ALL {
            assert_eq!(factor.word().parse(), Ok(*factor));
        }
        let error = "deploy".parse::<Factor>().unwrap_err().to_string();
        assert_eq!(error, "`deploy` is no contributing factor");
    }

    #[test]
    fn every_factor_is_documented_in_the_words_of_its_type() {
        let docs = include_str!("../../../docs/postmortems.md");
        for factor in Factor::ALL {
            let row = format!("| `{factor}` | {} |\n", factor.applies());
            assert!(docs.contains(&row), "{row}");
        }
    }

    #[test]
    fn the_causes_of_the_shipped_runbooks_point_somewhere() {
        for (cause, factor) in [
            ("idle_in_transaction", Factor::Defect),
            ("leak_after_deployment", Factor::Deployment),
            ("traffic_surge", Factor::Capacity),
            ("lock_convoy", Factor::Defect),
            ("max_connections_too_low", Factor::ConfigurationChange),
            ("lost_dependency", Factor::DependencyFailure),
            ("bad_change", Factor::Deployment),
            ("saturated_component", Factor::Capacity),
        ] {
            assert_eq!(Factor::of_cause(cause), Some(factor), "{cause}");
        }
        assert_eq!(Factor::of_cause("something_else"), None);
    }
}
