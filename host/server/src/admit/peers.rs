//! Tokens that failed, by where they came from.
//! Not a lock-out of callers: a good token is never even held against this.
//! Invariant: memory is bounded whatever addresses come.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures of one address within a minute before it is told to wait.
const FAILURES_MAX: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
const ADDRESSES_MAX: usize = 8192;

/// Failures of each address within the current minute.
#[derive(Debug, Default)]
pub struct Peers {
    failed: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Peers {
    /// Counts a failed token; the seconds to wait where the address has failed too often.
    pub fn failed(&self, peer: IpAddr, now: Instant) -> Option<u64> {
        let peer = network(peer);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= ADDRESSES_MAX && !failed.contains_key(&peer) {
            failed.retain(|_, (begun, _)| now.saturating_duration_since(*begun) < MINUTE);
            if failed.len() >= ADDRESSES_MAX {
                // So many addresses at once are one attacker's.
                return Some(MINUTE.as_secs());
            }
        }
        let (begun, count) = failed.entry(peer).or_insert((now, 0));
        if now.saturating_duration_since(*begun) >= MINUTE {
            (*begun, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        let waited = now.saturating_duration_since(*begun);
        (*count > FAILURES_MAX).then(|| (MINUTE - waited.min(MINUTE)).as_secs().max(1))
    }
}

/// One IPv6 customer has a whole /64 of addresses.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_keeps_guessing_is_told_to_wait() {
        let (peers, start) = (Peers::default(), Instant::now());
        let guesser: IpAddr = "2001:db8::1".parse().unwrap();
        let beside: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..FAILURES_MAX {
            assert_eq!(peers.failed(guesser, start), None);
        }
        assert_eq!(peers.failed(beside, start), Some(60));
        assert_eq!(peers.failed(other, start), None);
        assert_eq!(peers.failed(guesser, start + MINUTE), None);
    }

    #[test]
    fn addresses_are_bounded() {
        let (peers, start) = (Peers::default(), Instant::now());
        for n in 0..20_000_u32 {
            let peer = IpAddr::V4(n.into());
            peers.failed(peer, start);
        }
        assert!(peers.failed.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
