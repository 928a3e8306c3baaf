//! Free loopback ports.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use crate::ServerError;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A loopback port that was free a moment ago and that this process gave to nobody yet.
///
/// Another process may still take it first; whoever starts a server tries again then.
pub fn free_port() -> Result<u16, ServerError> {
    for _ in 0..100 {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(ServerError::io("bind a free loopback port"))?
            .port();
        let mut given = GIVEN
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if given.get_or_insert_default().insert(port) {
            return Ok(port);
        }
    }
    Err(ServerError::Io {
        what: "find a free loopback port".into(),
        source: std::io::ErrorKind::AddrInUse.into(),
    })
}
