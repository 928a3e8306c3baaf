//! Readers that answer from what was observed, as the connectors would have.

mod calls;
mod evaluate;
mod lists;
mod logs;
mod metrics;
mod query;
mod rate;

use std::future::ready;
use std::sync::Arc;

use interlock_capabilities::{Gap, ReadCall, Readers, Soon};

use crate::Observed;
use calls::Calls;

/// Readers of one bundle, for runs that look around at `now` (microseconds since 1970).
pub(crate) fn readers(observed: &Arc<Observed>, now: u64) -> Readers {
    let calls = Arc::new(Calls::new(&observed.calls));
    let any = |interface: &str| calls.has(interface);
    let mut readers = Readers::default();
    if observed.metrics.is_some() || any("metrics") {
        readers.metrics = Some(Arc::new(metrics::Kept::new(observed, now, calls.clone())));
    }
    if !observed.logs.is_empty() || any("logs") {
        readers.logs = Some(Arc::new(logs::Kept::new(observed, now, calls.clone())));
    }
    if observed.alerts.is_some() || any("alerts") {
        readers.alerts = Some(Arc::new(lists::Alerts::new(observed, now, calls.clone())));
    }
    if observed.changes.is_some() || any("changes") {
        readers.changes = Some(Arc::new(lists::Changes::new(observed, now, calls.clone())));
    }
    if observed.topology.is_some() || any("topology") {
        readers.topology = Some(Arc::new(lists::Topology::new(observed, calls.clone())));
    }
    if any("database") {
        readers.database = Some(calls.clone());
    }
    if any("workloads") {
        readers.workloads = Some(calls.clone());
    }
    if any("incidents") {
        readers.incidents = Some(calls.clone());
    }
    if any("http-probe") {
        readers.http_probe = Some(calls.clone());
    }
    readers
}

/// Whether a bundle answers the expression from the series that it selects, as they are.
pub(crate) fn is_selector(text: &str) -> bool {
    query::compiled(text).is_ok_and(|query| query.is_plain())
}

/// An answer that is there already: nothing in memory is worth waiting for.
fn at_once<T: Send + 'static>(answer: Result<T, Gap>) -> Soon<'static, Result<T, Gap>> {
    Box::pin(ready(answer))
}

/// Where the bundle holds neither data nor a recorded answer.
fn not_held(call: ReadCall) -> Gap {
    Gap::NotRecorded(format!("the bundle holds no answer of `{call}` to this"))
}
