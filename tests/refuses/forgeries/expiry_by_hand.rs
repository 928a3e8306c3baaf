// What takes a silence back is computed from the silence, never said by anybody.
use interlock_gate::action::{AnyAction, Expire, ExpireArguments, Silence};

pub fn taken_back(silence: Silence) -> Option<ExpireArguments> {
    let labels = silence.arguments.labels.clone();
    let Some(AnyAction::Expire(Expire { arguments, .. })) = AnyAction::from(silence).undo() else {
        return None;
    };
    let _ = (&labels, &arguments);
    Some(ExpireArguments { labels })
}

fn main() {
    let _ = taken_back;
}
