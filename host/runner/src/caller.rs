//! Who asks, and who stands behind them.

use interlock_gate::{ids::PersonName, plan::Requester, policy::Policy};

/// Whoever asked for a run, a plan or an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// As plans carry it.
    pub requester: Requester,
    /// The person who stands behind them; `None` for an unattended caller, and for one that no
    /// line of the policy maps.
    pub owner: Option<PersonName>,
}

impl Caller {
    /// The command line's caller, by its real uid.
    pub fn of_uid(policy: &Policy, uid: u32) -> Caller {
        let via = format!("uid:{uid}");
        match policy.caller_by_uid(uid) {
            Some(caller) => Caller {
                requester: Requester {
                    caller: Some(caller.name.clone()),
                    via,
                    unattended: caller.owner.is_none(),
                },
                owner: caller.owner.clone(),
            },
            None => Caller {
                requester: Requester {
                    caller: None,
                    via,
                    unattended: false,
                },
                owner: None,
            },
        }
    }

    /// The name for a sentence.
    pub fn shown(&self) -> String {
        self.requester
            .caller
            .clone()
            .unwrap_or_else(|| self.requester.via.clone())
    }
}
