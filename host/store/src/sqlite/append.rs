//! Puts one entry into an open transaction: its bytes, its hashes and the rows it changes.
//! Not a commit: see [`super::writer`].
//! Invariant: nothing is put that does not follow from what the transaction sees.

use interlock_capabilities::journal::{Leaf, Refused};
use interlock_gate::action::AnyAction;
use interlock_gate::history::Kind;
use interlock_gate::ids::RunId;
use interlock_gate::permit::Basis;
use interlock_gate::plan::{ActionText, Do, Plan};
use interlock_gate::time::Time;
use interlock_gate::token::Token;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::entry::{Entry, encode};
use crate::error::{StoreError, sql};
use crate::fold::{Facts, Illegal, StepError, changes};
use crate::merkle::{self, TreeHash};
use crate::store::{ANY_SIZE, Blob, Taken, TreeSize};
use crate::verify::approver_signed;

use super::known::{Known, count_limits};
use super::rows::Tables;
use super::{query, stretch, tree};

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
    let mut end = End::of(connection, now)?;
    put_at(connection, &mut end, entry, &[]).map(|taken| taken.leaf)
}

/// Where the next entry comes to stand.
struct End {
    index: u64,
    at: Time,
    /// The run of the entry in front of it.
    run: Option<RunId>,
}

impl End {
    fn of(connection: &Connection, now: Time) -> Result<End, Refused> {
        let newest = tree::newest(connection).map_err(unwritable)?;
        Ok(newest.map_or(
            End {
                index: 0,
                at: now,
                run: None,
            },
            |newest| End {
                index: newest.index + 1,
                at: newest.at.max(now),
                run: newest.run,
            },
        ))
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
        taken.push(put_at(connection, &mut end, entry, blobs)?);
    }
    Ok(taken)
}

/// `just_put` are bytes that this transaction has put, and need not be looked for.
fn put_at(
    connection: &Connection,
    end: &mut End,
    entry: &Entry,
    just_put: &[Blob],
) -> Result<Taken, Refused> {
    let tables = Tables(connection);
    let (index, at) = (end.index, end.at);
    for blob in entry.blobs() {
        let put = just_put.iter().any(|put| put.digest() == blob);
        if !put && !crate::blobs::held(connection, &blob).map_err(unwritable)? {
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
    let hash = insert(connection, end, entry, &bytes).map_err(unwritable)?;
    for change in &changes {
        tables.apply(change).map_err(unwritable)?;
    }
    Ok(Taken {
        leaf: Leaf {
            index,
            hash: hash.0,
        },
        at,
    })
}

/// Writes the entry with the hashes that it adds to the tree, and moves the end behind it.
fn insert(
    connection: &Connection,
    end: &mut End,
    entry: &Entry,
    bytes: &[u8],
) -> Result<TreeHash, StoreError> {
    let plan = entry.plan();
    let run = match (entry.run(), plan) {
        (Some(run), _) => Some(run.clone()),
        (None, Some(plan)) => Tables(connection).plan(&plan)?.map(|row| row.run),
        (None, None) => None,
    };
    let opens = matches!(entry, Entry::RunOpened { .. });
    let apart = !opens && (run.is_none() || run != end.run);
    let leaf = TreeHash::of_leaf(bytes);
    let hashes = tree::grown(connection, end.index, leaf)?;
    connection
        .prepare_cached(
            "INSERT INTO entry (idx, at, kind, run, plan, bytes, apart, hashes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                end.index,
                end.at.micros(),
                entry.kind(),
                run.as_ref().map(RunId::as_str),
                plan.as_ref().map(|plan| plan.raw()),
                bytes,
                apart,
                hashes,
            ])
        })
        .map_err(sql("write the journal"))?;
    end.index += 1;
    end.run = run;
    Ok(leaf)
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
            (_, Some(run)) => stretch::newest(connection, run),
            _ => newest_about(connection, query::by_kind(entry.kind()), &entry.kind()),
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

/// Only constant text comes in `about`.
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
            newest_about(connection, query::by_kind("policy"), &"policy")
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
        newest_about(connection, query::by_kind("policy"), &"policy"),
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
