//! What the desk says: the same words and the same document through every door.

use interlock_gate::reason::Reason;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// An answer: text for whoever reads, a document for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Escaped, bounded, summary first.
    pub text: String,
    /// Its first key is `schema`.
    pub document: Value,
}

impl Said {
    /// From a document struct; one that cannot be written is a refusal.
    pub fn new<T: Serialize>(text: impl Into<String>, document: &T) -> Result<Said, Refusal> {
        let document = serde_json::to_value(document)
            .map_err(|error| Refusal::new(Code::Store, format!("cannot be written: {error}")))?;
        Ok(Said {
            text: text.into(),
            document,
        })
    }
}

/// The kind of a refusal, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Nothing has that name or id, or the caller may not see it.
    NotFound,
    /// The request itself is wrong.
    BadInput,
    /// The policy or the gate says no.
    Denied,
    /// This caller may not do that.
    NotAllowed,
    /// The caller's token may only read.
    ReadOnly,
    /// Too many calls or runs; see [`Refusal::retry_after_s`].
    RateLimited,
    /// The id belongs to something else, or somebody else holds it.
    Busy,
    /// The host itself failed.
    Store,
    /// The server is stopping.
    Stopping,
}

impl Code {
    /// As documents and metrics spell it.
    pub fn word(self) -> &'static str {
        match self {
            Code::NotFound => "not_found",
            Code::BadInput => "bad_input",
            Code::Denied => "denied",
            Code::NotAllowed => "not_allowed",
            Code::ReadOnly => "read_only",
            Code::RateLimited => "rate_limited",
            Code::Busy => "busy",
            Code::Store => "store",
            Code::Stopping => "stopping",
        }
    }
}

/// What the document begins with. Of no size: a refusal is the error of every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusalSchema;

impl Serialize for RefusalSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("interlock.refusal.v1")
    }
}

fn none(reasons: &[&'static str]) -> bool {
    reasons.is_empty()
}

/// Why something was not done. Also a document: `interlock.refusal.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub(crate) schema: RefusalSchema,
    /// Its kind.
    pub code: Code,
    /// What was wrong, in one sentence.
    pub reason: String,
    /// The rule or limit that says so, where there is one.
    pub rule: Option<String>,
    /// What to do now.
    pub next: Option<String>,
    /// The gate's reasons, by the names of their kinds, where it was the gate.
    #[serde(skip_serializing_if = "none")]
    pub reasons: Box<[&'static str]>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    /// Without rule and next step.
    pub fn new(code: Code, reason: impl Into<String>) -> Refusal {
        Refusal {
            schema: RefusalSchema,
            code,
            reason: reason.into(),
            rule: None,
            next: None,
            reasons: Box::default(),
            retry_after_s: None,
        }
    }

    /// Names the rule or limit.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Refusal {
        self.rule = Some(rule.into());
        self
    }

    /// Names the next step.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Refusal {
        self.next = Some(next.into());
        self
    }

    /// Names the gate's reasons.
    #[must_use]
    pub fn reasons<'r>(mut self, reasons: impl IntoIterator<Item = &'r Reason>) -> Refusal {
        self.reasons = reasons.into_iter().map(Reason::code).collect();
        self
    }

    /// As people read it.
    pub fn text(&self) -> String {
        let mut text = format!("{}: {}", self.code.word(), self.reason);
        if let Some(rule) = &self.rule {
            text.push_str(&format!("\nrule: {rule}"));
        }
        if let Some(next) = &self.next {
            text.push_str(&format!("\nnext: {next}"));
        }
        text
    }
}
