// A writer takes no permit.
use interlock_capabilities::{Journal, Refused, Settled, intend, write::DatabaseWriter};
use interlock_gate::{action::Terminate, permit::Permit, time::Time};

pub async fn act(
    (journal, writer): (&dyn Journal, &dyn DatabaseWriter),
    permit: Permit<Terminate>,
    now: Time,
) -> Result<Settled, Refused> {
    let _ = (journal, now, intend::<Terminate>);
    Ok(writer.terminate(permit).await)
}

fn main() {
    let _ = act;
}
