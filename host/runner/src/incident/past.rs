//! `incidents.similar`, answered from this host's own record.

use std::{path::PathBuf, sync::Arc};

use interlock_capabilities::{
    Gap, Soon, Unchecked,
    read::{
        AnswerLimit,
        incidents::{Incidents, PastIncident, PastIncidentList, SimilarAsk},
    },
    report::Incident,
};
use interlock_similar::{Feature, Match, Point};
use interlock_store::SqliteStore;

use super::similar;

/// Points that an answer names of each kind.
const POINTS_MAX: usize = 6;

/// The past incidents of this host, for one run's incident.
pub(crate) struct Past {
    store: Arc<SqliteStore>,
    index: PathBuf,
    incident: Incident,
}

impl Past {
    pub(crate) fn new(store: Arc<SqliteStore>, index: PathBuf, incident: Incident) -> Past {
        Past {
            store,
            index,
            incident,
        }
    }
}

impl Incidents for Past {
    fn similar(
        &self,
        ask: SimilarAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<PastIncidentList, Unchecked>> {
        let now = similar::asked(&self.incident);
        let (store, index) = (Arc::clone(&self.store), self.index.clone());
        let most = usize::try_from(ask.most).unwrap_or(usize::MAX);
        let work = async move {
            let found = similar::find(store, &index, &now, most).await;
            let found = found.map_err(|error| {
                tracing::warn!(error = %crate::error::chain(&error), "past incidents cannot be searched");
                Gap::Unreachable("the record of past incidents cannot be searched".to_owned())
            })?;
            let answer = PastIncidentList {
                incidents: found.into_iter().map(past).collect(),
            };
            limit.check(&answer)?;
            Ok(answer)
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Box::pin(work);
        };
        // SQLite blocks, and other steps must not wait for it.
        let working = runtime.spawn_blocking(move || futures::executor::block_on(work));
        Box::pin(async move {
            working.await.unwrap_or_else(|_gone| {
                Err(Gap::Unreachable(
                    "the read ended without an answer".to_owned(),
                ))
            })
        })
    }
}

fn past(found: Match) -> PastIncident {
    let because = because(&found);
    let cause = found.incident.outcome.map(|outcome| match outcome.subject {
        Some(subject) => format!("{} ({subject})", outcome.cause),
        None => outcome.cause,
    });
    PastIncident {
        id: found.incident.id,
        at: found.incident.at.micros(),
        cause,
        because,
    }
}

/// Why it is similar, and where it differs, in a line. Untrusted text is among it.
fn because(found: &Match) -> String {
    let mut said = format!("{} % alike: {}", found.percent, points(&found.same));
    for (lead, only) in [
        ("only then", &found.only_then),
        ("only now", &found.only_now),
    ] {
        if !only.is_empty() {
            said.push_str(&format!("; {lead}: {}", points(only)));
        }
    }
    said
}

/// In what incidents agree, or what only one of them has; the rarest few. Untrusted text.
pub fn points(points: &[Point]) -> String {
    let mut said: Vec<String> = points.iter().take(POINTS_MAX).map(point).collect();
    if let Some(more) = points
        .len()
        .checked_sub(POINTS_MAX)
        .filter(|more| *more > 0)
    {
        said.push(format!("{more} more"));
    }
    said.join(", ")
}

fn point(point: &Point) -> String {
    match point {
        Point::Feature(Feature::Alert(name)) => format!("alert `{name}`"),
        Point::Feature(Feature::Service(name)) => format!("service `{name}`"),
        Point::Feature(Feature::Severity(name)) => format!("severity `{name}`"),
        Point::Feature(Feature::Concluded(cause)) => format!("a run named `{cause}` first"),
        Point::Feature(Feature::Label(name, value)) => format!("label `{name}={value}`"),
        Point::Words(words) => format!("the words `{}`", words.join("`, `")),
    }
}
