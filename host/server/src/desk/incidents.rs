//! Incidents: what an agent adds to them, what an alert opens.

use interlock_capabilities::report::Incident;

use super::{Desk, IncidentAsk, Refusal, refusal};

impl Desk {
    /// The incident of a run.
    pub(super) async fn incident_of(
        &self,
        ask: Option<IncidentAsk>,
        id: Option<&str>,
    ) -> Result<Incident, Refusal> {
        let now = self.runner.now();
        match ask {
            None => Ok(Incident {
                id: id.unwrap_or("none").to_owned(),
                service: None,
                severity: None,
                begin: now.minus_seconds(30 * 60).micros(),
                end: now.micros(),
                alerts: Vec::new(),
            }),
            Some(IncidentAsk::Given(incident)) => Ok(*incident),
            Some(IncidentAsk::Id(id)) => Err(refusal::not_found("incident", &id)),
        }
    }
}
