//! What policy lets a caller's runs look at and propose.

use std::fmt::Write as _;

use super::words::{foreign, wrapped};
use crate::json::grants::GrantsJson;

/// Who, behind whom, and each rule in two lines.
pub fn screen(grants: &GrantsJson) -> String {
    let behind = match &grants.owner {
        Some(owner) => format!("{owner} stands behind it"),
        None if grants.unattended => "nobody stands behind it".to_owned(),
        None => "no line of the policy maps it".to_owned(),
    };
    let mut out = format!("caller   {}, {behind}\n", foreign(&grants.caller));
    let may = if grants.may_run { "run" } else { "only read" };
    let list = |words: &[String]| foreign(&words.join(", "));
    let _ = writeln!(out, "may      {may} {}", list(&grants.runbooks));
    for rule in &grants.reads {
        let said = format!(
            "{} of {}, for {}",
            list(&rule.capabilities),
            list(&rule.targets),
            list(&rule.runbooks)
        );
        out.push_str(&wrapped("reads    ", &said, 100));
    }
    for rule in &grants.writes {
        let said = format!(
            "{} on {}, for {}, by rule `{}`: a person's leave first: {}",
            rule.capability,
            list(&rule.targets),
            list(&rule.runbooks),
            foreign(&rule.rule),
            rule.approvals
        );
        out.push_str(&wrapped("proposes ", &said, 100));
    }
    if grants.writes.is_empty() {
        out.push_str("proposes nothing: no [[write]] rule is for these runbooks\n");
    }
    let _ = writeln!(out, "never    {}", grants.never.join(", "));
    out
}
