//! The server has slots: whatever rang, it was not that.

use super::{Cast, Incident, Pace, Story};
use crate::{Postgres, ServerError};

/// A few idle sessions more than usual, and all is well.
pub(super) async fn day(
    server: &Postgres,
    cast: &'static Cast,
    pace: Pace,
) -> Result<Incident, ServerError> {
    let mut story = Story::open(server, cast, pace).await?;
    story.calm().await;
    story.change().await;
    let idle = cast.suspect.open_many(server, cast.database, 4).await?;
    for session in &idle {
        session.run("select count(*) from jobs").await?;
    }
    story.at_rest(idle);
    Ok(story.done())
}
