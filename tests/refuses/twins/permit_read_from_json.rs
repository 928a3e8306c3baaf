// A permit comes from no document: it cannot be read from JSON.
use interlock_gate::action::Terminate;
use interlock_gate::permit::Permit;

fn accept<'de, T: serde::Deserialize<'de>>(_what: Option<T>) {}

pub fn read() {
    let _ = None::<Permit<Terminate>>;
    accept(None::<String>);
}

fn main() {
    let _ = read;
}
