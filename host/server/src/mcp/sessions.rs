//! Sessions of the older revisions: whose each is, and which ends when there are too many.
//! A session gives nobody any right; it is a place for streams.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rmcp::transport::streamable_http_server::session::{
    SessionManager as _, local::LocalSessionManager,
};

/// Sessions of all callers together.
const OPEN_MAX: usize = 2048;
/// Sessions of one caller.
const OF_ONE_MAX: usize = 512;
/// An agent may wait for a person's approval for so long, and say nothing meanwhile.
const IDLE_MAX: Duration = Duration::from_secs(8 * 3600);
/// For how long an answer is kept for a client whose connection broke.
const ANSWERS_KEPT: Duration = Duration::from_secs(10);

/// The open sessions with their owners.
pub(super) struct Sessions {
    manager: Arc<LocalSessionManager>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    owners: HashMap<String, Owner>,
    /// Grows with each use: the smallest is the longest unused.
    uses: u64,
}

struct Owner {
    who: String,
    used: u64,
}

impl Sessions {
    pub(super) fn new() -> Sessions {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE_MAX);
        manager.session_config.completed_cache_ttl = ANSWERS_KEPT;
        Sessions {
            manager: Arc::new(manager),
            known: Mutex::default(),
        }
    }

    pub(super) fn manager(&self) -> Arc<LocalSessionManager> {
        Arc::clone(&self.manager)
    }

    /// Whether `who` may use the session; one that nobody knows is rmcp's to refuse.
    pub(super) fn used_by(&self, session: &str, who: &str) -> bool {
        let mut known = self.known();
        known.uses += 1;
        let now = known.uses;
        match known.owners.get_mut(session) {
            Some(owner) if owner.who == who => {
                owner.used = now;
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// `who` has opened it.
    pub(super) fn opened_by(&self, session: &str, who: String) {
        let mut known = self.known();
        known.uses += 1;
        let used = known.uses;
        known.owners.insert(session.to_owned(), Owner { who, used });
    }

    /// Ends the longest unused session of whoever has too many, so that `who` may open one.
    pub(super) async fn make_room(&self, who: &str) {
        let surplus = {
            let open = self.manager.sessions.read().await;
            let mut known = self.known();
            known
                .owners
                .retain(|session, _| open.contains_key(session.as_str()));
            known.surplus(who)
        };
        if let Some(session) = surplus {
            // It may have ended by itself meanwhile.
            let _ = self.manager.close_session(&session.as_str().into()).await;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A map of names is whole whatever a panicking holder did.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The session that must end before `who` opens another.
    fn surplus(&self, who: &str) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for owner in self.owners.values() {
            *counts.entry(&owner.who).or_default() += 1;
        }
        let whose = if counts.get(who).is_some_and(|count| *count >= OF_ONE_MAX) {
            who
        } else if self.owners.len() >= OPEN_MAX {
            counts.into_iter().max_by_key(|(_, count)| *count)?.0
        } else {
            return None;
        };
        self.owners
            .iter()
            .filter(|(_, owner)| owner.who == whose)
            .min_by_key(|(_, owner)| owner.used)
            .map(|(session, _)| session.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(counts: &[(&str, usize)]) -> Sessions {
        let sessions = Sessions::new();
        for (who, count) in counts {
            for n in 0..*count {
                sessions.opened_by(&format!("{who}-{n}"), (*who).to_owned());
            }
        }
        sessions
    }

    #[test]
    fn whoever_opens_too_many_loses_the_longest_unused() {
        let sessions = with(&[("loud", OF_ONE_MAX), ("calm", 1)]);
        assert!(sessions.used_by("loud-0", "loud"));
        let known = sessions.known();
        assert_eq!(known.surplus("loud").as_deref(), Some("loud-1"));
        assert_eq!(known.surplus("calm"), None);
    }

    #[test]
    fn a_full_house_takes_from_whoever_has_most() {
        let sessions = with(&[("a", 500), ("b", 511), ("c", 510), ("d", 509), ("e", 18)]);
        let known = sessions.known();
        assert_eq!(known.surplus("new").as_deref(), Some("b-0"));
    }

    #[test]
    fn a_session_is_its_owners_only() {
        let sessions = with(&[("a", 1)]);
        assert!(sessions.used_by("a-0", "a"));
        assert!(!sessions.used_by("a-0", "b"));
        assert!(
            sessions.used_by("unknown", "b"),
            "rmcp answers that it does not exist"
        );
    }
}
