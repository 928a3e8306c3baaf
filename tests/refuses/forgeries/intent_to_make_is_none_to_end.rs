// An intent to make a silence is none to end one.
use interlock_capabilities::{Intent, Settled, write::AlertsWriter};
use interlock_gate::action::{Expire, Silence};

pub async fn act(
    writer: &dyn AlertsWriter,
    silence: Intent<Silence>,
    expire: Intent<Expire>,
) -> Settled {
    let _ = (&silence, &expire);
    writer.expire(silence).await
}

fn main() {
    let _ = act;
}
