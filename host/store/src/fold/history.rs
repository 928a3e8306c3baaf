//! What the entries about one plan add up to, for the gate.
//! Not a decision: the gate weighs it.

use interlock_gate::history::{DoneAct, History, Kind, Redemption, SpentToken};
use interlock_gate::plan::Plan;
use interlock_gate::revision::Revision;

use crate::entry::{Entry, RecordedOutcome, Stamped};

/// Adds what one entry about `plan` says, its state apart; an error where an outcome's revision is
/// not of its action's kind.
pub fn take(
    history: &mut History,
    plan: &Plan,
    stamped: &Stamped,
) -> Result<(), serde_json::Error> {
    match &stamped.entry {
        Entry::Intent {
            kind,
            tokens,
            redeems: Some(whole),
            ..
        } => {
            let redemption = Some(Redemption {
                at: stamped.at,
                tokens: tokens.clone(),
            });
            match kind {
                Kind::Apply => history.applied = redemption,
                Kind::Undo => history.undone = redemption,
            }
            history.spent.extend(whole.iter().map(|token| SpentToken {
                signer: token.signer().clone(),
                nonce: token.payload().nonce,
                token: token.digest(),
                plan: plan.id(),
            }));
        }
        Entry::Outcome {
            kind: Kind::Apply,
            index,
            outcome,
            ..
        } => {
            history.ended_at = Some(stamped.at);
            let planned = plan.body().actions.get(usize::from(*index));
            if let (RecordedOutcome::Done { after }, Some(planned)) = (outcome, planned) {
                let after = Revision::read_after(planned.action.capability(), after.clone())?;
                history.done.push(DoneAct {
                    index: *index,
                    after,
                });
            }
        }
        _ => {}
    }
    Ok(())
}
