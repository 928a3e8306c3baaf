//! `apply` and `undo`: the gate, the change, the verify step.

use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_gate::{
    decide::Denied, escape, explain::Finding, history::Kind, plan::Plan, reason::Reason,
};
use interlock_runner::{
    act::{Applied, ApplyEnd},
    open::Runner,
    record::RunRecord,
};
use interlock_screens::{json, text};

use crate::{
    exit::{self, Exit},
    failure::Failure,
    human,
    output::{Output, Screen},
    setup,
};

/// A token file's most bytes.
const TOKEN_BYTES_MAX: usize = 2 * 1024 * 1024;

pub(crate) async fn apply(
    plan: &str,
    tokens: &[PathBuf],
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let files = tokens;
    let tokens = read(tokens)?;
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let plan = runner.find_plan(plan).await?;
    let progress = human::progress::Progress::new(screen);
    let applied = runner.apply(plan.id(), &tokens, &caller, &progress).await;
    let changed = applied
        .as_ref()
        .is_ok_and(|applied| matches!(applied.end, ApplyEnd::Done(_) | ApplyEnd::Stopped { .. }));
    // What could be done was done: whether it helped is worth knowing either way.
    let verified = if changed {
        runner.verify(&plan, &progress).await
    } else {
        Ok(())
    };
    progress.finish();
    finish(&runner, named(applied?, files), verified.err()).await
}

pub(crate) async fn undo(
    run: &str,
    tokens: &[PathBuf],
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let files = tokens;
    let tokens = read(tokens)?;
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(run, &caller.requester.via).await?;
    let record = runner.run_record(&run).await?;
    let acted = record.plans.iter().rev().find(|plan| !plan.acts.is_empty());
    let Some(plan) = acted.or(record.plan()) else {
        return Err(Failure::usage(format!(
            "{run} made no plan: there is nothing to carry back"
        )));
    };
    let progress = human::progress::Progress::new(screen);
    let applied = runner
        .undo(plan.plan.id(), &tokens, &caller, &progress)
        .await;
    progress.finish();
    finish(&runner, named(applied?, files), None).await
}

/// With the file's name in each token that was set aside.
fn named(mut applied: Applied, files: &[PathBuf]) -> Applied {
    for one in &mut applied.set_aside {
        if let Some(file) = files.get(one.place) {
            one.why = format!("{}: {}", file.display(), one.why);
        }
    }
    applied
}

fn read(tokens: &[PathBuf]) -> Result<Vec<Vec<u8>>, Failure> {
    let read = |path: &PathBuf| {
        files::read_plain(path, TOKEN_BYTES_MAX).map_err(|error| Failure::of(Exit::Usage, &error))
    };
    tokens.iter().map(read).collect()
}

async fn finish(
    runner: &Runner,
    applied: Applied,
    verify_failed: Option<interlock_runner::error::RunError>,
) -> Result<Output, Failure> {
    let run = applied.plan.body().run.clone();
    let record = runner.run_record(&run).await?;
    let mut text = text::applied::screen(&applied, &record);
    if let Some(error) = &verify_failed {
        text.push_str(&format!(
            "verify     could not run: {}\n",
            crate::failure::chain(error)
        ));
    }
    let exit = exit::of_applied(&applied, &record, verify_failed.is_some());
    let document = json::applied::document(&applied, &record, exit);
    let mut output = Output::new(exit, text, &document);
    for next in next(runner, &applied, &record).await? {
        output = output.next(next);
    }
    Ok(output)
}

async fn next(
    runner: &Runner,
    applied: &Applied,
    record: &RunRecord,
) -> Result<Vec<String>, Failure> {
    let plan = &applied.plan;
    let run = &plan.body().run;
    let verdict = record.verified.iter().rfind(|one| one.plan == plan.id());
    Ok(match &applied.end {
        ApplyEnd::Denied(denied) if denied.is_only_missing_approval() => {
            vec![who_can(runner, plan, applied.kind).await?]
        }
        ApplyEnd::Denied(denied) => {
            use interlock_gate::state::PlanState;
            match record
                .plans
                .iter()
                .find(|one| one.plan.id() == plan.id())
                .map(|one| one.state)
            {
                Some(PlanState::Unknown { .. }) => vec![format!(
                    "look at the target yourself, then `interlock runs reconcile {run} --found \
                     done|not-done --reason TEXT`"
                )],
                Some(PlanState::Waiting) => {
                    let mut next = mends(denied, plan);
                    if denied.reasons().iter().any(Reason::is_missing_approval) {
                        next.push(who_can(runner, plan, applied.kind).await?);
                    }
                    next.push("or `interlock run` observes afresh".to_owned());
                    next
                }
                _ => vec!["`interlock run` observes afresh and makes a new plan".to_owned()],
            }
        }
        ApplyEnd::NotConforming(_) | ApplyEnd::NotBegun(_) => {
            vec!["`interlock run` observes afresh and makes a new plan".to_owned()]
        }
        ApplyEnd::NotReady(_) => vec![
            "mend that, then ask again: the approval still counts (a full database keeps some slots \
             for superusers: log in by one and narrow it with `set_role`)"
                .to_owned(),
        ],
        ApplyEnd::NoWriter(_) => vec!["`interlock doctor` names what is missing".to_owned()],
        ApplyEnd::Unknown { .. } => vec![format!(
            "look at the target yourself, then `interlock runs reconcile {run} --found \
             done|not-done --reason TEXT`"
        )],
        ApplyEnd::Done(_) | ApplyEnd::Stopped { .. } => match verdict
            .map(|one| one.verdict.as_str())
        {
            Some("fixed") => vec![format!("`interlock runs show {run}` is the record")],
            _ if applied.kind == Kind::Apply && plan.acts().any(|(_, act)| act.undo.is_some()) => {
                vec![format!(
                    "`interlock undo {run}` carries it back, by the undo approved with it"
                )]
            }
            _ => vec!["`interlock run` observes afresh".to_owned()],
        },
    })
}

/// What takes a reason away that no approval does.
fn mends(denied: &Denied, plan: &Plan) -> Vec<String> {
    let mut next = Vec::new();
    for reason in denied.reasons() {
        match reason {
            Reason::PerRun { limit, .. } => next.push(format!(
                "`interlock plan narrow {} --only ...` to at most {limit} actions",
                plan.id().short()
            )),
            Reason::PerHour { .. } => {
                next.push("wait until fewer intents of the rule lie within the hour".to_owned());
            }
            Reason::Frozen { until, .. } => {
                next.push(format!("wait until {}", until.to_seconds_text()))
            }
            _ => {}
        }
    }
    next
}

/// Who can supply what is missing.
async fn who_can(runner: &Runner, plan: &Plan, kind: Kind) -> Result<String, Failure> {
    let findings = runner.explain(plan, kind).await?;
    let mut people: Vec<String> = findings
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Empty { can, .. } => Some(can),
            _ => None,
        })
        .flatten()
        .map(|person| escape::strict(person.as_str()))
        .collect();
    people.sort();
    people.dedup();
    let id = plan.id().short();
    let until = plan.body().expires_at.clock();
    if people.is_empty() {
        return Ok(
            "nobody in the policy can supply what is missing: `interlock policy explain` says why"
                .to_owned(),
        );
    }
    let people = people.join(" or ");
    Ok(match kind {
        Kind::Apply => format!("{people} runs `interlock approve {id}` (plan ends {until})"),
        Kind::Undo => format!("{people} runs `interlock approve {id} --undo`, then undo again"),
    })
}
