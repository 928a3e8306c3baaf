//! Which component of the topology a hypothesis blames.
//!
//! Not a step's word: a step cites an item of the recorded topology, and the name is read from that
//! answer, so no made-up name can be blamed.
//! Invariant: a hypothesis blames one component, or none.

use interlock_capabilities::{Answer, Recorded, report::Hypothesis};
use interlock_gate::ids::CallId;

/// The name of the one service that `hypothesis` cites among what supports it; none where it cites
/// no item of a `topology.services` answer, or several. `call` finds a recorded call of the run.
pub fn subject<'a>(
    hypothesis: &Hypothesis,
    call: impl Fn(CallId) -> Option<&'a Recorded>,
) -> Option<&'a str> {
    let mut found = None;
    for cite in &hypothesis.supports {
        let Some(Answer::TopologyServices(list)) =
            call(CallId(cite.call)).and_then(|call| call.answer.as_ref().ok())
        else {
            continue;
        };
        for item in &cite.items {
            let named = list.services.get(usize::try_from(*item).ok()?)?;
            match found {
                None => found = Some(named.name.as_str()),
                Some(known) if known == named.name => {}
                Some(_) => return None,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use interlock_capabilities::{
        Ask, Gap,
        read::topology::{Service, ServiceList, ServicesAsk},
        report::Cite,
    };
    use interlock_gate::time::Time;

    use super::*;

    fn topology(id: u64, names: &[&str]) -> Recorded {
        let service = |name: &&str| Service {
            name: (*name).to_owned(),
            depends_on: Vec::new(),
            databases: Vec::new(),
        };
        Recorded {
            id: CallId(id),
            ask: Ask::TopologyServices(ServicesAsk {}),
            answer: Ok(Answer::TopologyServices(ServiceList {
                services: names.iter().map(service).collect(),
            })),
            asked_at: Time::default(),
            answered_at: Time::default(),
        }
    }

    fn blaming(cites: &[(u64, &[u32])]) -> Hypothesis {
        let cite = |(call, items): &(u64, &[u32])| Cite {
            call: *call,
            items: items.to_vec(),
            says: "it is slow".to_owned(),
        };
        Hypothesis {
            cause: "slow_component".to_owned(),
            path: String::new(),
            supports: cites.iter().map(cite).collect(),
            contradicts: Vec::new(),
            checks: Vec::new(),
        }
    }

    #[test]
    fn the_one_cited_service_is_blamed_and_two_are_none() {
        let calls = [topology(1, &["cart", "pay"]), topology(2, &["pay"])];
        let named = |cites: &[(u64, &[u32])]| {
            subject(&blaming(cites), |id| {
                calls.iter().find(|call| call.id == id)
            })
        };
        assert_eq!(named(&[(1, &[1])]), Some("pay"));
        assert_eq!(named(&[(1, &[1]), (2, &[0])]), Some("pay"), "named twice");
        assert_eq!(named(&[(1, &[0, 1])]), None);
        assert_eq!(named(&[(1, &[])]), None, "the whole answer names nobody");
        assert_eq!(named(&[(1, &[7])]), None, "no such item");
        assert_eq!(named(&[(9, &[0])]), None, "no such call");
        assert_eq!(named(&[]), None);
    }

    #[test]
    fn a_gap_blames_nobody() {
        let mut call = topology(1, &["cart"]);
        call.answer = Err(Gap::NoSource("none".to_owned()));
        assert_eq!(subject(&blaming(&[(1, &[0])]), |_| Some(&call)), None);
    }
}
