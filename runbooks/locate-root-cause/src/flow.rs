//! Where a symptom goes: down the calls, to the components that bear it and whose own callees do not.

use std::collections::BTreeMap;

/// What is left of a flow below this is no longer followed.
const TRACE: f64 = 1e-4;
/// Calls in a row that are followed; a cycle ends here.
const DEPTH_MAX: usize = 24;
/// Of what stays with a component, how much goes to callees that deviate in another signal.
const ANOTHER_SIGNAL: f64 = 0.4;

/// One component, as the flow sees it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Node {
    pub(crate) calls: Vec<usize>,
    /// What it is believed to bear in the symptom's signal.
    pub(crate) bears: f64,
    /// How surely it deviates in another signal, from 0 to 1.
    pub(crate) otherwise: f64,
}

/// Where it stayed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Settled {
    /// Share of the symptom.
    pub(crate) share: f64,
    /// Of that, what came because another signal deviates.
    pub(crate) otherwise: f64,
    /// All that came by, what stayed included.
    pub(crate) passed: f64,
    /// The caller by which most came.
    pub(crate) from: Option<usize>,
}

/// Lets one whole symptom flow from `start`. A component hands on to each callee the share that
/// the callee bears of it, and keeps the rest.
pub(crate) fn settle(nodes: &[Node], start: usize) -> Vec<Settled> {
    let mut settled = vec![Settled::default(); nodes.len()];
    let mut most_from = vec![0.0; nodes.len()];
    let mut here = BTreeMap::from([(start, 1.0)]);
    for depth in 0..DEPTH_MAX {
        let mut next: BTreeMap<usize, f64> = BTreeMap::new();
        for (&at, &amount) in &here {
            let Some(node) = nodes.get(at) else { continue };
            settled[at].passed += amount;
            let callees: Vec<usize> = node
                .calls
                .iter()
                .copied()
                .filter(|&c| c != at && c < nodes.len())
                .collect();
            let bears = |callee: usize| nodes[callee].bears.min(node.bears);
            let whole = callees
                .iter()
                .map(|&c| bears(c))
                .sum::<f64>()
                .max(node.bears)
                .max(1e-12);
            let mut stays = amount;
            for &callee in &callees {
                let share = amount * bears(callee) / whole;
                if share > TRACE && depth + 1 < DEPTH_MAX {
                    stays -= share;
                    *next.entry(callee).or_default() += share;
                    if share > most_from[callee] {
                        most_from[callee] = share;
                        settled[callee].from = Some(at);
                    }
                }
            }
            let other =
                |callee: usize| nodes[callee].otherwise * (1.0 - (bears(callee) / whole).min(1.0));
            let others = callees.iter().map(|&c| other(c)).sum::<f64>().max(1.0);
            let stays = stays.max(0.0);
            let mut kept = stays;
            for &callee in &callees {
                let share = ANOTHER_SIGNAL * stays * other(callee) / others;
                kept -= share;
                settled[callee].share += share;
                settled[callee].otherwise += share;
                if share > most_from[callee] {
                    most_from[callee] = share;
                    settled[callee].from = Some(at);
                }
            }
            settled[at].share += kept;
        }
        here = next;
        if here.is_empty() {
            break;
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(calls: &[usize], bears: f64) -> Node {
        Node {
            calls: calls.to_vec(),
            bears,
            otherwise: 0.0,
        }
    }

    #[test]
    fn a_caller_is_explained_away_by_a_callee_that_bears_as_much() {
        let settled = settle(
            &[
                node(&[1], 10.0),
                node(&[2, 3], 10.0),
                node(&[], 9.0),
                node(&[], 0.1),
            ],
            0,
        );
        assert!(settled[2].share > 0.85, "{settled:?}");
        assert!(settled[0].share < 1e-9, "{settled:?}");
        assert_eq!(settled[2].from, Some(1));
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_made_even_in_a_cycle() {
        for bears in [0.0, 3.0, 50.0] {
            let mut nodes = vec![
                node(&[1, 2], 10.0),
                node(&[0, 2], bears),
                node(&[1, 9], 4.0),
            ];
            nodes[2].otherwise = 0.7;
            let whole: f64 = settle(&nodes, 0).iter().map(|at| at.share).sum();
            assert!((whole - 1.0).abs() < 0.01, "{whole}");
        }
    }

    #[test]
    fn a_callee_that_deviates_otherwise_is_a_suspect_behind_its_caller() {
        let mut nodes = vec![node(&[1, 2], 10.0), node(&[], 0.0), node(&[], 0.0)];
        nodes[1].otherwise = 0.9;
        let settled = settle(&nodes, 0);
        assert!(settled[0].share > settled[1].share && settled[1].share > settled[2].share);
    }
}
