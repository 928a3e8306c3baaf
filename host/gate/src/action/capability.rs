//! What holds for every action of a kind.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BadAction, Capability};

impl Capability {
    /// Its acts observe no state of a target: policy must say `unconditional = true`.
    pub fn unconditional(self) -> bool {
        match self {
            Capability::Silence | Capability::Notify => true,
            Capability::Cancel
            | Capability::Terminate
            | Capability::Restart
            | Capability::Scale
            | Capability::Rollback
            | Capability::Expire => false,
        }
    }

    /// It only ever takes another act back: no step can ask for it, and no policy need permit it
    /// (`[[never]]` may forbid it).
    pub fn only_undo(self) -> bool {
        match self {
            Capability::Expire => true,
            Capability::Cancel
            | Capability::Terminate
            | Capability::Restart
            | Capability::Scale
            | Capability::Rollback
            | Capability::Silence
            | Capability::Notify => false,
        }
    }

    /// Its acts do not depend on each other: after `moved` or `refused` the next one goes on.
    pub fn independent(self) -> bool {
        match self {
            Capability::Cancel | Capability::Terminate | Capability::Expire => true,
            Capability::Restart
            | Capability::Scale
            | Capability::Rollback
            | Capability::Silence
            | Capability::Notify => false,
        }
    }

    /// How many segments its targets have: all are `<source>/<segment>`.
    pub fn target_segments(self) -> usize {
        2
    }

    /// The only words its target's last segment can be; `None`: any.
    pub fn target_classes(self) -> Option<&'static [&'static str]> {
        match self {
            Capability::Cancel | Capability::Terminate => Some(&crate::target::SESSION_CLASSES),
            Capability::Restart
            | Capability::Scale
            | Capability::Rollback
            | Capability::Silence
            | Capability::Expire
            | Capability::Notify => None,
        }
    }

    /// The arguments that a policy may limit, in order of name.
    pub fn argument_names(self) -> &'static [&'static str] {
        match self {
            Capability::Cancel | Capability::Terminate => &[
                "database",
                "only_if_state",
                "pid",
                "role",
                "transaction_age_s",
            ],
            Capability::Restart => &["kind", "namespace"],
            Capability::Scale => &["kind", "namespace", "observed_replicas", "replicas"],
            Capability::Rollback => &["from_revision", "kind", "namespace", "to_revision"],
            Capability::Silence => &["labels", "minutes", "reason"],
            Capability::Expire => &["labels"],
            Capability::Notify => &["message"],
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Capability {
    type Err = BadAction;

    fn from_str(text: &str) -> Result<Capability, BadAction> {
        let known = Capability::ALL
            .iter()
            .find(|capability| capability.name() == text);
        known
            .copied()
            .ok_or_else(|| BadAction::Capability(text.chars().take(80).collect()))
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Capability, D::Error> {
        crate::text::deserialize(deserializer)
    }
}
