//! `runs list|show`: the record.

use std::path::Path;

use interlock_runner::error::RunError;
use interlock_screens::{json, text};
use interlock_store::Store as _;

use crate::{exit::Exit, failure::Failure, output::Output, setup};

const RUNS_MAX: usize = 200;

pub(crate) async fn list(config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let mut records = Vec::new();
    let listed = runner.store().runs(RUNS_MAX).await;
    for line in listed.map_err(RunError::from)? {
        records.push(runner.run_record(&line.run).await?);
    }
    let document = json::runs::document(&records, None);
    let out = text::runs::list(&records, None);
    Ok(Output::new(Exit::Done, out, &document))
}

pub(crate) async fn show(
    given: &str,
    calls: bool,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(given, &caller.requester.via).await?;
    let record = runner.run_record(&run).await?;
    let policy = runner.policy().await?;
    let mut out = text::whole::screen(&record, &policy);
    if calls {
        out.push_str(&text::whole::calls(&record));
    }
    let shown = record.plan().map(|plan| plan.plan.as_ref());
    let document = json::run::document(&record, shown, Exit::Done);
    let output = if calls {
        Output::new(Exit::Done, out, &document.with_calls(&record))
    } else {
        Output::new(Exit::Done, out, &document)
    };
    Ok(output)
}
