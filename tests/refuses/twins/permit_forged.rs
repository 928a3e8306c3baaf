// Only the gate makes a permit.
use interlock_gate::action::Terminate;
use interlock_gate::permit::{Basis, Permit};
use interlock_gate::revision::Revision;
use interlock_gate::time::Time;

pub fn forge(action: Terminate, basis: Basis, real: Permit<Terminate>) -> Permit<Terminate> {
    let (seen, not_after) = (Revision::Unconditional, Time::default());
    let _ = (&action, &seen, &not_after, &basis, &real);
    real
}

fn main() {
    let _ = forge;
}
