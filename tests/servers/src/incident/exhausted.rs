//! No slot is left, and nobody does anything wrong.

use std::time::Duration;

use super::idle::starve;
use super::{Cast, Incident, Pace, Story};
use crate::behaviour::{App, Turn, Workers};
use crate::{Postgres, ServerError, Session};

/// More work than usual: the shop opens session after session, and all of them commit.
pub(super) async fn surge(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    story.change().await;
    let more = take_the_rest(server, cast.shop, cast.database).await?;
    let turn = Turn {
        work: Duration::from_millis(100),
        rest: Duration::from_millis(20),
    };
    story.at_work(Workers::start(more, turn));
    starve(server, cast, &mut story);
    Ok(story.done())
}

/// Three services have always used most of the slots; one more instance of one of them takes the last.
/// Each is within its pool, and the work is what it was.
pub(super) async fn too_few_slots(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    let admin = server.superuser().await?;
    let free = server.ordinary_slots() - server.clients(&admin).await?;
    let turn = Turn {
        work: Duration::from_millis(2),
        rest: Duration::from_millis(1500),
    };
    let share = free.saturating_sub(NEW_INSTANCE) / 3;
    for app in [cast.suspect, cast.shop, cast.pooled] {
        let pool = app.open_many(server, cast.database, share).await?;
        story.at_work(Workers::start(pool, turn));
    }
    story.calm().await;
    story.change().await;
    let last = take_the_rest(server, cast.suspect, cast.database).await?;
    story.at_work(Workers::start(last, turn));
    starve(server, cast, &mut story);
    Ok(story.done())
}

/// Slots that were free before the new instance came.
const NEW_INSTANCE: usize = 4;

async fn take_the_rest(
    server: &Postgres,
    app: App,
    database: &str,
) -> Result<Vec<Session>, ServerError> {
    let mut sessions = Vec::new();
    loop {
        match app.open(server, database).await {
            Ok(session) => sessions.push(session),
            Err(error) if error.is_out_of_slots() => return Ok(sessions),
            Err(error) => return Err(error),
        }
    }
}
