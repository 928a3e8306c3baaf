//! A run beside what it would have been with a changed step.

use interlock_gate::{action::AnyAction, plan::ActionText};
use interlock_runner::{
    record::{RunRecord, StepConclusion},
    replay::changed::Changed,
};

use super::{
    backtest::blames,
    report,
    words::{WIDTH, count, foreign, wrapped},
};

/// Actions of each side that are shown one by one.
const ACTIONS_MAX: usize = 20;

/// Everything that a person reads of it.
pub fn changed(changed: &Changed) -> String {
    let was = &changed.was;
    let mut out = wrapped(
        "",
        &format!(
            "{} of run {} ({} {}, incident {}), played again as {} on the record of {}",
            foreign(&changed.step),
            was.run,
            foreign(&was.runbook),
            foreign(&was.version),
            foreign(&was.incident.id),
            changed.component,
            was.opened_at.to_seconds_text()
        ),
        WIDTH,
    );
    out.push_str("\nAS IT WAS\n");
    out.push_str(&conclusions(was));
    out.push_str("\nAS IT WOULD BE\n");
    out.push_str(&conclusions(&changed.would));
    out.push_str(&proposals(changed));
    if !changed.not_recorded.is_empty() || !changed.unplayed.is_empty() {
        out.push_str("\nCOULD NOT CHECK\n");
        for missed in &changed.not_recorded {
            let text = format!(
                "{} {}: {} is not in the record",
                foreign(&missed.step),
                missed.call,
                report::question(&missed.ask)
            );
            out.push_str(&wrapped("- ", &text, WIDTH));
        }
        for step in &changed.unplayed {
            let text = format!(
                "step {} did not run then, so that there is no record to play it on",
                foreign(step)
            );
            out.push_str(&wrapped("- ", &text, WIDTH));
        }
    }
    for step in &changed.would.steps {
        if let (true, StepConclusion::Report(found)) = (step.step == changed.step, &step.end) {
            out.push_str(&format!(
                "\nWHAT {} WOULD REPORT\n",
                foreign(&step.step).to_uppercase()
            ));
            out.push_str(&report::screen(
                &changed.would,
                &found.report,
                &found.confidence,
            ));
        }
    }
    let verdict = match (same_conclusion(changed), same_actions(changed)) {
        (true, true) => "ok: the same conclusion, and the same changes",
        (true, false) => "the same conclusion, and other changes",
        (false, true) => "another conclusion, and the same changes",
        (false, false) => "another conclusion, and other changes",
    };
    out.push_str(&format!("\n{verdict}\n"));
    out
}

/// One line of each cause, in its order; the verdict of a verification.
fn conclusions(record: &RunRecord) -> String {
    let mut out = String::new();
    for step in &record.steps {
        let lead = format!("  {:<12} ", foreign(&step.step));
        match &step.end {
            StepConclusion::Fault(why) => {
                out.push_str(&wrapped(
                    &lead,
                    &format!("faulted: {}", foreign(why)),
                    WIDTH,
                ));
            }
            StepConclusion::Writes(0) => out.push_str(&format!("{lead}proposes nothing\n")),
            StepConclusion::Writes(writes) => {
                let writes = usize::try_from(*writes).unwrap_or(usize::MAX);
                out.push_str(&format!("{lead}proposes {}\n", count(writes, "change")));
            }
            StepConclusion::Report(found) => {
                let report = &found.report;
                if let Some(why) = &report.unresolved {
                    out.push_str(&wrapped(
                        &lead,
                        &format!("unresolved: {}", foreign(why)),
                        WIDTH,
                    ));
                }
                for (at, one) in report.hypotheses.iter().enumerate() {
                    let lead = if at == 0 {
                        lead.clone()
                    } else {
                        " ".repeat(lead.len())
                    };
                    let subject = interlock_runner::subject::subject(one, |id| record.call(id));
                    let level = found
                        .confidence
                        .get(at)
                        .map(|rated| rated.level.to_string());
                    let text = format!(
                        "{} {}   {}",
                        at + 1,
                        blames(&one.cause, subject),
                        level.unwrap_or_default()
                    );
                    out.push_str(&wrapped(&lead, &text, WIDTH));
                }
                for unchecked in &report.could_not_check {
                    let lead = format!("{}could not check ", " ".repeat(lead.len()));
                    out.push_str(&report::unchecked_text(&lead, unchecked));
                }
            }
        }
    }
    for verified in &record.verified {
        out.push_str(&format!(
            "  {:<12} {}\n",
            foreign(&verified.step),
            foreign(&verified.verdict)
        ));
    }
    out
}

fn proposals(changed: &Changed) -> String {
    let (was, would) = (&changed.proposed, &changed.would_propose);
    if was.is_empty() && would.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nPROPOSED\n  then {}, now it would be {}\n",
        count(was.len(), "change"),
        count(would.len(), "change")
    );
    let mut list = |word: &str, of: &[AnyAction], not_in: &[AnyAction]| {
        let only: Vec<&AnyAction> = of.iter().filter(|one| !not_in.contains(one)).collect();
        for action in only.iter().take(ACTIONS_MAX) {
            out.push_str(&wrapped(
                &format!("  {word:<9} "),
                &action_text(action),
                WIDTH,
            ));
        }
        if only.len() > ACTIONS_MAX {
            out.push_str(&format!(
                "  {word:<9} and {} more\n",
                only.len() - ACTIONS_MAX
            ));
        }
    };
    list("only then", was, would);
    list("only now", would, was);
    out
}

/// Everything of an action on one line.
fn action_text(action: &AnyAction) -> String {
    let text = ActionText::from(action);
    let arguments = serde_json::to_string(&text.arguments).unwrap_or_default();
    foreign(&format!(
        "{} on {} {arguments}",
        text.capability, text.target
    ))
}

/// Whether the causes, and what they blame, are the same in the same order; and what ends without.
pub fn same_conclusion(changed: &Changed) -> bool {
    let all = |record: &RunRecord| -> Vec<String> {
        let reports = record.report();
        let causes = reports
            .steps
            .iter()
            .flat_map(|step| &step.report.hypotheses);
        let mut all: Vec<String> = causes
            .map(|one| {
                let subject = interlock_runner::subject::subject(one, |id| record.call(id));
                blames(&one.cause, subject)
            })
            .collect();
        all.extend(record.steps.iter().filter_map(|step| match &step.end {
            StepConclusion::Report(found) => found.report.unresolved.clone(),
            StepConclusion::Fault(why) => Some(why.clone()),
            StepConclusion::Writes(_) => None,
        }));
        all.extend(record.verified.iter().map(|one| one.verdict.clone()));
        all
    };
    all(&changed.was) == all(&changed.would)
}

/// Whether the same would be proposed.
pub fn same_actions(changed: &Changed) -> bool {
    changed.proposed == changed.would_propose
}
