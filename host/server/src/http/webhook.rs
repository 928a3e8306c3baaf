//! `POST /webhook/alertmanager`: what Alertmanager delivers, version 4.

use axum::{body::Bytes, extract::State};
use http::{HeaderMap, StatusCode};
use interlock_runner::incident::BadAlerts;

use super::{
    Doors,
    answer::{Answer, Refused, document},
    asked::Who,
    body,
};
use crate::desk::{Code, Undelivered};

/// The handler: answered as soon as every run that answers the alerts has an id.
pub(super) async fn alertmanager(
    State(doors): State<Doors>,
    Who(who): Who,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    body::is_json(&headers)?;
    match doors.desk.webhook(&who, &bytes).await {
        Ok(delivered) => Ok(document(StatusCode::ACCEPTED, &delivered)),
        Err(Undelivered::Unread(bad)) => Err(refused(&bad)),
        Err(Undelivered::Refused(refusal)) => Err(refusal.into()),
    }
}

fn refused(bad: &BadAlerts) -> Refused {
    let status = match bad {
        BadAlerts::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BadAlerts::Json { .. } | BadAlerts::TooDeep => StatusCode::BAD_REQUEST,
        BadAlerts::Missing { .. } | BadAlerts::Form { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Refused::new(status, Code::BadInput, bad.to_string())
}
