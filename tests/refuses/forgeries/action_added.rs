// The list of actions is closed: nobody adds one outside the gate.
use interlock_gate::action::{Action, AnyAction, Capability, Terminate};
use interlock_gate::target::Target;

#[derive(Clone, Debug)]
pub struct Mine(pub Terminate);
impl From<Mine> for AnyAction {
    fn from(mine: Mine) -> AnyAction {
        AnyAction::Terminate(mine.0)
    }
}
pub trait Other {
    const CAPABILITY: Capability;
    fn target(&self) -> &Target;
}
impl Action for Mine {
    const CAPABILITY: Capability = <Terminate as Action>::CAPABILITY;
    fn target(&self) -> &Target {
        &self.0.target
    }
}

fn main() {}
