//! How a suspect is told of that shows a fault of its own.

use interlock_sdk::wire::ServiceList;
use interlock_sdk::{Answer, Found, Report};

use crate::conclude::{RIVAL, cause, nth, percent};
use crate::facts::Facts;
use crate::own::{Kind, Own, doubtful};
use crate::rank::Ranked;

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
    if let (Some(source), Some(Ok(now))) = (own.source, both.map(|both| &both.now))
        && let Some(item) = nth(now.items().iter(), source)
    {
        hypothesis = hypothesis.supports(&item, strength.clone());
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
