//! The header of a post-mortem: what programs count, between two lines `---`.
//! A small part of YAML: `key: value`, a value one of `null`, a plain word, a text in quotation
//! marks as in JSON, or a list of these in brackets.
//! Invariant: what [`Front::write`] writes, [`Front::read`] reads back as it was; nothing else that
//! it takes means two things.

mod read;
mod write;

use std::collections::BTreeMap;

use interlock_gate::time::Time;

use crate::taxonomy::Factor;

pub use read::{BadFront, HEADER_BYTES_MAX, Problem};

/// The schema of the header.
pub const SCHEMA: &str = "interlock.postmortem.v1";

/// Whether a person stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may still say what nobody has looked at.
    Draft,
    /// A person has read it and says that it is so.
    Final,
}

impl Status {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Final => "final",
        }
    }
}

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// The incident's id.
    pub incident: String,
    /// Whether a person stands behind it.
    pub status: Status,
    /// How bad, where known.
    pub severity: Option<String>,
    /// Whose.
    pub services: Vec<String>,
    /// When the first alert began to ring.
    pub began: Option<Time>,
    /// When this host first knew of it.
    pub detected: Option<Time>,
    /// When a change was first found to have helped.
    pub mitigated: Option<Time>,
    /// When nothing rang any more.
    pub ended: Option<Time>,
    /// What a person says contributed.
    pub factors: Vec<Factor>,
    /// What the evidence suggests, until a person moves it to `factors` or takes it out.
    pub proposed: Vec<Factor>,
    /// Causes that were concluded first, or judged to be so: `runbook/cause`.
    pub causes: Vec<String>,
    /// Its runs.
    pub runs: Vec<String>,
    /// Their plans, the first 12 digits of each.
    pub plans: Vec<String>,
    /// Of all entries and lines that it was drafted from.
    pub sources: String,
    /// Every block that was ever drafted: one that is gone was taken out.
    pub blocks: Vec<String>,
    /// Of each drafted value, so that one that a person has changed is known.
    pub drafted: BTreeMap<String, String>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Word(String),
    List(Vec<String>),
}

/// The keys that are drafted from the record, and that a person may correct.
pub(crate) const DRAFTED: [&str; 9] = [
    "severity",
    "services",
    "began",
    "detected",
    "mitigated",
    "ended",
    "causes",
    "runs",
    "plans",
];

impl Front {
    /// This header drafted again as `new`: what a person has changed in it stays.
    pub fn redrafted(&self, new: &Front) -> Front {
        let mut merged = new.clone();
        merged.status = self.status;
        merged.factors = self.factors.clone();
        // Not what a person has confirmed, nor what was proposed before and a person took out.
        merged.proposed.retain(|factor| {
            let proposed_before = self.blocks.contains(&factor_block(*factor));
            !self.factors.contains(factor) && (self.proposed.contains(factor) || !proposed_before)
        });
        for key in DRAFTED {
            let old = self.value(key);
            if self.drafted.get(key) == Some(&digest(&old)) {
                continue;
            }
            merged.take(key, self);
            // As it was drafted first: so it stays known as changed.
            if let Some(first) = self.drafted.get(key) {
                merged.drafted.insert(key.to_owned(), first.clone());
            }
        }
        let mut blocks = self.blocks.clone();
        blocks.extend(
            new.blocks
                .iter()
                .filter(|id| !self.blocks.contains(id))
                .cloned(),
        );
        merged.blocks = blocks;
        merged
    }

    /// The keys whose value a person has changed.
    pub fn changed(&self) -> Vec<&'static str> {
        let differs = |key: &&str| {
            self.drafted
                .get(*key)
                .is_some_and(|was| *was != digest(&self.value(key)))
        };
        DRAFTED.into_iter().filter(|key| differs(key)).collect()
    }

    /// With the digests of what is drafted now.
    pub fn sealed(mut self) -> Front {
        let of = |key: &str| (key.to_owned(), digest(&self.value(key)));
        self.drafted = DRAFTED.iter().map(|key| of(key)).collect();
        self
    }

    fn take(&mut self, key: &str, from: &Front) {
        match key {
            "severity" => self.severity.clone_from(&from.severity),
            "services" => self.services.clone_from(&from.services),
            "began" => self.began = from.began,
            "detected" => self.detected = from.detected,
            "mitigated" => self.mitigated = from.mitigated,
            "ended" => self.ended = from.ended,
            "causes" => self.causes.clone_from(&from.causes),
            "runs" => self.runs.clone_from(&from.runs),
            "plans" => self.plans.clone_from(&from.plans),
            _ => {}
        }
    }
}

/// The name of the block that proposes a factor.
pub(crate) fn factor_block(factor: Factor) -> String {
    format!("factor-{factor}")
}

fn digest(value: &Value) -> String {
    let mut text = String::new();
    write::value(&mut text, value);
    crate::blocks::digest(&text)[..8].to_owned()
}

#[cfg(test)]
pub(crate) mod tests;
