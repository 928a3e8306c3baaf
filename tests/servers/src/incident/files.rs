//! What the outside knows of an incident: files for Interlock's configured sources.

use std::fmt::Write;

use jiff::Timestamp;

use super::{Incident, Plot};
use crate::behaviour::App;

/// Texts of files in TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `changes.toml`: deployments and others' changes.
    pub changes: String,
    /// `topology.toml`: services, their roles, pools and instances.
    pub topology: String,
    /// The incident.
    pub incident: String,
}

impl Files {
    pub(super) fn of(incident: &Incident) -> Self {
        Self {
            changes: changes(incident),
            topology: topology(incident),
            incident: description(incident),
        }
    }
}

fn changes(incident: &Incident) -> String {
    let cast = incident.cast;
    let mut out = String::new();
    // Somebody else's deployment, before anything went wrong: a hint at nothing.
    change(
        &mut out,
        "d-1001",
        incident.calm_from,
        "deployment",
        cast.pooled.service,
        &format!("{} 7.0.1", cast.pooled.service),
    );
    let (kind, service, title) = match incident.plot() {
        Some(Plot::ConvoyBehindMigration) => (
            "migration",
            cast.batch.service,
            "alter table orders add column note".to_owned(),
        ),
        Some(Plot::ConvoyBehindSession | Plot::ConvoyBehindPrepared) => (
            "other",
            cast.batch.service,
            format!("{} started", cast.batch.service),
        ),
        Some(Plot::TrafficSurge) => ("other", cast.shop.service, "campaign mail sent".to_owned()),
        Some(Plot::MaxConnectionsTooLow) => (
            "config",
            cast.suspect.service,
            "instances 2 -> 3".to_owned(),
        ),
        _ => {
            let title = format!("{} {}", cast.suspect.service, cast.version);
            ("deployment", cast.suspect.service, title)
        }
    };
    change(
        &mut out,
        "d-1002",
        incident.changed_at,
        kind,
        service,
        &title,
    );
    out
}

fn change(out: &mut String, id: &str, at: Timestamp, kind: &str, service: &str, title: &str) {
    let _ = write!(
        out,
        "[[change]]\nid = {id:?}\nat = {at:.6}\nkind = {kind:?}\nservice = {service:?}\n\
         title = {title:?}\n\n"
    );
}

fn topology(incident: &Incident) -> String {
    let cast = incident.cast;
    let ordinary = usize::from(cast.slots - cast.reserved);
    // Of everybody but the three services, the exporter's two and ours.
    let third = ordinary.saturating_sub(8) / 3;
    let (suspect, shop, pooled) = match incident.plot() {
        // Above the slots together, and each in use.
        Some(Plot::MaxConnectionsTooLow) => {
            ((ordinary / 5, 3), (ordinary / 2, 1), (ordinary / 2, 1))
        }
        // One service may grow to nearly everything.
        Some(Plot::TrafficSurge) => ((2, 1), (ordinary - 12, 1), (cast.pooled_sessions, 1)),
        _ => ((third / 2, 2), (third, 1), (third, 1)),
    };
    let mut out = String::new();
    service(
        &mut out,
        incident,
        cast.suspect,
        Some(suspect),
        &[cast.shop.service],
    );
    service(&mut out, incident, cast.shop, Some(shop), &[]);
    service(
        &mut out,
        incident,
        cast.pooled,
        Some(pooled),
        &[cast.suspect.service],
    );
    // Nobody wrote down how many sessions these may hold.
    for app in [cast.report, cast.dump, cast.batch] {
        service(&mut out, incident, app, None, &[]);
    }
    out
}

fn service(
    out: &mut String,
    incident: &Incident,
    app: App,
    pool: Option<(usize, u32)>,
    depends_on: &[&str],
) {
    let _ = write!(out, "[[service]]\nname = {:?}\n", app.service);
    let _ = write!(out, "depends_on = {depends_on:?}\n[[service.database]]\n");
    let _ = write!(
        out,
        "server = {:?}\nrole = {:?}\ndatabase = {:?}\n",
        incident.cast.server, app.role, incident.cast.database
    );
    if let Some((size, instances)) = pool {
        let _ = write!(out, "pool_size = {size}\ninstances = {instances}\n");
    }
    out.push('\n');
}

fn description(incident: &Incident) -> String {
    let cast = incident.cast;
    format!(
        "id = {:?}\nservice = {:?}\nseverity = \"page\"\nbegin = {:.6}\n\n\
         [[alert]]\nname = \"PostgresConnectionsHigh\"\nstarts_at = {:.6}\n\
         labels = {{ server = {:?}, severity = \"page\" }}\n\
         annotations = {{ summary = \"{} is out of connections\" }}\n",
        cast.incident,
        cast.shop.service,
        incident.calm_from,
        incident.began_at,
        cast.server,
        cast.server,
    )
}
