// A permit to restart does not fit where a session is ended.
use interlock_gate::action::{Restart, Terminate};
use interlock_gate::permit::Permit;

fn terminate(_permit: Permit<Terminate>) {}
fn restart(_permit: Permit<Restart>) {}

pub fn use_it(permit: Permit<Restart>) {
    let _ = (terminate, restart);
    terminate(permit);
}

fn main() {
    let _ = use_it;
}
