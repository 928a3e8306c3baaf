//! Puts one entry into an open transaction: its bytes, its hashes and the rows it changes.
//! Not a commit: see [`super::writer`].
//! Invariant: nothing is put that does not follow from what the transaction sees.

use interlock_capabilities::journal::{Leaf, Refused};
use interlock_gate::action::AnyAction;
use interlock_gate::history::Kind;
use interlock_gate::permit::Basis;
use interlock_gate::plan::{ActionText, Do, Plan};
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::entry::{Entry, encode};
use crate::error::{StoreError, sql};
use crate::fold::{Facts, Illegal, StepError, changes};
use crate::merkle;
use crate::store::{ANY_SIZE, Blob, Taken, TreeSize};
use crate::verify::approver_signed;

use super::known::{Known, count_limits};
use super::rows::Tables;
use super::tree;

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(crate) fn unwritable(error: StoreError) -> Refused {
    Refused::Unwritable {
        why: chain(&error),
        medium: error.is_of_the_medium(),
    }
}

fn refused(illegal: Illegal) -> Refused {
    match illegal {
        Illegal::RedeemedTwice { plan, kind } => Refused::Spent {
            what: format!("{} of plan `{plan}`", kind.word()),
        },
        Illegal::NonceUsed(token) => Refused::Spent {
            what: format!("the nonce of token `{token}`"),
        },
        Illegal::IntentTwice { index, kind } => Refused::Spent {
            what: format!("{} of action {index}", kind.word()),
        },
        other => Refused::Illegal {
            why: other.to_string(),
        },
    }
}

/// Puts the entry at the journal's end, taken at `now` or with the entry in front of it,
/// whichever is later.
pub(crate) fn put(connection: &Connection, now: Time, entry: &Entry) -> Result<Leaf, Refused> {
    let end = End::of(connection, now)?;
    put_at(connection, end, entry, &[]).map(|taken| taken.leaf)
}

/// Where the next entry comes to stand.
#[derive(Clone, Copy)]
struct End {
    index: u64,
    at: Time,
}

impl End {
    fn of(connection: &Connection, now: Time) -> Result<End, Refused> {
        let index = tree::size(connection).map_err(unwritable)?;
        let newest = tree::newest_at(connection).map_err(unwritable)?;
        let at = newest.map_or(now, |newest| newest.max(now));
        Ok(End { index, at })
    }
}

/// Puts bytes and entries that speak of them, all or none; each as [`put`] does.
pub(crate) fn put_all(
    connection: &Connection,
    now: Time,
    blobs: &[Blob],
    entries: &[Entry],
    known: &mut Known,
) -> Result<Vec<Taken>, Refused> {
    for blob in blobs {
        crate::blobs::put(connection, blob).map_err(unwritable)?;
    }
    let mut end = End::of(connection, now)?;
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        check(connection, entry, known)?;
        taken.push(put_at(connection, end, entry, blobs)?);
        end.index += 1;
    }
    Ok(taken)
}

/// `just_put` are bytes that this transaction has put, and need not be looked for.
fn put_at(
    connection: &Connection,
    end: End,
    entry: &Entry,
    just_put: &[Blob],
) -> Result<Taken, Refused> {
    let tables = Tables(connection);
    let End { index, at } = end;
    for blob in entry.blobs() {
        let put = just_put.iter().any(|put| put.digest() == blob);
        let held = || held(connection, "blob WHERE digest", &blob.raw()).map_err(unwritable);
        if !put && !held()? {
            return Err(Refused::NotHeld {
                what: format!("the bytes of `{blob}`"),
            });
        }
    }
    let bytes = encode(entry, at).map_err(|error| Refused::Illegal { why: chain(&error) })?;
    let changes = changes(&tables, index, at, entry).map_err(|error| match error {
        StepError::Illegal(illegal) => refused(illegal),
        StepError::Facts(error) => unwritable(error),
    })?;
    insert(connection, index, at, entry, &bytes).map_err(unwritable)?;
    let hash = tree::grow(connection, index, &bytes).map_err(unwritable)?.0;
    for change in &changes {
        tables.apply(change).map_err(unwritable)?;
    }
    Ok(Taken {
        leaf: Leaf { index, hash },
        at,
    })
}

fn insert(
    connection: &Connection,
    index: u64,
    at: Time,
    entry: &Entry,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let plan = entry.plan();
    let run = match (entry.run(), plan) {
        (Some(run), _) => Some(run.clone()),
        (None, Some(plan)) => Tables(connection).plan(&plan)?.map(|row| row.run),
        (None, None) => None,
    };
    connection
        .prepare_cached(
            "INSERT INTO entry (idx, at, kind, run, plan, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut statement| {
            let run = run.as_ref().map(|run| run.as_str());
            let plan = plan.as_ref().map(|plan| plan.raw());
            statement.execute(params![index, at.micros(), entry.kind(), run, plan, bytes])
        })
        .map_err(sql("write the journal"))?;
    Ok(())
}

/// Whether `table WHERE column` has a row with this value. Only constant text comes here.
fn held(
    connection: &Connection,
    table_and_column: &'static str,
    value: &dyn ToSql,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(&format!("SELECT 1 FROM {table_and_column} = ?1 LIMIT 1"))
        .and_then(|mut statement| statement.exists([value]))
        .map_err(sql("read the store"))
}

/// Puts a fact, unless something about its plan or run is newer than what its writer has read.
pub(crate) fn record(
    connection: &Connection,
    now: Time,
    entry: &Entry,
    read_at: TreeSize,
    known: &mut Known,
) -> Result<Leaf, Refused> {
    check(connection, entry, known)?;
    if let Some(index) = recorded_before(connection, entry).map_err(unwritable)? {
        return leaf_at(connection, index).map_err(unwritable);
    }
    if read_at != ANY_SIZE {
        let newer = match (entry.plan(), entry.run()) {
            // A plan that is being made is only known by its run.
            (Some(plan), _) if !matches!(entry, Entry::Planned { .. }) => {
                newest_about(connection, "plan = ?1", &plan.raw())
            }
            (_, Some(run)) => newest_about(connection, "run = ?1", &run.as_str()),
            _ => newest_about(connection, "kind = ?1", &entry.kind()),
        };
        refuse_newer(connection, newer.map_err(unwritable)?, read_at)?;
    }
    put(connection, now, entry)
}

/// What may be recorded, whoever asks.
fn check(connection: &Connection, entry: &Entry, known: &mut Known) -> Result<(), Refused> {
    match entry {
        Entry::Intent { .. } | Entry::StoreOpened { .. } => {
            let why = format!("`{}` is not for anyone to record", entry.kind());
            Err(Refused::Illegal { why })
        }
        Entry::Token { token, .. } => check_signer(connection, token, known),
        Entry::Planned { plan } => check_checkpoint(connection, plan),
        _ => Ok(()),
    }
}

/// Who signs the plan vouches for the root it names: it must be one that this journal had.
fn check_checkpoint(connection: &Connection, plan: &Plan) -> Result<(), Refused> {
    let said = &plan.body().checkpoint;
    let size = tree::size(connection).map_err(unwritable)?;
    let had = said.size <= size
        && merkle::root(&tree::SqlHashes(connection), said.size)
            .is_ok_and(|root| hex::encode(root.0) == said.root);
    if had {
        return Ok(());
    }
    let why = format!(
        "the plan names a checkpoint of {} entries that is not ours",
        said.size
    );
    Err(Refused::Illegal { why })
}

/// Only an approver's word is kept: else anyone's rejection would hold up any plan.
fn check_signer(connection: &Connection, token: &Token, known: &mut Known) -> Result<(), Refused> {
    let in_force = Tables(connection).policy().map_err(unwritable)?;
    let in_force = in_force.ok_or_else(|| Refused::NotHeld {
        what: "any policy".to_owned(),
    })?;
    let policy = known.policy(connection, in_force.digest)?;
    approver_signed(policy, token).map_err(|why| Refused::Illegal { why })
}

fn newest_about(
    connection: &Connection,
    about: &'static str,
    value: &dyn ToSql,
) -> Result<Option<u64>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT idx FROM entry WHERE {about} ORDER BY idx DESC LIMIT 1"
        ))
        .and_then(|mut statement| statement.query_row([value], |row| row.get(0)).optional())
        .map_err(sql("read the journal"))
}

fn refuse_newer(
    connection: &Connection,
    newest: Option<u64>,
    read_at: TreeSize,
) -> Result<(), Refused> {
    if newest.is_some_and(|newest| newest >= read_at) {
        let size = tree::size(connection).map_err(unwritable)?;
        return Err(Refused::Newer { read_at, size });
    }
    Ok(())
}

/// The entry that says this already, for facts that are said again without harm.
fn recorded_before(connection: &Connection, entry: &Entry) -> Result<Option<u64>, StoreError> {
    let tables = Tables(connection);
    match entry {
        Entry::Token { token, .. } => Ok(tables.token(&token.digest())?.map(|row| row.index)),
        Entry::Policy { digest, path, .. } => {
            let in_force =
                |row: &crate::fold::PolicyRow| row.digest == *digest && row.path == *path;
            if !tables.policy()?.as_ref().is_some_and(in_force) {
                return Ok(None);
            }
            newest_about(connection, "kind = ?1", &"policy")
        }
        _ => Ok(None),
    }
}

fn leaf_at(connection: &Connection, index: u64) -> Result<Leaf, StoreError> {
    let hash = merkle::Hashes::hash_at(&tree::SqlHashes(connection), merkle::first_hash_of(index))
        .map_err(|why| merkle::TreeError::Unreadable { index, why })?;
    Ok(Leaf {
        index,
        hash: hash.0,
    })
}

/// Puts an intent, with the redemption of its tokens and the count of its limits.
pub(crate) fn intend(
    connection: &Connection,
    now: Time,
    what: &AnyAction,
    why: &Basis,
    known: &mut Known,
) -> Result<Leaf, Refused> {
    let tables = Tables(connection);
    let missing = |what: String| Refused::NotHeld { what };
    let policy = tables.policy().map_err(unwritable)?;
    if policy.is_none_or(|row| row.digest != why.policy) {
        return Err(missing(format!(
            "the policy `{}` as the one in force",
            why.policy
        )));
    }
    let plan = known.plan(connection, &why.plan).map_err(unwritable)?;
    let plan = plan.ok_or_else(|| missing(format!("the plan `{}`", why.plan)))?;
    check_is_of_plan(what, why, plan)?;
    for newest in [
        newest_about(connection, "plan = ?1", &why.plan.raw()),
        newest_about(connection, "kind = ?1", &"policy"),
    ] {
        refuse_newer(connection, newest.map_err(unwritable)?, why.history_size)?;
    }
    let tokens = tokens(connection, why)?;
    let newest = tables.newest_at().map_err(unwritable)?;
    let at = newest.map_or(now, |newest| newest.max(now));
    count_limits(connection, at, why, known)?;
    let first = tables
        .redemption(&why.plan, why.kind)
        .map_err(unwritable)?
        .is_none();
    let entry = Entry::Intent {
        plan: why.plan,
        index: why.index,
        kind: why.kind,
        step: why.step,
        action: ActionText::from(what),
        rule: why.rule.clone(),
        policy: why.policy,
        read_at: why.history_size,
        tokens: why.tokens.clone(),
        redeems: first.then_some(tokens),
    };
    put(connection, now, &entry)
}

/// The gate made the basis; this only keeps a mistake of ours from becoming an act.
fn check_is_of_plan(what: &AnyAction, why: &Basis, plan: &Plan) -> Result<(), Refused> {
    let planned = plan.body().actions.get(usize::from(why.index));
    let same = planned.is_some_and(|planned| {
        let change = match why.kind {
            Kind::Apply => Some(&planned.action),
            Kind::Undo => planned.undo.as_ref(),
        };
        planned.r#do == Do::Act && change == Some(what) && planned.rule == why.rule
    });
    if same {
        return Ok(());
    }
    let why = format!("action {} of plan `{}` is another", why.index, why.plan);
    Err(Refused::Illegal { why })
}

fn tokens(connection: &Connection, why: &Basis) -> Result<Vec<Token>, Refused> {
    if why.tokens.is_empty() {
        return Err(Refused::NotHeld {
            what: "a token of a human".to_owned(),
        });
    }
    let mut found = Vec::with_capacity(why.tokens.len());
    for digest in &why.tokens {
        let row = Tables(connection).token(digest).map_err(unwritable)?;
        let of_plan = row.filter(|row| row.plan == why.plan).map(|row| row.index);
        let stamped = of_plan
            .map(|index| tree::entry_at(connection, index))
            .transpose()
            .map_err(unwritable)?
            .flatten();
        match stamped.map(|stamped| stamped.entry) {
            Some(Entry::Token { token, .. }) => found.push(*token),
            _ => {
                return Err(Refused::NotHeld {
                    what: format!("the token `{digest}`"),
                });
            }
        }
    }
    Ok(found)
}
