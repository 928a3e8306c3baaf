// One intent is at most one act.
use interlock_capabilities::Intent;
use interlock_gate::action::Terminate;

pub fn twice(intent: Intent<Terminate>) {
    let one = intent;
    let _ = one.begin();
}

fn main() {
    let _ = twice;
}
