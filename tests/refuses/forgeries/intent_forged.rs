// Only a durable entry of the journal makes an intent.
use interlock_capabilities::{BootTime, Intent, Journal, Leaf, Refused, intend};
use interlock_gate::{action::Terminate, permit::Permit, time::Time};

pub async fn intent(
    journal: &dyn Journal,
    permit: Permit<Terminate>,
    now: Time,
    (leaf, try_before): (Leaf, BootTime),
) -> Result<Intent<Terminate>, Refused> {
    let _ = (journal, now, leaf, try_before);
    Ok(Intent { permit, leaf, try_before })
}

fn main() {
    let _ = (intent, intend::<Terminate>);
}
