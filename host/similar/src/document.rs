//! What is compared of an incident.

use std::collections::BTreeSet;

use interlock_gate::time::Time;
use serde::{Deserialize, Serialize};

/// Most bytes of an incident's words that are searched; the rest is passed over.
pub const WORDS_BYTES_MAX: usize = 16 * 1024;
/// Most features of one incident.
const FEATURES_MAX: usize = 400;

/// One incident, as far as it can be compared with another. All texts are untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The incident.
    pub id: String,
    /// When it began.
    pub at: Time,
    /// Whose.
    pub service: Option<String>,
    /// How bad.
    pub severity: Option<String>,
    /// The names of its alerts.
    pub alerts: BTreeSet<String>,
    /// The labels of its alerts, name and value.
    pub labels: BTreeSet<(String, String)>,
    /// The causes that its runs put first.
    pub concluded: BTreeSet<String>,
    /// Annotations, notes and summaries.
    pub words: String,
    /// What turned out to be the cause, where it is known.
    pub outcome: Option<Outcome>,
}

/// What turned out to be the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The cause.
    pub cause: String,
    /// The component at fault, where it was named.
    pub subject: Option<String>,
}

/// One thing that two incidents can have alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "what", content = "value", rename_all = "snake_case")]
pub enum Feature {
    /// An alert's name.
    Alert(String),
    /// The service.
    Service(String),
    /// The severity.
    Severity(String),
    /// The cause that a run put first.
    Concluded(String),
    /// A label with its value.
    Label(String, String),
}

impl Feature {
    /// One text form each, as the index keeps it.
    pub(crate) fn key(&self) -> String {
        let (kind, name, value) = match self {
            Feature::Alert(name) => ('a', name.as_str(), ""),
            Feature::Service(name) => ('s', name.as_str(), ""),
            Feature::Severity(name) => ('v', name.as_str(), ""),
            Feature::Concluded(name) => ('c', name.as_str(), ""),
            Feature::Label(name, value) => ('l', name.as_str(), value.as_str()),
        };
        // A length in front keeps two pairs from ever reading alike.
        format!("{kind}{}:{name}{value}", name.len())
    }

    /// How much it says that two incidents share it, before its rarity.
    pub(crate) fn weight(&self) -> f64 {
        match self {
            Feature::Alert(_) => 3.0,
            Feature::Concluded(_) => 2.0,
            Feature::Service(_) => 2.0,
            Feature::Label(..) => 1.0,
            Feature::Severity(_) => 0.25,
        }
    }
}

impl Document {
    /// What it can have alike with another; the most telling first where there are too many.
    pub(crate) fn features(&self) -> BTreeSet<Feature> {
        let alerts = self.alerts.iter().cloned().map(Feature::Alert);
        let concluded = self.concluded.iter().cloned().map(Feature::Concluded);
        let service = self.service.iter().cloned().map(Feature::Service);
        let severity = self.severity.iter().cloned().map(Feature::Severity);
        // These say again what stands above.
        let again = |name: &str| matches!(name, "alertname" | "service" | "severity");
        let labels = self.labels.iter().filter(|(name, _)| !again(name));
        let labels = labels.map(|(name, value)| Feature::Label(name.clone(), value.clone()));
        service
            .chain(severity)
            .chain(concluded)
            .chain(alerts)
            .chain(labels)
            .take(FEATURES_MAX)
            .collect()
    }

    /// The words that are searched, cut at a character's end.
    pub(crate) fn searched(&self) -> &str {
        let mut end = self.words.len().min(WORDS_BYTES_MAX);
        while !self.words.is_char_boundary(end) {
            end -= 1;
        }
        self.words.get(..end).unwrap_or_default()
    }
}
