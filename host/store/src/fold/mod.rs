//! The state that the journal's entries add up to.
//! Not the database: its tables are compared with this, row for row.
//! Start at [`Fold::push`]; [`step`] says which entry may follow.
//! Invariant: all state is a fold over the entries, and every entry in it was legal where it stands.

mod history;
mod illegal;
mod incident;
mod learnt;
pub mod rows;
pub mod step;

pub use history::take;
pub use illegal::Illegal;
pub use rows::{
    Change, Facts, IncidentRow, IntentKey, IntentRow, PlanRow, PolicyRow, Rows, RunRow, TokenRow,
};
pub use step::{OPEN, RECONCILED, StepError, changes};

use crate::entry::Stamped;

/// A fold over entries, from the first.
#[derive(Debug, Default)]
pub struct Fold {
    rows: Rows,
}

impl Fold {
    /// Takes the next entry, or says why it cannot follow; then nothing has changed.
    pub fn push(&mut self, next: &Stamped) -> Result<(), Illegal> {
        match changes(&self.rows, self.rows.size, next.at, &next.entry) {
            Ok(changes) => {
                for change in changes {
                    self.rows.apply(change);
                }
                self.rows.size += 1;
                self.rows.newest_at = Some(next.at);
                Ok(())
            }
            Err(StepError::Illegal(illegal)) => Err(illegal),
            Err(StepError::Facts(never)) => match never {},
        }
    }

    /// What the entries so far add up to.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}
