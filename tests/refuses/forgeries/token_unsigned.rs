// A token exists only where its signature was checked.
use interlock_gate::token::{BadToken, Payload, Token};

pub fn token(bytes: Vec<u8>, payload: Payload) -> Result<Token, BadToken> {
    let _ = (&bytes, &payload);
    Ok(Token { bytes, payload })
}

fn main() {
    let _ = token;
}
