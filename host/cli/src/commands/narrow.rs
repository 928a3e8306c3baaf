//! `plan narrow`: fewer actions, in a plan of their own.

use std::{collections::BTreeSet, path::Path};

use interlock_gate::{
    plan::{Do, Plan},
    state::PlanState,
};
use interlock_screens::json;

use crate::{exit::Exit, failure::Failure, output::Output, setup};

pub(crate) async fn narrow(
    given: &str,
    skip: Option<&str>,
    only: Option<&str>,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let plan = runner.find_plan(given).await?;
    let state = runner.run_record(&plan.body().run).await?;
    let state = state
        .plans
        .iter()
        .find(|one| one.plan.id() == plan.id())
        .map(|one| one.state);
    if state != Some(PlanState::Waiting) {
        let word = state.map_or("unknown", PlanState::word);
        return Err(Failure::denied(format!(
            "plan {} is {word}: only a waiting plan can be narrowed",
            plan.id().short()
        )));
    }
    let skip = match (skip, only) {
        (Some(skip), _) => numbers(skip, &plan)?,
        (None, Some(only)) => {
            let keep = numbers(only, &plan)?;
            let acts = plan.body().actions.iter().enumerate();
            acts.filter(|(at, act)| act.r#do == Do::Act && !keep.contains(at))
                .map(|(at, _)| at)
                .collect()
        }
        (None, None) => {
            return Err(Failure::usage("nothing says which actions to take out")
                .help("`--skip 1,4-9` or `--only 2,3`, by the numbers that `plan show` prints"));
        }
    };
    let narrowed = runner.narrow(&plan, &skip, &caller).await?;
    let findings = runner
        .explain(&narrowed, interlock_gate::history::Kind::Apply)
        .await?;
    let document = json::plan::document(&narrowed, Some("waiting"), &findings, None);
    let id = narrowed.id().short();
    let text = format!(
        "plan {id}: {}\n  takes the place of {}; approvals do not carry over\n",
        interlock_gate::screen::summary(&narrowed),
        plan.id().short()
    );
    Ok(Output::new(Exit::Done, text, &document).next(format!("`interlock plan show {id}`")))
}

/// `1,4-9` as places from 0.
fn numbers(list: &str, plan: &Plan) -> Result<BTreeSet<usize>, Failure> {
    let bad = |part: &str| {
        Failure::usage(format!(
            "`{}` is not a list of actions",
            part.escape_debug()
        ))
        .help(format!(
            "numbers from 1 to {}, such as `1,4-9`",
            plan.body().actions.len()
        ))
    };
    let mut places = BTreeSet::new();
    for part in list.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let from: usize = from.trim().parse().map_err(|_| bad(part))?;
        let to: usize = to.trim().parse().map_err(|_| bad(part))?;
        if from == 0 || from > to || to > plan.body().actions.len() {
            return Err(bad(part));
        }
        places.extend(from - 1..to);
    }
    Ok(places)
}
