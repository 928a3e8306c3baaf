// A permit that was spent is gone.
use interlock_gate::action::Terminate;
use interlock_gate::permit::Permit;

fn spend(_permit: Permit<Terminate>) {}

pub fn twice(permit: Permit<Terminate>) {
    spend(permit);

}

fn main() {
    let _ = twice;
}
