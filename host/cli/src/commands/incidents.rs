//! `incidents list|show`: what alerted or was asked about, and what happened then.

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
