//! What another program kept of an incident, such as a chat or a paging log: attached to it line by
//! line, so that each can be cited.
//! Not a parser: whoever reads the other program's file hands the lines over.
//! Invariant: the journal holds the digest of the lines, and they are read back only as they were.

use interlock_gate::{canonical, ids::BlobDigest, plan::Requester, time::Time};
use interlock_store::{
    Store as _,
    entry::{Entry, Stamped, TIMELINE_LINES_MAX},
};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    error::RunError,
    open::{KEPT_BYTES_MAX, Runner},
};

/// The schema of kept lines.
pub const TIMELINE_SCHEMA: &str = "interlock.timeline.v1";
/// Longest text of a line, in bytes; the rest is cut off, and the line says so.
pub const LINE_BYTES_MAX: usize = 8 * 1024;
/// Longest kind or author of a line, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Most timelines of one incident.
pub const TIMELINES_MAX: usize = 50;

/// One line of a timeline. All but its place is untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineLine {
    /// When it was said or happened.
    pub at: Time,
    /// What it is: `message`, `trigger`, `escalate`, `acknowledge`, `resolve` and so on.
    pub kind: String,
    /// Whose, where known.
    pub author: Option<String>,
    /// What it says.
    pub text: String,
    /// Its place in the file that it was read from, from 1. Where several lines have one place, as
    /// in a file of one line or in several files, each has its number in their order instead.
    pub line: u32,
}

/// A timeline as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    schema: String,
    format: String,
    lines: Vec<TimelineLine>,
}

/// A timeline that is attached to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The journal's number of the entry that attached it.
    pub index: u64,
    /// When it was attached.
    pub at: Time,
    /// What kept it: `slack`, `pagerduty`, `alertmanager`.
    pub format: String,
    /// Who attached it.
    pub by: Requester,
    /// Of the kept lines.
    pub digest: BlobDigest,
    /// Its lines, in the order of their file.
    pub lines: Vec<TimelineLine>,
}

/// A timeline that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CannotImport {
    /// Nothing in it.
    #[error("the timeline has no lines")]
    Empty,
    /// More than is ever looked at.
    #[error("the timeline has {lines} lines, at most {TIMELINE_LINES_MAX}")]
    TooMany {
        /// How many.
        lines: usize,
    },
    /// More bytes than are kept.
    #[error("the timeline's lines have more than {KEPT_BYTES_MAX} bytes")]
    TooLong,
    /// The incident has enough of them.
    #[error("`{incident}` has {TIMELINES_MAX} timelines, which is the most")]
    Enough {
        /// The incident.
        incident: String,
    },
    /// The host could not take it, whatever it says.
    #[error(transparent)]
    Host(#[from] Box<RunError>),
}

impl From<RunError> for CannotImport {
    fn from(error: RunError) -> CannotImport {
        CannotImport::Host(Box::new(error))
    }
}

impl Runner {
    /// Attaches a timeline to an incident that is known here. The same lines again change nothing;
    /// whether they are new is said.
    pub async fn attach_timeline(
        &self,
        incident: &str,
        format: &str,
        lines: Vec<TimelineLine>,
        by: &Caller,
    ) -> Result<bool, CannotImport> {
        let lines = checked(lines)?;
        let store = self.store();
        let known = store.incident(incident).await.map_err(RunError::from)?;
        if known.is_none() {
            return Err(CannotImport::from(RunError::Unknown {
                what: "incident",
                id: incident.chars().take(80).collect(),
            }));
        }
        let count = lines.len() as u64;
        let kept = Kept {
            schema: TIMELINE_SCHEMA.to_owned(),
            format: format.to_owned(),
            lines,
        };
        let bytes =
            canonical::to_bytes_within(&kept, KEPT_BYTES_MAX).map_err(|error| match error {
                canonical::NotCanonical::TooLarge { .. } => CannotImport::TooLong,
                other => RunError::Canonical(other).into(),
            })?;
        let digest = BlobDigest::of(&bytes);
        let so_far = store.about_incident_of(incident, "imported").await;
        let so_far = so_far.map_err(RunError::from)?;
        let same = |stamped: &Stamped| matches!(&stamped.entry, Entry::Imported { timeline, .. } if *timeline == digest);
        if so_far.iter().any(same) {
            return Ok(false);
        }
        if so_far.len() >= TIMELINES_MAX {
            return Err(CannotImport::Enough {
                incident: incident.to_owned(),
            });
        }
        store
            .keep(bytes)
            .await
            .map_err(|refused| CannotImport::from(RunError::Journal(refused)))?;
        let entry = Entry::Imported {
            incident: incident.to_owned(),
            format: format.to_owned(),
            by: by.requester.clone(),
            timeline: digest,
            lines: count,
        };
        self.record(entry).await?;
        Ok(true)
    }

    /// The timelines that are attached to an incident, in the order in which they came.
    pub async fn timelines(&self, incident: &str) -> Result<Vec<Timeline>, RunError> {
        let mut timelines = Vec::new();
        for stamped in self.store().about_incident_of(incident, "imported").await? {
            let Entry::Imported {
                format,
                by,
                timeline: digest,
                ..
            } = stamped.entry
            else {
                continue;
            };
            let kept: Kept = self.document(digest, "timeline").await?;
            timelines.push(Timeline {
                index: stamped.index,
                at: stamped.at,
                format,
                by,
                digest,
                lines: kept.lines,
            });
        }
        Ok(timelines)
    }
}

/// Bounded lines, each with a place of its own.
fn checked(mut lines: Vec<TimelineLine>) -> Result<Vec<TimelineLine>, CannotImport> {
    if lines.is_empty() {
        return Err(CannotImport::Empty);
    }
    if lines.len() as u64 > TIMELINE_LINES_MAX {
        return Err(CannotImport::TooMany { lines: lines.len() });
    }
    let mut places: Vec<u32> = lines.iter().map(|line| line.line).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() == lines.len() {
        lines.sort_by_key(|line| line.line);
    } else {
        // A citation must lead to one of them.
        for (number, line) in (1..).zip(&mut lines) {
            line.line = number;
        }
    }
    for line in &mut lines {
        cut(&mut line.text, LINE_BYTES_MAX);
        cut(&mut line.kind, NAME_BYTES_MAX);
        if let Some(author) = &mut line.author {
            cut(author, NAME_BYTES_MAX);
        }
    }
    Ok(lines)
}

fn cut(text: &mut String, bytes_max: usize) {
    const LEFT_OUT: &str = " (cut)";
    if text.len() <= bytes_max {
        return;
    }
    let mut end = bytes_max - LEFT_OUT.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(LEFT_OUT);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: u32, text: &str) -> TimelineLine {
        TimelineLine {
            at: Time::default(),
            kind: "message".to_owned(),
            author: None,
            text: text.to_owned(),
            line: at,
        }
    }

    #[test]
    fn a_place_belongs_to_one_line() {
        let numbered = checked(vec![line(3, "a"), line(1, "b"), line(3, "c")]).unwrap();
        let places: Vec<(u32, &str)> = numbered
            .iter()
            .map(|line| (line.line, line.text.as_str()))
            .collect();
        assert_eq!(places, [(1, "a"), (2, "b"), (3, "c")]);
        assert!(matches!(checked(Vec::new()), Err(CannotImport::Empty)));
        let sorted = checked(vec![line(3, "a"), line(1, "b")]).unwrap();
        assert_eq!(sorted[0].line, 1);
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_says_so() {
        let long = checked(vec![line(1, &"ä".repeat(LINE_BYTES_MAX))]).unwrap();
        assert!(long[0].text.len() <= LINE_BYTES_MAX);
        assert!(long[0].text.ends_with("ä (cut)"));
    }
}
