// One permit is at most one intent.
use interlock_gate::action::Terminate;
use interlock_gate::permit::Permit;

pub fn twice(permit: Permit<Terminate>) -> Permit<Terminate> {
    permit.clone()
}

fn main() {
    let _ = twice;
}
