// What a permit permits cannot be changed afterwards.
use interlock_gate::action::Terminate;
use interlock_gate::permit::Permit;

pub fn retarget(mut permit: Permit<Terminate>, other: Terminate) -> Terminate {
    let _ = (&mut permit, &other);
    permit.action().clone()
}

fn main() {
    let _ = retarget;
}
