//! How many connections are open, in all and of each peer.
//! Invariant: a place is given back when whoever has it is gone, however that ended.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Places for connections.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    open: Arc<Mutex<Open>>,
    all_max: usize,
    peer_max: usize,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    peers: HashMap<IpAddr, usize>,
}

/// A place that is taken for as long as this lives.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    peer: IpAddr,
}

impl Crowd {
    pub(super) fn new(all_max: usize, peer_max: usize) -> Crowd {
        Crowd {
            open: Arc::default(),
            all_max,
            peer_max,
        }
    }

    /// A place, and how many are taken now; none where there are too many.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<(Place, usize)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all_max {
            return None;
        }
        let all = open.all + 1;
        let of_peer = open.peers.entry(peer).or_default();
        if *of_peer >= self.peer_max {
            return None;
        }
        *of_peer += 1;
        open.all = all;
        let place = Place {
            open: Arc::clone(&self.open),
            peer,
        };
        Some((place, all))
    }

    pub(super) fn count(&self) -> usize {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(of_peer) = open.peers.get_mut(&self.peer) {
            *of_peer = of_peer.saturating_sub(1);
            if *of_peer == 0 {
                open.peers.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_cannot_take_every_place_and_places_come_back() {
        let crowd = Crowd::new(3, 2);
        let (one, other): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = crowd.enter(one).unwrap();
        let _second = crowd.enter(one).unwrap();
        assert!(crowd.enter(one).is_none());
        let (_third, taken) = crowd.enter(other).unwrap();
        assert_eq!(taken, 3);
        assert!(crowd.enter(other).is_none());
        drop(first);
        assert_eq!(crowd.count(), 2);
        let _again = crowd.enter(one).unwrap();
    }
}
