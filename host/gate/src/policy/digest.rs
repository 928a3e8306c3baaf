//! The digest of a write rule: of its canonical form, so that comments and spaces do not count.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::approvals::presence_word;
use super::glob::Pattern;
use super::model::{Scalar, WriteRule};
use crate::canonical::NotCanonical;
use crate::ids::RuleDigest;

/// The digest that a plan carries of the rule that permits it: everything the rule says but its
/// limits, which may be tightened or widened without a new plan.
pub(super) fn digest(rule: &WriteRule) -> Result<RuleDigest, NotCanonical> {
    let patterns = |list: &[Pattern]| {
        list.iter()
            .map(Pattern::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let arguments: BTreeMap<&str, Value> = rule
        .arguments
        .iter()
        .map(|(name, limits)| {
            let form = json!({
                "one_of": limits.one_of.as_deref().map(scalar_forms),
                "not": limits.not.as_deref().map(scalar_forms),
                "min": limits.min,
                "max": limits.max,
                "max_change_percent": limits.max_change_percent,
            });
            (name.as_str(), form)
        })
        .collect();
    let groups: Vec<Value> = rule
        .groups
        .iter()
        .map(|group| {
            json!({
                "need": group.need,
                "roles": group.roles,
                "max_age_s": group.max_age_s,
                "presence": presence_word(group.presence),
                "not_requester": group.not_requester,
            })
        })
        .collect();
    let mut form = json!({
        "schema": "interlock.rule.v1",
        "name": rule.name,
        // No pattern holds a space, so that joining loses nothing.
        "runbooks": patterns(&rule.runbooks),
        "capability": rule.capability.name(),
        "targets": patterns(&rule.targets),
        "arguments": arguments,
        "approvals": groups,
        "unconditional": rule.unconditional,
    });
    // A rule without one keeps the digest that it had before there were any.
    if let Some(demand) = &rule.backtest {
        form["backtest"] = json!({
            "cases": demand.cases,
            "top1_percent": demand.top1_percent,
            "confident_wrong_percent": demand.confident_wrong_percent,
            "corpus": demand.corpus.map(|corpus| corpus.to_string()),
        });
    }
    Ok(RuleDigest::of(&crate::canonical::to_bytes(&form)?))
}

fn scalar_forms(list: &[Scalar]) -> Vec<Value> {
    list.iter()
        .map(|scalar| match scalar {
            Scalar::Text(text) => Value::from(text.as_str()),
            Scalar::Integer(number) => Value::from(*number),
        })
        .collect()
}
