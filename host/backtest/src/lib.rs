//! A runbook over incidents whose causes are known: how often it was right, and how sure it was.
//!
//! Not a run: nothing is proposed, and no source is in reach but the bundle.
//!
//! Invariant: the truth is read after the step has ended.
#![forbid(unsafe_code)]
