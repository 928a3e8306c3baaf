// One permit is one entry of the journal.
use interlock_capabilities::{Intent, Journal, Refused, intend};
use interlock_gate::{action::Terminate, permit::Permit, time::Time};

pub async fn both(
    journal: &dyn Journal,
    one: Permit<Terminate>,
    other: Permit<Terminate>,
    now: Time,
) -> Result<[Intent<Terminate>; 2], Refused> {
    let first = intend(journal, one, now).await?;
    let _ = &other;
    Ok([first, intend(journal, one, now).await?])
}

fn main() {
    let _ = both;
}
