//! `incidents list|show|similar`: what alerted or was asked about, what happened then, and what it
//! resembles.

use std::path::Path;

use interlock_screens::{json, text};

use crate::{exit::Exit, failure::Failure, output::Output, setup};

const INCIDENTS_MAX: usize = 200;

pub(crate) async fn list(config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let incidents = runner.incidents(INCIDENTS_MAX).await?;
    let document = json::incidents::list(&incidents);
    Ok(Output::new(
        Exit::Done,
        text::incidents::list(&incidents),
        &document,
    ))
}

pub(crate) async fn show(id: &str, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let incident = runner.incident(id).await?;
    let document = json::incidents::document(&incident);
    Ok(Output::new(
        Exit::Done,
        text::incidents::screen(&incident),
        &document,
    ))
}

pub(crate) async fn similar(
    incident: Option<&str>,
    words: Option<&str>,
    most: u8,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let found = match incident {
        Some(id) => runner.similar(id, most.into()).await?,
        None => {
            runner
                .similar_to_words(words.unwrap_or_default(), most.into())
                .await?
        }
    };
    let document = json::similar::document(incident, &found);
    Ok(Output::new(
        Exit::Done,
        text::similar::screen(&found),
        &document,
    ))
}
