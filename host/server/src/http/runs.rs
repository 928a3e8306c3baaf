//! Runs, and what may be run.

use std::{collections::BTreeMap, fmt, path::Path, time::Duration};

use axum::{body::Bytes, extract::State};
use http::{HeaderMap, StatusCode};
use interlock_capabilities::report;
use interlock_connectors::{document::Format, incident::Incident};
use interlock_gate::escape;
use interlock_runner::diagnosis::Submitted;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::Value;

use super::{
    Doors,
    answer::{Answer, Refused, going_on, said},
    asked::{Asked, Named, Who},
    body,
    plans::Nothing,
};
use crate::desk::{Code, IncidentAsk, RunRequest};

/// How long a run may take to be answered with its end.
const WAIT: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FromQuery {
    #[serde(default)]
    offset: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunBody {
    runbook: String,
    id: Option<String>,
    /// An incident's id, or the whole of it as an incident file in JSON.
    incident: Option<Value>,
    #[serde(default)]
    inputs: BTreeMap<String, InputText>,
}

/// An input as text, however JSON writes it.
#[derive(Debug)]
struct InputText(String);

impl<'de> Deserialize<'de> for InputText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InputText, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl Visitor<'_> for InputVisitor {
    type Value = InputText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, an integer or a boolean")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<InputText, E> {
        Ok(InputText(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<InputText, E> {
        Ok(InputText(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<InputText, E> {
        Ok(InputText(number.to_string()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<InputText, E> {
        Ok(InputText(value.to_string()))
    }
}

/// `GET /runbooks`.
pub(super) async fn runbooks(State(doors): State<Doors>, Who(who): Who) -> Answer {
    said(&doors.desk.runbooks(&who).await?)
}

/// `GET /grants`.
pub(super) async fn grants(State(doors): State<Doors>, Who(who): Who) -> Answer {
    said(&doors.desk.grants(&who).await?)
}

/// `GET /runs`.
pub(super) async fn list(
    State(doors): State<Doors>,
    Who(who): Who,
    Asked(query): Asked<FromQuery>,
) -> Answer {
    said(&doors.desk.runs_list(&who, query.offset as usize).await?)
}

/// `POST /runs`: answered with the run where it ends soon, else with where to ask for it.
pub(super) async fn start(
    State(doors): State<Doors>,
    Who(who): Who,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let asked: RunBody = body::json(&headers, &bytes)?;
    let now = doors.desk.runner().now();
    let incident = asked.incident.map(|value| incident(value, now));
    let ask = RunRequest {
        runbook: asked.runbook,
        incident: incident.transpose()?,
        id: asked.id,
        inputs: asked
            .inputs
            .into_iter()
            .map(|(name, InputText(text))| (name, text))
            .collect(),
    };
    let mut started = doors.desk.run(&who, ask).await?;
    let location = format!("/runs/{}", started.run);
    if !started.ends_within(WAIT).await {
        return going_on(&doors.desk.run_going(&started)?, &location);
    }
    if let Some(Err(refusal)) = started.progress.borrow().ended.clone() {
        return Err(refusal.into());
    }
    said(&doors.desk.run_said(&who, started.run.as_str()).await?)
}

fn incident(value: Value, now: interlock_gate::time::Time) -> Result<IncidentAsk, Refused> {
    let wrong = |reason: String| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, Code::BadInput, reason)
            .next("the id of an incident, or one in the JSON of an incident file")
    };
    match value {
        Value::String(id) => Ok(IncidentAsk::Id(id)),
        Value::Object(_) => {
            let text = value.to_string();
            let read = Incident::parse(Path::new("incident"), &text, Format::Json, now);
            let incident = read.map_err(|mistakes| {
                let first = mistakes.iter().next().map(|one| one.message());
                wrong(format!("`incident`: {}", first.unwrap_or_default()))
            })?;
            Ok(IncidentAsk::Given(Box::new(report::Incident::from(
                incident,
            ))))
        }
        other => {
            let shown = escape::foreign_short(&other.to_string(), 80);
            Err(wrong(format!("`incident`: `{shown}` is not an incident")))
        }
    }
}

/// `GET /runs/{run}`.
pub(super) async fn show(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(run): Named<String>,
) -> Answer {
    said(&doors.desk.run_shown(&who, &run).await?)
}

/// `GET /runs/{run}/calls/{call}`.
pub(super) async fn call(
    State(doors): State<Doors>,
    Who(who): Who,
    Named((run, call)): Named<(String, String)>,
    Asked(query): Asked<FromQuery>,
) -> Answer {
    let desk = &doors.desk;
    said(
        &desk
            .evidence(&who, &run, &call, query.offset as usize)
            .await?,
    )
}

/// `POST /runs/{run}/diagnoses`.
pub(super) async fn diagnose(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(run): Named<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let submitted: Submitted = body::json(&headers, &bytes)?;
    said(&doors.desk.diagnose(&who, &run, submitted).await?)
}

/// `POST /runs/{run}/cancel`.
pub(super) async fn cancel(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(run): Named<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let Nothing {} = body::json_or_nothing(&headers, &bytes)?;
    said(&doors.desk.cancel(&who, &run).await?)
}
