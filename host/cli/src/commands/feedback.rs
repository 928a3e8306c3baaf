//! `feedback`: what somebody thinks of a diagnosis, and what an incident turned out to be.

use std::path::Path;

use interlock_gate::time::Time;
use interlock_runner::{
    diagnosis::whose,
    feedback::{CannotJudge, OTHER},
    learnt::Verdict,
};
use interlock_screens::text;
use serde::Serialize;

use crate::{args::FeedbackArgs, exit::Exit, failure::Failure, output::Output, setup};

#[derive(Serialize)]
struct FeedbackJson<'a> {
    schema: &'static str,
    run: Option<&'a str>,
    incident: Option<&'a str>,
    at: Time,
    by: String,
    verdict: Option<Verdict>,
    cause: Option<&'a str>,
    subject: Option<&'a str>,
}

const SCHEMA: &str = "interlock.feedback.v1";

pub(crate) async fn feedback(
    args: &FeedbackArgs,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    match (&args.run, &args.incident) {
        (Some(run), None) => of_run(run, args, config).await,
        (None, Some(incident)) => of_incident(incident, args, config).await,
        _ => Err(Failure::usage(
            "feedback is about a run or about an incident",
        )
        .help("`interlock feedback RUN accepted`, or `interlock feedback --incident ID --cause CAUSE`")),
    }
}

async fn of_run(
    given: &str,
    args: &FeedbackArgs,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let verdict = match args
        .verdict
        .as_deref()
        .map(|word| (word, Verdict::of_word(word)))
    {
        Some((_, Some(verdict))) => Some(verdict),
        Some((word, None)) => {
            let message = format!("`{}` is no verdict", word.escape_debug());
            return Err(Failure::usage(message).help("`accepted`, `modified` or `rejected`"));
        }
        None => None,
    };
    if verdict.is_none() && args.cause.is_none() {
        return Err(Failure::usage("no verdict and no cause is given")
            .help("`accepted`, `modified` or `rejected`, or `--cause CAUSE`"));
    }
    if args.subject.is_some() {
        return Err(Failure::usage("`--subject` is told of an incident")
            .help("`interlock feedback --incident ID --cause CAUSE --subject SERVICE`"));
    }
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(given, &caller.requester.via).await?;
    let record = runner
        .give_feedback(&run, verdict, args.cause.as_deref(), &caller)
        .await
        .map_err(failed)?;
    let Some(said) = record.feedback.last() else {
        return Err(Failure::failed("the journal does not show what was said"));
    };
    let line = text::feedback::line(&run, &said.by, said.verdict, said.cause.as_deref());
    let document = FeedbackJson {
        schema: SCHEMA,
        run: Some(run.as_str()),
        incident: None,
        at: said.at,
        by: said.by.clone(),
        verdict: said.verdict,
        cause: said.cause.as_deref(),
        subject: None,
    };
    let output = Output::new(Exit::Done, format!("{line}\n"), &document);
    Ok(match (&said.cause, record.incident.id.as_str()) {
        (None, id) if id != interlock_store::entry::NO_INCIDENT => output.next(format!(
            "once it is known: `interlock feedback --incident {} --cause CAUSE`",
            text::words::foreign_short(id, 64)
        )),
        _ => output,
    })
}

async fn of_incident(
    incident: &str,
    args: &FeedbackArgs,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let Some(cause) = &args.cause else {
        return Err(Failure::usage("no cause is given").help("`--cause CAUSE`"));
    };
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let known = runner
        .tell_cause(incident, cause, args.subject.as_deref(), &caller)
        .await
        .map_err(failed)?;
    let line = text::feedback::cause(&known);
    let id = text::words::foreign_short(incident, 64);
    let document = FeedbackJson {
        schema: SCHEMA,
        run: None,
        incident: Some(incident),
        at: known.at,
        by: whose(&known.by, &known.owners),
        verdict: None,
        cause: Some(&known.cause),
        subject: known.subject.as_deref(),
    };
    Ok(Output::new(
        Exit::Done,
        format!("{id}: {line}\n"),
        &document,
    ))
}

fn failed(error: CannotJudge) -> Failure {
    match error {
        CannotJudge::Host(error) => Failure::from(*error),
        CannotJudge::UnknownCause {
            ref nearest,
            ref known,
            ..
        } => {
            let nearest = nearest
                .as_ref()
                .map(|one| format!("did you mean `{one}`? "))
                .unwrap_or_default();
            let known = known.join(", ");
            Failure::usage(error.to_string()).help(format!(
                "{nearest}one of: {known}; or in your words: \"{OTHER}...\""
            ))
        }
        error => Failure::usage(error.to_string()),
    }
}
