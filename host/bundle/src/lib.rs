//! An incident in a folder: what was observed, served to a run as if it were live, and, apart from
//! it, what turned out to be the cause.
//!
//! Not an importer: those are in `interlock-import`.
//!
//! Invariant: what a run can read never holds the truth.
#![forbid(unsafe_code)]
