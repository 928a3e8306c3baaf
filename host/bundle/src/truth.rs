//! What turned out to be the cause, in a file that no run reads.

use std::path::Path;

use serde::Deserialize;

use crate::about::{line_of, toml_text};
use crate::{BundleError, Folder};

/// Most bytes of `truth.toml`: it may name every alert of a storm.
const TRUTH_BYTES_MAX: u64 = 4 << 20;

/// The file, beside `observed/` and never in it.
pub(crate) const TRUTH_FILE: &str = "truth.toml";

const SCHEMA: &str = "interlock.truth.v1";

/// What turned out to be the cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Of which kind, in the words of a runbook's causes; `None`: not known, any will do.
    pub cause: Option<String>,
    /// Where: names of the topology, any of which is right; empty: not known, any will do.
    pub subjects: Vec<String>,
    /// In words.
    pub note: Option<String>,
    /// Which alerts belong together; empty: not known.
    pub cases: Vec<TruthCase>,
}

/// Alerts that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruthCase {
    /// Where they begin: names of the topology, any of which is right; empty: not known.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Their fingerprints.
    pub alerts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: toml::Spanned<String>,
    cause: Option<String>,
    #[serde(default)]
    subjects: Vec<String>,
    note: Option<String>,
    #[serde(default, rename = "case")]
    cases: Vec<TruthCase>,
}

impl Truth {
    /// Reads the truth beside the bundle in `bundle`; `None`: nobody has told it.
    pub fn read(bundle: &Path) -> Result<Option<Truth>, BundleError> {
        let folder = Folder::open(bundle)?;
        let Some(text) = folder.read_text(TRUTH_FILE, TRUTH_BYTES_MAX)? else {
            return Ok(None);
        };
        let at = |line, why| BundleError::Line {
            path: bundle.join(TRUTH_FILE),
            line,
            why,
        };
        let written: Written = toml::from_str(&text)
            .map_err(|e| at(line_of(&text, e.span()), e.message().to_owned()))?;
        if written.schema.get_ref() != SCHEMA {
            let line = line_of(&text, Some(written.schema.span()));
            return Err(at(line, format!("the schema is not `{SCHEMA}`")));
        }
        Ok(Some(Truth {
            cause: written.cause,
            subjects: written.subjects,
            note: written.note,
            cases: written.cases,
        }))
    }

    /// Writes the truth beside the bundle in `bundle`, in place of one that stands there.
    pub fn write(&self, bundle: &Path) -> Result<(), BundleError> {
        let mut text = format!("schema = \"{SCHEMA}\"\n");
        if let Some(cause) = &self.cause {
            text += &format!("cause = {}\n", toml_text(cause));
        }
        let list = |names: &[String]| {
            let all: Vec<String> = names.iter().map(|s| toml_text(s)).collect();
            format!("[{}]", all.join(", "))
        };
        if !self.subjects.is_empty() {
            text += &format!("subjects = {}\n", list(&self.subjects));
        }
        if let Some(note) = &self.note {
            text += &format!("note = {}\n", toml_text(note));
        }
        for case in &self.cases {
            let (origins, alerts) = (list(&case.origins), list(&case.alerts));
            text += &format!("\n[[case]]\norigins = {origins}\nalerts = {alerts}\n");
        }
        let path = bundle.join(TRUTH_FILE);
        std::fs::write(&path, text).map_err(|why| BundleError::System {
            path,
            doing: "written",
            why,
        })
    }

    /// Whether a hypothesis names it: its cause where one is known, and a subject where some are.
    pub fn is_named_by(&self, cause: &str, subject: Option<&str>) -> bool {
        let cause = self.cause.as_deref().is_none_or(|known| known == cause);
        let place = self.subjects.is_empty()
            || subject.is_some_and(|named| self.subjects.iter().any(|known| known == named));
        cause && place
    }
}
