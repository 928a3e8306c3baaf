//! From scenarios to storms, by this rule.
//!
//! Scenarios are sorted by number; those at even places are for tuning, the others are held out, and
//! no storm holds both. A storm draws two to six scenarios of its half. Each happens in one of
//! three copies of its application and begins somewhere in forty minutes; one that would begin
//! within fifteen minutes of another in the same copy begins that much later. From its root cause
//! it takes 5 to 60 s from group to group, and up to 30 s until a rule notices. Beside them ring up
//! to four alerts that name no service or an unknown one, and up to three of single services.
//! All of it is drawn from a seed: the half and the storm's number.

use super::apps::APPS;
use super::dice::Dice;
use super::scenario::Scenario;
use super::storm::{COPIES, Rings, Storm};

/// Storms of each half.
pub(super) const STORMS: u64 = 40;

const SEED: u64 = 0x1b3c_2026;
const SCENARIOS: (u64, u64) = (2, 6);
const BEGINS_S: u64 = 2_400;
const APART_S: u64 = 900;
const NAMELESS_MOST: u64 = 4;
const SINGLE_MOST: u64 = 3;

/// The storms of both halves.
pub(super) fn mix(scenarios: &[Scenario]) -> Vec<Storm> {
    let half = |odd: usize| {
        let all = scenarios.iter().enumerate();
        let of_half = all.filter(move |(place, _)| place % 2 == odd);
        of_half.map(|(_, scenario)| scenario).collect::<Vec<_>>()
    };
    let mut storms = Vec::new();
    for (number, name) in ["tune", "held-out"].into_iter().enumerate() {
        let scenarios = half(number);
        storms.extend((1..=STORMS).map(|storm| {
            let mut dice = Dice::new(SEED ^ (number as u64) << 40 ^ storm << 48);
            one(format!("{name}-{storm:02}"), &scenarios, &mut dice)
        }));
    }
    storms
}

fn one(name: String, scenarios: &[&Scenario], dice: &mut Dice) -> Storm {
    let mut storm = Storm::new(name);
    let mut begun: Vec<(String, u64)> = Vec::new();
    let mut left: Vec<&Scenario> = scenarios.to_vec();
    let most = dice.between(SCENARIOS.0, SCENARIOS.1);
    let mut drawn = Vec::new();
    for _ in 0..most.min(left.len() as u64) {
        let scenario = left.swap_remove(dice.between(0, left.len() as u64 - 1) as usize);
        let copy = dice.between(1, COPIES);
        let namespace = format!("{}-{copy}", scenario.app().namespace);
        let mut begin = dice.between(0, BEGINS_S);
        // Forward only, past each that is too near: it ends, since all are finitely many.
        while let Some((_, other)) = begun
            .iter()
            .find(|(other, at)| *other == namespace && at.abs_diff(begin) < APART_S)
        {
            begin = other + APART_S;
        }
        begun.push((namespace.clone(), begin));
        drawn.push((begin, namespace, scenario));
    }
    // The earlier has its alerts first: a later one does not raise them again.
    drawn.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    for (begin, namespace, scenario) in drawn {
        let times = scenario.times(dice);
        let rings = scenario.alerts.iter().zip(times).map(|(alert, after)| {
            let id = alert.group_id.as_deref();
            Rings {
                name: &alert.id,
                namespace: namespace.clone(),
                service: id.and_then(|id| scenario.service_of(id)),
                at_s: begin + after,
            }
        });
        let origins = scenario.origins().into_iter();
        let origins = origins.map(|name| format!("{namespace}/{name}")).collect();
        storm.add(rings.collect(), origins);
    }
    strays(&mut storm, dice);
    storm.finished()
}

/// Alerts of no scenario: each is a group of its own.
fn strays(storm: &mut Storm, dice: &mut Dice) {
    const NAMELESS: [(&str, Option<&str>); 4] = [
        ("Watchdog", None),
        ("NodeClockNotSynchronising", None),
        ("BackupJobLate", Some("nightly-backup")),
        ("CertificateExpiresSoon", Some("legacy-portal")),
    ];
    for place in 0..dice.between(0, NAMELESS_MOST) {
        let (name, service) = NAMELESS[place as usize % NAMELESS.len()];
        let ring = Rings {
            name,
            namespace: "monitoring".to_owned(),
            service,
            at_s: dice.between(0, BEGINS_S),
        };
        storm.add(vec![ring], Vec::new());
    }
    for _ in 0..dice.between(0, SINGLE_MOST) {
        let app = &APPS[dice.between(0, APPS.len() as u64 - 1) as usize];
        let services: Vec<&str> = app.services().map(|(name, _)| name).collect();
        let service = services[dice.between(0, services.len() as u64 - 1) as usize];
        let namespace = format!("{}-{}", app.namespace, dice.between(1, COPIES));
        let origin = format!("{namespace}/{service}");
        let ring = Rings {
            name: "HighRequestLatency",
            namespace,
            service: Some(service),
            at_s: dice.between(0, BEGINS_S),
        };
        storm.add(vec![ring], vec![origin]);
    }
}
