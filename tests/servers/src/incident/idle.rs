//! Sessions that do nothing: in a transaction, or after a deployment that leaks them.

use std::time::Duration;

use super::{Cast, Incident, Pace, Story};
use crate::behaviour::{Knocker, Turn, Workers, failed_transaction, open_transaction};
use crate::{Postgres, ServerError, Session};

/// One application leaves transactions open until no slot is left. Two of its sessions work as they
/// should, one of the stuck is in a failed transaction, of which the server tells no start.
pub(super) async fn in_transaction(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    let healthy = cast.suspect.open_many(server, cast.database, 2).await?;
    let turn = Turn {
        work: Duration::from_millis(20),
        rest: Duration::from_millis(60),
    };
    story.at_work(Workers::start(healthy, turn));

    story.change().await;
    let pause = pause_between(server, pace);
    let mut row = 300;
    while let Some(session) = slot(server, cast).await? {
        if row == 305 {
            failed_transaction(&session).await?;
        } else {
            open_transaction(&session, row).await?;
        }
        row += 1;
        guilty(&mut story, session);
        tokio::time::sleep(pause).await;
    }
    starve(server, cast, &mut story);
    Ok(story.done())
}

/// After a deployment one application opens session after session, uses each once and never again.
/// Its old pool goes on working.
pub(super) async fn leak(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    story.change().await;
    let fresh = cast.suspect.open_many(server, cast.database, 3).await?;
    let turn = Turn {
        work: Duration::from_millis(10),
        rest: Duration::from_millis(200),
    };
    story.at_work(Workers::start(fresh, turn));

    let pause = pause_between(server, pace);
    let mut number = 0;
    while let Some(session) = slot(server, cast).await? {
        number += 1;
        session
            .run(&format!(
                "update jobs set done = true where id = {}",
                number % 100
            ))
            .await?;
        guilty(&mut story, session);
        tokio::time::sleep(pause).await;
    }
    starve(server, cast, &mut story);
    Ok(story.done())
}

/// A session of the suspect, or none where the server is full.
async fn slot(server: &Postgres, cast: &Cast) -> Result<Option<Session>, ServerError> {
    match cast.suspect.open(server, cast.database).await {
        Ok(session) => Ok(Some(session)),
        Err(error) if error.is_out_of_slots() => Ok(None),
        Err(error) => Err(error),
    }
}

fn guilty(story: &mut Story, session: Session) {
    story.incident.guilty.push(session.pid());
    story.incident.held.sessions.push(session);
}

/// From now on somebody innocent is refused.
pub(super) fn starve(server: &Postgres, cast: &Cast, story: &mut Story) {
    let pause = Duration::from_millis(500);
    story.incident.held.knocker = Some(Knocker::start(server, cast.shop, cast.database, pause));
}

fn pause_between(server: &Postgres, pace: Pace) -> Duration {
    pace.spread / u32::try_from(server.ordinary_slots()).unwrap_or(1).max(1)
}
