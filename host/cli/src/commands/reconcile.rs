//! `runs reconcile`: a person settles what the host does not know.

use std::{io::IsTerminal as _, path::Path};

use interlock_gate::token::Nonce;
use interlock_runner::reconcile::{self, CannotReconcile, RECONCILIATION_SCHEMA, Reconciliation};
use serde::Serialize;

use crate::{
    args::Found,
    exit::Exit,
    failure::Failure,
    output::{Output, Screen},
    setup,
    sign::Signer,
};

#[derive(Serialize)]
struct ReconciledJson {
    schema: &'static str,
    run: String,
    plan: String,
    action: u32,
    found: reconcile::Found,
    approver: String,
}

pub(crate) async fn reconcile(
    given: &str,
    found: Found,
    reason: &str,
    key: Option<&Path>,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::denied(
            "a doubt is settled on a terminal, and this is none",
        ));
    }
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(given, &caller.requester.via).await?;
    let doubts = runner.doubts_of(&run).await.map_err(cannot)?;
    // One at a time: a person looks at one target.
    let Some(doubt) = doubts.first() else {
        return Err(Failure::usage(format!("no outcome of {run} is in doubt")));
    };
    let plan = runner.plan(doubt.plan).await?;
    let action = plan.body().actions.get(usize::from(doubt.index));
    let what = action.map(|planned| {
        let arguments = serde_json::to_string(&planned.action.arguments()).unwrap_or_default();
        format!(
            "{} on {} {arguments}",
            planned.action.capability(),
            planned.action.target()
        )
    });
    screen.talk(&format!(
        "action {} of plan {}, begun {}: {}\n",
        doubt.index + 1,
        plan.id().short(),
        doubt.at.to_seconds_text(),
        interlock_gate::escape::strict(&what.unwrap_or_default()),
    ));
    let signer = Signer::open(key).map_err(|error| Failure::of(Exit::Usage, &error))?;
    let policy = runner.policy().await?;
    let Some(approver) = policy.approver_of(signer.public()) else {
        return Err(Failure::denied("the key is no approver's in the policy"));
    };
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)
        .map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
    let found = match found {
        Found::Done => reconcile::Found::Done,
        Found::NotDone => reconcile::Found::NotDone,
    };
    let said = Reconciliation {
        schema: RECONCILIATION_SCHEMA.to_owned(),
        plan: doubt.plan,
        index: doubt.index,
        r#for: doubt.kind,
        found,
        approver: approver.name.clone(),
        reason: reason.to_owned(),
        issued_at: runner.now(),
        nonce: Nonce::from_raw(nonce),
    };
    let payload = said
        .to_bytes()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let signature = signer
        .sign(&payload, false)
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    runner.reconcile(&said, &signature).await.map_err(cannot)?;
    let document = ReconciledJson {
        schema: "interlock.reconciled.v1",
        run: run.to_string(),
        plan: doubt.plan.to_string(),
        action: u32::from(doubt.index) + 1,
        found,
        approver: approver.name.to_string(),
    };
    let text = format!(
        "reconciled by {}: action {} was {}; the plan is stopped and nothing else was done\n",
        approver.name,
        doubt.index + 1,
        match found {
            reconcile::Found::Done => "done",
            reconcile::Found::NotDone => "not done",
        }
    );
    Ok(Output::new(Exit::Done, text, &document).next("`interlock run` observes afresh"))
}

fn cannot(error: CannotReconcile) -> Failure {
    match error {
        CannotReconcile::NoDoubt { .. } => Failure::of(Exit::Usage, &error),
        CannotReconcile::Signature { .. } => Failure::of(Exit::Denied, &error),
        CannotReconcile::Run(error) => (*error).into(),
    }
}
