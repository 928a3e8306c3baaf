//! What came of carrying out a plan.

use std::{collections::BTreeMap, fmt::Write as _};

use interlock_gate::{
    decide::Denied, escape, history::Kind, plan::Plan, reason::Reason, screen, state::PlanState,
};
use interlock_runner::{
    act::{Applied, ApplyEnd},
    record::{PlanRecord, RunRecord},
    tokens::SetAside,
};
use interlock_store::entry::RecordedOutcome;

use super::{report, words};

/// The whole of it, verify steps included.
pub fn screen(applied: &Applied, record: &RunRecord) -> String {
    let plan = &applied.plan;
    let mut out = String::new();
    match &applied.end {
        ApplyEnd::Denied(denied) => out.push_str(&denied_text(plan, denied, &applied.set_aside)),
        ApplyEnd::NotConforming(difference) => {
            let _ = writeln!(out, "denied: {}", headline(plan));
            let _ = writeln!(
                out,
                "  the step does not ask for the same again: {}",
                escape::foreign(difference)
            );
            out.push_str("  nothing was changed\n");
        }
        ApplyEnd::NotReady(why) => {
            let _ = writeln!(out, "not carried out: {}", headline(plan));
            out.push_str(&words::wrapped("  ", &escape::foreign(why), 100));
            out.push_str("  nothing was changed, and no approval was redeemed\n");
        }
        ApplyEnd::NotBegun(refused) => {
            let _ = writeln!(out, "denied: {}", headline(plan));
            let _ = writeln!(out, "  {}", escape::foreign(&refused.to_string()));
            out.push_str("  nothing was changed\n");
        }
        ApplyEnd::NoWriter(capability) => {
            let _ = writeln!(out, "denied: {}", headline(plan));
            let _ = writeln!(
                out,
                "  no configured source can do `{capability}`: give it a `write` login"
            );
            out.push_str("  nothing was changed\n");
        }
        ApplyEnd::Done(_) | ApplyEnd::Stopped { .. } | ApplyEnd::Unknown { .. } => {
            if let Some(of_plan) = record.plans.iter().find(|one| one.plan.id() == plan.id()) {
                acted(&mut out, applied, of_plan);
            }
            for verified in record.verified.iter().filter(|one| one.plan == plan.id()) {
                verify(&mut out, record, verified);
            }
        }
    }
    for one in &applied.set_aside {
        let why = escape::foreign(&one.why);
        out.push_str(&words::wrapped("  not counted  ", &why, 100));
    }
    out
}

fn headline(plan: &Plan) -> String {
    format!("plan {}, {}", plan.id().short(), screen::summary(plan))
}

/// Why not, in every particular.
fn denied_text(plan: &Plan, denied: &Denied, set_aside: &[SetAside]) -> String {
    let in_doubt = denied.reasons().iter().any(|reason| {
        matches!(
            reason,
            Reason::State {
                state: PlanState::Unknown { .. }
            }
        )
    });
    let word = if in_doubt {
        "unknown"
    } else if denied.is_only_missing_approval() && set_aside.is_empty() {
        "approval required"
    } else {
        "denied"
    };
    let mut out = format!("{word}: {}\n", headline(plan));
    for reason in grouped(denied.reasons()) {
        out.push_str(&words::wrapped("  ", &reason, 100));
    }
    out.push_str(if in_doubt {
        "  this command changed nothing; whether the act before it did is for a person to find out\n"
    } else {
        "  nothing was changed\n"
    });
    out
}

/// What is said alike of many actions is said once.
fn grouped(reasons: &[Reason]) -> Vec<String> {
    // Alike but for the action's number, the first as it stands, the numbers.
    let mut groups: Vec<(Reason, &Reason, Vec<u16>)> = Vec::new();
    for reason in reasons {
        let mut alike = reason.clone();
        let of = match &mut alike {
            Reason::Never { action, .. }
            | Reason::RuleChanged { action, .. }
            | Reason::NoRule { action, .. } => vec![std::mem::take(action)],
            _ => Vec::new(),
        };
        match groups.iter_mut().find(|(known, _, _)| *known == alike) {
            Some((_, _, actions)) => actions.extend(of),
            None => groups.push((alike, reason, of)),
        }
    }
    groups
        .into_iter()
        .map(|(_, reason, actions)| match actions.as_slice() {
            [] | [_] => reason.to_string(),
            actions => {
                let numbers: Vec<String> =
                    actions.iter().map(|one| (one + 1).to_string()).collect();
                format!(
                    "{reason} ({} in all: {})",
                    actions.len(),
                    numbers.join(", ")
                )
            }
        })
        .collect()
}

fn acted(out: &mut String, applied: &Applied, of_plan: &PlanRecord) {
    let step = &applied.plan.body().components.step;
    let total = words::count(applied.plan.body().actions.len(), "action");
    match applied.kind {
        Kind::Apply => {
            let _ = writeln!(
                out,
                "conforms   {step} asked for the same {total}, byte for byte"
            );
        }
        Kind::Undo => {}
    }
    let mut rules: Vec<&str> = applied
        .plan
        .acts()
        .map(|(_, act)| act.rule.name.as_str())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    let rules: Vec<String> = rules.iter().map(|rule| escape::quoted(rule)).collect();
    let acts: Vec<_> = of_plan
        .acts
        .iter()
        .filter(|act| act.kind == applied.kind)
        .collect();
    let redeemed = |digest| acts.iter().any(|act| act.tokens.contains(&digest));
    let mut people: Vec<&str> = of_plan
        .tokens
        .iter()
        .filter(|(_, token)| redeemed(token.digest()))
        .map(|(_, token)| token.payload().approver.as_str())
        .collect();
    people.sort_unstable();
    people.dedup();
    let tokens = if people.len() == 1 { "token" } else { "tokens" };
    let _ = writeln!(
        out,
        "permitted  rule {}; {}, {tokens} redeemed",
        rules.join(", "),
        people.join(", ")
    );
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for act in &acts {
        let name = act
            .outcome
            .as_ref()
            .map_or("unknown", RecordedOutcome::name);
        *counts.entry(name).or_default() += 1;
    }
    let of = |name: &str| counts.get(name).copied().unwrap_or(0);
    let mut parts = vec![
        format!("{} done", of("done")),
        format!("{} gone", of("gone")),
    ];
    parts.push(format!("{} moved", of("moved")));
    if of("refused") > 0 {
        parts.push(format!("{} refused", of("refused")));
    }
    if of("not_tried") > 0 {
        parts.push(format!("{} not tried", of("not_tried")));
    }
    parts.push(format!("{} unknown", of("unknown")));
    let from = acts
        .first()
        .map(|act| act.intended_at.clock())
        .unwrap_or_default();
    let until = acts
        .iter()
        .filter_map(|act| act.settled_at)
        .max()
        .map(|at| at.clock());
    let span = match until {
        Some(until) if until != from => format!("{from}-{until}"),
        _ => from,
    };
    let word = match applied.kind {
        Kind::Apply => "acted",
        Kind::Undo => "undone",
    };
    let _ = writeln!(out, "{word:<10} {}      {span}", parts.join(", "));
    for act in acts
        .iter()
        .filter(|act| !matches!(act.outcome, Some(RecordedOutcome::Done { .. })))
    {
        let what = applied.plan.body().actions.get(usize::from(act.index));
        let pid = what.and_then(|planned| planned.action.arguments().remove("pid"));
        let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
        let told = match &act.outcome {
            Some(RecordedOutcome::Gone) => "gone: it ended by itself".to_owned(),
            Some(RecordedOutcome::Moved { .. }) => {
                "moved: it has changed and was left alone".to_owned()
            }
            Some(RecordedOutcome::Refused { why }) => format!("refused: {}", escape::foreign(why)),
            Some(RecordedOutcome::NotTried { why }) => {
                format!("not tried: {}", escape::foreign(why))
            }
            Some(RecordedOutcome::Unknown { why }) => format!("unknown: {}", escape::foreign(why)),
            Some(RecordedOutcome::Done { .. }) => continue,
            None => "unknown: no outcome is recorded".to_owned(),
        };
        let _ = writeln!(out, "           {}{pid} {told}", usize::from(act.index) + 1);
    }
    match &applied.end {
        ApplyEnd::Stopped { why, .. } => {
            let _ = writeln!(
                out,
                "stopped    {}; what follows was not tried",
                escape::foreign(why)
            );
        }
        ApplyEnd::Unknown { .. } => {
            out.push_str("unknown    an outcome is not known, and nothing retries it\n");
        }
        _ => {}
    }
}

fn verify(out: &mut String, record: &RunRecord, verified: &interlock_runner::record::VerifyRecord) {
    let calls = verified
        .cassette
        .as_ref()
        .map_or(0, |cassette| cassette.calls.len());
    let _ = writeln!(out, "verify     {}", words::count(calls, "call"));
    let Some(found) = &verified.found else {
        out.push_str("  it faulted: nothing is known of the effect\n");
        return;
    };
    for cite in &found.cites {
        let id = interlock_gate::ids::CallId(cite.call);
        let recorded = record.call(id);
        let asked = recorded.map(report::asked).unwrap_or_default();
        let at = recorded
            .map(|call| call.answered_at.clock())
            .unwrap_or_default();
        let lead = format!("  {id:<4} ", id = id.to_string());
        out.push_str(&words::wrapped(
            &lead,
            &format!("{asked}   {}   {at}", escape::foreign(&cite.says)),
            100,
        ));
    }
    for unchecked in &found.could_not_check {
        out.push_str(&report::unchecked_text("  not checked  ", unchecked));
    }
    let verdict = match verified.verdict.as_str() {
        "fixed" => "fixed",
        "not_fixed" => "not fixed",
        _ => "could not tell",
    };
    out.push_str(&words::wrapped(
        "",
        &format!("{verdict}: {}", escape::foreign(&found.summary)),
        100,
    ));
}
