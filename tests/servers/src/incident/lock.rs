//! Everybody waits for one holder.

use std::time::Duration;

use super::idle::starve;
use super::{Cast, Incident, Pace, Story, Variant};
use crate::behaviour::{Running, open_transaction};
use crate::{Postgres, ServerError};

/// The row that the root holds; workers never touch it.
const HELD: i64 = 300;
/// The row that the one in the middle holds while it waits for the root.
const MIDDLE: i64 = 301;

/// A batch job holds a row; one session waits for it and holds another; the rest wait for these two. In
/// one cast the job is idle in its transaction, in the other it is still at work.
pub(super) async fn behind_session(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    story.change().await;
    let root = cast.batch.open(server, cast.database).await?;
    story.incident.guilty.push(root.pid());
    match cast.variant {
        Variant::First => {
            open_transaction(&root, HELD).await?;
            story.incident.held.sessions.push(root);
        }
        Variant::Second => {
            open_transaction(&root, HELD).await?;
            story
                .incident
                .held
                .running
                .push(Running::start(root, "select pg_sleep(7200)".into()));
        }
    }
    let middle = cast.suspect.open(server, cast.database).await?;
    open_transaction(&middle, MIDDLE).await?;
    story.running(Running::start(
        middle,
        format!("{}; commit", change_row(HELD)),
    ));
    tokio::time::sleep(Duration::from_millis(50)).await;
    everybody_waits(
        server,
        cast,
        &mut story,
        &[change_row(HELD), change_row(MIDDLE)],
    )
    .await?;
    Ok(story.done())
}

/// A transaction was prepared and nobody came back to finish it. Its session is long gone.
pub(super) async fn behind_prepared(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    story.change().await;
    let batch = cast.batch.open(server, cast.database).await?;
    open_transaction(&batch, HELD).await?;
    batch
        .run(&format!("prepare transaction '{}'", cast.prepared))
        .await?;
    drop(batch);
    everybody_waits(server, cast, &mut story, &[change_row(HELD)]).await?;
    Ok(story.done())
}

/// A long transaction has read a table; a migration wants to alter it and waits; everybody else waits
/// behind the migration, which holds nothing.
pub(super) async fn behind_migration(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    let root = cast.suspect.open(server, cast.database).await?;
    story.incident.guilty.push(root.pid());
    match cast.variant {
        Variant::First => {
            root.run("begin; select count(*) from orders").await?;
            story.incident.held.sessions.push(root);
        }
        Variant::Second => {
            let sql = "begin; select count(*), pg_sleep(7200) from orders";
            story
                .incident
                .held
                .running
                .push(Running::start(root, sql.into()));
        }
    }
    story.change().await;
    let migration = cast.batch.open(server, cast.database).await?;
    let alter = "alter table orders add column note text";
    story.running(Running::start(migration, alter.into()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let read = format!("select * from orders where id = {MIDDLE}");
    everybody_waits(server, cast, &mut story, &[read]).await?;
    Ok(story.done())
}

fn change_row(row: i64) -> String {
    format!("update orders set state = 'paid' where id = {row}")
}

/// Sessions of the suspect and of the shop send these statements, in turn, until no slot is left.
async fn everybody_waits(
    server: &Postgres,
    cast: &'static Cast,
    story: &mut Story,
    statements: &[String],
) -> Result<(), ServerError> {
    let apps = [cast.suspect, cast.shop];
    let mut number = 0;
    loop {
        match apps[number % apps.len()].open(server, cast.database).await {
            Ok(session) => {
                let sql = statements[number / apps.len() % statements.len()].clone();
                story.running(Running::start(session, sql));
                number += 1;
            }
            Err(error) if error.is_out_of_slots() => break,
            Err(error) => return Err(error),
        }
    }
    starve(server, cast, story);
    Ok(())
}
