//! What a waiting plan needs: who must agree, and until when.

use interlock_gate::{plan::Plan, policy::Policy};

use super::words;

/// What a plan needs: who, until when.
pub fn lines(plan: &Plan, policy: &Policy) -> Vec<String> {
    let body = plan.body();
    let mut rules: Vec<&str> = plan.acts().map(|(_, act)| act.rule.name.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let behind: Vec<&str> = body.owners.iter().map(|owner| owner.as_str()).collect();
    let mut lines = Vec::new();
    for name in rules {
        let Some(rule) = policy.write(name) else {
            continue;
        };
        for group in &rule.groups {
            let mut who = format!("role {}", group.roles.join(" or "));
            if group.not_requester && !behind.is_empty() {
                who.push_str(&format!(", not {}", behind.join(", not ")));
            }
            let can: Vec<&str> = policy
                .approvers()
                .iter()
                .filter(|one| one.roles.iter().any(|role| group.roles.contains(role)))
                .map(|one| one.name.as_str())
                .filter(|one| !group.not_requester || !behind.contains(one))
                .collect();
            let can = if can.is_empty() {
                "nobody".to_owned()
            } else {
                can.join(", ")
            };
            lines.push(format!(
                "needs  {} ({who}) by {}; approvers: {can}",
                words::count(
                    usize::try_from(group.need).unwrap_or(usize::MAX),
                    "approval"
                ),
                body.expires_at.clock(),
            ));
        }
    }
    if body.requester.caller.is_none() {
        let uid = body.requester.via.strip_prefix("uid:").unwrap_or("?");
        return vec![
            format!(
                "no [[caller]] of the policy maps {}: nobody can approve what it asks for",
                body.requester.via
            ),
            "missing:  [[caller]]".to_owned(),
            "name = \"...\"".to_owned(),
            format!("uid = {uid}"),
            "owner = \"...\"   # the approver who stands behind this caller".to_owned(),
        ];
    }
    lines
}
