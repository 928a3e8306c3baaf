//! Plans and incidents.

use axum::{body::Bytes, extract::State};
use http::HeaderMap;
use serde::Deserialize;

use super::{
    Doors,
    answer::{Answer, said},
    asked::{Asked, Named, Who},
    body,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlansQuery {
    /// Those that are over too.
    #[serde(default)]
    all: bool,
}

/// A body that says nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    note: String,
}

/// `GET /plans`.
pub(super) async fn list(
    State(doors): State<Doors>,
    Who(who): Who,
    Asked(query): Asked<PlansQuery>,
) -> Answer {
    said(&doors.desk.plans_list(&who, query.all).await?)
}

/// `GET /plans/{plan}`.
pub(super) async fn show(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(plan): Named<String>,
) -> Answer {
    said(&doors.desk.plan_shown(&who, &plan).await?)
}

/// `POST /plans/{plan}/tokens`: the body is a token's file.
pub(super) async fn token(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(plan): Named<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    body::is_json(&headers)?;
    said(&doors.desk.token(&who, &plan, &bytes).await?)
}

/// `POST /plans/{plan}/apply`.
pub(super) async fn apply(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(plan): Named<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let Nothing {} = body::json_or_nothing(&headers, &bytes)?;
    said(&doors.desk.apply(&who, &plan).await?)
}

/// `GET /incidents`.
pub(super) async fn incidents(State(doors): State<Doors>, Who(who): Who) -> Answer {
    said(&doors.desk.incidents_list(&who).await?)
}

/// `GET /incidents/{incident}`.
pub(super) async fn incident(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(incident): Named<String>,
) -> Answer {
    said(&doors.desk.incident_shown(&who, &incident).await?)
}

/// `POST /incidents/{incident}/notes`.
pub(super) async fn note(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(incident): Named<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let NoteBody { note } = body::json(&headers, &bytes)?;
    said(&doors.desk.note(&who, &incident, &note).await?)
}
