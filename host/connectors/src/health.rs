//! What `doctor` says of each configured source.

use interlock_capabilities::{AnswerLimit, Gap};

/// How one source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers; what was seen.
    Good {
        /// In a few words.
        what: String,
    },
    /// It answers, and something about it should be mended.
    Poor {
        /// What it answered, in a few words.
        what: String,
        /// What to mend, one sentence each; never empty.
        warnings: Vec<String>,
    },
    /// It could not be checked.
    Bad {
        /// Why, without URLs or secrets.
        why: String,
    },
}

impl Health {
    /// Adds what should be mended; a source that does not answer stays as it is.
    pub fn warn(self, warning: Option<String>) -> Self {
        let Some(warning) = warning else { return self };
        match self {
            Self::Good { what } => Self::Poor {
                what,
                warnings: vec![warning],
            },
            Self::Poor { what, mut warnings } => {
                warnings.push(warning);
                Self::Poor { what, warnings }
            }
            Self::Bad { why } => Self::Bad { why },
        }
    }
}

/// A configured source and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its section, such as `[source.prometheus]`.
    pub section: &'static str,
    /// Its name as policies' targets write it.
    pub name: String,
    /// How it is.
    pub health: Health,
}

/// Enough for the answer of a health check.
pub(crate) const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 4 << 20 };

pub(crate) fn of(answer: Result<String, Gap>) -> Health {
    match answer {
        Ok(what) => Health::Good { what },
        Err(gap) => Health::Bad {
            why: gap.why().to_owned(),
        },
    }
}

/// The gap of a status that is no answer.
pub(crate) fn by_status(who: &str, status: u16) -> Gap {
    match status {
        401 | 403 => Gap::Refused(format!("{who} refuses: status {status}")),
        400 | 422 => Gap::Refused(format!("{who} refuses the question: status {status}")),
        300..=399 => Gap::Unreachable(format!(
            "{who} redirects (status {status}), and no redirect is followed"
        )),
        _other => Gap::Unreachable(format!("{who} answered status {status}")),
    }
}
