//! What is asked, all at once, and what came back.

use std::time::Duration;

use interlock_sdk::wire::{AlertList, ChangeList, PastIncidentList, ServiceList};
use interlock_sdk::{Answer, Context, Gap, Window};

use crate::Inputs;

/// An answer, or why there is none.
pub type Asked<T> = Result<Answer<T>, Gap>;

/// Past incidents that are looked at.
const SIMILAR_MOST: u32 = 20;
/// Alerts may have begun before the incident was opened.
const BEFORE_THE_INCIDENT: Duration = Duration::from_secs(3600);

/// Everything that the cases are made from.
pub struct Facts {
    /// Alerts of services that are linked belong together where no more time than this lies
    /// between them.
    pub window: Duration,
    /// A change counts for an alert that came no later after it than this.
    pub changes_before: Duration,
    /// What fires, and what the incident is about.
    pub alerts: Asked<AlertList>,
    /// Services and what they depend on.
    pub topology: Asked<ServiceList>,
    /// Deployments, configuration changes, migrations.
    pub changes: Asked<ChangeList>,
    /// Past incidents that are similar.
    pub similar: Asked<PastIncidentList>,
}

impl Facts {
    /// Asks everything, then reads: it lasts as long as the slowest answer.
    pub fn ask(ctx: &Context, input: &Inputs) -> Self {
        let since = ctx.window().begin - (input.changes_before + BEFORE_THE_INCIDENT);
        let window = Window {
            begin: since,
            end: ctx.started() + Duration::from_secs(1),
        };
        let alerts = ctx.alerts().list();
        let topology = ctx.topology().services();
        let changes = ctx.changes().list(window);
        let similar = ctx.incidents().similar(SIMILAR_MOST);
        Facts {
            window: input.window,
            changes_before: input.changes_before,
            alerts: alerts.get(),
            topology: topology.get(),
            changes: changes.get(),
            similar: similar.get(),
        }
    }
}
