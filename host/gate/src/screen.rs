//! The text that a person reads before signing: every field of the plan, and nothing else.
//! Not a place for what is not signed: what was read again, whose track record, what a client
//! called itself are printed below this, by others.
//! Start at [`what_you_sign`].
//! Invariant: rendering is injective; two plans that differ in anything print differently, the
//! line with the plan's own digest left out.

mod rows;

pub use rows::Table;

use std::collections::BTreeMap;

use crate::action::Capability;
use crate::canonical;
use crate::escape::{quoted, strict};
use crate::ids::BlobDigest;
use crate::plan::{Do, Plan, PlanBody, PlannedAction, RuleRef};
use crate::policy::{Group, WriteRule, duration_text, presence_word};
use crate::sshsig::Presence;

/// Longest value that is printed whole; a longer one is printed as its digest.
const VALUE_CHARS_MAX: usize = 400;

/// Which plan this is, by its digest.
pub fn plan_line(plan: &Plan) -> String {
    format!("plan       {}\n", plan.id())
}

/// Everything that a signature covers, in lines of which each ends in a newline.
pub fn what_you_sign(plan: &Plan) -> String {
    let body = plan.body();
    let mut out = run_lines(body);
    out.push_str("WHAT YOU SIGN\n");
    for group in groups(body) {
        out.push_str(&rows::render(body, group.from, group.actions));
    }
    for (name, text) in consequences(body) {
        out.push_str(&line(name, &text));
    }
    for (rule, count) in rules(body) {
        let text = format!(
            "{} ({}): {}",
            quoted(&rule.name),
            rule.digest,
            actions(count)
        );
        out.push_str(&line("rule", &text));
    }
    out.push_str(&bytes_lines(body));
    out.push_str(&evidence_lines(body));
    out
}

/// The actions of [`what_you_sign`] as tables, for screens that can draw some: the same cells.
pub fn tables(plan: &Plan) -> Vec<Table> {
    let body = plan.body();
    groups(body)
        .iter()
        .filter_map(|group| Table::of(body, group.from, group.actions))
        .collect()
}

/// The word that a person types to sign: the source, and how many acts where there are several.
pub fn confirm_word(plan: &Plan) -> String {
    let mut sources: Vec<&str> = plan
        .acts()
        .map(|(_, planned)| planned.action.target().source())
        .collect();
    let count = sources.len();
    sources.sort_unstable();
    sources.dedup();
    let sources = sources.join(",");
    if count == 1 {
        sources
    } else {
        format!("{sources} {count}")
    }
}

/// The plan in one line, for listings and refusals: `36 x database.terminate on orders-db/client`.
pub fn summary(plan: &Plan) -> String {
    let mut counts: Vec<((Capability, &str), usize)> = Vec::new();
    for (_, planned) in plan.acts() {
        let what = (
            planned.action.capability(),
            planned.action.target().as_str(),
        );
        match counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => counts.push((what, 1)),
        }
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|((capability, target), count)| format!("{count} x {capability} on {target}"))
        .collect();
    parts.join("; ")
}

/// What a write rule asks for, in words: `1 sre who is not the requester, within 15m`.
pub fn rule_terms(rule: &WriteRule) -> String {
    let mut parts: Vec<String> = rule.groups.iter().map(group_terms).collect();
    if let Some(limit) = rule.limits.per_run {
        parts.push(format!(
            "at most {} a run",
            actions(usize::try_from(limit).unwrap_or(0))
        ));
    }
    if let Some(limit) = rule.limits.per_hour {
        parts.push(format!(
            "at most {} an hour",
            actions(usize::try_from(limit).unwrap_or(0))
        ));
    }
    if let Some(demand) = &rule.backtest {
        let corpus = demand.corpus.map(|corpus| format!(" over {corpus}"));
        parts.push(format!(
            "a kept backtest{} on {} incidents, {} % right first, {} % of the confident wrong at most",
            corpus.unwrap_or_default(),
            demand.cases,
            demand.top1_percent,
            demand.confident_wrong_percent
        ));
    }
    parts.join("; ")
}

fn group_terms(group: &Group) -> String {
    let mut text = format!("{} {}", group.need, group.roles.join(" or "));
    if group.not_requester {
        text.push_str(if group.need == 1 {
            " who is"
        } else {
            " who are"
        });
        text.push_str(" not the requester");
    }
    match group.presence {
        Presence::Unproven => {}
        Presence::Touch | Presence::Verified => {
            text.push_str(&format!(", presence {}", presence_word(group.presence)));
        }
    }
    text.push_str(&format!(
        ", within {}",
        duration_text(group.max_age_s.saturating_mul(1_000))
    ));
    text
}

fn line(name: &str, text: &str) -> String {
    format!("{name:<10} {text}\n")
}

fn actions(count: usize) -> String {
    if count == 1 {
        "1 action".to_owned()
    } else {
        format!("{count} actions")
    }
}

fn run_lines(body: &PlanBody) -> String {
    let requester = &body.requester;
    let caller = requester
        .caller
        .as_deref()
        .map_or("nobody known".to_owned(), quoted);
    let mut run = format!(
        "{}, incident {}, host {} ({})",
        body.run,
        quoted(&body.incident),
        quoted(&body.host.origin),
        quoted(&body.host.key)
    );
    if let Some(parent) = &body.parent {
        run.push_str(&format!("; narrows {parent}"));
    }
    let mut out = line("run", &run);
    let attended = if requester.unattended {
        ", unattended"
    } else {
        ""
    };
    let via = quoted(&requester.via);
    let asked = format!("by {caller} ({via}{attended}) at {}", body.created_at);
    out.push_str(&line("asked", &asked));
    let owners: Vec<&str> = body.owners.iter().map(|owner| owner.as_str()).collect();
    let owners = if owners.is_empty() {
        "nobody".to_owned()
    } else {
        owners.join(", ")
    };
    out.push_str(&line("behind it", &owners));
    out.push_str(&line("ends", &body.expires_at.to_string()));
    out
}

/// A run of actions of one capability on one target.
struct Run<'a> {
    from: usize,
    actions: &'a [PlannedAction],
}

fn groups(body: &PlanBody) -> Vec<Run<'_>> {
    let same = |a: &PlannedAction, b: &PlannedAction| {
        a.action.capability() == b.action.capability()
            && a.action.target() == b.action.target()
            && a.rule == b.rule
    };
    let mut from = 0;
    body.actions
        .chunk_by(same)
        .map(|actions| {
            let run = Run { from, actions };
            from += actions.len();
            run
        })
        .collect()
}

fn rules(body: &PlanBody) -> BTreeMap<&RuleRef, usize> {
    let mut rules = BTreeMap::new();
    for planned in &body.actions {
        let acts = match planned.r#do {
            Do::Act => 1,
            Do::Skip => 0,
        };
        *rules.entry(&planned.rule).or_insert(0) += acts;
    }
    rules
}

/// What holds of each kind of action in the plan: its undo, and what if the world moves.
fn consequences(body: &PlanBody) -> Vec<(&'static str, String)> {
    let mut kinds: Vec<(Capability, bool)> = body
        .actions
        .iter()
        .map(|planned| (planned.action.capability(), planned.undo.is_some()))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let several = kinds.len() > 1;
    let mut found = Vec::new();
    for (kind, undone) in kinds {
        let of = if several {
            format!("{kind}: ")
        } else {
            String::new()
        };
        found.push(("undo", format!("{of}{}", undo_words(kind, undone))));
        found.push(("meanwhile", format!("{of}{}", meanwhile_words(kind))));
    }
    found
}

/// Of a plan's action; `undone`: the plan holds what takes it back.
fn undo_words(kind: Capability, undone: bool) -> &'static str {
    match kind {
        Capability::Silence if undone => {
            "the silence is expired; one that was changed or has ended by then is left alone"
        }
        Capability::Expire => "none: it takes another act back",
        Capability::Cancel => "none: a cancelled statement is not continued",
        Capability::Terminate => {
            "none: a terminated session cannot come back; its transaction is rolled back"
        }
        Capability::Restart => "none: what was restarted stays so",
        Capability::Scale => "sets the observed number of replicas again",
        Capability::Rollback => "goes to the observed revision again",
        Capability::Silence => "none: end the silence by hand",
        Capability::Notify => "none: a message cannot be taken back",
    }
}

fn meanwhile_words(kind: Capability) -> &'static str {
    match (kind.unconditional(), kind.independent()) {
        (true, true | false) => "not conditioned on any state",
        (false, true) => {
            "a session that has changed or ended by then is left alone; the others go on"
        }
        (false, false) => {
            "where the target has changed by then, this and all after it are not done"
        }
    }
}

fn bytes_lines(body: &PlanBody) -> String {
    let components = &body.components;
    let mut out = line(
        "runbook",
        &format!(
            "{} {}, these are the writes of {}",
            quoted(&components.runbook),
            quoted(&components.version),
            quoted(&components.step)
        ),
    );
    for step in &components.steps {
        out.push_str(&line(
            "bytes",
            &format!("{} {}", quoted(&step.step), step.digest),
        ));
    }
    let inputs: Vec<String> = body
        .inputs
        .iter()
        .map(|(name, value)| format!("{} = {}", quoted(name), json_text(value)))
        .collect();
    let inputs = if inputs.is_empty() {
        "none".to_owned()
    } else {
        inputs.join(", ")
    };
    out.push_str(&line("inputs", &inputs));
    out.push_str(&line("findings", &json_text(&body.findings)));
    out
}

fn evidence_lines(body: &PlanBody) -> String {
    let ids: Vec<String> = body.calls.iter().map(|call| call.id.to_string()).collect();
    let calls = canonical::to_bytes(&body.calls).map(|bytes| BlobDigest::of(&bytes));
    // A plan was made from its canonical bytes, so each of its fields has such bytes.
    let calls = calls.map_or_else(|_| "unreadable".to_owned(), |digest| digest.to_string());
    let mut out = line("evidence", &format!("{} ({calls})", ids.join(" ")));
    out.push_str(&line("report", &body.report.to_string()));
    out.push_str(&line("cassette", &body.cassette.to_string()));
    let checkpoint = &body.checkpoint;
    let journal = format!(
        "{} entries, root {}",
        checkpoint.size,
        quoted(&checkpoint.root)
    );
    out.push_str(&line("journal", &journal));
    out
}

/// A value in canonical JSON, printable; over the bound its digest and size instead.
fn json_text(value: &serde_json::Value) -> String {
    match canonical::to_bytes(value) {
        Ok(bytes) => {
            let text = strict(&String::from_utf8_lossy(&bytes));
            if text.len() <= VALUE_CHARS_MAX {
                text
            } else {
                format!("{} ({} bytes)", BlobDigest::of(&bytes), bytes.len())
            }
        }
        // See above: a plan's fields always have canonical bytes.
        Err(_) => "unreadable".to_owned(),
    }
}
