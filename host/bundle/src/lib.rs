//! An incident in a folder: what was observed, served to a run as if it were live, and, apart from
//! it, what turned out to be the cause.
//!
//! Not an importer: those are in `interlock-import`. Not a query engine: expressions that it does
//! not evaluate exactly are refused, never answered in part.
//!
//! Start at [`Bundle`], then [`Bundle::readers`] for what a run is given, [`Truth`] for what it is
//! not, and [`Corpus`] for many.
//!
//! Invariant: what a run can read never holds the truth; no link is followed, and nothing is read
//! beyond its bound.
#![forbid(unsafe_code)]

mod about;
mod bundle;
mod corpus;
mod error;
mod folder;
mod lines;
mod metrics_csv;
mod observed;
mod record;
mod series;
mod serve;
mod timeline;
mod truth;

pub use about::About;
pub use bundle::Bundle;
pub use corpus::Corpus;
pub use error::BundleError;
pub use folder::{Folder, Room, is_name};
pub use observed::Observed;
pub use record::{Recording, Unrecorded, alert_given, alerts_listed, calls_of, record};
pub use series::{BadSeries, labels_of, series_text};
pub use timeline::TimelineLine;
pub use truth::{Truth, TruthCase};
