//! A database session. Target: `<server>/<class>`, the class from
//! `backend_type` alone.

use interlock_gate::{
    action::{Cancel, SessionArguments, Terminate},
    revision::{Revision, SessionRevision},
    target::session_class,
};

use super::{At, CannotAim, Found, bad_argument, not_identified, target, time};
use crate::{
    Answer,
    read::database::{Session, Sessions},
};

/// Every word that `pg_stat_activity.state` knows.
const STATES: [&str; 6] = [
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    "fastpath function call",
    "disabled",
];

pub(super) fn cancel(at: &At<'_>, only_if_state: Option<String>) -> Result<Found, CannotAim> {
    let found = find(at, only_if_state)?;
    Ok((
        Cancel {
            target: found.0,
            arguments: found.1,
        }
        .into(),
        found.2,
    ))
}

pub(super) fn terminate(at: &At<'_>, only_if_state: Option<String>) -> Result<Found, CannotAim> {
    let found = find(at, only_if_state)?;
    Ok((
        Terminate {
            target: found.0,
            arguments: found.1,
        }
        .into(),
        found.2,
    ))
}

type Parts = (interlock_gate::target::Target, SessionArguments, Revision);

fn find(at: &At<'_>, only_if_state: Option<String>) -> Result<Parts, CannotAim> {
    let Answer::DatabaseSessions(all) = at.answer()? else {
        return Err(at.wrong_call());
    };
    let session = at.pick(&all.sessions)?;
    if session.ours {
        return Err(at.wrong_kind("one of Interlock's own connections"));
    }
    if session
        .leader_pid
        .is_some_and(|leader| leader != session.pid)
    {
        return Err(at.wrong_kind("a parallel worker, which belongs to its leader"));
    }
    if session.pid <= 0 {
        return Err(not_identified("it has no pid"));
    }
    if let Some(state) = only_if_state
        .as_deref()
        .filter(|state| !STATES.contains(state))
    {
        let shown: String = state.chars().take(40).collect();
        return Err(bad_argument(
            "only_if_state",
            format!("is no state of a session: `{shown}`"),
        ));
    }
    let kind = session.backend_type.as_deref();
    let kind = kind.ok_or(not_identified("`backend_type` could not be read"))?;
    let revision = revision(all, session)?;
    let arguments = SessionArguments {
        pid: session.pid,
        role: session.role.clone(),
        database: session.database.clone(),
        only_if_state,
        transaction_age_s: transaction_age_s(all.read_at, session),
    };
    Ok((
        target(&all.server, session_class(kind))?,
        arguments,
        Revision::Session(revision),
    ))
}

fn revision(all: &Sessions, session: &Session) -> Result<SessionRevision, CannotAim> {
    let begun = session
        .backend_start
        .ok_or(not_identified("`backend_start` could not be read"))?;
    if all.system_identifier.is_empty() {
        return Err(not_identified("the server has no system identifier"));
    }
    let xact_start = session
        .xact_start
        .map(|at| time(at, "`xact_start` is no time"));
    Ok(SessionRevision {
        pid: session.pid,
        backend_start: time(begun, "`backend_start` is no time")?,
        xact_start: xact_start.transpose()?,
        postmaster_start: time(all.postmaster_start, "`postmaster_start` is no time")?,
        system_identifier: all.system_identifier.clone(),
    })
}

/// An aborted transaction has no `xact_start` while its session idles in it; its
/// age counts from when it came into that state.
fn transaction_age_s(read_at: u64, session: &Session) -> Option<u64> {
    let aborted = session.state.as_deref() == Some("idle in transaction (aborted)");
    let since = session
        .xact_start
        .or(session.state_change.filter(|_| aborted))?;
    Some(read_at.saturating_sub(since) / 1_000_000)
}
