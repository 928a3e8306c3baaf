//! What a person reads of cases: sentences, and nothing that decides.

use interlock_sdk::Time;

use crate::Cause;
use crate::group::{Case, Grouped, Link, Why};
use crate::origin::Origin;
use crate::scene::Scene;

/// Cases that the summary names; the findings hold all.
const NAMED_MAX: usize = 3;
/// Names that a note lists.
const NAMES_MAX: usize = 3;

/// `1 alert`, `2 alerts`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match (number, one) {
        (1, "is") => "is".to_owned(),
        (_, "is") => "are".to_owned(),
        (1, _) => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// A case, its candidates, the likeliest first, and what kind it is.
pub(crate) struct Told<'c> {
    pub(crate) case: &'c Case,
    pub(crate) origins: Vec<Origin>,
    pub(crate) cause: Cause,
}

/// What kind of case it is with this origin.
pub(crate) fn kind(case: &Case, origin: Option<&Origin>) -> Cause {
    let Some(origin) = origin else {
        return match case.link {
            Link::Time => Cause::CommonTimeOnly,
            Link::Name(_) | Link::Topology => Cause::SingleService,
        };
    };
    if origin.change.is_some() {
        Cause::BadChange
    } else if case.nodes.len() == 1 && origin.first.is_some() {
        Cause::SingleService
    } else if origin.above == 0 && origin.below == 0 {
        Cause::CommonTimeOnly
    } else if origin.above >= origin.below {
        Cause::SharedDependency
    } else {
        Cause::LostTraffic
    }
}

/// All of it as one sentence.
pub(crate) fn summary(scene: &Scene, grouped: &Grouped, told: &[Told<'_>]) -> String {
    let (all, cases) = (scene.distinct(0..scene.alerts.len()), told.len());
    let (alerts, are) = (count(all, "alert"), count(all, "is"));
    let mut said = match cases {
        0 => format!("{alerts} {are} in no case"),
        _ => format!("{alerts} {are} {}", count(cases, "case")),
    };
    let named: Vec<String> = told
        .iter()
        .take(NAMED_MAX)
        .map(|told| clause(scene, told, cases > 1))
        .collect();
    if !named.is_empty() {
        said.push_str(": ");
        said.push_str(&named.join("; "));
    }
    if cases > NAMED_MAX {
        said.push_str(&format!("; and {} more", cases - NAMED_MAX));
    }
    match scene.distinct(grouped.unplaced.iter().map(|(alert, _)| *alert)) {
        0 => said.push('.'),
        left => said.push_str(&format!("; {} could not be placed.", count(left, "alert"))),
    }
    said
}

/// One case: `orders-db` first at 03:02:11Z, then 12 services that depend on it.
pub(crate) fn clause(scene: &Scene, told: &Told<'_>, one_of_many: bool) -> String {
    let case = told.case;
    let begin = Time::from_micros(case.begin);
    let size = if one_of_many {
        format!(
            " ({})",
            count(scene.distinct(case.alerts.iter().copied()), "alert")
        )
    } else {
        String::new()
    };
    let Some(origin) = told.origins.first() else {
        let what = match &case.link {
            Link::Name(name) => format!("`{name}`, which the topology does not know, from"),
            Link::Time | Link::Topology => "linked by time alone, from".to_owned(),
        };
        return format!("{what} {begin}{size}");
    };
    let name = &scene.nodes[origin.node].name;
    let first = match origin.first {
        Some(at) if at == case.begin => format!("`{name}` first at {begin}"),
        Some(at) => {
            let at = Time::from_micros(at);
            format!("`{name}` from {at} (the first alert is of {begin})")
        }
        None => format!("`{name}`, itself quiet, from {begin}"),
    };
    format!("{first}{}{size}", then(origin))
}

/// The other services of the case, by what links them to the origin.
pub(crate) fn then(origin: &Origin) -> String {
    let mut parts = Vec::new();
    if origin.above > 0 {
        let depend = if origin.above == 1 {
            "depends"
        } else {
            "depend"
        };
        let services = count(origin.above, "service");
        parts.push(format!("{services} that {depend} on it"));
    }
    if origin.below > 0 {
        let get = if origin.below == 1 { "gets" } else { "get" };
        let services = count(origin.below, "service");
        parts.push(format!("{services} below it that {get} no work"));
    }
    if !origin.beside.is_empty() {
        parts.push(format!(
            "{} beside it",
            count(origin.beside.len(), "service")
        ));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(", then {}", parts.join(" and ")),
    }
}

/// By which path the origin leads to the alerts.
pub(crate) fn path(scene: &Scene, cause: Cause, origin: &Origin) -> String {
    let name = &scene.nodes[origin.node].name;
    let does = match cause {
        Cause::BadChange => format!("`{name}` is changed"),
        Cause::LostTraffic => format!("`{name}` stops calling"),
        Cause::SingleService => return format!("`{name}` -> its own alerts"),
        Cause::SharedDependency | Cause::CommonTimeOnly => format!("`{name}` fails"),
    };
    let mut path = does;
    if origin.above > 0 {
        path.push_str(" -> calls of what depends on it fail");
    }
    if origin.below > 0 {
        path.push_str(" -> what it calls gets no work");
    }
    if origin.above + origin.below == 0 && !origin.beside.is_empty() {
        path.push_str(" -> not known how the others follow");
    }
    path
}

/// Alerts that could not be placed, reason by reason: which, what is not known of them, and why.
pub(crate) fn reasons(scene: &Scene, grouped: &Grouped) -> Vec<(Vec<u32>, String, String)> {
    let of = |wanted: fn(&Why) -> bool| {
        let once = |alert: usize| !scene.alerts[alert].again;
        let all = grouped.unplaced.iter();
        all.filter(|(alert, why)| wanted(why) && once(*alert))
            .map(|(alert, _)| u32::try_from(*alert).unwrap_or(u32::MAX))
            .collect::<Vec<u32>>()
    };
    let mut names: Vec<&str> = grouped
        .unplaced
        .iter()
        .filter_map(|(_, why)| match why {
            Why::Unknown(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let more = match names.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let listed: Vec<String> = names
        .iter()
        .take(NAMES_MAX)
        .map(|name| format!("`{name}`"))
        .collect();
    [
        (
            of(|why| *why == Why::NoName),
            "without a service",
            "no label names a service".to_owned(),
        ),
        (
            of(|why| matches!(why, Why::Unknown(_))),
            "of unknown services",
            format!("the topology does not know {}{more}", listed.join(", ")),
        ),
        (
            of(|why| *why == Why::Alone),
            "that came alone",
            "nothing else began near it, and there is no topology".to_owned(),
        ),
    ]
    .into_iter()
    .filter(|(alerts, _, _)| !alerts.is_empty())
    .map(|(alerts, which, why)| {
        let belong = if alerts.len() == 1 {
            "belongs"
        } else {
            "belong"
        };
        let what = format!("where {} {which} {belong}", count(alerts.len(), "alert"));
        (alerts, what, why)
    })
    .collect()
}
