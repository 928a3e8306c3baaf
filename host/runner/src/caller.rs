//! Who asks, and who stands behind them.

use interlock_gate::{
    ids::PersonName,
    plan::Requester,
    policy::{self, Policy},
};
use sha2::{Digest as _, Sha256};

/// Longest bearer token that is looked at, in bytes.
pub const BEARER_BYTES_MAX: usize = 1024;

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
            Some(line) => Caller::of_line(line, via),
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

    /// The caller who presents this bearer token; `None` for an unknown one.
    pub fn of_bearer<'p>(policy: &'p Policy, token: &str) -> Option<(Caller, &'p policy::Caller)> {
        if token.is_empty() || token.len() > BEARER_BYTES_MAX {
            return None;
        }
        let line = policy.caller_by_bearer(&Sha256::digest(token).into())?;
        Some((Caller::of_line(line, format!("bearer:{}", line.name)), line))
    }

    /// The caller who presented this client certificate, in DER, over mutual TLS; `None` for an
    /// unknown one. That they hold its key is what the handshake proved.
    pub fn of_certificate<'p>(
        policy: &'p Policy,
        der: &[u8],
    ) -> Option<(Caller, &'p policy::Caller)> {
        let line = policy.caller_by_certificate(&Sha256::digest(der).into())?;
        let via = format!("certificate:{}", line.name);
        Some((Caller::of_line(line, via), line))
    }

    fn of_line(line: &policy::Caller, via: String) -> Caller {
        Caller {
            requester: Requester {
                caller: Some(line.name.clone()),
                via,
                unattended: line.owner.is_none(),
            },
            owner: line.owner.clone(),
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
