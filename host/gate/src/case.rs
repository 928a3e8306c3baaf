//! Everything that a decision depends on, in one place.

use crate::history::{History, Kind};
use crate::ids::HostId;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::time::Time;
use crate::token::Token;

/// One question to the gate: may this plan be carried out, or taken back, here and now?
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The plan.
    pub plan: &'a Plan,
    /// Carry it out, or take it back.
    pub kind: Kind,
    /// Every token at hand, stored ones and new ones.
    pub tokens: &'a [Token],
    /// What the journal holds of the plan.
    pub history: &'a History,
    /// This host.
    pub here: &'a HostId,
    /// The clock, as it stands.
    pub now: Time,
}
