//! Runs as tools: the whole answer within two seconds, or the run's id; progress and cancellation
//! while the call lasts; a task where the client knows of tasks.
//!
//! A task is a run by another name: its id is the run's, and all that is known of it is the run's
//! record. So a task outlives this process, and there is no second book to keep.

use std::{collections::BTreeMap, time::Duration};

use interlock_runner::installed::Runbook;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolResponse, CreateTaskResult, DetailedTask, GetTaskResult, JsonObject,
        ProgressNotificationParam, Task, TaskPayload, TaskStatus,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::Instant,
};

use super::{
    about, answer,
    door::{Door, as_error},
    given::{Given, bad, kind},
    offered,
};
use crate::{
    admit::Admitted,
    desk::{Code, News, Progress, Refusal, RunRequest, Said, Started},
};

/// How long a run's call waits for its end.
const WHOLE_WITHIN: Duration = Duration::from_secs(2);
/// How often a client should ask for a task.
const POLL_MS: u64 = 1_000;

/// How waiting for a run ended.
enum Attended {
    Ended,
    GoesOn,
    Cancelled,
}

impl Door {
    /// Starts or joins a run.
    pub(super) async fn run(
        &self,
        who: &Admitted,
        runbook: &Runbook,
        arguments: Option<JsonObject>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let begun = Instant::now();
        let started = match self.request(runbook, arguments) {
            Ok(request) => self.desk.run(who, request).await,
            Err(refusal) => Err(refusal),
        };
        let mut started = match started {
            Ok(started) => started,
            Err(refusal) => return Ok(answer::refused(&refusal).into()),
        };
        match attend(&mut started.progress, begun + WHOLE_WITHIN, &context).await {
            Attended::Ended => {
                let said = self.desk.run_ended(who, &started).await;
                Ok(answer::of(said).into())
            }
            Attended::GoesOn => self.goes_on(who, &started, &context).await,
            Attended::Cancelled => {
                if let Err(refusal) = self.desk.cancel(who, started.run.as_str()).await {
                    tracing::warn!(why = refusal.reason, "a run was not cancelled");
                }
                // Nobody waits for this answer any more.
                Err(ErrorData::invalid_request("cancelled by the client", None))
            }
        }
    }

    async fn goes_on(
        &self,
        who: &Admitted,
        started: &Started,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let knows_tasks = context
            .client_capabilities()
            .is_some_and(|capabilities| capabilities.supports_tasks());
        if knows_tasks {
            let task = self.working(who, started.run.as_str()).await?;
            return Ok(CreateTaskResult::new(task).into());
        }
        Ok(answer::of(self.desk.run_going(started)).into())
    }

    /// What the arguments ask for.
    fn request(
        &self,
        runbook: &Runbook,
        arguments: Option<JsonObject>,
    ) -> Result<RunRequest, Refusal> {
        let mut given = Given::new(arguments);
        let mut inputs = BTreeMap::new();
        for name in runbook.manifest.inputs.keys() {
            let argument = offered::argument(name);
            if let Some(value) = given.any(&argument) {
                inputs.insert(name.clone(), as_text(&argument, &value)?);
            }
        }
        let incident = given
            .any("incident")
            .map(|value| about::read(value, self.desk.runner().now()))
            .transpose()?;
        let id = given.maybe_text("id")?;
        given.done()?;
        Ok(RunRequest {
            runbook: runbook.manifest.name.clone(),
            incident,
            id,
            inputs,
        })
    }

    /// A run as it stands when it ends, or after `wait`.
    pub(super) async fn run_after(
        &self,
        who: &Admitted,
        run: &str,
        wait: Duration,
        context: &RequestContext<RoleServer>,
    ) -> Result<Said, Refusal> {
        // Listen first: what happens between the look and the wait is heard.
        let mut news = self.desk.news();
        let said = self.desk.run_shown(who, run).await?;
        if wait.is_zero() || said.document["state"] != "running" {
            return Ok(said);
        }
        let Some(id) = said.document["run"].as_str().map(str::to_owned) else {
            return Ok(said);
        };
        let until = Instant::now() + wait;
        let mut steps = 0;
        loop {
            let heard = tokio::select! {
                heard = tokio::time::timeout_at(until, news.recv()) => heard,
                // Whoever stops waiting does not stop the run.
                () = context.ct.cancelled() => break,
            };
            match heard {
                Ok(Ok(News::Step { run, step })) if run.as_str() == id => {
                    steps += 1;
                    progress(context, steps, &step, until).await;
                }
                Ok(Ok(News::RunEnded { run, .. })) if run.as_str() == id => break,
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(_))) => {
                    let now = self.desk.run_said(who, &id).await?;
                    if now.document["state"] != "running" {
                        return Ok(now);
                    }
                }
                Ok(Err(RecvError::Closed)) | Err(_) => break,
            }
        }
        self.desk.run_said(who, &id).await
    }

    /// A run as a task.
    pub(super) async fn task(
        &self,
        who: &Admitted,
        task: &str,
    ) -> Result<GetTaskResult, ErrorData> {
        let not_one = |refusal: Refusal| match refusal.code {
            Code::NotFound => ErrorData::invalid_params(refusal.text(), None),
            _ => as_error(refusal),
        };
        let said = self.desk.run_shown(who, task).await.map_err(not_one)?;
        let state = said.document["state"].as_str().unwrap_or_default();
        if state == "running" {
            let mut working = self.working(who, task).await?;
            working.status_message = Some(said.text);
            return Ok(GetTaskResult::new(DetailedTask::new(
                working,
                TaskPayload::Working,
            )));
        }
        let time = |key: &str| said.document[key].as_str().map(str::to_owned);
        let created = time("opened_at").unwrap_or_default();
        let ended = time("ended_at").unwrap_or_else(|| created.clone());
        let base = Task::new(task, TaskStatus::Working, created, ended);
        let payload = if state == "interrupted" {
            TaskPayload::Cancelled
        } else {
            let result = serde_json::to_value(answer::shown(said));
            match result {
                Ok(Value::Object(result)) => TaskPayload::Completed { result },
                _ => {
                    return Err(ErrorData::internal_error(
                        "the result cannot be written",
                        None,
                    ));
                }
            }
        };
        Ok(GetTaskResult::new(DetailedTask::new(base, payload)))
    }

    async fn working(&self, who: &Admitted, run: &str) -> Result<Task, ErrorData> {
        let record = self.desk.record(who, run).await.map_err(as_error)?;
        let now = self.desk.runner().now();
        let task = Task::new(
            record.run.to_string(),
            TaskStatus::Working,
            record.opened_at.to_string(),
            now.to_string(),
        );
        Ok(task.with_poll_interval_ms(POLL_MS))
    }
}

/// Waits until the run ends, the client cancels or the time is over; says each step meanwhile.
async fn attend(
    run: &mut watch::Receiver<Progress>,
    until: Instant,
    context: &RequestContext<RoleServer>,
) -> Attended {
    let mut told = 0;
    loop {
        let (ended, steps, last) = {
            let now = run.borrow_and_update();
            let last = now.steps.last().cloned();
            (now.ended.is_some(), now.steps.len(), last)
        };
        if ended {
            return Attended::Ended;
        }
        if let Some(last) = last.filter(|_| steps > told) {
            told = steps;
            progress(context, steps, &last, until).await;
        }
        tokio::select! {
            () = context.ct.cancelled() => return Attended::Cancelled,
            changed = tokio::time::timeout_at(until, run.changed()) => match changed {
                Ok(Ok(())) => {}
                // Its sender is gone: the next look finds how it ended.
                Ok(Err(_)) => return Attended::Ended,
                Err(_) => return Attended::GoesOn,
            },
        }
    }
}

/// Tells a client that asked for it which step goes on.
async fn progress(context: &RequestContext<RoleServer>, steps: usize, step: &str, until: Instant) {
    let Some(token) = context.meta.get_progress_token() else {
        return;
    };
    // Steps are few: exact as a float.
    let count = u32::try_from(steps).map_or(f64::MAX, f64::from);
    let said = ProgressNotificationParam::new(token, count).with_message(format!("step {step}"));
    // A client that does not read is not waited for.
    let _ = tokio::time::timeout_at(until, context.peer.notify_progress(said)).await;
}

/// An input as the manifest reads it.
fn as_text(name: &str, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        Value::Number(_) => Err(bad(
            format!("`{name}` is {value}"),
            format!("give `{name}` as a whole number, or as text"),
        )),
        other => Err(bad(
            format!("`{name}` is {}", kind(other)),
            format!("give `{name}` as its schema says"),
        )),
    }
}
