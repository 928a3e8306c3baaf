// No step can ask for what only takes another act back.
use interlock_capabilities::aim::WriteArgs;

pub fn ask(minutes: u32, reason: String) -> WriteArgs {
    WriteArgs::Expire { minutes, reason }
}

fn main() {
    let _ = ask;
}
