//! What is counted, in Prometheus' text format.
//! Not a log: no label is a word that a caller sent, so their number is bounded.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use interlock_gate::{ids::RunId, state::PlanState};
use interlock_runner::open::Runner;
use interlock_store::Store as _;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::desk::{Code, News, Refusal};

/// Runs that are timed at once.
const RUNS_MAX: usize = 10_000;
/// Plans that are looked at for those that wait.
const PLANS_MAX: usize = 500;
/// Rules of ours that refusals name; an operator's or a caller's word is `other`.
const RULES: [&str; 9] = [
    "calls_per_minute",
    "runs_per_minute",
    "runs_at_once",
    "the gate",
    "conformance",
    "the token is not kept",
    "[[caller]] runbooks",
    "[[caller]] read_only = true",
    "event_streams",
];

const CODES: [Code; 9] = [
    Code::NotFound,
    Code::BadInput,
    Code::Denied,
    Code::NotAllowed,
    Code::ReadOnly,
    Code::RateLimited,
    Code::Busy,
    Code::Store,
    Code::Stopping,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    code: &'static str,
    rule: &'static str,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    runbook: String,
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunbookLabels {
    runbook: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NotificationLabels {
    outcome: &'static str,
}

/// Everything that is counted. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Counted>);

struct Counted {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    limits: Family<LimitLabels, Counter>,
    failed_tokens: Counter,
    notifications: Family<NotificationLabels, Counter>,
    runs: Family<RunLabels, Counter>,
    durations: Family<RunbookLabels, Histogram>,
    running: Gauge,
    waiting: Gauge,
    oldest_s: Gauge,
    connections: Gauge,
    turned_away: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("interlock");
        // A quarter of a second to half an hour and more.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.05, 2.0, 16));
        let durations = Family::new_with_constructor(histogram);
        let counted = Counted {
            requests: Family::default(),
            refusals: Family::default(),
            limits: Family::default(),
            failed_tokens: Counter::default(),
            notifications: Family::default(),
            runs: Family::default(),
            durations,
            running: Gauge::default(),
            waiting: Gauge::default(),
            oldest_s: Gauge::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            registry: Registry::default(),
        };
        let one = &counted;
        registry.register("http_requests", "Requests answered", one.requests.clone());
        registry.register(
            "denials",
            "Refusals, by code, by the rule or limit that says so, and each of the gate's reasons",
            one.refusals.clone(),
        );
        registry.register("limits_hit", "Calls over a limit", one.limits.clone());
        registry.register(
            "tokens_failed",
            "Requests that named no caller of the policy",
            one.failed_tokens.clone(),
        );
        registry.register(
            "notifications",
            "Messages to approvers, by whether the webhook took them",
            one.notifications.clone(),
        );
        registry.register("runs", "Runs that ended", one.runs.clone());
        registry.register_with_unit(
            "run_duration",
            "From a run's opening to its end",
            Unit::Seconds,
            one.durations.clone(),
        );
        registry.register("runs_going_on", "Runs that go on", one.running.clone());
        registry.register(
            "plans_waiting",
            "Plans that wait for approval",
            one.waiting.clone(),
        );
        registry.register_with_unit(
            "plans_waiting_oldest",
            "How long the oldest of them has waited",
            Unit::Seconds,
            one.oldest_s.clone(),
        );
        registry.register("connections", "Open connections", one.connections.clone());
        registry.register(
            "connections_turned_away",
            "Connections closed at once: too many, in all or of one peer",
            one.turned_away.clone(),
        );
        Metrics(Arc::new(Counted {
            registry,
            ..counted
        }))
    }
}

impl Metrics {
    /// Counts a refusal.
    pub fn refused(&self, refusal: &Refusal) {
        let rule = refusal.rule.as_deref();
        self.refused_by(refusal.code.word(), rule, &refusal.reasons);
    }

    /// Counts a document that left by another door, where it is a refusal of this server's.
    pub(crate) fn refused_document(&self, document: &Value) {
        let text = |key: &str| document[key].as_str();
        if text("schema") != Some("interlock.refusal.v1") {
            return;
        }
        let code = CODES
            .into_iter()
            .map(Code::word)
            .find(|word| text("code") == Some(word));
        let reasons = document["reasons"].as_array();
        let reasons: Vec<&str> = reasons
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        self.refused_by(code.unwrap_or("other"), text("rule"), &reasons);
    }

    /// `reasons` are names of kinds of the gate's reasons, of which there are not many.
    pub(super) fn refused_by(&self, code: &'static str, rule: Option<&str>, reasons: &[&str]) {
        let known = |rule: &str| RULES.into_iter().find(|known| *known == rule);
        let rule = rule.map_or("none", |rule| known(rule).unwrap_or("other"));
        let none: &[&str] = &["none"];
        for reason in if reasons.is_empty() { none } else { reasons } {
            let labels = RefusalLabels {
                code,
                rule,
                reason: (*reason).to_owned(),
            };
            self.0.refusals.get_or_create(&labels).inc();
        }
        if code == Code::RateLimited.word() {
            let labels = LimitLabels { limit: rule };
            self.0.limits.get_or_create(&labels).inc();
        }
    }

    pub(super) fn answered(&self, method: &http::Method, route: &'static str, status: u16) {
        let method = match *method {
            http::Method::GET => "GET",
            http::Method::HEAD => "HEAD",
            http::Method::POST => "POST",
            http::Method::DELETE => "DELETE",
            _ => "other",
        };
        let labels = RequestLabels {
            method,
            route,
            status,
        };
        self.0.requests.get_or_create(&labels).inc();
    }

    pub(super) fn token_failed(&self) {
        self.0.failed_tokens.inc();
    }

    /// Counts a message to approvers: `delivered` or `failed`.
    pub(crate) fn notification(&self, outcome: &'static str) {
        let labels = NotificationLabels { outcome };
        self.0.notifications.get_or_create(&labels).inc();
    }

    pub(crate) fn connections(&self, open: usize) {
        self.0
            .connections
            .set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    pub(crate) fn turned_away(&self) {
        self.0.turned_away.inc();
    }

    /// Counts runs as they end, until the desk is gone.
    pub async fn listen(self, mut news: Receiver<News>) {
        let mut begun: HashMap<RunId, (String, Instant)> = HashMap::new();
        loop {
            match news.recv().await {
                Ok(News::RunOpened { run, runbook }) if begun.len() < RUNS_MAX => {
                    begun.insert(run, (runbook, Instant::now()));
                }
                Ok(News::RunEnded { run, state }) => {
                    if let Some((runbook, since)) = begun.remove(&run) {
                        let labels = RunbookLabels {
                            runbook: runbook.clone(),
                        };
                        let seconds = since.elapsed().as_secs_f64();
                        self.0.durations.get_or_create(&labels).observe(seconds);
                        let labels = RunLabels { runbook, state };
                        self.0.runs.get_or_create(&labels).inc();
                    }
                }
                // What was missed is not counted; what comes is.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// All of it as text, with what waits now.
    pub(super) async fn text(&self, runner: &Runner, running: usize) -> Result<String, Refusal> {
        let gone = |_| Refusal::new(Code::Store, "the store cannot be read");
        let now = runner.now();
        let (mut waiting, mut oldest_s) = (0, 0);
        for line in runner.store().plans(PLANS_MAX).await.map_err(gone)? {
            if line.state != PlanState::Waiting {
                continue;
            }
            let plan = runner.store().plan(&line.plan).await.map_err(gone)?;
            if plan.is_some_and(|plan| now < plan.body().expires_at) {
                waiting += 1;
                oldest_s = oldest_s.max(now.seconds_since(line.recorded_at));
            }
        }
        self.0.waiting.set(waiting);
        self.0
            .oldest_s
            .set(i64::try_from(oldest_s).unwrap_or(i64::MAX));
        self.0
            .running
            .set(i64::try_from(running).unwrap_or(i64::MAX));
        let mut out = String::new();
        text::encode(&mut out, &self.0.registry)
            .map_err(|_| Refusal::new(Code::Store, "the metrics cannot be written"))?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_a_word_that_a_caller_sent() {
        let metrics = Metrics::default();
        let theirs = Refusal::new(Code::Denied, "x").rule("<script>\n");
        metrics.refused(&theirs);
        let over = Refusal::new(Code::RateLimited, "x").rule("runs_at_once");
        metrics.refused_document(&serde_json::to_value(&over).unwrap());
        metrics.refused_document(&serde_json::json!({"schema": "interlock.run.v1", "code": "x"}));
        let odd = http::Method::from_bytes(b"BREW").unwrap();
        metrics.answered(&odd, "unmatched", 405);
        let mut out = String::new();
        text::encode(&mut out, &metrics.0.registry).unwrap();
        for line in [
            "interlock_denials_total{code=\"denied\",rule=\"other\",reason=\"none\"} 1",
            "interlock_limits_hit_total{limit=\"runs_at_once\"} 1",
            "interlock_http_requests_total{method=\"other\",route=\"unmatched\",status=\"405\"} 1",
        ] {
            assert!(out.contains(line), "{out}");
        }
        assert!(!out.contains("script"), "{out}");
    }
}
