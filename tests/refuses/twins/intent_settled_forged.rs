// Only an act can be settled.
use interlock_capabilities::{Act, Leaf, Outcome, Settled};
use interlock_gate::{action::Terminate, permit::Basis};

pub fn settle(act: Act<Terminate>, (basis, leaf): (Basis, Leaf), outcome: Outcome) -> Settled {
    let (action, _) = (act.action().clone().into(), (&basis, leaf));
    let _: &interlock_gate::action::AnyAction = &action;
    act.settle(outcome)
}

fn main() {
    let _ = settle;
}
