//! What the answers say of the server as a whole: its slots, who holds them,
//! and how much of it could be seen.

use std::time::Duration;

use interlock_sdk::wire::{Change, Session, Sessions, Settings};
use interlock_sdk::{Answer, Item, Items, State};

use crate::facts::Facts;
use crate::pools::Pools;
use crate::queue::Queue;
use crate::sessions::says_exporter;

/// Of the ordinary slots, in percent: from here on connections are the problem.
const PRESSED_PERCENT: usize = 80;
/// From here on sessions that are stuck are worth ending, though slots are left.
const FILLING_PERCENT: usize = 50;
/// A cause explains the incident when it holds this share of the slots.
const SHARE_PERCENT: usize = 20;
/// Sessions that were used this recently are in use.
const FRESH: Duration = Duration::from_secs(30);

/// The server, as its own answers show it.
pub struct View<'f> {
    /// The facts that it is made of.
    pub facts: &'f Facts,
    /// Every session.
    pub sessions: &'f Answer<Sessions>,
    /// Slots and time-outs.
    pub settings: &'f Answer<Settings>,
    /// Slots that an ordinary role can use.
    pub slots: usize,
    /// Sessions that hold a slot: clients, whatever their role.
    pub clients: Items<'f, Session>,
    /// Sessions of a role that the reader may not look into: they may be
    /// clients, and what they do is not known.
    pub unseen: Items<'f, Session>,
    /// Who waits for whom; nothing where the locks could not be read.
    pub queue: Option<Queue<'f>>,
    /// Declared pools; nothing where the topology could not be read.
    pub pools: Option<Pools<'f>>,
}

impl<'f> View<'f> {
    /// Puts the facts together; nothing where the server could not be asked.
    pub fn of(facts: &'f Facts) -> Option<Self> {
        let sessions = facts.sessions.as_ref().ok()?;
        let settings = facts.settings.as_ref().ok()?;
        let all = sessions.items();
        let clients = all.filter(|session| session.is_client());
        let hidden = |s: &Item<'_, Session>| {
            let typeless = s.backend_type.is_none() && s.role.is_some();
            typeless || (s.is_client() && s.state.is_none())
        };
        Some(Self {
            facts,
            sessions,
            settings,
            slots: settings.ordinary_slots(),
            clients,
            unseen: all.filter(hidden),
            queue: facts
                .locks
                .as_ref()
                .ok()
                .map(|locks| Queue::of(locks, |pid| sessions.leader_of(pid))),
            pools: facts
                .topology
                .as_ref()
                .ok()
                .map(|all| Pools::of(&facts.server, all)),
        })
    }

    /// Slots in use, as far as can be seen.
    pub fn used(&self) -> usize {
        self.clients.len()
    }

    /// Slots in use at the most: unseen sessions may all be clients.
    pub fn used_at_most(&self) -> usize {
        let typeless = self.unseen.filter(|session| session.backend_type.is_none());
        self.used() + typeless.len()
    }

    /// So few slots are left that connections are the problem.
    pub fn is_pressed(&self) -> bool {
        self.used() * 100 >= self.slots * PRESSED_PERCENT
    }

    /// Slots are left, and half of them are in use: what is stuck goes on filling it.
    pub fn is_filling(&self) -> bool {
        self.used() * 100 >= self.slots * FILLING_PERCENT
    }

    /// Slots are left, even if every unseen session holds one.
    pub fn has_slots(&self) -> bool {
        self.used_at_most() * 100 < self.slots * PRESSED_PERCENT
    }

    /// Too few sessions can be looked into to name a cause by them.
    pub fn is_veiled(&self) -> bool {
        self.unseen.len() * 2 > self.used_at_most()
    }

    /// So many sessions that their cause explains the incident.
    pub fn is_a_share(&self, sessions: usize) -> bool {
        sessions >= 2 && sessions * 100 >= self.slots * SHARE_PERCENT
    }

    /// Clients at work or just used, none of them in a queue for a lock, and
    /// none with a statement that lasts.
    pub fn in_use(&self) -> Items<'f, Session> {
        let fresh = self.facts.at_most(FRESH);
        self.clients.filter(|session| {
            let since = match session.doing() {
                Some(State::Active) => session.statement_began(),
                Some(_) => session.state_changed(),
                None => None,
            };
            let is_fresh = since.is_some_and(|since| session.at().since(since) < fresh);
            is_fresh && !session.waits_for_a_lock()
        })
    }

    /// Clients whose statement, lock or idle transaction lasts: no ordinary use,
    /// though perhaps not long enough yet to be stuck.
    pub fn held_up(&self) -> Items<'f, Session> {
        let fresh = self.facts.at_most(FRESH);
        self.clients.filter(|session| {
            let since = match session.doing() {
                Some(State::Active) => session.statement_began(),
                Some(State::IdleInTransaction | State::IdleInTransactionAborted) => {
                    session.state_changed()
                }
                _ => None,
            };
            let lasts = since.is_some_and(|since| session.at().since(since) >= fresh);
            lasts || session.waits_for_a_lock()
        })
    }

    /// `47 of 47 ordinary slots, 2 reserved`.
    pub fn slots_in_use(&self) -> String {
        let (used, slots) = (self.used(), self.slots);
        match used.checked_sub(slots) {
            None | Some(0) => format!("{used} of {slots} ordinary slots"),
            Some(reserved) => format!("{slots} of {slots} ordinary slots, {reserved} reserved"),
        }
    }

    /// Deployments and configuration changes of the services that log in as a
    /// role; of a service of the role's name, where the topology knows none.
    /// Nothing where the changes could not be read.
    pub fn own_changes(&self, role: &str) -> Option<Items<'f, Change>> {
        let plain = |name: &str| name.replace('_', "-").to_ascii_lowercase();
        let pool = self.pools.as_ref().and_then(|pools| pools.role(role));
        let names: Vec<String> = match pool {
            Some(pool) => pool.services.iter().map(|name| plain(name)).collect(),
            None => vec![plain(role)],
        };
        let own = |change: &Item<'_, Change>| {
            matches!(change.kind.as_str(), "deployment" | "config")
                && change
                    .service
                    .as_deref()
                    .is_some_and(|service| names.contains(&plain(service)))
        };
        let changes = self.facts.changes.as_ref().ok()?;
        Some(changes.items().filter(own))
    }

    /// Interlock's own sessions, and those that look like the exporter's: they
    /// count against the limit and are nobody's fault.
    pub fn watchers(&self) -> (usize, usize) {
        let ours = self.clients.filter(|session| session.ours).len();
        let exporter = |session: &Item<'_, Session>| !session.ours && says_exporter(session);
        (ours, self.clients.filter(exporter).len())
    }
}
