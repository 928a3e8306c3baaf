// Only an intent begins an act.
use interlock_capabilities::{Act, Intent, Leaf, Settled};
use interlock_gate::{action::Terminate, permit::Permit};

pub fn begin(
    intent: Intent<Terminate>,
    (permit, leaf): (Permit<Terminate>, Leaf),
) -> Result<Act<Terminate>, Settled> {
    let _ = (&intent, &permit, leaf);
    Ok(Act { permit, leaf })
}

fn main() {
    let _ = begin;
}
