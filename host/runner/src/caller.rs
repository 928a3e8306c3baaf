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

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(key: &str, presented: &[u8], behind: &str) -> Policy {
        let digest = hex::encode(Sha256::digest(presented));
        let text = format!(
            "version = 1\n[[caller]]\nname = \"triage-agent\"\n{key} = \"{digest}\"\n{behind}\n"
        );
        Policy::parse(&text).unwrap()
    }

    #[test]
    fn a_bearer_is_its_caller_for_their_owner() {
        let policy = policy("bearer_sha256", b"a token", "owner = \"bob\"");
        let (caller, line) = Caller::of_bearer(&policy, "a token").unwrap();
        assert_eq!(line.name, "triage-agent");
        assert_eq!(caller.requester.via, "bearer:triage-agent");
        assert_eq!(caller.requester.caller.as_deref(), Some("triage-agent"));
        assert!(!caller.requester.unattended);
        assert_eq!(caller.owner.unwrap().as_str(), "bob");
        for other in ["", "a token ", "A token", &"a".repeat(BEARER_BYTES_MAX + 1)] {
            assert_eq!(Caller::of_bearer(&policy, other), None, "{other:.20}");
        }
        assert_eq!(Caller::of_certificate(&policy, b"a token"), None);
    }

    #[test]
    fn a_certificate_is_its_caller_and_nobody_may_stand_behind_it() {
        let policy = policy("certificate_sha256", b"der", "unattended = true");
        let (caller, _) = Caller::of_certificate(&policy, b"der").unwrap();
        assert_eq!(caller.requester.via, "certificate:triage-agent");
        assert!(caller.requester.unattended && caller.owner.is_none());
        assert_eq!(Caller::of_bearer(&policy, "der"), None);
    }

    #[test]
    fn a_token_as_long_as_may_be_is_looked_at() {
        let token = "t".repeat(BEARER_BYTES_MAX);
        let policy = policy("bearer_sha256", token.as_bytes(), "owner = \"bob\"");
        assert!(Caller::of_bearer(&policy, &token).is_some());
    }
}
