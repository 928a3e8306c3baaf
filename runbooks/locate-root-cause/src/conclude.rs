//! From suspects to a report.

use interlock_sdk::wire::{Matrix, ServiceList};
use interlock_sdk::{Answer, Found, Report, Result};

use crate::Cause;
use crate::conclude_own::{shows, tell_own};
use crate::facts::Facts;
use crate::rank::{Fault, Located, Ranked, locate};
use crate::scene::{MarkKind, Signal};
use crate::see::{Origin, View};

/// Most hypotheses of a report.
const HYPOTHESES_MAX: usize = 5;
/// A share of the symptom that is not worth a hypothesis.
const SHARE_MIN: f64 = 1e-6;
/// Another suspect with this part of a suspect's share leaves it open which of them it is.
pub(crate) const RIVAL: f64 = 0.6;
/// A suspect that keeps less than this of what came to it is explained by its callees.
const KEPT: f64 = 0.5;
/// A suspect that bears less than this of what the symptom bears does not explain it.
const COVERS: f64 = 0.5;

/// The report of these facts.
///
/// # Errors
/// There is no topology: nothing can be said of any component.
pub fn conclude(facts: &Facts) -> Result<Report> {
    let services = facts.topology.as_ref().map_err(Clone::clone)?;
    let Some(view) = View::of(facts) else {
        return Ok(Report::new().unresolved("there is no topology"));
    };
    let mut report = Report::new();
    let located = locate(&view.scene);
    let suspects: Vec<&Ranked> = located
        .iter()
        .flat_map(|located| &located.suspects)
        .filter(|suspect| suspect.score > SHARE_MIN)
        .take(HYPOTHESES_MAX)
        .collect();
    gaps(facts, &view, &mut report);
    report.tried(Cause::BadChange);
    let (Some(located), Some(first)) = (&located, suspects.first()) else {
        let count = services.services.len();
        if facts.measured.iter().all(|measured| measured.now.is_err()) {
            report.summary("no component's metrics could be had.");
            return Ok(report.unresolved("could not check: nothing that was asked came"));
        }
        report.summary(format!(
            "none of {count} components deviates from the usual."
        ));
        return Ok(report.unresolved("nothing that is measured deviates from the usual"));
    };
    let telling = Telling {
        facts,
        view: &view,
        services,
        located,
    };
    if let Some(own) = first.own {
        let name = telling.name(first.component);
        report.summary(format!("{name} {}.", shows(own.kind)));
    } else {
        report.summary(format!(
            "{} of what {} suffers is laid to {} ({}).",
            percent(first.score),
            telling.name(located.symptom.component),
            telling.name(first.component),
            says(first.fault),
        ));
    }
    for suspect in &suspects {
        telling.tell(suspect, &mut report);
    }
    Ok(report)
}

struct Telling<'a> {
    facts: &'a Facts,
    view: &'a View,
    services: &'a Answer<ServiceList>,
    located: &'a Located,
}

impl Telling<'_> {
    fn name(&self, place: usize) -> &str {
        let service = self.services.services.get(place);
        service.map_or("?", |service| service.name.as_str())
    }

    fn tell(&self, suspect: &Ranked, report: &mut Report) {
        if let Some(own) = suspect.own {
            tell_own(
                self.facts,
                self.services,
                (suspect, own),
                self.rival(suspect),
                report,
            );
            return;
        }
        let place = suspect.component;
        let components = &self.view.scene.components;
        let mut changes = components
            .get(place)
            .into_iter()
            .flat_map(|component| &component.marks);
        let change = changes.rfind(|mark| mark.kind == MarkKind::Change);
        let cause = match (change, suspect.fault) {
            (Some(_), Fault::Slow | Fault::Failing) => Cause::BadChange,
            (_, fault) => cause(fault),
        };
        let mut hypothesis = report.hypothesis(cause).path(self.path(suspect));
        if let Some(item) = nth(self.services.items().iter(), place) {
            hypothesis = hypothesis.supports(
                &item,
                format!("{} of the symptom stays with it", percent(suspect.score)),
            );
        }
        let borne = self.borne(suspect);
        for (signal, origin) in self.cited(place, suspect.signal) {
            let Some(measured) = self.facts.measured.get(origin.measured) else {
                continue;
            };
            if let Ok(now) = &measured.now
                && let Some(item) = nth(now.items().iter(), origin.now)
            {
                let says = match signal == self.symptom_signal() {
                    true => borne.clone(),
                    false => format!("its {} in the incident's window", name_of(signal)),
                };
                let against = signal == self.symptom_signal()
                    && suspect.excess.is_none_or(|excess| excess.amount <= 0.0);
                hypothesis = match against {
                    true => hypothesis.contradicts(&item, says),
                    false => hypothesis.supports(&item, says),
                };
            }
            if signal == self.symptom_signal()
                && suspect.excess.is_none_or(|excess| excess.belief() < 0.5)
                && let (Ok(usual), Some(index)) = (&measured.usual, origin.usual)
                && let Some(item) = nth(usual.items().iter(), index)
            {
                let says = format!("its {} is within what is usual", name_of(signal));
                hypothesis = hypothesis.contradicts(&item, says);
            }
        }
        if let (Some(mark), Ok(changes)) = (change, &self.facts.changes)
            && let Some(item) = nth(changes.items().iter(), mark.source)
        {
            hypothesis = hypothesis.supports(&item, "changed shortly before");
        }
        let Some(asked) = self.asked(suspect.signal) else {
            return;
        };
        let rival = self.rival(suspect);
        let kept = if suspect.passed > 0.0 {
            suspect.score / suspect.passed
        } else {
            1.0
        };
        hypothesis
            .unless("its callees bear it in its place", &asked.now, |_| {
                Found::so(
                    kept < KEPT,
                    format!("it keeps {} of what comes to it", percent(kept)),
                )
            })
            .unless(
                "it bears too little to explain the symptom",
                &asked.now,
                |_| Found::so(!self.covers(suspect), borne),
            )
            .unless("another component explains as much", &asked.now, |_| {
                Found::so(
                    rival > RIVAL * suspect.score,
                    match rival {
                        0.0 => "no other does".to_owned(),
                        rival => format!("another explains {}", percent(rival)),
                    },
                )
            })
            .unless("what it shows is usual", &asked.usual, |usual| {
                self.unusual(suspect, usual)
            });
    }

    fn symptom_signal(&self) -> Signal {
        self.located.symptom.signal.unwrap_or(Signal::Latency)
    }

    /// The largest share that any other suspect explains.
    fn rival(&self, suspect: &Ranked) -> f64 {
        let others = self.located.suspects.iter();
        others
            .filter(|other| other.component != suspect.component)
            .map(|other| other.score)
            .fold(0.0, f64::max)
    }

    fn covers(&self, suspect: &Ranked) -> bool {
        let bears = suspect.excess.map_or(0.0, |excess| excess.amount);
        bears >= COVERS * self.located.excess.amount
    }

    fn unusual(&self, suspect: &Ranked, usual: &Answer<Matrix>) -> Found {
        let seen = usual.series.iter().any(|series| !series.points.is_empty());
        match suspect.excess {
            _ if !seen => Found::cannot_tell("nothing was measured in the usual period"),
            Some(excess) => Found::so(
                excess.belief() < 0.5,
                format!("{:.1} standard deviations from it", excess.deviations),
            ),
            None => Found::cannot_tell("it was not measured in the usual period"),
        }
    }

    fn borne(&self, suspect: &Ranked) -> String {
        let (unit, most) = (unit(self.symptom_signal()), self.located.excess.amount);
        let start = self.name(self.located.symptom.component);
        match suspect.excess {
            Some(excess) => format!(
                "{:+.2} {unit} per sample against the usual; {start}: {most:+.2}",
                excess.amount
            ),
            None => format!("it does not measure its {}", name_of(self.symptom_signal())),
        }
    }

    fn path(&self, suspect: &Ranked) -> String {
        let names: Vec<&str> = suspect.path.iter().rev().map(|&at| self.name(at)).collect();
        let symptom = self.name(self.located.symptom.component);
        let what = name_of(self.symptom_signal());
        if names.len() < 2 && suspect.component != self.located.symptom.component {
            return format!(
                "{} deviates while {symptom} suffers; no call is known",
                names.concat()
            );
        }
        match names.as_slice() {
            [only] => format!("{only} shows the {what} itself"),
            names => format!(
                "{}: {} with the one before it",
                names.join(" -> "),
                match self.symptom_signal() {
                    Signal::Latency => "each is slow",
                    Signal::Errors => "each fails",
                    Signal::Traffic | Signal::Saturation => "each deviates",
                }
            ),
        }
    }

    /// The tracks to cite: the symptom's signal, the one that speaks for it, and its traffic.
    fn cited(&self, place: usize, signal: Signal) -> Vec<(Signal, Origin)> {
        let wanted = [self.symptom_signal(), signal, Signal::Traffic];
        let origins = self.view.origins.get(place).into_iter().flatten();
        let mut cited: Vec<(Signal, Origin)> = Vec::new();
        for origin in origins {
            let measured = self.facts.measured.get(origin.measured);
            let Some(signal) = measured.map(|measured| measured.signal) else {
                continue;
            };
            if wanted.contains(&signal) && cited.iter().all(|(known, _)| *known != signal) {
                cited.push((signal, *origin));
            }
        }
        cited
    }

    fn asked(&self, signal: Signal) -> Option<&crate::facts::Measured> {
        let all = &self.facts.measured;
        all.iter().find(|measured| {
            let answered = measured
                .now
                .as_ref()
                .is_ok_and(|now| !now.series.is_empty());
            measured.signal == signal && answered
        })
    }
}

pub(crate) fn nth<T>(mut items: impl Iterator<Item = T>, at: usize) -> Option<T> {
    items.nth(at)
}

/// What did not come, and what it would have shown.
fn gaps(facts: &Facts, view: &View, report: &mut Report) {
    for measured in &facts.measured {
        for (asked, when) in [(&measured.now, "now"), (&measured.usual, "usually")] {
            if let Err(gap) = asked {
                report.could_not_check(
                    format!("each component's {}, {when}", name_of(measured.signal)),
                    gap,
                    "which components deviate",
                );
            }
        }
    }
    for (what, both) in facts.own.all() {
        for (asked, when) in [(&both.now, "now"), (&both.usual, "usually")] {
            if let Err(gap) = asked {
                let lost = "which components do other things than usual";
                report.could_not_check(format!("{what}, {when}"), gap, lost);
            }
        }
    }
    if let Err(gap) = &facts.changes {
        report.could_not_check("changes", gap, "whether a suspect was changed before");
    }
    if !view.usual_known {
        report.note("no usual period is known: the window is compared with its own calm part");
    }
}

pub(crate) fn cause(fault: Fault) -> Cause {
    match fault {
        Fault::Slow => Cause::SlowComponent,
        Fault::Failing => Cause::FailingComponent,
        Fault::Saturated => Cause::SaturatedComponent,
        Fault::Surge => Cause::TrafficSurge,
        Fault::Starved => Cause::LostTraffic,
        Fault::Silent => Cause::SilentComponent,
    }
}

fn says(fault: Fault) -> &'static str {
    match fault {
        Fault::Slow => "slow itself",
        Fault::Failing => "failing itself",
        Fault::Saturated => "short of a resource",
        Fault::Surge => "asked far more than usual",
        Fault::Starved => "asked far less than usual",
        Fault::Silent => "silent",
    }
}

fn name_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Latency => "latency",
        Signal::Traffic => "traffic",
        Signal::Errors => "errors",
        Signal::Saturation => "saturation",
    }
}

fn unit(signal: Signal) -> &'static str {
    match signal {
        Signal::Latency => "s spent",
        Signal::Traffic => "requests",
        Signal::Errors => "requests failed",
        Signal::Saturation => "of its resource",
    }
}

pub(crate) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.005 {
        return "under 1 %".to_owned();
    }
    format!("{:.0} %", 100.0 * share.clamp(0.0, 1.0))
}
