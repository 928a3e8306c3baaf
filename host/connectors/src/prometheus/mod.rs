//! `interlock:read/metrics` from Prometheus' HTTP API.
//! Not a proxy: two fixed paths, and the step's words are one parameter of each.
//! Start at [`Prometheus`].
//! Invariant: an answer that is partial, cut or not understood is a gap, never a shorter answer.

mod wire;

use std::time::Duration;

use interlock_capabilities::read::metrics::{Instant, InstantAsk, Matrix, Metrics, RangeAsk};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};

use crate::endpoint::Endpoint;
use crate::health::{self, Health};
use crate::http::{Client, ClientError, ClientOptions, Fetched};
use crate::secrets::Secret;
use crate::units::duration_text;
use crate::work;

/// Longest expression, in bytes.
const QUERY_BYTES_MAX: usize = 16 << 10;
/// Most series of one answer; asked for, and checked, since old servers ignore the parameter.
const SERIES_MAX: usize = 10_000;
/// Most points of one series: Prometheus' own limit.
const POINTS_MAX: u64 = 11_000;

/// One Prometheus.
#[derive(Clone)]
pub struct Prometheus {
    client: Client,
    base: Endpoint,
}

impl Prometheus {
    /// Nothing is asked yet.
    pub fn new(
        base: Endpoint,
        timeout: Duration,
        bearer: Option<&Secret>,
    ) -> Result<Self, ClientError> {
        let options = ClientOptions {
            timeout,
            tls: base.is_tls(),
            bearer,
            pinned: None,
        };
        Ok(Self {
            client: Client::new(&options)?,
            base,
        })
    }

    /// Whether it answers the simplest query.
    pub async fn health(&self) -> Health {
        let ask = self
            .clone()
            .instant_answer("1".to_owned(), None, health::LIMIT)
            .await;
        health::of(ask.map(|_one| "answers queries".to_owned()))
    }

    /// What is passed on as the server's own time-out: shorter than ours, so that its words arrive.
    fn server_timeout(&self) -> String {
        let ms = u64::try_from(self.client.timeout().as_millis()).unwrap_or(u64::MAX);
        format!("{}ms", (ms - ms / 10).max(1))
    }

    async fn ask(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        limit: AnswerLimit,
    ) -> Result<Fetched, Gap> {
        let timeout = self.server_timeout();
        let series = (SERIES_MAX + 1).to_string();
        let mut all = parameters.to_vec();
        all.extend([("timeout", timeout.as_str()), ("limit", series.as_str())]);
        self.client
            .get(self.base.at(path, &all), limit.bytes_max)
            .await
            .map_err(name)
    }

    async fn instant_answer(
        self,
        query: String,
        at: Option<u64>,
        limit: AnswerLimit,
    ) -> Result<Instant, Gap> {
        check_query(&query)?;
        let time = at.map(seconds);
        let mut parameters = vec![("query", query.as_str())];
        parameters.extend(time.as_deref().map(|time| ("time", time)));
        let fetched = self.ask("/api/v1/query", &parameters, limit).await?;
        let answer = wire::instant(&fetched, SERIES_MAX)?;
        limit.check(&answer)?;
        Ok(answer)
    }

    async fn range_answer(self, ask: RangeAsk, limit: AnswerLimit) -> Result<Matrix, Gap> {
        check_query(&ask.query)?;
        let (begin, end) = check_window(&ask)?;
        let step = step_seconds(ask.step_ms);
        let parameters = [
            ("query", ask.query.as_str()),
            ("start", &begin),
            ("end", &end),
            ("step", &step),
        ];
        let fetched = self.ask("/api/v1/query_range", &parameters, limit).await?;
        let answer = wire::matrix(&fetched, ask.step_ms, SERIES_MAX)?;
        limit.check(&answer)?;
        Ok(answer)
    }
}

impl Metrics for Prometheus {
    fn instant(
        &self,
        ask: InstantAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Instant, Unchecked>> {
        work::begin(self.clone().instant_answer(ask.query, Some(ask.at), limit))
    }

    fn range(&self, ask: RangeAsk, limit: AnswerLimit) -> Soon<'static, Result<Matrix, Unchecked>> {
        work::begin(self.clone().range_answer(ask, limit))
    }
}

fn name(error: crate::http::FetchError) -> Gap {
    match Gap::from(error) {
        Gap::TooLarge(why) => Gap::TooLarge(format!("prometheus: {why}")),
        other => Gap::Unreachable(format!("prometheus: {}", other.why())),
    }
}

fn check_query(query: &str) -> Result<(), Gap> {
    if query.trim().is_empty() {
        return Err(Gap::Refused("the expression is empty".to_owned()));
    }
    if query.len() > QUERY_BYTES_MAX {
        return Err(Gap::Refused(format!(
            "the expression is over {QUERY_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

/// The window's first and last millisecond; its end is exclusive and Prometheus' is not.
fn check_window(ask: &RangeAsk) -> Result<(String, String), Gap> {
    let refused = |why: String| Err(Gap::Refused(why));
    if ask.step_ms == 0 {
        return refused("the step between two points is 0".to_owned());
    }
    let (first, end) = (
        ask.window.begin.div_ceil(1000),
        ask.window.end.div_ceil(1000),
    );
    let Some(span) = end.checked_sub(first).filter(|span| *span > 0) else {
        return refused("the window ends before it begins".to_owned());
    };
    let points = (span - 1) / ask.step_ms + 1;
    if points > POINTS_MAX {
        let step = duration_text(ask.step_ms);
        return refused(format!(
            "{points} points of {step} each; {POINTS_MAX} is the most"
        ));
    }
    Ok((milliseconds(first), milliseconds(end - 1)))
}

/// Microseconds since 1970 as the decimal seconds that the API takes.
fn seconds(micros: u64) -> String {
    milliseconds(micros / 1000)
}

fn milliseconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn step_seconds(step_ms: u64) -> String {
    milliseconds(step_ms)
}

#[cfg(test)]
mod tests {
    use interlock_capabilities::read::Window;

    use super::*;

    fn ask(begin: u64, end: u64, step_ms: u64) -> Result<(String, String), Gap> {
        let window = Window { begin, end };
        check_window(&RangeAsk {
            query: "up".into(),
            window,
            step_ms,
        })
    }

    #[test]
    fn a_window_is_asked_without_its_end() {
        let expected = ("1.000".to_owned(), "60.999".to_owned());
        assert_eq!(ask(1_000_000, 61_000_000, 15_000), Ok(expected.clone()));
        assert_eq!(ask(999_001, 60_999_001, 15_000), Ok(expected));
    }

    #[test]
    fn a_window_that_cannot_be_answered_is_refused_before_it_is_asked() {
        assert!(matches!(ask(5, 5, 1), Err(Gap::Refused(_))));
        assert!(matches!(ask(6, 5, 1), Err(Gap::Refused(_))));
        assert!(matches!(ask(0, 60_000_000, 0), Err(Gap::Refused(_))));
        assert!(ask(0, 11_000_000, 1).is_ok());
        assert!(matches!(ask(0, 11_001_000, 1), Err(Gap::Refused(_))));
        assert!(matches!(ask(0, u64::MAX, 1), Err(Gap::Refused(_))));
        assert!(matches!(check_query(" "), Err(Gap::Refused(_))));
        assert!(matches!(
            check_query(&"x".repeat(20_000)),
            Err(Gap::Refused(_))
        ));
    }
}
