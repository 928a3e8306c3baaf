//! Logs, alerts, changes, topology and the incident, as a test describes them.

use regex::Regex;

use crate::fake::clock::{moment, span};
use crate::time::Time;
use crate::wire::{
    Alert, Change, DatabaseUse, Gap, Incident, IncidentAlert, IncidentLabel, Label, LogLine,
    LogLines, Service, Window,
};

/// One log source.
#[derive(Debug, Clone, Default)]
pub struct FakeLogs {
    lines: Vec<LogLine>,
}

impl FakeLogs {
    /// A line of that moment.
    pub fn line(mut self, at: &str, text: &str) -> Self {
        self.lines.push(LogLine {
            at: Some(moment(at).micros()),
            text: text.to_owned(),
        });
        self
    }

    /// The same line, that many times, from `at` on, a second apart.
    pub fn lines(mut self, count: u32, at: &str, text: &str) -> Self {
        let begin = moment(at).micros();
        self.lines
            .extend((0..u64::from(count)).map(|second| LogLine {
                at: Some(begin + second * 1_000_000),
                text: text.to_owned(),
            }));
        self
    }

    pub(crate) fn search(&self, window: Window, pattern: &str, most: u32) -> Result<LogLines, Gap> {
        let pattern = Regex::new(pattern).map_err(|error| Gap::Refused(error.to_string()))?;
        let inside = |at: u64| (window.begin..window.end).contains(&at);
        let matched: Vec<&LogLine> = self
            .lines
            .iter()
            .filter(|line| line.at.is_none_or(inside) && pattern.is_match(&line.text))
            .collect();
        let first = matched.len().saturating_sub(most as usize);
        Ok(LogLines {
            matched: matched.len() as u64,
            truncated: first > 0,
            lines: matched[first..]
                .iter()
                .map(|line| (*line).clone())
                .collect(),
        })
    }
}

/// The alerts that the alert manager lists.
#[derive(Debug, Clone)]
pub struct FakeAlerts {
    now: Time,
    pub(crate) alerts: Vec<Alert>,
}

impl FakeAlerts {
    pub(crate) fn new(now: Time) -> Self {
        Self {
            now,
            alerts: Vec::new(),
        }
    }

    /// An alert that fires since that long.
    pub fn firing(mut self, name: &str, age: &str, labels: &[(&str, &str)]) -> Self {
        let label = |(name, value): &(&str, &str)| Label {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        self.alerts.push(Alert {
            name: name.to_owned(),
            state: "firing".to_owned(),
            starts_at: (self.now - span(age)).micros(),
            ends_at: None,
            fingerprint: format!("{:016x}", self.alerts.len() + 1),
            labels: labels.iter().map(label).collect(),
            annotations: Vec::new(),
            source: "alertmanager".to_owned(),
        });
        self
    }
}

/// Deployments, configuration changes and migrations.
#[derive(Debug, Clone)]
pub struct FakeChanges {
    now: Time,
    pub(crate) changes: Vec<Change>,
}

impl FakeChanges {
    pub(crate) fn new(now: Time) -> Self {
        Self {
            now,
            changes: Vec::new(),
        }
    }

    /// A deployment of a service, that long ago.
    pub fn deployment(self, age: &str, service: &str, title: &str) -> Self {
        self.change("deployment", age, Some(service), title)
    }

    /// A change of any kind, that long ago.
    pub fn change(mut self, kind: &str, age: &str, service: Option<&str>, title: &str) -> Self {
        self.changes.push(Change {
            id: format!("change-{}", self.changes.len() + 1),
            at: (self.now - span(age)).micros(),
            kind: kind.to_owned(),
            service: service.map(str::to_owned),
            title: title.to_owned(),
            author: None,
            source: "file".to_owned(),
        });
        self
    }
}

/// Services and the pools that they may hold.
#[derive(Debug, Clone, Default)]
pub struct FakeTopology {
    pub(crate) services: Vec<Service>,
}

impl FakeTopology {
    /// A service.
    pub fn service(
        mut self,
        name: &str,
        describe: impl FnOnce(FakeService) -> FakeService,
    ) -> Self {
        let service = FakeService {
            service: Service {
                name: name.to_owned(),
                depends_on: vec![],
                databases: vec![],
            },
        };
        self.services.push(describe(service).service);
        self
    }
}

/// One service.
#[derive(Debug, Clone)]
pub struct FakeService {
    service: Service,
}

impl FakeService {
    /// It logs in to a server as a role; the pool is not said.
    pub fn uses(mut self, server: &str, role: &str) -> Self {
        self.service.databases.push(DatabaseUse {
            server: server.to_owned(),
            role: role.to_owned(),
            database: None,
            pool_size: None,
            instances: None,
        });
        self
    }

    /// Likewise, with so many connections an instance, and so many instances.
    pub fn pool(mut self, server: &str, role: &str, pool_size: u32, instances: u32) -> Self {
        self = self.uses(server, role);
        if let Some(database) = self.service.databases.last_mut() {
            database.pool_size = Some(pool_size);
            database.instances = Some(instances);
        }
        self
    }

    /// It needs another service.
    pub fn depends_on(mut self, service: &str) -> Self {
        self.service.depends_on.push(service.to_owned());
        self
    }
}

/// What the run is about.
#[derive(Debug, Clone)]
pub struct FakeIncident {
    pub(crate) incident: Incident,
    now: Time,
}

impl FakeIncident {
    pub(crate) fn new(now: Time) -> Self {
        let incident = Incident {
            id: "INC-1".to_owned(),
            service: None,
            severity: None,
            begin: (now - span("15m")).micros(),
            end: now.micros(),
            alerts: Vec::new(),
        };
        Self { incident, now }
    }

    /// The service that it is about.
    pub fn service(mut self, service: &str) -> Self {
        self.incident.service = Some(service.to_owned());
        self
    }

    /// It began that long ago.
    pub fn began(mut self, age: &str) -> Self {
        self.incident.begin = (self.now - span(age)).micros();
        self
    }

    /// Its newest alert began that long ago; without this, with the incident.
    pub fn alert_began(mut self, age: &str) -> Self {
        let began = (self.now - span(age)).micros();
        if let Some(alert) = self.incident.alerts.last_mut() {
            alert.starts_at = began;
        }
        self
    }

    /// An alert of it. Labels are text that somebody else wrote.
    pub fn alert(mut self, name: &str, labels: &[(&str, &str)]) -> Self {
        let label = |(name, value): &(&str, &str)| IncidentLabel {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        self.incident.alerts.push(IncidentAlert {
            name: name.to_owned(),
            starts_at: self.incident.begin,
            labels: labels.iter().map(label).collect(),
            annotations: Vec::new(),
        });
        self
    }
}
