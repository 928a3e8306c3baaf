// An intent to cancel is none to terminate.
use interlock_capabilities::{Intent, Settled, write::DatabaseWriter};
use interlock_gate::action::{Cancel, Terminate};

pub async fn act(
    writer: &dyn DatabaseWriter,
    cancel: Intent<Cancel>,
    terminate: Intent<Terminate>,
) -> Settled {
    let _ = (&cancel, &terminate);
    writer.terminate(terminate).await
}

fn main() {
    let _ = act;
}
