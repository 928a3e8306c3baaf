//! `run`: evidence at once, then what is proposed and what it needs.

use std::path::Path;

use interlock_gate::escape;
use interlock_runner::{
    run::{RunAsk, RunEnd},
    state::RunState,
};
use interlock_screens::{json, text};

use crate::{
    args::RunArgs,
    exit::{self, Exit},
    failure::Failure,
    human,
    output::{Output, Screen},
    setup,
};

/// How long a joined run is waited for.
const JOINED_WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(120);

pub(crate) async fn run(
    args: &RunArgs,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    if let Some(id) = &args.id {
        let letter = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        if id.is_empty() || id.len() > 128 || id.starts_with("r-") || !id.chars().all(letter) {
            return Err(Failure::usage(format!(
                "`{}` is not an id",
                escape::foreign_short(id, 80)
            ))
            .help("1 to 128 letters, digits and `.`, `_`, `:`, `-`; not beginning with `r-`"));
        }
    }
    let runner = setup::open_to_read(config)?;
    let caller = setup::caller(&runner).await?;
    let ask = RunAsk {
        runbook: args.runbook.clone(),
        incident: setup::incident(&runner, args.incident.as_deref(), args.id.as_deref()).await?,
        id: args.id.clone(),
        inputs: setup::inputs(&args.input)?,
        caller: caller.clone(),
        stop: None,
        trust_first_use: true,
    };
    let progress = human::progress::Progress::new(screen);
    let ended = runner.run(ask, &progress).await;
    progress.finish();
    let ended = ended?;
    let mut record = match &ended.record {
        Some(record) => record.as_ref().clone(),
        None => runner.run_record(&ended.run).await?,
    };
    if matches!(ended.end, RunEnd::Joined) {
        // Whoever joins waits with the first for what it finds, and no longer than a run may take.
        let until = std::time::Instant::now() + JOINED_WAIT_MAX;
        while matches!(record.state, RunState::Opened | RunState::Reading)
            && std::time::Instant::now() < until
        {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            record = runner.run_record(&ended.run).await?;
        }
    }
    let waits = match &ended.end {
        RunEnd::Waits(plan) => Some(plan.as_ref()),
        _ => None,
    };
    let shown = waits.or(record.plan().map(|plan| plan.plan.as_ref()));
    let needs = match shown {
        Some(plan) => text::needs::lines(plan, runner.policy().await?.as_ref()),
        None => Vec::new(),
    };
    let mut text = text::run::screen(&record, &needs);
    if let Some(plan) = waits {
        text.push_str(&text::run::waits_already(plan, &needs));
    }
    let exit = exit::of_end(&ended.end, &record);
    let unrecorded = ended.unrecorded.as_deref();
    let exit = match unrecorded {
        Some(_) if exit != Exit::StepFaulted => Exit::Failed,
        _ => exit,
    };
    let document = json::run::document(&record, shown, exit).unrecorded(unrecorded);
    let mut output = Output::new(exit, text, &document);
    if let Some(why) = unrecorded {
        let why = escape::foreign(why);
        return Ok(output
            .error(format!("this run is in no journal: {why}"))
            .next("make room where `state_dir` lies, then run again"));
    }
    match (&ended.end, shown) {
        (RunEnd::Faulted { step, fault }, _) => {
            output = output.next(format!(
                "step `{step}` faulted ({fault}); `interlock runs show {} --calls` shows what it saw",
                ended.run
            ));
        }
        (RunEnd::StepFailed { step, why }, _) => {
            output = output.next(format!(
                "step `{step}` failed: {}; `interlock runs show {}`",
                escape::foreign(why),
                ended.run
            ));
        }
        (RunEnd::Refused(_), _) => {
            output = output.next(format!(
                "`interlock runs show {}`, or mend the policy",
                ended.run
            ));
        }
        (_, Some(plan)) if plan.body().requester.caller.is_none() => {
            output = output.next(format!(
                "add the `[[caller]]` above to {}, then run again",
                runner.config().policy.display()
            ));
        }
        (_, Some(plan)) if exit == Exit::ApprovalRequired => {
            let id = plan.id().short();
            output = output.next(format!(
                "a different person runs `interlock approve {id}`; elsewhere: `interlock plan \
                 export {id}`"
            ));
        }
        _ => output = output.next(format!("`interlock runs show {}`", ended.run)),
    }
    Ok(output)
}
