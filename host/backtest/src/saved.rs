//! A result as a file: what another build is held against, and what a journal keeps.
//! No fractions: what is counted can be hashed.

use interlock_gate::{ids::BlobDigest, plan::StepBytes};
use interlock_runner::confidence::Level;
use serde::{Deserialize, Serialize};

use crate::{
    outcome::Outcome,
    tried::{End, Tried},
};

/// The schema of a kept result.
pub const SAVED_SCHEMA: &str = "interlock.backtest-cases.v1";
/// The schema of the command's document, which holds the same list.
const DOCUMENT_SCHEMA: &str = "interlock.backtest.v1";
/// Most incidents of a file.
const CASES_MAX: usize = 1_000_000;

/// A result, incident by incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// [`SAVED_SCHEMA`], or that of the command's document.
    pub schema: String,
    /// The runbook.
    pub runbook: String,
    /// Its version.
    pub version: String,
    /// The steps that ran.
    pub components: Vec<StepBytes>,
    /// The corpus.
    pub corpus: BlobDigest,
    /// Each incident.
    pub cases: Vec<SavedCase>,
}

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCase {
    /// The bundle's name.
    pub name: String,
    /// How it was judged.
    pub verdict: Verdict,
    /// The place of the right cause, from 1.
    pub rank: Option<u64>,
    /// The first cause named.
    pub cause: Option<String>,
    /// What it blames.
    pub subject: Option<String>,
    /// How far the host believes it.
    pub confidence: Option<Level>,
}

/// How an incident was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first cause named is right.
    Right,
    /// It is wrong.
    Wrong,
    /// None was named.
    Unresolved,
    /// A step faulted or failed.
    Failed,
    /// Its cause is not known.
    NotJudged,
}

/// A file that is no result.
#[derive(Debug, thiserror::Error)]
pub enum BadSaved {
    /// Not the JSON of one.
    #[error("it is not a backtest's result as `--json` prints it")]
    Form(#[source] serde_json::Error),
    /// Another document.
    #[error("its schema is `{0}`, expected `{DOCUMENT_SCHEMA}` or `{SAVED_SCHEMA}`")]
    Schema(String),
    /// Too much of it.
    #[error("it holds more than {CASES_MAX} incidents")]
    TooMany,
}

impl Verdict {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::Unresolved => "unresolved",
            Verdict::Failed => "failed",
            Verdict::NotJudged => "not judged",
        }
    }

    /// Of one incident.
    pub fn of(tried: &Tried) -> Verdict {
        match (&tried.end, tried.first().map(|first| first.right)) {
            _ if !tried.is_judged() => Verdict::NotJudged,
            (End::Failed(_), _) => Verdict::Failed,
            (End::Unresolved(_), _) | (End::Named, None) => Verdict::Unresolved,
            (End::Named, Some(Some(true))) => Verdict::Right,
            (End::Named, Some(_)) => Verdict::Wrong,
        }
    }
}

impl SavedCase {
    /// Of one incident.
    pub fn of(tried: &Tried) -> SavedCase {
        let first = tried.first();
        SavedCase {
            name: tried.name.clone(),
            verdict: Verdict::of(tried),
            rank: tried.rank().map(|rank| rank as u64),
            cause: first.map(|first| first.cause.clone()),
            subject: first.and_then(|first| first.subject.clone()),
            confidence: first.map(|first| first.confidence.level),
        }
    }
}

impl Saved {
    /// Of a result.
    pub fn of(outcome: &Outcome) -> Saved {
        Saved {
            schema: SAVED_SCHEMA.to_owned(),
            runbook: outcome.runbook.clone(),
            version: outcome.version.clone(),
            components: outcome.components.clone(),
            corpus: outcome.corpus,
            cases: outcome.cases.iter().map(SavedCase::of).collect(),
        }
    }

    /// Reads a kept result, or the command's document.
    pub fn read(bytes: &[u8]) -> Result<Saved, BadSaved> {
        let saved: Saved = serde_json::from_slice(bytes).map_err(BadSaved::Form)?;
        if saved.schema != SAVED_SCHEMA && saved.schema != DOCUMENT_SCHEMA {
            return Err(BadSaved::Schema(saved.schema.chars().take(80).collect()));
        }
        if saved.cases.len() > CASES_MAX {
            return Err(BadSaved::TooMany);
        }
        Ok(saved)
    }
}
