//! What a write rule says of one action, and how many of them it permits.

use std::fmt;

use serde_json::Value;

use crate::action::AnyAction;
use crate::escape;
use crate::history::PastIntent;
use crate::policy::{ArgumentLimits, Policy, Scalar, WriteRule, observed_argument};
use crate::target::escape as escape_segment;
use crate::time::Time;

const HOUR_S: u64 = 3_600;

/// Why one write rule does not permit one action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmet {
    /// The rule is for other runbooks.
    Runbook,
    /// The rule is for other targets.
    Target,
    /// An argument is not as the rule wants it.
    Argument {
        /// The argument.
        name: String,
        /// What it is, in canonical JSON, escaped.
        value: String,
        /// The limit it fails.
        limit: &'static str,
    },
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runbook => f.write_str("it is for other runbooks"),
            Self::Target => f.write_str("it is for other targets"),
            Self::Argument { name, value, limit } => {
                write!(
                    f,
                    "`{name}` is {value}, which its `{limit}` does not permit"
                )
            }
        }
    }
}

/// Why no rule permits an action: each rule of its capability, with what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// By rule name; empty where no rule speaks of the capability.
    pub nearest: Vec<(String, Vec<Unmet>)>,
}

impl fmt::Display for NoRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nearest.is_empty() {
            return f.write_str("no [[write]] rule speaks of this capability");
        }
        f.write_str("no [[write]] rule permits it:")?;
        for (index, (rule, unmet)) in self.nearest.iter().enumerate() {
            let lacks: Vec<String> = unmet.iter().map(ToString::to_string).collect();
            let lead = if index == 0 { "" } else { ";" };
            write!(
                f,
                "{lead} rule {}: {}",
                crate::escape::quoted(rule),
                lacks.join(", ")
            )?;
        }
        Ok(())
    }
}

impl Policy {
    /// The write rule that permits `action` to `runbook`: of several the first by name, so that
    /// their order in the file says nothing.
    pub fn permitting(&self, runbook: &str, action: &AnyAction) -> Result<&WriteRule, NoRule> {
        let mut rules: Vec<&WriteRule> = self
            .writes()
            .iter()
            .filter(|rule| rule.capability == action.capability())
            .collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        let mut nearest = Vec::new();
        for rule in rules {
            let unmet = rule.unmet(runbook, action);
            if unmet.is_empty() {
                return Ok(rule);
            }
            nearest.push((rule.name.clone(), unmet));
        }
        Err(NoRule { nearest })
    }

    /// Every write rule that permits `action` to `runbook`, by name.
    pub fn all_permitting(&self, runbook: &str, action: &AnyAction) -> Vec<&WriteRule> {
        let mut rules: Vec<&WriteRule> = self
            .writes()
            .iter()
            .filter(|rule| rule.permits(runbook, action))
            .collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        rules
    }

    /// The `[[never]]` pattern that forbids `action`: of several the first in text order.
    pub fn forbidding(&self, action: &AnyAction) -> Option<&str> {
        let target = action.target().as_str();
        self.nevers()
            .iter()
            .filter(|never| never.capability == action.capability())
            .flat_map(|never| &never.targets)
            .filter(|pattern| pattern.matches(target))
            .map(crate::policy::Pattern::as_str)
            .min()
    }
}

impl WriteRule {
    /// Everything in which `action` differs from what the rule permits; empty where it permits.
    /// The capability is taken to be the rule's.
    pub fn unmet(&self, runbook: &str, action: &AnyAction) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let runbook = escape_segment(runbook);
        if !self
            .runbooks
            .iter()
            .any(|pattern| pattern.matches(&runbook))
        {
            unmet.push(Unmet::Runbook);
        }
        let target = action.target().as_str();
        if !self.targets.iter().any(|pattern| pattern.matches(target)) {
            unmet.push(Unmet::Target);
        }
        let arguments = action.arguments();
        for (name, limits) in &self.arguments {
            let value = arguments.get(name).unwrap_or(&Value::Null);
            let observed = observed_argument(name).and_then(|other| arguments.get(other));
            for limit in failed(limits, value, observed) {
                let value = escape::strict(&value.to_string());
                unmet.push(Unmet::Argument {
                    name: name.clone(),
                    value,
                    limit,
                });
            }
        }
        unmet
    }

    /// Whether the rule permits `action` to `runbook`, limits on how many aside.
    pub fn permits(&self, runbook: &str, action: &AnyAction) -> bool {
        self.capability == action.capability() && self.unmet(runbook, action).is_empty()
    }
}

/// The limits that `value` fails. An unknown value (null) fails every one: what was not observed
/// cannot be shown to be within bounds.
fn failed(limits: &ArgumentLimits, value: &Value, observed: Option<&Value>) -> Vec<&'static str> {
    let mut failed = Vec::new();
    let known = !value.is_null();
    if let Some(list) = &limits.one_of
        && !(known && list.iter().any(|scalar| equals(scalar, value)))
    {
        failed.push("one_of");
    }
    if let Some(list) = &limits.not
        && (!known || list.iter().any(|scalar| equals(scalar, value)))
    {
        failed.push("not");
    }
    let number = value.as_i64();
    if let Some(min) = limits.min
        && number.is_none_or(|number| number < min)
    {
        failed.push("min");
    }
    if let Some(max) = limits.max
        && number.is_none_or(|number| number > max)
    {
        failed.push("max");
    }
    if let Some(percent) = limits.max_change_percent {
        let within = number
            .zip(observed.and_then(Value::as_i64))
            .is_some_and(|(new, old)| changes_within(new, old, percent));
        if !within {
            failed.push("max_change_percent");
        }
    }
    failed
}

fn equals(scalar: &Scalar, value: &Value) -> bool {
    match scalar {
        Scalar::Text(text) => value.as_str() == Some(text),
        Scalar::Integer(number) => value.as_i64() == Some(*number),
    }
}

/// Integer arithmetic on the observed value; of zero no percentage can be taken.
fn changes_within(new: i64, old: i64, percent: i64) -> bool {
    let (new, old, percent) = (i128::from(new), i128::from(old), i128::from(percent));
    old > 0 && (new - old).abs() * 100 <= percent * old
}

/// Intents of `rule` within the hour before `now`.
pub(crate) fn within_hour(intents: &[PastIntent], rule: &str, now: Time) -> u32 {
    let from = now.minus_seconds(HOUR_S);
    let count = intents
        .iter()
        .filter(|past| past.rule == rule && past.at > from)
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_measured_from_what_was_observed_in_whole_numbers() {
        for (new, old, percent, within) in [
            (6, 3, 100, true),
            (7, 3, 100, false),
            (0, 3, 100, true),
            (4, 3, 33, false),
            (4, 3, 34, true),
            (1, 0, 1_000_000, false),
            (0, 0, 100, false),
            (i64::MAX, 1, i64::MAX, false),
        ] {
            assert_eq!(
                changes_within(new, old, percent),
                within,
                "{old} to {new}, {percent} %"
            );
        }
    }

    #[test]
    fn what_was_not_observed_fails_every_limit() {
        let limits = ArgumentLimits {
            one_of: Some(vec![Scalar::Text("a".to_owned())]),
            not: Some(vec![Scalar::Text("b".to_owned())]),
            min: Some(i64::MIN),
            max: Some(i64::MAX),
            max_change_percent: Some(100),
        };
        assert_eq!(
            failed(&limits, &Value::Null, None),
            ["one_of", "not", "min", "max", "max_change_percent"]
        );
    }
}
