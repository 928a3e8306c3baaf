//! A plan's page: what would be done, word for word as it is signed, and what is missing.

use std::collections::BTreeMap;

use interlock_capabilities::Answer;
use interlock_gate::{
    explain::Finding, history::Kind, plan::Plan, policy::Policy, screen, state::PlanState,
    time::Time, token::Decision,
};
use interlock_runner::record::{ActRecord, PlanRecord, RunRecord};
use interlock_store::entry::RecordedOutcome;
use serde::Serialize;

use super::{
    count,
    run::{Asker, Cause, Incident, VerifiedView, conclusion},
    seats::Seats,
    signed,
    status::Status,
    timeline::{decision_words, outcome_counts},
};
use crate::page::{
    moment::Moment,
    quoted::{Foreign, Words},
};

/// What is known of a plan beside its record.
pub(crate) struct Around<'a> {
    /// What the gate says of it now.
    pub(crate) findings: &'a [Finding],
    /// The policy in force.
    pub(crate) policy: &'a Policy,
    /// How often the bytes of its write step were carried out here.
    pub(crate) applied: usize,
}

/// Everything on a plan's page.
#[derive(Serialize)]
pub(crate) struct PlanView {
    id: String,
    short: String,
    digest: String,
    summary: String,
    status: Status,
    waits: bool,
    /// Whether it is being carried out, or back.
    pub(crate) going: bool,
    /// Whether the gate would permit it now.
    ready: bool,
    run: String,
    incident: Incident,
    asked_by: Asker,
    made: Moment,
    ends: Moment,
    sentence: Option<Words>,
    cause: Option<Cause>,
    seats: Seats,
    terms: Vec<Terms>,
    confirm: String,
    tables: Vec<signed::Table>,
    /// What to know of its kinds of act: `undo`, `meanwhile`.
    consequences: Vec<(String, String)>,
    undos: Vec<signed::Undo>,
    signed: Vec<signed::Part>,
    applied: String,
    is_new: bool,
    names: Vec<Name>,
    tokens: Vec<TokenView>,
    refusals: Vec<Refused>,
    outcomes: Option<String>,
    acts: Vec<ActView>,
    stops: Vec<Foreign>,
    verified: Vec<VerifiedView>,
    parent: Option<String>,
    narrowed_to: Option<String>,
}

#[derive(Serialize)]
struct Terms {
    rule: Words,
    digest: String,
    actions: String,
    /// `None`: the rule has changed since the plan was made.
    says: Option<String>,
}

/// What a client calls itself.
#[derive(Serialize)]
struct Name {
    name: Foreign,
    times: usize,
}

#[derive(Serialize)]
struct TokenView {
    tone: &'static str,
    word: &'static str,
    approver: String,
    came: Moment,
    until: Option<Moment>,
    reason: Option<Foreign>,
    cause: Option<Foreign>,
}

#[derive(Serialize)]
struct Refused {
    at: Moment,
    asked: String,
    reasons: Vec<Words>,
}

#[derive(Serialize)]
struct ActView {
    number: usize,
    kind: &'static str,
    status: Status,
    said: Option<Foreign>,
    at: Moment,
}

impl PlanView {
    pub(crate) fn new(
        now: Time,
        record: &RunRecord,
        plan: &PlanRecord,
        around: &Around<'_>,
    ) -> PlanView {
        let body = plan.plan.body();
        let (sentence, cause) = conclusion(record);
        let waits = plan.state == PlanState::Waiting;
        let seats = Seats::new(around.findings);
        let ready = waits
            && seats.full()
            && !around
                .findings
                .iter()
                .any(|finding| matches!(finding, Finding::Against(_)));
        let acts = |kind| plan.acts.iter().filter(move |act| act.kind == kind);
        let counted: Vec<String> = [Kind::Apply, Kind::Undo]
            .into_iter()
            .filter(|kind| acts(*kind).next().is_some())
            .map(|kind| {
                let (text, _) = outcome_counts(acts(kind).map(|act| act.outcome.as_ref()));
                match kind {
                    Kind::Apply => text,
                    Kind::Undo => format!("taken back: {text}"),
                }
            })
            .collect();
        PlanView {
            id: plan.plan.id().hex(),
            short: plan.plan.id().short(),
            digest: plan.plan.id().to_string(),
            summary: screen::summary(&plan.plan),
            status: Status::of_plan(plan.state),
            waits,
            going: matches!(
                plan.state,
                PlanState::Applying { .. } | PlanState::Undoing { .. }
            ),
            ready,
            run: body.run.to_string(),
            incident: Incident::new(&body.incident),
            asked_by: Asker::new(&body.requester, &body.owners),
            made: Moment::new(now, body.created_at),
            ends: Moment::new(now, body.expires_at),
            sentence,
            cause,
            seats,
            terms: terms(&plan.plan, around.policy),
            confirm: screen::confirm_word(&plan.plan),
            tables: signed::tables(&plan.plan),
            consequences: signed::consequences(&plan.plan),
            undos: signed::undos(&plan.plan),
            signed: signed::text(&plan.plan),
            applied: match around.applied {
                0 => "NEW: never applied here".to_owned(),
                1 => "applied here once".to_owned(),
                n => format!("applied here {n} times"),
            },
            is_new: around.applied == 0,
            names: client_names(record, &plan.plan),
            tokens: tokens(now, plan),
            refusals: plan
                .refusals
                .iter()
                .rev()
                .take(20)
                .map(|(at, asked, reasons)| Refused {
                    at: Moment::new(now, *at),
                    asked: asked.clone(),
                    reasons: reasons.iter().take(20).map(|why| Words::new(why)).collect(),
                })
                .collect(),
            outcomes: (!counted.is_empty()).then(|| counted.join("; ")),
            acts: plan.acts.iter().map(|act| act_view(now, act)).collect(),
            stops: plan
                .stops
                .iter()
                .map(|(_, why)| Foreign::new(why))
                .collect(),
            verified: record
                .verified
                .iter()
                .filter(|one| one.plan == plan.plan.id())
                .map(|one| VerifiedView::new(now, record, one))
                .collect(),
            parent: body.parent.map(|parent| parent.hex()),
            narrowed_to: record
                .plans
                .iter()
                .find(|one| one.plan.body().parent == Some(plan.plan.id()))
                .map(|one| one.plan.id().hex()),
        }
    }
}

fn terms(plan: &Plan, policy: &Policy) -> Vec<Terms> {
    let mut rules: BTreeMap<_, usize> = BTreeMap::new();
    for (_, act) in plan.acts() {
        *rules.entry(&act.rule).or_default() += 1;
    }
    rules
        .into_iter()
        .map(|(named, acts)| Terms {
            rule: Words::new(&named.name),
            digest: named.digest.to_string(),
            actions: count(acts, "action"),
            says: policy
                .write(&named.name)
                .filter(|rule| rule.digest == named.digest)
                .map(screen::rule_terms),
        })
        .collect()
}

/// The names that the sessions of the plan gave themselves.
fn client_names(record: &RunRecord, plan: &Plan) -> Vec<Name> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, planned) in plan.acts() {
        let recorded = record.call(planned.cites.call);
        let Some(Answer::DatabaseSessions(sessions)) =
            recorded.and_then(|call| call.answer.as_ref().ok())
        else {
            continue;
        };
        let item = usize::try_from(planned.cites.item).ok();
        let session = item.and_then(|item| sessions.sessions.get(item));
        if let Some(name) = session.and_then(|session| session.application_name.as_deref()) {
            *names.entry(name).or_default() += 1;
        }
    }
    names
        .into_iter()
        .map(|(name, times)| Name {
            name: Foreign::short(name, 64),
            times,
        })
        .collect()
}

fn tokens(now: Time, plan: &PlanRecord) -> Vec<TokenView> {
    plan.tokens
        .iter()
        .map(|(at, token)| {
            let payload = token.payload();
            let (tone, word) = decision_words(payload.decision);
            let until = matches!(payload.decision, Decision::Approve | Decision::Undo);
            TokenView {
                tone,
                word,
                approver: payload.approver.to_string(),
                came: Moment::new(now, *at),
                until: until.then(|| Moment::new(now, payload.expires_at)),
                reason: (!payload.reason.is_empty()).then(|| Foreign::short(&payload.reason, 400)),
                cause: payload
                    .believed_cause
                    .as_deref()
                    .map(|cause| Foreign::short(cause, 100)),
            }
        })
        .collect()
}

fn act_view(now: Time, act: &ActRecord) -> ActView {
    let (status, said) = match &act.outcome {
        Some(RecordedOutcome::Done { .. }) => (Status::new("done", "good"), None),
        Some(RecordedOutcome::Gone) => (Status::new("gone: it ended by itself", "idle"), None),
        Some(RecordedOutcome::Moved { .. }) => {
            (Status::new("changed meanwhile, left alone", "idle"), None)
        }
        Some(RecordedOutcome::Refused { why }) => (Status::new("refused", "bad"), Some(why)),
        Some(RecordedOutcome::NotTried { why }) => (Status::new("not tried", "idle"), Some(why)),
        Some(RecordedOutcome::Unknown { why }) => (Status::new("unknown", "doubt"), Some(why)),
        None => (
            Status::new("unknown: no outcome is recorded", "doubt"),
            None,
        ),
    };
    ActView {
        number: usize::from(act.index) + 1,
        kind: match act.kind {
            Kind::Apply => "act",
            Kind::Undo => "undo",
        },
        status,
        said: act
            .reconciled
            .as_ref()
            .or(said)
            .map(|why| Foreign::new(why)),
        at: Moment::new(now, act.settled_at.unwrap_or(act.intended_at)),
    }
}
