//! `POST /webhook/alertmanager`: what Alertmanager delivers, version 4.

use axum::{body::Bytes, extract::State};
use http::{HeaderMap, StatusCode};

use super::{
    Doors,
    answer::{Answer, document},
    asked::Who,
    body,
};

/// The handler: answered as soon as every run that answers the alerts has an id.
pub(super) async fn alertmanager(
    State(doors): State<Doors>,
    Who(who): Who,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let group = body::json(&headers, &bytes)?;
    let delivered = doors.desk.webhook(&who, &group).await?;
    Ok(document(StatusCode::ACCEPTED, &delivered))
}
