//! Why a step did not get an answer, and how a step ends without a conclusion.

use std::fmt;

use crate::wire;

/// An answer that could not be had. It never means "nothing there".
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The call, to cite.
    pub call: u64,
    /// What was asked: `database.sessions orders-db`.
    pub asked: String,
    /// Why no answer came.
    pub why: wire::Gap,
}

impl Gap {
    /// Why, in the words of the source or of the host.
    pub fn reason(&self) -> String {
        match &self.why {
            wire::Gap::NoSource(why) => format!("no source: {why}"),
            wire::Gap::Unreachable(why) => format!("unreachable: {why}"),
            wire::Gap::Refused(why) => format!("refused: {why}"),
            wire::Gap::TooLarge(why) => format!("too large: {why}"),
            wire::Gap::NotRecorded(why) => format!("not recorded: {why}"),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (c{}): {}", self.asked, self.call, self.reason())
    }
}

impl std::error::Error for Gap {}

/// How a step ends without a conclusion. `?` on a [`Gap`] makes the first kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The run ends `unresolved: could not check`. That is no fault.
    CouldNotCheck {
        /// What was to be checked.
        what: String,
        /// The call that brought no answer, where one was made.
        call: Option<u64>,
        /// Why not.
        why: String,
        /// What the answer would have shown.
        would_show: String,
    },
    /// The step itself failed.
    Failed(String),
}

impl Error {
    /// The step itself failed, and why.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CouldNotCheck { what, why, .. } => write!(f, "could not check {what}: {why}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<Gap> for Error {
    fn from(gap: Gap) -> Self {
        Self::CouldNotCheck {
            would_show: "the facts that this step rests on".to_owned(),
            call: Some(gap.call),
            why: gap.reason(),
            what: gap.asked,
        }
    }
}

impl From<wire::Refusal> for Error {
    fn from(refusal: wire::Refusal) -> Self {
        use wire::Refusal::{BadArgument, NoSuchItem, NotIdentified, TooMany, WrongKind};
        let (NoSuchItem(why) | WrongKind(why) | NotIdentified(why) | BadArgument(why)
        | TooMany(why)) = refusal;
        Self::Failed(format!("the host refused to plan a write: {why}"))
    }
}

impl From<Error> for wire::Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::CouldNotCheck {
                what,
                call,
                why,
                would_show,
            } => Self::CouldNotCheck(wire::Unchecked {
                what,
                call,
                why,
                would_show,
            }),
            Error::Failed(why) => Self::Failed(why),
        }
    }
}

/// What a step gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;
