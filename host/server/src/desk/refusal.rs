//! The runner's errors as a caller from outside may read them: no paths, no causes that are the
//! host's own business.

use interlock_capabilities::journal::Refused;
use interlock_gate::escape;
use interlock_runner::{error::RunError, inputs::BadInput, installed::NotInstalled};
use interlock_store::StoreError;

use super::said::{Code, Refusal};

/// Nothing has that id, or the caller may not know of it.
pub(super) fn not_found(what: &str, given: &str) -> Refusal {
    Refusal::new(
        Code::NotFound,
        format!(
            "no {what} here begins with `{}`",
            escape::foreign_short(given, 80)
        ),
    )
}

/// The refusal that an error of the runner is.
pub(crate) fn of(error: &RunError) -> Refusal {
    match error {
        RunError::NotInstalled(NotInstalled::Unknown { name, .. }) => Refusal::new(
            Code::NotFound,
            format!(
                "no runbook `{}` is installed",
                escape::foreign_short(name, 80)
            ),
        )
        .next("list the runbooks"),
        RunError::NotInstalled(_) => Refusal::new(
            Code::Store,
            "the runbook is installed, and not whole or not built",
        )
        .next("the host's people read `interlock runbooks list`"),
        RunError::Input(bad) => {
            let refusal = Refusal::new(Code::BadInput, bad.to_string());
            match bad {
                BadInput::Unknown { known, .. } => {
                    refusal.next(format!("it has: {}", known.join(", ")))
                }
                BadInput::Missing { name, from } => {
                    let from = from
                        .as_ref()
                        .map(|from| format!(", or an incident with `{from}`"));
                    refusal.next(format!("give `{name}`{}", from.unwrap_or_default()))
                }
                BadInput::Type { .. } | BadInput::Bounds { .. } => refusal,
            }
        }
        RunError::IdTaken { .. } => Refusal::new(Code::Busy, error.to_string())
            .next("choose another id, or ask with the same runbook, inputs and incident"),
        RunError::Held { .. } => {
            Refusal::new(Code::Busy, error.to_string()).next("ask again when it has ended")
        }
        RunError::Unknown { what, id } => not_found(what, id),
        RunError::Store(StoreError::NotOne {
            what,
            count,
            prefix,
        }) => {
            if *count == 0 {
                return not_found(what, prefix);
            }
            Refusal::new(
                Code::BadInput,
                format!(
                    "`{}` is the beginning of {count} {what}s",
                    escape::foreign_short(prefix, 80)
                ),
            )
            .next("give more of it")
        }
        RunError::Journal(Refused::Unwritable { .. }) => Refusal::new(
            Code::Store,
            "the journal cannot be written: nothing was begun",
        ),
        RunError::Policy { .. } | RunError::PolicyFile { .. } => Refusal::new(
            Code::Store,
            "the policy is refused whole: nothing runs until it parses",
        )
        .next("the host's people run `interlock policy check`"),
        RunError::Token(bad) => Refusal::new(Code::BadInput, bad.to_string()),
        RunError::NotNow(why) => Refusal::new(Code::Denied, why.clone()),
        // The rest is the host's: its words may name files, so a caller gets none of them.
        _ => Refusal::new(Code::Store, "the host could not do it; its log says why"),
    }
}
