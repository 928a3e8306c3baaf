//! `run`: evidence at once, then what is proposed and what it needs.

use std::path::Path;

use interlock_gate::{escape, plan::Plan, policy::Policy};
use interlock_runner::{
    record::{RunRecord, StepConclusion},
    run::{RunAsk, RunEnd},
    state::RunState,
};

use crate::{
    args::RunArgs,
    exit::Exit,
    failure::Failure,
    human, json,
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
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let ask = RunAsk {
        runbook: args.runbook.clone(),
        incident: setup::incident(&runner, args.incident.as_deref(), args.id.as_deref()).await?,
        id: args.id.clone(),
        inputs: setup::inputs(&args.input)?,
        caller: caller.clone(),
    };
    let progress = human::progress::Progress::new(screen);
    let ended = runner.run(ask, &progress).await;
    progress.finish();
    let ended = ended?;
    let mut record = runner.run_record(&ended.run).await?;
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
    let policy = runner.policy().await?;
    let waits = match &ended.end {
        RunEnd::Waits(plan) => Some(plan.as_ref()),
        _ => None,
    };
    let shown = waits.or(record.plan().map(|plan| plan.plan.as_ref()));
    let needs = shown.map(|plan| needs(plan, &policy)).unwrap_or_default();
    let mut text = human::run::screen(&record, &needs);
    if let Some(plan) = waits {
        text.push_str(&format!(
            "\nPROPOSED  plan {}, which waits already: {}\n",
            plan.id().short(),
            human::run::headline(plan)
        ));
        for need in &needs {
            text.push_str(&format!("  {need}\n"));
        }
    }
    let exit = exit_of(&ended.end, &record);
    let document = json::run::document(&record, shown, exit);
    let mut output = Output::new(exit, text, &document);
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

fn exit_of(end: &RunEnd, record: &RunRecord) -> Exit {
    match end {
        RunEnd::Concluded => Exit::Done,
        RunEnd::Planned(_) | RunEnd::Waits(_) => Exit::ApprovalRequired,
        RunEnd::Refused(_) => Exit::Denied,
        RunEnd::Faulted { .. } => Exit::StepFaulted,
        RunEnd::StepFailed { .. } => Exit::Failed,
        RunEnd::Joined => of_record(record),
    }
}

/// Whether its last step ended by an error of its own.
fn failed(record: &RunRecord) -> bool {
    let last = record.steps.last();
    last.is_some_and(|step| matches!(step.end, StepConclusion::Fault(_)))
}

/// The code that the run had when it ended.
pub(crate) fn of_record(record: &RunRecord) -> Exit {
    use interlock_gate::state::PlanState;
    match &record.state {
        RunState::Faulted => Exit::StepFaulted,
        RunState::Interrupted => Exit::Failed,
        RunState::Opened | RunState::Reading => Exit::Failed,
        RunState::Concluded if failed(record) => Exit::Failed,
        RunState::Concluded if record.refused.is_empty() => Exit::Done,
        RunState::Concluded => Exit::Denied,
        RunState::Planned(_) => match record.plan().map(|plan| plan.state) {
            Some(PlanState::Waiting) => Exit::ApprovalRequired,
            Some(PlanState::Unknown { .. }) => Exit::OutcomeUnknown,
            _ => Exit::Done,
        },
    }
}

/// What a plan needs: who, until when.
pub(crate) fn needs(plan: &Plan, policy: &Policy) -> Vec<String> {
    let body = plan.body();
    let mut rules: Vec<&str> = plan.acts().map(|(_, act)| act.rule.name.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let behind: Vec<&str> = body.owners.iter().map(|owner| owner.as_str()).collect();
    let mut lines = Vec::new();
    for name in rules {
        let Some(rule) = policy.write(name) else {
            continue;
        };
        for group in &rule.groups {
            let mut who = format!("role {}", group.roles.join(" or "));
            if group.not_requester && !behind.is_empty() {
                who.push_str(&format!(", not {}", behind.join(", not ")));
            }
            let can: Vec<&str> = policy
                .approvers()
                .iter()
                .filter(|one| one.roles.iter().any(|role| group.roles.contains(role)))
                .map(|one| one.name.as_str())
                .filter(|one| !group.not_requester || !behind.contains(one))
                .collect();
            let can = if can.is_empty() {
                "nobody".to_owned()
            } else {
                can.join(", ")
            };
            lines.push(format!(
                "needs  {} ({who}) by {}; approvers: {can}",
                human::text::count(
                    usize::try_from(group.need).unwrap_or(usize::MAX),
                    "approval"
                ),
                body.expires_at.clock(),
            ));
        }
    }
    if body.requester.caller.is_none() {
        let uid = body.requester.via.strip_prefix("uid:").unwrap_or("?");
        return vec![
            format!(
                "no [[caller]] of the policy maps {}: nobody can approve what it asks for",
                body.requester.via
            ),
            "missing:  [[caller]]".to_owned(),
            "name = \"...\"".to_owned(),
            format!("uid = {uid}"),
            "owner = \"...\"   # the approver who stands behind this caller".to_owned(),
        ];
    }
    lines
}
