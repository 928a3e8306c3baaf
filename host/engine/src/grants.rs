//! What a policy lets the steps of one runbook ask for.

use std::{fmt, sync::Arc};

use interlock_capabilities::{Ask, Gap, ReadCall};
use interlock_gate::{action::Capability, policy::Policy};

/// The grants of one runbook under one policy.
#[derive(Clone, Debug)]
pub struct Grants {
    runbook: Arc<str>,
    by: By,
}

/// By whose leave.
#[derive(Clone, Debug)]
enum By {
    /// What the policy says.
    Policy(Arc<Policy>),
    /// A replay: everything that is known is linked, and nothing answers but the record.
    Record,
    /// A backtest: every read is answered, from what was kept of an incident; no write is linked.
    Kept,
}

impl Grants {
    /// What `policy` grants the steps of `runbook`.
    pub fn of(policy: Arc<Policy>, runbook: &str) -> Grants {
        Grants {
            runbook: runbook.into(),
            by: By::Policy(policy),
        }
    }

    /// For a run on a cassette, whatever today's policy says: every known capability is linked, and
    /// a live read is refused.
    pub fn for_replay(runbook: &str) -> Grants {
        Grants {
            runbook: runbook.into(),
            by: By::Record,
        }
    }

    /// For a run over an incident that was kept: every read, and no write at all. Nothing of
    /// production may be among its readers.
    pub fn for_backtest(runbook: &str) -> Grants {
        Grants {
            runbook: runbook.into(),
            by: By::Kept,
        }
    }

    pub(crate) fn links_read(&self, call: ReadCall) -> bool {
        let granted = |policy: &Policy| {
            policy.grants_read(&self.runbook, call.interface())
                || policy.grants_read(&self.runbook, call.name())
        };
        match &self.by {
            By::Policy(policy) => granted(policy),
            By::Record | By::Kept => true,
        }
    }

    pub(crate) fn links_write(&self, capability: Capability) -> bool {
        match &self.by {
            By::Policy(policy) => policy.grants_write(&self.runbook, capability),
            By::Record => true,
            By::Kept => false,
        }
    }

    /// Whether this question may be put to its source; if not, what the step is answered.
    pub(crate) fn permits(&self, ask: &Ask) -> Result<(), Gap> {
        let (call, target) = (ask.call(), ask.target());
        let permitted = |policy: &Policy| {
            policy.permits_read(&self.runbook, call.interface(), target)
                || policy.permits_read(&self.runbook, call.name(), target)
        };
        match &self.by {
            By::Record => Err(Gap::NotRecorded("a replay asks nobody".to_owned())),
            By::Kept => Ok(()),
            By::Policy(policy) if permitted(policy) => Ok(()),
            By::Policy(_) => {
                let target: String = target.chars().take(80).collect();
                let rule = Rule {
                    runbook: &self.runbook,
                    what: What::Read(call),
                    target: Some(&target),
                };
                Err(Gap::Refused(format!(
                    "not granted by policy; this rule would: {rule}"
                )))
            }
        }
    }

    /// The rule that would grant a read.
    pub(crate) fn read_rule(&self, call: ReadCall) -> String {
        Rule {
            runbook: &self.runbook,
            what: What::Read(call),
            target: None,
        }
        .to_string()
    }

    /// The rule that would grant a write.
    pub(crate) fn write_rule(&self, capability: Capability) -> String {
        Rule {
            runbook: &self.runbook,
            what: What::Write(capability),
            target: None,
        }
        .to_string()
    }
}

enum What {
    Read(ReadCall),
    Write(Capability),
}

/// A rule in the policy's own words, on one line.
struct Rule<'a> {
    runbook: &'a str,
    what: What,
    target: Option<&'a str>,
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule {
            runbook,
            what,
            target,
        } = self;
        match what {
            What::Read(call) => {
                write!(
                    f,
                    "[[read]] runbooks = [{runbook:?}], capabilities = [{:?}]",
                    call.interface()
                )?;
                write!(f, ", targets = [{:?}]", target.unwrap_or("*"))
            }
            What::Write(capability) => {
                write!(
                    f,
                    "[[write]] runbooks = [{runbook:?}], capability = {:?}",
                    capability.name()
                )?;
                if capability.unconditional() {
                    f.write_str(", unconditional = true")?;
                }
                f.write_str(" (with targets and approvals)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use interlock_capabilities::read::database::DatabaseAsk;

    use super::*;

    const POLICY: &str = r#"
version = 1
[[read]]
runbooks = ["r"]
capabilities = ["database"]
targets = ["orders-*"]
"#;

    fn sessions(server: &str) -> Ask {
        Ask::DatabaseSessions(DatabaseAsk {
            server: server.to_owned(),
        })
    }

    #[test]
    fn a_read_outside_its_targets_is_refused_and_names_the_rule() {
        let policy = Arc::new(Policy::parse(POLICY).unwrap());
        let grants = Grants::of(Arc::clone(&policy), "r");
        assert!(grants.links_read(ReadCall::DatabaseSessions));
        assert!(!grants.links_read(ReadCall::LogsSearch));
        assert_eq!(grants.permits(&sessions("orders-db")), Ok(()));
        let refused = grants.permits(&sessions("billing-db")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "refused: not granted by policy; this rule would: \
             [[read]] runbooks = [\"r\"], capabilities = [\"database\"], targets = [\"billing-db\"]"
        );
        assert!(!Grants::of(policy, "other").links_read(ReadCall::DatabaseSessions));
    }

    #[test]
    fn a_replay_links_everything_and_asks_nobody() {
        let grants = Grants::for_replay("r");
        assert!(ReadCall::ALL.iter().all(|call| grants.links_read(*call)));
        assert!(
            Capability::ALL
                .iter()
                .all(|capability| grants.links_write(*capability))
        );
        assert!(grants.permits(&sessions("orders-db")).is_err());
    }
}
