//! `interlock.grants.v1`: what policy lets a caller's runs look at and propose.

use interlock_gate::{
    escape,
    ids::PersonName,
    policy::{Pattern, Policy, WriteRule},
    screen,
};
use interlock_runner::caller::Caller;
use serde::Serialize;

/// What holds for one caller.
#[derive(Serialize)]
pub struct GrantsJson {
    schema: &'static str,
    /// Who: the caller's name, or how they came.
    pub caller: String,
    /// The person who stands behind them.
    pub owner: Option<PersonName>,
    /// Nobody does, and policy says so.
    pub unattended: bool,
    /// May start runs, add a diagnosis or a note.
    pub may_run: bool,
    /// The runbooks that may be used, as policy's patterns.
    pub runbooks: Vec<String>,
    /// What their steps may look at.
    pub reads: Vec<ReadGrantJson>,
    /// What they may propose; a change itself needs what `approvals` says.
    pub writes: Vec<WriteGrantJson>,
    /// What no caller may do, over any door.
    pub never: [&'static str; 4],
}

/// One rule of what may be looked at.
#[derive(Serialize)]
pub struct ReadGrantJson {
    /// The runbooks it is for.
    pub runbooks: Vec<String>,
    /// Read interfaces.
    pub capabilities: Vec<String>,
    /// Sources.
    pub targets: Vec<String>,
}

/// One rule of what may be changed, by whose leave.
#[derive(Serialize)]
pub struct WriteGrantJson {
    /// The rule's name.
    pub rule: String,
    /// The runbooks it is for.
    pub runbooks: Vec<String>,
    /// The change.
    pub capability: &'static str,
    /// On these targets.
    pub targets: Vec<String>,
    /// Whose approval it needs, in words.
    pub approvals: String,
}

/// The document of what holds for `caller`, who may use the runbooks that `may_use` says.
///
/// A rule is listed where a runbook that is named in it, or a pattern of it, could be theirs.
pub fn document(policy: &Policy, caller: &Caller, may_use: &dyn Fn(&str) -> bool) -> GrantsJson {
    let name = caller.requester.caller.as_deref();
    let line = policy
        .callers()
        .iter()
        .find(|line| Some(line.name.as_str()) == name);
    let covers = |patterns: &[Pattern]| {
        let mut patterns = patterns.iter().map(Pattern::as_str);
        patterns.any(|pattern| pattern.contains('*') || may_use(pattern))
    };
    GrantsJson {
        schema: "interlock.grants.v1",
        caller: caller.shown(),
        owner: caller.owner.clone(),
        unattended: caller.requester.unattended,
        may_run: line.is_none_or(|line| !line.read_only),
        runbooks: line.map_or_else(|| vec!["*".to_owned()], |line| texts(&line.runbooks)),
        reads: policy
            .reads()
            .iter()
            .filter(|rule| covers(&rule.runbooks))
            .map(|rule| ReadGrantJson {
                runbooks: texts(&rule.runbooks),
                capabilities: rule.capabilities.clone(),
                targets: texts(&rule.targets),
            })
            .collect(),
        writes: policy
            .writes()
            .iter()
            .filter(|rule| covers(&rule.runbooks))
            .map(write)
            .collect(),
        never: ["approve", "sign", "trust bytes", "change policy"],
    }
}

fn write(rule: &WriteRule) -> WriteGrantJson {
    WriteGrantJson {
        rule: rule.name.clone(),
        runbooks: texts(&rule.runbooks),
        capability: rule.capability.name(),
        targets: texts(&rule.targets),
        approvals: escape::foreign(&screen::rule_terms(rule)),
    }
}

fn texts(patterns: &[Pattern]) -> Vec<String> {
    patterns
        .iter()
        .map(|pattern| pattern.as_str().to_owned())
        .collect()
}
