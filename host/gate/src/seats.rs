//! A rule's seats and those of the freezes that are on: who sits there, and what is missing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::case::Case;
use crate::ids::PersonName;
use crate::judge::Judged;
use crate::policy::{Group, WriteRule};
use crate::preview::freeze_group;
use crate::quorum::fill;
use crate::reason::Reason;
use crate::time::Time;
use crate::weigh::{Voices, Weighed};

/// What a person of one seat would have to be, and who sits there.
pub(crate) struct Seat<'a> {
    pub(crate) group: Cow<'a, Group>,
    /// The freeze that asks for it; `None` for a seat of the rule itself.
    pub(crate) freeze: Option<&'a str>,
    pub(crate) person: Option<PersonName>,
}

/// A rule's seats, as far as they are filled.
pub(crate) struct RuleSeats<'a> {
    pub(crate) rule: &'a str,
    pub(crate) actions: u16,
    pub(crate) seats: Vec<Seat<'a>>,
}

/// Fills the seats of one rule and of the freezes that are on.
pub(crate) fn fill_rule<'a>(
    case: &Case<'a>,
    now: Time,
    weighed: &Weighed<'_>,
    rule: &'a WriteRule,
    actions: u16,
    judged: &mut Judged<'a>,
) {
    let mut found = BTreeSet::new();
    let mut token_reasons = BTreeSet::new();
    let mut asked: Vec<(Cow<'a, Group>, Option<&'a str>, Voices)> = Vec::new();
    for (index, group) in rule.groups.iter().enumerate() {
        let voices = weighed.voices(case, group, &judged.behind, now, &mut token_reasons);
        let has = u32::try_from(voices.len()).unwrap_or(u32::MAX);
        if has < group.need {
            found.insert(Reason::Quorum {
                rule: rule.name.clone(),
                group: u16::try_from(index).unwrap_or(u16::MAX),
                need: group.need,
                roles: group.roles.clone(),
                not_requester: group.not_requester,
                presence: group.presence,
                has,
            });
        }
        asked.push((Cow::Borrowed(group), None, voices));
    }
    for freeze in case
        .policy
        .freezes()
        .iter()
        .filter(|freeze| freeze.covers(now))
    {
        let Some(group) = freeze_group(freeze, rule) else {
            continue;
        };
        let voices = weighed.voices(case, &group, &judged.behind, now, &mut token_reasons);
        if voices.is_empty() {
            found.insert(Reason::Frozen {
                freeze: freeze.name.clone(),
                until: freeze.until,
                roles: freeze.except_roles.clone(),
            });
        }
        asked.push((Cow::Owned(group), Some(&freeze.name), voices));
    }
    // A seat for each person that a group needs; a freeze's group needs one.
    let places: Vec<&(Cow<'a, Group>, Option<&'a str>, Voices)> = asked
        .iter()
        .flat_map(|one| (0..one.0.need).map(move |_| one))
        .collect();
    let candidates: Vec<Vec<&PersonName>> = places
        .iter()
        .map(|(_, _, voices)| voices.keys().collect())
        .collect();
    let filling = fill(&candidates);
    if found.is_empty() && !filling.is_full() {
        found.insert(Reason::Seats {
            rule: rule.name.clone(),
            seats: u32::try_from(places.len()).unwrap_or(u32::MAX),
            filled: u32::try_from(filling.filled()).unwrap_or(u32::MAX),
        });
    }
    if !found.is_empty() {
        // Why tokens did not count matters only where they are missed.
        found.extend(token_reasons.iter().cloned());
        found.extend(weighed.unsound.iter().cloned());
    }
    judged.unsound.extend(token_reasons);
    judged.reasons.extend(found);
    let mut seats = Vec::new();
    for ((group, freeze, voices), person) in places.into_iter().zip(filling.seats) {
        if let Some(voice) = person.as_ref().and_then(|person| voices.get(person)) {
            judged.tokens.insert(voice.token);
            judged.not_after = judged.not_after.min(voice.until);
        }
        seats.push(Seat {
            group: group.clone(),
            freeze: *freeze,
            person,
        });
    }
    judged.rules.push(RuleSeats {
        rule: &rule.name,
        actions,
        seats,
    });
}
