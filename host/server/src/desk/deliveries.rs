//! Alerts as they are delivered: often the same ones many times at once.
//! Not what they mean: see [`interlock_runner::incident`].
//! Invariant: a delivery is answered without being carried out only where the very same bytes, by
//! the same caller, were the last to be carried out, and just now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use interlock_gate::ids::RunId;
use interlock_runner::incident::{AlertGroup, BadAlerts, Opened};
use interlock_store::Store as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{Desk, IncidentAsk, Refusal, RunRequest, refusal};
use crate::admit::Admitted;

/// The same delivery within this time is one of a storm: it is told what the first was.
const STORM: Duration = Duration::from_secs(1);
/// Runs that answer incidents and are remembered; more, and all are looked up again.
const ANSWERING_MAX: usize = 4_096;

/// What an alert's delivery came to.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    schema: &'static str,
    /// The incident that it opened or joined.
    pub incident: String,
    /// Whether anything of it still rings.
    pub firing: bool,
    /// The runs that answer it, started now or before.
    pub runs: Vec<RunId>,
    /// Why a runbook that answers it was not run.
    pub not_run: Vec<Refusal>,
}

/// Why a delivery came to nothing.
#[derive(Clone, Debug)]
pub enum Undelivered {
    /// It cannot be read.
    Unread(BadAlerts),
    /// It was refused.
    Refused(Refusal),
}

impl From<Refusal> for Undelivered {
    fn from(refusal: Refusal) -> Undelivered {
        Undelivered::Refused(refusal)
    }
}

type Came = Option<Result<Delivered, Undelivered>>;

/// What was delivered just now.
#[derive(Default)]
pub(super) struct Deliveries {
    last: Mutex<Option<Last>>,
    /// The run that answers an incident, by the caller and the id that it was started with.
    answering: Mutex<HashMap<String, RunId>>,
}

/// The delivery that was carried out last, or still is.
struct Last {
    via: String,
    digest: [u8; 32],
    at: Instant,
    came: watch::Receiver<Came>,
}

/// Whose turn it is to carry a delivery out.
enum Turn {
    Ours(watch::Sender<Came>),
    Another(watch::Receiver<Came>),
}

impl Deliveries {
    /// The one that carries out the same, or leave to do so.
    fn turn(&self, via: &str, bytes: &[u8]) -> Turn {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        // A whole value whatever a panicking holder did.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last
            && (last.via.as_str(), &last.digest) == (via, &digest)
            && last.at.elapsed() < STORM
            && last.is_of_use()
        {
            return Turn::Another(last.came.clone());
        }
        let (ours, came) = watch::channel(None);
        *last = Some(Last {
            via: via.to_owned(),
            digest,
            at: Instant::now(),
            came,
        });
        Turn::Ours(ours)
    }

    fn answering(&self, key: &str) -> Option<RunId> {
        let all = self.answering.lock();
        all.unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    fn answers(&self, key: String, run: &RunId) {
        let all = self.answering.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ANSWERING_MAX {
            all.clear();
        }
        all.insert(key, run.clone());
    }
}

impl Last {
    /// Whether it goes on, or came to all that it could.
    fn is_of_use(&self) -> bool {
        match &*self.came.borrow() {
            // Whoever carried it out is gone: it is to be done again.
            None => self.came.has_changed().is_ok(),
            Some(came) => came.as_ref().is_ok_and(|came| came.not_run.is_empty()),
        }
    }
}

impl Desk {
    /// An alert came: opens or joins its incident and starts the runbooks that answer it. The same
    /// delivery again joins the same runs.
    pub async fn webhook(
        self: &Arc<Self>,
        who: &Admitted,
        bytes: &[u8],
    ) -> Result<Delivered, Undelivered> {
        self.enter_to_act(who)?;
        loop {
            match self.deliveries.turn(&who.caller.requester.via, bytes) {
                Turn::Ours(told) => {
                    let came = self.deliver(who, bytes).await;
                    told.send_replace(Some(came.clone()));
                    return came;
                }
                Turn::Another(mut came) => {
                    // Where its client went away half-way, one of us takes its place.
                    if let Ok(came) = came.wait_for(Option::is_some).await
                        && let Some(came) = &*came
                    {
                        return came.clone();
                    }
                }
            }
        }
    }

    async fn deliver(
        self: &Arc<Self>,
        who: &Admitted,
        bytes: &[u8],
    ) -> Result<Delivered, Undelivered> {
        let group = AlertGroup::parse(bytes).map_err(Undelivered::Unread)?;
        let opened = self.opened(who, &group).await?;
        let mut delivered = Delivered {
            schema: "interlock.delivered.v1",
            incident: opened.id.clone(),
            firing: opened.firing,
            runs: Vec::new(),
            not_run: Vec::new(),
        };
        if !opened.firing {
            return Ok(delivered);
        }
        for runbook in self.answering(who, &opened.alert_names()) {
            match self.answer(who, &opened, runbook).await {
                Ok(run) => delivered.runs.push(run),
                Err(refusal) => delivered.not_run.push(refusal),
            }
        }
        Ok(delivered)
    }

    async fn opened(&self, who: &Admitted, group: &AlertGroup) -> Result<Opened, Refusal> {
        let line = self.runner.store().alert_group(&group.key).await;
        let line = line.map_err(|error| refusal::of(&error.into()))?;
        // Alerts that come together open one incident: one does, and the others find it open.
        let _turn = match line.open {
            true => None,
            false => Some(self.turn(&group.key).lock().await),
        };
        let opened = self.runner.incident_of_alerts(group, &who.caller).await;
        opened.map_err(|error| refusal::of(&error))
    }

    /// The run that answers the incident with this runbook, started now or before.
    async fn answer(
        self: &Arc<Self>,
        who: &Admitted,
        opened: &Opened,
        runbook: String,
    ) -> Result<RunId, Refusal> {
        let id = opened.run_key(&runbook);
        let key = format!("{}/{id}", who.caller.requester.via);
        if let Some(run) = self.deliveries.answering(&key) {
            return Ok(run);
        }
        let ask = RunRequest {
            id: Some(id),
            incident: Some(IncidentAsk::Given(Box::new(opened.as_input()))),
            inputs: std::collections::BTreeMap::new(),
            runbook,
        };
        let run = self.start(who, ask).await?.run;
        self.deliveries.answers(key, &run);
        Ok(run)
    }
}
