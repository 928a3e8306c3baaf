//! From the cases to one report.

use interlock_sdk::wire::{AlertList, ServiceList};
use interlock_sdk::{Answer, CauseName, Evidence, Found, Gap, Report, Result, Time};

use crate::Cause;
use crate::facts::Facts;
use crate::findings::{self, Cases};
use crate::group::{Case, Grouped, Why, group};
use crate::origin::{Origin, origins};
use crate::scene::Scene;
use crate::tell::{self, Told, count, kind};

/// Hypotheses that the host takes.
const HYPOTHESES_MAX: usize = 32;
/// Alerts that one hypothesis cites: as many as a person may want to look at. The findings hold all.
const CITED_MAX: usize = 100;
/// Alternates that the findings name for a case.
const ALTERNATES_MAX: usize = 5;
/// Alternates of one case that get a hypothesis.
const TOLD_ALTERNATES_MAX: usize = 2;
/// And only where it has at least this share of the likeliest one's points: a third.
const ALTERNATE_SHARE: u64 = 3;
/// An origin that began so much later than another service of its case is refuted, in microseconds.
const LATE: u64 = 120_000_000;

/// Items of one answer.
struct Cited(u64, Vec<u32>);

impl Evidence for Cited {
    fn cited(&self) -> (u64, Vec<u32>) {
        (self.0, self.1.clone())
    }
}

/// The report of these facts.
///
/// # Errors
/// The findings have no JSON form.
pub fn conclude(facts: &Facts) -> Result<Report> {
    let mut report = Report::new();
    gaps(facts, &mut report);
    let alerts = match &facts.alerts {
        Ok(alerts) => alerts,
        Err(gap) => {
            report.summary("The alerts could not be read.");
            return Ok(report.unresolved(format!("could not check: {}", gap.asked)));
        }
    };
    if alerts.is_empty() {
        report.summary("No alert fires.");
        return Ok(report.unresolved("there is no alert to group"));
    }
    let scene = scene(facts, alerts);
    let grouped = group(&scene);
    let told: Vec<Told<'_>> = grouped
        .cases
        .iter()
        .map(|case| {
            let origins = origins(&scene, case);
            let cause = kind(case, origins.first());
            Told {
                case,
                origins,
                cause,
            }
        })
        .collect();
    report.summary(tell::summary(&scene, &grouped, &told));
    let writer = Writer {
        facts,
        alerts,
        scene: &scene,
    };
    writer.hypotheses(&told, &mut report);
    writer.unplaced(&grouped, &mut report);
    report.findings(&writer.findings(&grouped, &told))?;
    for cause in [
        Cause::BadChange,
        Cause::SharedDependency,
        Cause::LostTraffic,
    ] {
        if !told.iter().any(|told| told.cause.name() == cause.name()) {
            report.tried(cause);
        }
    }
    if told.is_empty() {
        let left = count(scene.distinct(0..scene.alerts.len()), "alert");
        return Ok(report.unresolved(format!("{left}, and none of them could be placed")));
    }
    Ok(report)
}

fn scene(facts: &Facts, alerts: &Answer<AlertList>) -> Scene {
    let micros = |span: std::time::Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let services = facts.topology.as_ref().ok();
    let mut scene = Scene::new(services.map(|known| &known.services[..]), &alerts.alerts);
    if let Ok(changes) = &facts.changes {
        scene = scene.changed(&changes.changes);
    }
    if let Ok(past) = &facts.similar {
        scene = scene.remembered(&past.incidents);
    }
    scene.window = micros(facts.window);
    scene.changes_before = micros(facts.changes_before);
    scene
}

fn gaps(facts: &Facts, report: &mut Report) {
    let mut gap = |gap: Option<&Gap>, would_show: &str| {
        if let Some(gap) = gap {
            report.could_not_check(gap.asked.clone(), gap, would_show);
        }
    };
    gap(facts.alerts.as_ref().err(), "which alerts there are");
    gap(
        facts.topology.as_ref().err(),
        "which services depend on each other: alerts are grouped by time alone",
    );
    gap(
        facts.changes.as_ref().err(),
        "whether a change came before the alerts",
    );
    gap(
        facts.similar.as_ref().err(),
        "whether the alerts came together before",
    );
}

fn item(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

struct Writer<'f> {
    facts: &'f Facts,
    alerts: &'f Answer<AlertList>,
    scene: &'f Scene,
}

impl Writer<'_> {
    /// The likeliest origin of each case, then the alternates, case by case.
    fn hypotheses(&self, told: &[Told<'_>], report: &mut Report) {
        for told in told.iter().take(HYPOTHESES_MAX) {
            self.hypothesis(told.case, told.origins.first(), told.cause, report);
        }
        let alternates = told.iter().flat_map(|told| {
            let best = told.origins.first().map_or(0, |origin| origin.score);
            let worth_telling = move |origin: &&Origin| origin.score * ALTERNATE_SHARE >= best;
            let others = told.origins.iter().skip(1).filter(worth_telling);
            others
                .take(TOLD_ALTERNATES_MAX)
                .map(|origin| (told.case, origin))
        });
        let room = HYPOTHESES_MAX.saturating_sub(told.len());
        for (case, origin) in alternates.take(room) {
            self.hypothesis(case, Some(origin), kind(case, Some(origin)), report);
        }
        if told.len() > HYPOTHESES_MAX {
            let left = count(told.len() - HYPOTHESES_MAX, "more case");
            report.note(format!("{left}, each smaller than these: in the findings"));
        }
    }

    fn cited(&self, alerts: &[usize]) -> Cited {
        let once = |alert: &&usize| !self.scene.alerts[**alert].again;
        let once = alerts.iter().filter(once).take(CITED_MAX);
        let items = once.map(|alert| item(*alert));
        Cited(self.alerts.call(), items.collect())
    }

    fn hypothesis(&self, case: &Case, origin: Option<&Origin>, cause: Cause, report: &mut Report) {
        let scene = self.scene;
        let number = scene.distinct(case.alerts.iter().copied());
        let all = count(number, "alert");
        let says = match number {
            ..=CITED_MAX => format!("{all}, from {}", Time::from_micros(case.begin)),
            _ => format!("the first {CITED_MAX} of {all}"),
        };
        let mut hypothesis = report
            .hypothesis(cause)
            .supports(&self.cited(&case.alerts), says);
        let Some(origin) = origin else {
            let path = match cause {
                Cause::CommonTimeOnly => "they begin together -> they may have one cause",
                _ => "one service that the topology does not know -> its own alerts",
            };
            let what = "a topology that links their services otherwise";
            hypothesis
                .path(path)
                .unless(what, &self.facts.topology, |_| {
                    Found::passes("it knows none of them")
                });
            return;
        };
        let name = &scene.nodes[origin.node].name;
        hypothesis = hypothesis.path(tell::path(scene, cause, origin));
        if let Ok(topology) = &self.facts.topology {
            let says = self.place_in(case, origin, topology);
            hypothesis = match scene.nodes[origin.node].item {
                Some(item) => hypothesis.supports(&Cited(topology.call(), vec![item]), says),
                None => hypothesis.supports(topology, says),
            };
        }
        if let (Some(change), Ok(changes)) = (origin.change, &self.facts.changes) {
            let at = changes.changes.get(change as usize).map_or(0, |one| one.at);
            let says = format!("`{name}` was changed at {}", Time::from_micros(at));
            hypothesis = hypothesis.supports(&Cited(changes.call(), vec![change]), says);
        }
        if let (Some(past), Ok(similar)) = (origin.past, &self.facts.similar) {
            let says = format!("a similar incident was about `{name}`");
            hypothesis = hypothesis.supports(&Cited(similar.call(), vec![past]), says);
        }
        let beside = self.alerts_of(case, &origin.beside);
        if !beside.is_empty() {
            let services = count(origin.beside.len(), "service");
            let says = format!("{services} of the case that neither depend on it nor starve by it");
            hypothesis = hypothesis.contradicts(&self.cited(&beside), says);
        }
        self.checked(case, origin, hypothesis);
    }

    /// What could have refuted it.
    fn checked(&self, case: &Case, origin: &Origin, hypothesis: interlock_sdk::Hypothesis<'_>) {
        let others = case.nodes.len() - usize::from(origin.first.is_some());
        let linked = origin.above + origin.below;
        let early = origin.first.map(|first| {
            let clearly = |seen: &&crate::Seen| seen.first.saturating_add(LATE) < first;
            case.nodes.iter().filter(clearly).count()
        });
        let what = "most of the case is not linked to it";
        let hypothesis = hypothesis.unless(what, &self.facts.topology, |_| {
            let says = format!("{linked} of {} are", count(others, "other service"));
            Found::so(linked * 2 < others, says)
        });
        hypothesis.unless(
            "other services of the case began minutes before it",
            &self.facts.alerts,
            |_| match early {
                Some(early) => Found::so(early > 0, format!("{early} did")),
                None => Found::cannot_tell("it does not alert itself"),
            },
        );
    }

    fn place_in(&self, case: &Case, origin: &Origin, topology: &Answer<ServiceList>) -> String {
        let known = topology.services.len();
        let name = &self.scene.nodes[origin.node].name;
        match (origin.above, origin.below) {
            (0, 0) if case.nodes.len() == 1 => {
                format!("`{name}`: nothing linked to it alerts near it")
            }
            (0, 0) => format!("`{name}`, one of {}", count(known, "service")),
            _ => {
                let then = tell::then(origin);
                format!("`{name}`{then}")
            }
        }
    }

    fn alerts_of(&self, case: &Case, nodes: &[usize]) -> Vec<usize> {
        if nodes.is_empty() {
            return Vec::new();
        }
        let nodes: std::collections::HashSet<usize> = nodes.iter().copied().collect();
        let there = |alert: &&usize| match self.scene.alerts[**alert].place {
            crate::Place::At(node) => nodes.contains(&node),
            _ => false,
        };
        case.alerts.iter().filter(there).copied().collect()
    }

    fn unplaced(&self, grouped: &Grouped, report: &mut Report) {
        for (alerts, what, why) in tell::reasons(self.scene, grouped) {
            let cited = Cited(self.alerts.call(), alerts);
            report.could_not_tell(what, &cited, why, "whether they belong to a case");
        }
    }

    fn findings(&self, grouped: &Grouped, told: &[Told<'_>]) -> Cases {
        let name = |origin: &Origin| self.scene.nodes[origin.node].name.clone();
        let found = |told: &Told<'_>| {
            let others = told.origins.iter().skip(1).take(ALTERNATES_MAX);
            findings::Found {
                cause: told.cause.name().to_owned(),
                origin: told.origins.first().map(name),
                origin_item: told
                    .origins
                    .first()
                    .and_then(|origin| self.scene.nodes[origin.node].item),
                alternates: others.map(name).collect(),
                begin: Time::from_micros(told.case.begin),
                services: item(told.case.nodes.len()),
                alerts: told.case.alerts.iter().map(|alert| item(*alert)).collect(),
            }
        };
        let unplaced = grouped
            .unplaced
            .iter()
            .map(|(alert, why)| findings::Unplaced {
                alert: item(*alert),
                why: match why {
                    Why::NoName => "no name",
                    Why::Unknown(_) => "unknown service",
                    Why::Alone => "alone",
                }
                .to_owned(),
            });
        Cases {
            call: self.alerts.call(),
            cases: told.iter().map(found).collect(),
            unplaced: unplaced.collect(),
        }
    }
}
