//! What a caller adds to an incident: a note, in their words, kept as theirs.
//! Not evidence and not an instruction: a note is foreign text wherever it is shown.

use interlock_gate::{ids::PersonName, plan::Requester, time::Time};
use interlock_store::{
    Store as _,
    entry::{Entry, NOTE_BYTES_MAX, Stamped},
};

use crate::{caller::Caller, error::RunError, open::Runner};

/// Most notes on one incident by one caller.
pub const NOTES_MAX: usize = 100;

/// One note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRecord {
    /// When the journal took it.
    pub at: Time,
    /// Whose words.
    pub by: Requester,
    /// Who stands behind them.
    pub owners: Vec<PersonName>,
    /// Untrusted text, to be shown quoted and escaped.
    pub text: String,
}

impl NoteRecord {
    /// The note that an entry holds, if it holds one.
    pub(crate) fn of(stamped: &Stamped) -> Option<NoteRecord> {
        match &stamped.entry {
            Entry::Note {
                text, by, owners, ..
            } => Some(NoteRecord {
                at: stamped.at,
                by: by.clone(),
                owners: owners.clone(),
                text: text.clone(),
            }),
            _ => None,
        }
    }
}

/// A note that the host does not take.
#[derive(Debug, thiserror::Error)]
pub enum CannotNote {
    /// Nothing in it.
    #[error("the note is empty")]
    Empty,
    /// More than anybody reads.
    #[error("the note has {bytes} bytes, at most {NOTE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// This caller has said enough.
    #[error("{who} has made {NOTES_MAX} notes on {incident}, which is the most")]
    Enough {
        /// The caller.
        who: String,
        /// The incident.
        incident: String,
    },
    /// The host could not take it, whatever it says.
    #[error(transparent)]
    Host(Box<RunError>),
}

impl From<RunError> for CannotNote {
    fn from(error: RunError) -> CannotNote {
        CannotNote::Host(Box::new(error))
    }
}

impl Runner {
    /// Records a caller's words on an incident that is known here.
    pub async fn note(&self, incident: &str, text: &str, by: &Caller) -> Result<(), CannotNote> {
        if text.trim().is_empty() {
            return Err(CannotNote::Empty);
        }
        if text.len() > NOTE_BYTES_MAX {
            let bytes = text.len();
            return Err(CannotNote::TooLong { bytes });
        }
        let store = self.store();
        if store
            .incident(incident)
            .await
            .map_err(RunError::from)?
            .is_none()
        {
            return Err(RunError::Unknown {
                what: "incident",
                id: incident.chars().take(80).collect(),
            }
            .into());
        }
        let notes = store.about_incident_of(incident, "note").await;
        let mine = notes
            .map_err(RunError::from)?
            .iter()
            .filter_map(NoteRecord::of)
            .filter(|note| note.by == by.requester)
            .count();
        if mine >= NOTES_MAX {
            return Err(CannotNote::Enough {
                who: by.shown(),
                incident: incident.to_owned(),
            });
        }
        let entry = Entry::Note {
            incident: incident.to_owned(),
            text: text.to_owned(),
            by: by.requester.clone(),
            owners: by.owner.iter().cloned().collect(),
        };
        Ok(self.record(entry).await?)
    }
}
