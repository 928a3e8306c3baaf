//! `stats`: what the diagnoses of a time came to.

use std::path::Path;

use interlock_screens::{html, json, text};

use super::{incident_stats::since, plan};
use crate::{
    args::{StatsArgs, StatsBy},
    exit::Exit,
    failure::Failure,
    output::Output,
    setup,
};

pub(crate) async fn stats(args: &StatsArgs, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let since = since(&args.since, runner.now())?;
    let stats = runner.stats(since).await?;
    let by = match args.by {
        StatsBy::Runbook => text::stats::By::Runbook,
        StatsBy::Cause => text::stats::By::Cause,
    };
    let mut screen = text::stats::screen(&stats, by);
    if let Some(file) = &args.html {
        plan::write(file, html::stats::page(&stats).as_bytes())?;
        screen.push_str(&format!("the page is in {}\n", file.display()));
    }
    let document = json::stats::document(&stats);
    let output = Output::new(Exit::Done, screen, &document);
    Ok(if stats.all.runs > 0 && stats.all.judged.hits == 0 {
        output.next("tell what incidents turned out to be: `interlock feedback --incident ID --cause CAUSE`")
    } else {
        output
    })
}
