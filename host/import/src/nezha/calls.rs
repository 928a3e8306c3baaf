//! What calls between services last, from spans: as the caller saw it, and as the callee did.

use std::collections::BTreeMap;

use super::metrics::{Name, Sample, call_name};
use super::spans::{Span, Texts};

/// Fewer calls in a minute have no middle worth the name.
const CALLS_MIN: usize = 3;

/// One call.
#[derive(Debug)]
struct Call {
    at: u64,
    caller: u32,
    callee: u32,
    client_seconds: f64,
    server_seconds: f64,
}

/// The calls of a day.
#[derive(Debug, Default)]
pub(super) struct Calls {
    of: Vec<Call>,
}

impl Calls {
    /// Adds the calls of one file: a span of one service with a span of another in it and nothing
    /// else, which is a client's.
    pub(super) fn add(&mut self, spans: &[Span]) {
        for span in spans {
            let Some(client) = span.parent.and_then(|parent| spans.get(parent)) else {
                continue;
            };
            if client.service != span.service && client.children == 1 {
                self.of.push(Call {
                    at: client.at,
                    caller: client.service,
                    callee: span.service,
                    client_seconds: client.seconds,
                    server_seconds: span.seconds,
                });
            }
        }
    }

    /// Who called whom.
    pub(super) fn edges<'a>(
        &'a self,
        texts: &'a Texts,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let edges = self.of.iter().map(|call| (call.caller, call.callee));
        let edges: std::collections::BTreeSet<_> = edges.collect();
        edges
            .into_iter()
            .map(|(caller, callee)| (texts.text(caller), texts.text(callee)))
    }

    /// The middle of what calls last, by edge, in the stretches that `stretch` puts them in: it
    /// gives a stretch's stamp, or nothing.
    pub(super) fn middles(
        &self,
        texts: &Texts,
        stretch: impl Fn(u64) -> Option<u64>,
    ) -> Vec<(Name, Vec<Sample>)> {
        type Lasted = (Vec<f64>, Vec<f64>);
        let mut by: BTreeMap<(u32, u32), BTreeMap<u64, Lasted>> = BTreeMap::new();
        for call in &self.of {
            let Some(stamp) = stretch(call.at) else {
                continue;
            };
            let edge = by.entry((call.caller, call.callee)).or_default();
            let (client, server) = edge.entry(stamp).or_default();
            client.push(call.client_seconds);
            server.push(call.server_seconds);
        }
        let mut made = Vec::new();
        for ((caller, callee), stretches) in by {
            let (mut client, mut server) = (Vec::new(), Vec::new());
            for (stamp, (mut seen_client, mut seen_server)) in stretches {
                if seen_client.len() < CALLS_MIN {
                    continue;
                }
                client.push((stamp, middle(&mut seen_client)));
                server.push((stamp, middle(&mut seen_server)));
            }
            if client.is_empty() {
                continue;
            }
            let (caller, callee) = (texts.text(caller), texts.text(callee));
            made.push((call_name(caller, callee, "client"), client));
            made.push((call_name(caller, callee, "server"), server));
        }
        made
    }
}

/// The value in the middle; 0 of none.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
