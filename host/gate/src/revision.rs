//! The state of a target that an act expects to find.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::{action::Capability, time::Time};

/// What identifies a target and its state, as it was observed. In a plan it is the object of its
/// fields, or null for an unconditional act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// A database session.
    Session(SessionRevision),
    /// A Kubernetes object.
    Workload(WorkloadRevision),
    /// A silence that an act made.
    Silence(SilenceRevision),
    /// The act observes no state.
    Unconditional,
}

/// PostgreSQL reuses process ids: only all of these together name one transaction of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRevision {
    /// The server process id.
    pub pid: i32,
    /// When the session began.
    pub backend_start: Time,
    /// When its transaction began; null outside one, and in an aborted one.
    pub xact_start: Option<Time>,
    /// When the server itself started.
    pub postmaster_start: Time,
    /// The cluster's identity, from `pg_control_system`: a 64 bit number as text.
    pub system_identifier: String,
}

/// Kubernetes' own identity and version of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadRevision {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// Alertmanager's own identity and version of a silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceRevision {
    /// Its `id`.
    pub id: String,
    /// Its `updatedAt`: every change moves it. Null where it was made and could not be read again.
    pub updated_at: Option<Time>,
}

impl Revision {
    /// The revision that an act of `capability` leaves behind or finds, from its text form.
    pub fn read_after(capability: Capability, after: Value) -> Result<Revision, serde_json::Error> {
        match capability {
            // Null is what silences left behind before they could be taken back.
            Capability::Silence if !after.is_null() => {
                serde_json::from_value(after).map(Revision::Silence)
            }
            Capability::Silence
            | Capability::Cancel
            | Capability::Terminate
            | Capability::Restart
            | Capability::Scale
            | Capability::Rollback
            | Capability::Expire
            | Capability::Notify => Revision::read(capability, after),
        }
    }

    /// Whether an act of `capability` can expect to find such a state.
    pub fn is_found_by(&self, capability: Capability) -> bool {
        match capability {
            Capability::Cancel | Capability::Terminate => matches!(self, Revision::Session(_)),
            Capability::Restart | Capability::Scale | Capability::Rollback => {
                matches!(self, Revision::Workload(_))
            }
            Capability::Expire => matches!(self, Revision::Silence(_)),
            Capability::Silence | Capability::Notify => matches!(self, Revision::Unconditional),
        }
    }

    /// The revision that an act of `capability` expects to find, from its text form.
    pub fn read(capability: Capability, seen: Value) -> Result<Revision, serde_json::Error> {
        match capability {
            Capability::Cancel | Capability::Terminate => {
                serde_json::from_value(seen).map(Revision::Session)
            }
            Capability::Restart | Capability::Scale | Capability::Rollback => {
                serde_json::from_value(seen).map(Revision::Workload)
            }
            Capability::Expire => serde_json::from_value(seen).map(Revision::Silence),
            Capability::Silence | Capability::Notify => {
                serde_json::from_value::<()>(seen).map(|()| Revision::Unconditional)
            }
        }
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Revision::Session(revision) => revision.serialize(serializer),
            Revision::Workload(revision) => revision.serialize(serializer),
            Revision::Silence(revision) => revision.serialize(serializer),
            Revision::Unconditional => serializer.serialize_none(),
        }
    }
}
