//! What the store promises, held against real files.

mod backtests;
mod crash;
mod incidents;
mod opening;
mod plans;
mod promises;
mod random;
mod upgrade;
mod verified;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::executor::block_on;
use interlock_capabilities::journal::{Journal as _, Leaf, Refused};
use interlock_gate::plan::Plan;
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Token};

use super::{Clock, SqliteStore};
use crate::entry::Entry;
use crate::error::StoreError;
use crate::sample;
use crate::store::{ANY_SIZE, Store as _};

/// A clock that a test moves.
#[derive(Clone)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(sample::start().micros())))
    }

    fn move_on(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hand = self.0.clone();
        Arc::new(move || Time::from_micros(hand.load(Ordering::SeqCst)).unwrap())
    }
}

fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    open_by(folder, &Hand::new())
}

fn open_by(folder: &Path, hand: &Hand) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder, "interlock.demo", "0.1.0", hand.clock())
}

fn record(store: &SqliteStore, entry: Entry) -> Result<Leaf, Refused> {
    block_on(store.record(entry, ANY_SIZE))
}

fn size(store: &SqliteStore) -> u64 {
    block_on(store.head()).unwrap().size
}

/// A store with a policy, a run, a plan of `sessions` actions and Alice's approval.
fn approved(store: &SqliteStore, name: &str, sessions: u8) -> (Plan, Token) {
    let plan = sample::plan(&store.host(), name, sessions, 0);
    let nonce = name.as_bytes()[0];
    let token = sample::token("alice", &plan, Decision::Approve, nonce);
    for entry in [
        sample::policy(),
        sample::run_opened(name),
        sample::planned(&plan),
        sample::token_entry(&token),
    ] {
        record(store, entry).unwrap();
    }
    (plan, token)
}

/// Asks for an intent by what was read just now.
fn intend(store: &SqliteStore, plan: &Plan, index: u16, token: &Token) -> Result<Leaf, Refused> {
    let basis = sample::basis(plan, index, &[token], size(store));
    block_on(store.append(&sample::action(plan, index), &basis))
}

fn state(store: &SqliteStore, plan: &Plan) -> PlanState {
    block_on(store.history(&plan.id())).unwrap().state
}
