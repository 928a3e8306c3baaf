//! What Prometheus writes, and what it is read as.

use std::collections::BTreeMap;

use interlock_capabilities::Gap;
use interlock_capabilities::read::{Label, metrics};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::http::Fetched;
use crate::words::{foreign, json_error, quote};

#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "snake_case")]
enum Data {
    Vector(Vec<One>),
    Matrix(Vec<Many>),
    Scalar(Pair),
    String(IgnoredAny),
}

/// Seconds and a number as text: `[1700000000.781, "NaN"]`.
type Pair = (f64, String);

#[derive(Deserialize)]
struct One {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<Pair>,
    #[serde(default)]
    histogram: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Many {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Option<Vec<Pair>>,
    #[serde(default)]
    histograms: Option<IgnoredAny>,
}

/// An instant query's answer.
pub(super) fn instant(fetched: &Fetched, series_max: usize) -> Result<metrics::Instant, Gap> {
    let samples = match data(fetched)? {
        Data::Vector(all) => {
            check_count(all.len(), series_max)?;
            all.into_iter().map(one).collect::<Result<_, _>>()?
        }
        Data::Scalar(pair) => vec![sample(Vec::new(), &pair)?],
        Data::Matrix(_) => return Err(kind("a range of values, not one")),
        Data::String(_) => return Err(kind("text")),
    };
    Ok(metrics::Instant { samples })
}

/// A range query's answer.
pub(super) fn matrix(
    fetched: &Fetched,
    step_ms: u64,
    series_max: usize,
) -> Result<metrics::Matrix, Gap> {
    let all = match data(fetched)? {
        Data::Matrix(all) => all,
        Data::Vector(_) | Data::Scalar(_) | Data::String(_) => {
            return Err(strange("its result is no matrix"));
        }
    };
    check_count(all.len(), series_max)?;
    let series = all.into_iter().map(many).collect::<Result<_, _>>()?;
    Ok(metrics::Matrix { step_ms, series })
}

fn one(one: One) -> Result<metrics::Sample, Gap> {
    if one.histogram.is_some() {
        return Err(histogram());
    }
    let pair = one.value.ok_or_else(|| strange("a sample has no value"))?;
    sample(labels(one.metric), &pair)
}

fn many(many: Many) -> Result<metrics::Series, Gap> {
    if many.histograms.is_some() {
        return Err(histogram());
    }
    let pairs = many
        .values
        .ok_or_else(|| strange("a series has no values"))?;
    let points = pairs
        .iter()
        .map(|pair| {
            Ok(metrics::Point {
                at: micros(pair.0)?,
                value: number(&pair.1)?,
            })
        })
        .collect::<Result<_, Gap>>()?;
    Ok(metrics::Series {
        labels: labels(many.metric),
        points,
    })
}

fn kind(found: &str) -> Gap {
    Gap::Refused(format!("the expression gives {found}"))
}

fn data(fetched: &Fetched) -> Result<Data, Gap> {
    let status = fetched.status;
    let envelope: Envelope = match serde_json::from_slice(&fetched.body) {
        Ok(envelope) => envelope,
        Err(_) if status != 200 => return Err(by_status(status)),
        Err(error) => return Err(strange(&json_error(&error))),
    };
    match (status, envelope.status.as_str()) {
        (200, "success") => {}
        (_, "error") => return Err(by_words(status, &envelope)),
        (200, other) => return Err(strange(&format!("its status is `{}`", quote(other)))),
        (_, _) => return Err(by_status(status)),
    }
    if let Some(warning) = envelope.warnings.as_ref().and_then(|all| all.first()) {
        // A warning means that part of the data is missing: a shorter answer would look whole.
        let words = foreign(warning);
        return Err(if warning.contains("truncated") {
            Gap::TooLarge(format!("prometheus cut its answer: {words}"))
        } else {
            Gap::Unreachable(format!("prometheus answered in part: {words}"))
        });
    }
    envelope.data.ok_or_else(|| strange("it holds no data"))
}

/// An error that Prometheus itself explains.
fn by_words(status: u16, envelope: &Envelope) -> Gap {
    let words = foreign(envelope.error.as_deref().unwrap_or("no reason given"));
    let kind = envelope.error_type.as_deref().unwrap_or("");
    match kind {
        // 400 and 422: the query. The others are the server's own trouble.
        "bad_data" | "execution" => Gap::Refused(format!("prometheus: {words}")),
        _other if matches!(status, 400 | 401 | 403 | 422) => {
            Gap::Refused(format!("prometheus: {words}"))
        }
        _other => Gap::Unreachable(format!("prometheus: {} (status {status})", words)),
    }
}

fn by_status(status: u16) -> Gap {
    crate::health::by_status("prometheus", status)
}

fn strange(why: &str) -> Gap {
    Gap::Unreachable(format!("prometheus answered what is no answer: {why}"))
}

fn histogram() -> Gap {
    Gap::Refused("the expression gives native histograms: apply a function to them".to_owned())
}

fn check_count(found: usize, most: usize) -> Result<(), Gap> {
    if found > most {
        return Err(Gap::TooLarge(format!(
            "prometheus answered more than {most} series"
        )));
    }
    Ok(())
}

fn sample(labels: Vec<Label>, pair: &Pair) -> Result<metrics::Sample, Gap> {
    Ok(metrics::Sample {
        labels,
        at: micros(pair.0)?,
        value: number(&pair.1)?,
    })
}

fn labels(metric: BTreeMap<String, String>) -> Vec<Label> {
    metric
        .into_iter()
        .map(|(name, value)| Label { name, value })
        .collect()
}

/// Seconds since 1970, in whole milliseconds: the API gives no more.
fn micros(seconds: f64) -> Result<u64, Gap> {
    const MS_MAX: f64 = 253_402_207_199_999.0;
    let ms = (seconds * 1000.0).round();
    if !(0.0..=MS_MAX).contains(&ms) {
        return Err(strange("a time is out of range"));
    }
    // In range and whole, so the cast is exact.
    Ok(ms as u64 * 1000)
}

fn number(text: &str) -> Result<f64, Gap> {
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        text => {
            let plain = text
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e'));
            let parsed = text.parse().ok().filter(|_: &f64| plain);
            parsed.ok_or_else(|| strange(&format!("`{}` is no number", quote(text))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(status: u16, body: &str) -> Fetched {
        Fetched {
            status,
            body: body.as_bytes().to_vec(),
        }
    }

    fn vector(result: &str) -> Result<metrics::Instant, Gap> {
        let body =
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#);
        instant(&fetched(200, &body), 2)
    }

    #[test]
    fn values_that_are_no_numbers_arrive_as_they_are() {
        let answer = vector(
            r#"[{"metric":{"b":"2","a":"1"},"value":[1700000000.781,"NaN"]},
                {"metric":{},"value":[1,"-Inf"]}]"#,
        )
        .unwrap();
        assert!(answer.samples[0].value.is_nan());
        assert_eq!(answer.samples[0].at, 1_700_000_000_781_000);
        assert_eq!(answer.samples[0].labels[0].name, "a");
        assert_eq!(answer.samples[1].value, f64::NEG_INFINITY);
    }

    #[test]
    fn a_matrix_and_a_scalar_are_read() {
        let body = r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"2e3"]}}"#;
        let answer = instant(&fetched(200, body), 2).unwrap();
        assert_eq!(
            (answer.samples[0].at, answer.samples[0].value),
            (1_500_000, 2000.0)
        );
        let body = r#"{"status":"success","infos":["x"],"data":{"resultType":"matrix","result":
            [{"metric":{"a":"1"},"values":[[1,"0"],[16,"+Inf"]]}]}}"#;
        let answer = matrix(&fetched(200, body), 15_000, 2).unwrap();
        assert_eq!(answer.series[0].points[1].value, f64::INFINITY);
    }

    #[test]
    fn what_is_no_whole_answer_is_a_gap() {
        for result in [
            "{}",
            "[{}]",
            r#"[{"metric":{},"value":[1]}]"#,
            r#"[{"metric":{},"value":["1","1"]}]"#,
            r#"[{"metric":{},"value":[1,1]}]"#,
            r#"[{"metric":{},"value":[-1,"1"]}]"#,
            r#"[{"metric":{},"value":[1e300,"1"]}]"#,
            r#"[{"metric":{},"value":[1,"inf"]}]"#,
            r#"[{"metric":{},"value":[1,""]}]"#,
            r#"[{"metric":{"a":1},"value":[1,"1"]}]"#,
        ] {
            assert!(
                matches!(vector(result), Err(Gap::Unreachable(_))),
                "{result}"
            );
        }
        let three = r#"[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"1"]},
                        {"metric":{},"value":[1,"1"]}]"#;
        assert!(matches!(vector(three), Err(Gap::TooLarge(_))));
        let histogram = r#"[{"metric":{},"histogram":[1,{"count":"1"}]}]"#;
        assert!(matches!(vector(histogram), Err(Gap::Refused(_))));
        for (status, body) in [
            (200, ""),
            (200, "null"),
            (200, "{\"status\":\"success\"}"),
            (
                200,
                r#"{"status":"success","data":{"resultType":"trace","result":[]}}"#,
            ),
            (
                200,
                r#"{"status":"odd","data":{"resultType":"vector","result":[]}}"#,
            ),
            (302, ""),
            (500, "<html>"),
            (
                503,
                r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#,
            ),
            (
                500,
                r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            ),
        ] {
            let answer = instant(&fetched(status, body), 2);
            assert!(
                matches!(answer, Err(Gap::Unreachable(_))),
                "{status} {body}: {answer:?}"
            );
        }
        let deep = format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":{}"#,
            "[".repeat(100_000)
        );
        assert!(matches!(
            instant(&fetched(200, &deep), 2),
            Err(Gap::Unreachable(_))
        ));
    }

    #[test]
    fn a_refusal_comes_in_the_servers_words_cut_and_escaped() {
        let words = format!("parse error: \\u001b[2J{}", "x".repeat(1000));
        let body = format!(r#"{{"status":"error","errorType":"bad_data","error":"{words}"}}"#);
        let Err(Gap::Refused(why)) = instant(&fetched(400, &body), 2) else {
            panic!()
        };
        assert!(
            why.starts_with("prometheus: parse error: \\u{1b}[2Jxxx"),
            "{why}"
        );
        assert!(why.len() < 400 && why.ends_with("..."));
    }

    #[test]
    fn a_warning_makes_an_answer_a_gap() {
        let body = r#"{"status":"success","warnings":["remote read failed"],
            "data":{"resultType":"vector","result":[]}}"#;
        let Err(Gap::Unreachable(why)) = instant(&fetched(200, body), 2) else {
            panic!()
        };
        assert_eq!(why, "prometheus answered in part: remote read failed");
        let body = body.replace("remote read failed", "results truncated due to limit");
        assert!(matches!(
            instant(&fetched(200, &body), 2),
            Err(Gap::TooLarge(_))
        ));
    }
}
