//! How a suspect is told of that shows a fault of its own.

use interlock_sdk::wire::{Series, ServiceList};
use interlock_sdk::{Answer, Found, Report};

use crate::conclude::{RIVAL, cause, nth, percent};
use crate::facts::Facts;
use crate::own::{Kind, Own, doubtful};
use crate::rank::Ranked;
use crate::scene::Source;

/// Adds the hypothesis.
pub(crate) fn tell_own(
    facts: &Facts,
    services: &Answer<ServiceList>,
    (suspect, own): (&Ranked, Own),
    rival: f64,
    report: &mut Report,
) {
    let name = services.services.get(suspect.component);
    let name = name.map_or("?", |service| service.name.as_str());
    let mut hypothesis = report.hypothesis(cause(suspect.fault)).path(format!(
        "{name} {}; whoever calls it suffers",
        shows(own.kind)
    ));
    if let Some(item) = nth(services.items().iter(), suspect.component) {
        let says = format!("{} of what is unusual is its own", percent(suspect.score));
        hypothesis = hypothesis.supports(&item, says);
    }
    let strength = format!("surprise {:.0}; {:.0} is chance", own.surprise, doubtful());
    let both = facts.own.of(own.kind);
    let cited = both.zip(own.source).and_then(|(both, source)| {
        let (answer, at) = match source {
            Source::Now(at) => (&both.now, at),
            Source::Usual(at) => (&both.usual, at),
        };
        let answer = answer.as_ref().ok()?;
        Some((nth(answer.items().iter(), at)?, answer.series.get(at)?))
    });
    if let Some((item, series)) = cited {
        hypothesis = hypothesis.supports(&item, says(own, series));
    }
    // Where nothing can be cited of it, its traffic was what told.
    let asked = match both {
        Some(both) => Some((&both.now, &both.usual)),
        None => {
            let traffic = facts.measured.iter().find(|measured| {
                let now = measured.now.as_ref();
                measured.signal == crate::scene::Signal::Traffic
                    && now.is_ok_and(|now| !now.series.is_empty())
            });
            traffic.map(|traffic| (&traffic.now, &traffic.usual))
        }
    };
    let Some((now, usual)) = asked else { return };
    hypothesis
        .unless("another component shows as much of itself", now, |_| {
            let next = format!("the next shows {}", percent(rival));
            Found::so(rival > RIVAL * suspect.score, next)
        })
        .unless("what it shows is chance", usual, |_| {
            Found::so(own.surprise < doubtful(), strength)
        });
}

/// What the cited series says, in its own terms.
fn says(own: Own, series: &Series) -> String {
    let label = |name| series.label(name).unwrap_or_default();
    match own.kind {
        Kind::Habit => format!(
            "{} is followed by `{}` in {}, usually in {}",
            label("operation"),
            label("event"),
            percent(own.now),
            percent(own.usual)
        ),
        Kind::Limit => format!(
            "{} of its limit in use, usually {}",
            percent(own.now),
            percent(own.usual)
        ),
        Kind::Link | Kind::Neglect | Kind::Strain => format!(
            "{:.3} s beyond what {} takes to answer, usually {:.3} s",
            own.now,
            label("callee"),
            own.usual
        ),
    }
}

/// What a component of this kind does, after its name.
pub(crate) fn shows(kind: Kind) -> &'static str {
    match kind {
        Kind::Habit => "does other things than usual when it is asked",
        Kind::Limit => "has used up a resource of its own",
        Kind::Link => "is reached slowly: calls last longer than it takes to answer them",
        Kind::Strain => "works more for each request than usual, or takes longer",
        Kind::Neglect => "is asked as usual and no longer asks those it depends on",
    }
}
