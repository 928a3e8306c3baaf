//! What happened, told from the journal's entries.

use std::collections::BTreeMap;

use interlock_gate::{
    history::Kind,
    ids::{PersonName, PlanDigest, RunId},
    plan::Requester,
    time::Time,
    token::Decision,
};
use interlock_store::entry::{Entry, Stamped};

use super::{GroupAlert, known::Alerts};
use crate::{context::NoteRecord, feedback::CauseRecord, learnt::Verdict};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// What.
    pub what: Happened,
}

/// What happened. Names of alerts, notes and reasons are untrusted text.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// Alerts began to ring.
    Rings {
        /// Their names, each as often as it rings.
        alerts: Vec<String>,
        /// Who says so: any caller that may write can deliver alerts.
        by: Requester,
    },
    /// Alerts ceased, and others still ring.
    Ceased {
        /// Their names.
        alerts: Vec<String>,
        /// Who says so.
        by: Requester,
    },
    /// Nothing rings any more.
    Resolved {
        /// Who says so.
        by: Requester,
    },
    /// A run began.
    RunOpened {
        /// The run.
        run: RunId,
        /// The runbook's name.
        runbook: String,
        /// Who asked.
        by: Requester,
        /// Who stands behind that.
        owners: Vec<PersonName>,
    },
    /// A run ended.
    RunEnded {
        /// The run.
        run: RunId,
        /// How, in a word.
        state: String,
    },
    /// A plan was made.
    Planned {
        /// Its run.
        run: RunId,
        /// The plan.
        plan: PlanDigest,
        /// The plan that it narrows.
        narrows: Option<PlanDigest>,
    },
    /// The gate or the policy said no.
    Refused {
        /// The plan, where there is one.
        plan: Option<PlanDigest>,
        /// What was asked for.
        asked: String,
        /// Every reason.
        reasons: Vec<String>,
    },
    /// A person decided about a plan.
    Signed {
        /// The plan.
        plan: PlanDigest,
        /// What they decided.
        decision: Decision,
        /// Who.
        approver: PersonName,
    },
    /// A plan's carrying out, or back, began.
    Began {
        /// The plan.
        plan: PlanDigest,
        /// Forward or back.
        kind: Kind,
    },
    /// It ended.
    Ended {
        /// The plan.
        plan: PlanDigest,
        /// Forward or back.
        kind: Kind,
        /// Why it stopped before its end, where it did.
        stopped: Option<String>,
        /// How many actions had each outcome.
        counts: BTreeMap<String, u64>,
    },
    /// The verify step looked at what a plan did.
    Verified {
        /// The plan.
        plan: PlanDigest,
        /// What it found, in a word.
        verdict: String,
    },
    /// A person settled a doubt about a plan.
    Reconciled {
        /// The plan.
        plan: PlanDigest,
        /// What they found.
        finding: String,
    },
    /// A caller made a note.
    Noted(NoteRecord),
    /// What another program kept was attached.
    Imported {
        /// What kept it.
        format: String,
        /// How many lines.
        lines: u64,
        /// Who attached it.
        by: Requester,
    },
    /// Somebody judged a run's diagnosis.
    Judged {
        /// The run.
        run: RunId,
        /// Who, as it is shown.
        by: String,
        /// What they thought of it.
        verdict: Option<Verdict>,
        /// The actual cause, where they name it. Untrusted text.
        cause: Option<String>,
    },
    /// What it turned out to be came to be known.
    Settled(CauseRecord),
    /// A caller made a diagnosis.
    Diagnosed {
        /// Of this run.
        run: RunId,
        /// Whose.
        by: Requester,
        /// Who stands behind them.
        owners: Vec<PersonName>,
    },
}

pub(super) fn push(timeline: &mut Vec<(u64, Moment)>, stamped: &Stamped) {
    let at = stamped.at;
    for what in happened(stamped) {
        timeline.push((stamped.index, Moment { at, what }));
    }
}

/// What an entry tells of an incident; steps and single acts are for the run's own screen.
fn happened(stamped: &Stamped) -> Vec<Happened> {
    let one = match stamped.entry.clone() {
        Entry::Alerted {
            firing, alerts, by, ..
        } => return of_alerts(firing, &alerts, &by),
        Entry::RunOpened {
            run,
            runbook,
            requester: by,
            owners,
            ..
        } => Happened::RunOpened {
            run,
            runbook,
            by,
            owners,
        },
        Entry::RunEnded { run, state } => Happened::RunEnded { run, state },
        Entry::Planned { plan } => Happened::Planned {
            run: plan.body().run.clone(),
            plan: plan.id(),
            narrows: plan.body().parent,
        },
        Entry::Refused {
            plan,
            asked,
            reasons,
            ..
        } => Happened::Refused {
            plan,
            asked,
            reasons,
        },
        Entry::Token { plan, token } => Happened::Signed {
            plan,
            decision: token.payload().decision,
            approver: token.payload().approver.clone(),
        },
        Entry::ApplyBegan { plan, kind, .. } => Happened::Began { plan, kind },
        Entry::ApplyEnded {
            plan,
            kind,
            stopped,
            counts,
        } => Happened::Ended {
            plan,
            kind,
            stopped,
            counts,
        },
        Entry::Verified { plan, verdict, .. } => Happened::Verified { plan, verdict },
        Entry::Reconciled { plan, finding, .. } => Happened::Reconciled { plan, finding },
        Entry::Diagnosis {
            run, by, owners, ..
        } => Happened::Diagnosed { run, by, owners },
        Entry::Imported {
            format, lines, by, ..
        } => Happened::Imported { format, lines, by },
        Entry::Feedback {
            run,
            by,
            verdict,
            cause,
            ..
        } => Happened::Judged {
            run,
            by,
            verdict: verdict.as_deref().and_then(Verdict::of_word),
            cause,
        },
        Entry::Cause { .. } => {
            return CauseRecord::of(stamped)
                .map(Happened::Settled)
                .into_iter()
                .collect();
        }
        Entry::Note { .. } => {
            return NoteRecord::of(stamped)
                .map(Happened::Noted)
                .into_iter()
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![one]
}

fn of_alerts(firing: bool, value: &serde_json::Value, by: &Requester) -> Vec<Happened> {
    let by = || by.clone();
    let mut brought = Alerts::default();
    brought.take(value);
    let (rings, ceased): (Vec<GroupAlert>, Vec<GroupAlert>) =
        brought.list().into_iter().partition(|alert| alert.firing);
    let names = |alerts: Vec<GroupAlert>| -> Vec<String> {
        alerts.iter().map(|alert| alert.name().to_owned()).collect()
    };
    let mut all = Vec::new();
    if !rings.is_empty() {
        all.push(Happened::Rings {
            alerts: names(rings),
            by: by(),
        });
    }
    if !firing {
        all.push(Happened::Resolved { by: by() });
    } else if !ceased.is_empty() {
        all.push(Happened::Ceased {
            alerts: names(ceased),
            by: by(),
        });
    }
    all
}
