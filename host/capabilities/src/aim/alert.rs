//! A silence of an observed alert. Target: `alertmanager/<rule name>`; it
//! matches every label of the alert exactly, so never more than was observed.

use std::collections::BTreeMap;

use interlock_gate::{
    action::{Silence, SilenceArguments},
    revision::Revision,
};

use super::{At, CannotAim, Found, bad_argument, not_identified, target};
use crate::Answer;

/// A week: what must be silent for longer is a rule to be changed.
const MINUTES_MAX: u32 = 7 * 24 * 60;

pub(super) fn silence(at: &At<'_>, minutes: u32, reason: String) -> Result<Found, CannotAim> {
    let Answer::AlertsList(all) = at.answer()? else {
        return Err(at.wrong_call());
    };
    let alert = at.pick(&all.alerts)?;
    if alert.source != "alertmanager" {
        return Err(at.wrong_kind("an alert that Alertmanager did not list"));
    }
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(bad_argument(
            "minutes",
            format!("is {minutes}, not 1 to {MINUTES_MAX}"),
        ));
    }
    if reason.trim().is_empty() {
        return Err(bad_argument("reason", "is empty"));
    }
    let labels: BTreeMap<String, String> = alert
        .labels
        .iter()
        .map(|label| (label.name.clone(), label.value.clone()))
        .collect();
    if labels.is_empty() || labels.len() != alert.labels.len() {
        return Err(not_identified("it has no labels, or one twice"));
    }
    let arguments = SilenceArguments {
        labels,
        minutes,
        reason,
    };
    let action = Silence {
        target: target("alertmanager", &alert.name)?,
        arguments,
    };
    Ok((action.into(), Revision::Unconditional))
}
