//! An approver's screen: what a signature covers, then what it does not.

use std::{collections::BTreeMap, fmt::Write as _};

use interlock_capabilities::{Answer, Recorded};
use interlock_gate::{escape, plan::Plan, policy::Policy, screen};
use interlock_runner::evidence::Evidence;

use super::{run, text};

/// Everything above the line: what is signed, with the evidence that the plan's digests cover.
pub(crate) fn signed(plan: &Plan, evidence: &Evidence, policy: &Policy) -> String {
    let mut out = screen::plan_line(plan);
    out.push_str(&screen::what_you_sign(plan));
    let _ = writeln!(
        out,
        "evidence   {} checked: answers match the digests in the plan",
        text::count(evidence.calls.len(), "cited call")
    );
    for step in &evidence.report.steps {
        for (index, hypothesis) in step.report.hypotheses.iter().enumerate() {
            let rated = step
                .confidence
                .get(index)
                .map(ToString::to_string)
                .unwrap_or_default();
            let lead = format!("  {} {}  ", index + 1, escape::foreign(&hypothesis.cause));
            out.push_str(&text::wrapped(&lead, &rated, 100));
            for cite in &hypothesis.supports {
                out.push_str(&cited(evidence, "for", cite.call, &cite.says));
            }
            for cite in &hypothesis.contradicts {
                out.push_str(&cited(evidence, "against", cite.call, &cite.says));
            }
        }
        for unchecked in &step.report.could_not_check {
            out.push_str(&run::unchecked_text("  not checked  ", unchecked));
        }
    }
    let mut names: Vec<&str> = plan.acts().map(|(_, act)| act.rule.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        if let Some(rule) = policy.write(name) {
            let terms = screen::rule_terms(rule);
            let lead = format!("rule       {}: ", escape::quoted(name));
            out.push_str(&text::wrapped(&lead, &terms, 100));
        }
    }
    out
}

fn cited(evidence: &Evidence, word: &str, call: u64, says: &str) -> String {
    let found = evidence.calls.iter().find(|recorded| recorded.id.0 == call);
    let asked = found.map(run::asked).unwrap_or_default();
    let lead = format!("    {word:<7} c{call} ");
    text::wrapped(&lead, &format!("{asked}: {}", escape::foreign(says)), 100)
}

/// What a signature does not cover: what clients call themselves, in their own words.
pub(crate) fn quoted_names(plan: &Plan, evidence: &Evidence) -> String {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (_, planned) in plan.acts() {
        let recorded: Option<&Recorded> = evidence
            .calls
            .iter()
            .find(|call| call.id == planned.cites.call);
        let Some(Answer::DatabaseSessions(sessions)) =
            recorded.and_then(|call| call.answer.as_ref().ok())
        else {
            continue;
        };
        let item = usize::try_from(planned.cites.item).ok();
        let session = item.and_then(|item| sessions.sessions.get(item));
        if let Some(name) = session.and_then(|session| session.application_name.clone()) {
            *names.entry(name).or_default() += 1;
        }
    }
    let list: Vec<String> = names
        .iter()
        .map(|(name, n)| format!("\"{}\" x{n}", escape::foreign_short(name, 64)))
        .collect();
    if list.is_empty() {
        return String::new();
    }
    let said = format!(
        "application_name: {} (set by the client, not trusted)",
        list.join(", ")
    );
    text::wrapped("quoted     ", &said, 100)
}
