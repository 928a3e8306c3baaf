//! An approver's screen: what a signature covers, then what it does not.

use std::{collections::BTreeMap, fmt::Write as _};

use interlock_capabilities::{Answer, Recorded};
use interlock_gate::{escape, plan::Plan, policy::Policy, screen};
use interlock_runner::evidence::Evidence;

use super::{report, words};

/// Everything above the line: what is signed, with the evidence that the plan's digests cover.
pub fn signed(plan: &Plan, evidence: &Evidence, decision: Option<&str>) -> String {
    let mut out = screen::plan_line(plan);
    let mut body = screen::what_you_sign(plan);
    if let Some(decision) = decision {
        let heading = "WHAT YOU SIGN\n";
        body = body.replacen(heading, &format!("{heading}decision   {decision}\n"), 1);
    }
    out.push_str(&words::folded(&body, 100));
    let _ = writeln!(
        out,
        "checked    {}: their answers match the digests in the plan",
        words::count(evidence.calls.len(), "cited call")
    );
    for step in &evidence.report.steps {
        if !step.report.summary.is_empty() {
            let said = escape::foreign(&step.report.summary);
            out.push_str(&words::wrapped("  in the step's words  ", &said, 100));
        }
        for (index, hypothesis) in step.report.hypotheses.iter().enumerate() {
            let rated = step
                .confidence
                .get(index)
                .map(ToString::to_string)
                .unwrap_or_default();
            let lead = format!("  {} {}  ", index + 1, escape::foreign(&hypothesis.cause));
            out.push_str(&words::wrapped(&lead, &rated, 100));
            for cite in &hypothesis.supports {
                out.push_str(&cited(evidence, "for", cite.call, &cite.says));
            }
            for cite in &hypothesis.contradicts {
                out.push_str(&cited(evidence, "against", cite.call, &cite.says));
            }
        }
        for unchecked in &step.report.could_not_check {
            out.push_str(&report::unchecked_text("  not checked  ", unchecked));
        }
    }
    out
}

fn cited(evidence: &Evidence, word: &str, call: u64, says: &str) -> String {
    let found = evidence.calls.iter().find(|recorded| recorded.id.0 == call);
    let asked = found.map(report::asked).unwrap_or_default();
    let lead = format!("    {word:<7} c{call} ");
    words::wrapped(&lead, &format!("{asked}: {}", escape::foreign(says)), 100)
}

/// What the rules that the plan names ask for today, or that they have changed since.
pub fn needs(plan: &Plan, policy: &Policy) -> String {
    let mut rules: Vec<_> = plan.acts().map(|(_, act)| &act.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut out = String::new();
    for named in rules {
        let said = match policy.write(&named.name) {
            Some(rule) if rule.digest == named.digest => screen::rule_terms(rule),
            Some(_) | None => {
                "it has changed since the plan was made, so nothing comes of it".to_owned()
            }
        };
        let lead = format!("needs      {}: ", escape::quoted(&named.name));
        out.push_str(&words::wrapped(&lead, &said, 100));
    }
    out
}

/// What a signature does not cover: what clients call themselves, in their own words.
pub fn quoted_names(plan: &Plan, evidence: &Evidence) -> String {
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
    words::wrapped("quoted     ", &said, 100)
}
