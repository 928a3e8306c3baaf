//! What Alertmanager writes, and what it is read as.

use std::collections::BTreeMap;

use interlock_capabilities::Gap;
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::{Alert, AlertList};
use interlock_gate::revision::SilenceRevision;
use interlock_gate::time::Time;
use serde::Deserialize;

use crate::http::Fetched;
use crate::words::{foreign, json_error, quote};

/// Most alerts of one answer.
const ALERTS_MAX: usize = 5000;

#[derive(Deserialize)]
struct Theirs {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    fingerprint: String,
    #[serde(rename = "startsAt")]
    starts_at: String,
    #[serde(rename = "endsAt")]
    ends_at: String,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    state: String,
}

/// The answer to a new silence.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

/// What is read of one silence; what it matches is not, since any change moves `updatedAt`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TheirSilence {
    id: String,
    status: Status,
    updated_at: String,
}

/// One silence as it is now.
pub(super) struct Found {
    pub(super) expired: bool,
    pub(super) revision: SilenceRevision,
}

/// The id of the silence that was just made; `None` where the answer names none.
pub(super) fn made(fetched: &Fetched) -> Option<String> {
    let made: Made = serde_json::from_slice(&fetched.body).ok()?;
    Some(made.silence_id).filter(|id| is_id(id))
}

/// A UUID's letters: it will stand in a path.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The silence of this id; `None` where there is none.
pub(super) fn silence(fetched: &Fetched, id: &str) -> Result<Option<Found>, Gap> {
    match fetched.status {
        200 => {}
        404 => return Ok(None),
        _other => return Err(by_status(fetched)),
    }
    let theirs: TheirSilence =
        serde_json::from_slice(&fetched.body).map_err(|error| strange(&json_error(&error)))?;
    if theirs.id != id {
        return Err(strange("it is another silence"));
    }
    let expired = match theirs.status.state.as_str() {
        "active" | "pending" => false,
        "expired" => true,
        other => return Err(strange(&format!("a state is `{}`", quote(other)))),
    };
    let updated_at = Time::parse_rfc3339(&theirs.updated_at)
        .map_err(|_| strange(&format!("`{}` is no time", quote(&theirs.updated_at))))?;
    Ok(Some(Found {
        expired,
        revision: SilenceRevision {
            id: theirs.id,
            updated_at: Some(updated_at),
        },
    }))
}

/// Whether it says that there is no such silence: it does so with status 500.
pub(super) fn says_no_such_silence(fetched: &Fetched) -> bool {
    fetched.status == 404
        || serde_json::from_slice::<String>(&fetched.body)
            .is_ok_and(|words| words == "silence not found")
}

/// The list, at `now` in microseconds since 1970.
pub(super) fn alerts(fetched: &Fetched, now: u64) -> Result<AlertList, Gap> {
    if fetched.status != 200 {
        return Err(by_status(fetched));
    }
    let all: Vec<Theirs> =
        serde_json::from_slice(&fetched.body).map_err(|error| strange(&json_error(&error)))?;
    if all.len() > ALERTS_MAX {
        return Err(Gap::TooLarge(format!(
            "alertmanager answered more than {ALERTS_MAX} alerts"
        )));
    }
    let alerts = all
        .into_iter()
        .map(|theirs| alert(theirs, now))
        .collect::<Result<_, _>>()?;
    Ok(AlertList { alerts })
}

fn alert(theirs: Theirs, now: u64) -> Result<Alert, Gap> {
    let starts_at = time(&theirs.starts_at)?;
    // Alertmanager gives every alert an end: ahead of now it is only when it would forget it.
    let ends_at = Some(time(&theirs.ends_at)?).filter(|end| *end <= now && *end > starts_at);
    let state = match (ends_at, theirs.status.state.as_str()) {
        (Some(_), _) => "resolved",
        (None, "active" | "unprocessed") => "firing",
        (None, "suppressed") => "suppressed",
        (None, other) => return Err(strange(&format!("a state is `{}`", quote(other)))),
    };
    let name = theirs.labels.get("alertname").cloned().unwrap_or_default();
    Ok(Alert {
        name,
        state: state.to_owned(),
        starts_at,
        ends_at,
        fingerprint: theirs.fingerprint,
        labels: labels(theirs.labels),
        annotations: labels(theirs.annotations),
        source: "alertmanager".to_owned(),
    })
}

pub(super) fn by_status(fetched: &Fetched) -> Gap {
    let status = fetched.status;
    match (status, serde_json::from_slice::<String>(&fetched.body)) {
        (400 | 422, Ok(words)) => Gap::Refused(format!("alertmanager: {}", foreign(&words))),
        (500..=599, Ok(words)) => Gap::Unreachable(format!(
            "alertmanager: {} (status {status})",
            foreign(&words)
        )),
        _other => crate::health::by_status("alertmanager", status),
    }
}

fn strange(why: &str) -> Gap {
    Gap::Unreachable(format!("alertmanager answered what is no answer: {why}"))
}

fn labels(map: BTreeMap<String, String>) -> Vec<Label> {
    map.into_iter()
        .map(|(name, value)| Label { name, value })
        .collect()
}

fn time(text: &str) -> Result<u64, Gap> {
    // Go's zero time stands for none.
    if text.starts_with("0001-01-01T") {
        return Ok(0);
    }
    Time::parse_rfc3339(text)
        .map(Time::micros)
        .map_err(|_| strange(&format!("`{}` is no time", quote(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000;

    fn read(body: &str) -> Result<AlertList, Gap> {
        alerts(
            &Fetched {
                status: 200,
                body: body.as_bytes().to_vec(),
            },
            NOW,
        )
    }

    fn one(state: &str, ends_at: &str) -> String {
        format!(
            r#"[{{"annotations":{{"summary":"s"}},"endsAt":"{ends_at}","fingerprint":"f1",
            "receivers":[{{"name":"default"}}],"startsAt":"2023-11-14T22:00:00.123Z",
            "status":{{"inhibitedBy":[],"silencedBy":[],"state":"{state}"}},
            "updatedAt":"2023-11-14T22:00:00.123+01:00","generatorURL":"http://x",
            "labels":{{"alertname":"High","server":"orders-db"}}}}]"#
        )
    }

    #[test]
    fn states_are_told_apart() {
        let later = "2023-11-14T23:59:00.000Z";
        for (state, ends_at, expected) in [
            ("active", later, "firing"),
            ("unprocessed", later, "firing"),
            ("active", "0001-01-01T00:00:00.000Z", "firing"),
            ("suppressed", later, "suppressed"),
            ("active", "2023-11-14T22:10:00.000Z", "resolved"),
        ] {
            let alert = read(&one(state, ends_at)).unwrap().alerts.remove(0);
            assert_eq!(alert.state, expected);
            assert_eq!(alert.ends_at.is_some(), expected == "resolved");
            assert_eq!(alert.name, "High");
        }
    }

    #[test]
    fn what_is_no_answer_is_a_gap() {
        let odd = one("odd", "2023-11-14T23:59:00.000Z");
        let no_time = one("active", "yesterday");
        for body in [
            "",
            "{}",
            "null",
            "[{}]",
            "[1]",
            &odd,
            &no_time,
            &"[".repeat(100_000),
        ] {
            assert!(matches!(read(body), Err(Gap::Unreachable(_))), "{body}");
        }
        for (status, body) in [(500, "\"broken\""), (503, "x"), (302, ""), (404, "")] {
            let gap = alerts(
                &Fetched {
                    status,
                    body: body.into(),
                },
                NOW,
            )
            .unwrap_err();
            assert!(matches!(gap, Gap::Unreachable(_)), "{gap}");
        }
        let gap = alerts(
            &Fetched {
                status: 400,
                body: b"\"bad matcher\"".to_vec(),
            },
            NOW,
        );
        assert_eq!(gap, Err(Gap::Refused("alertmanager: bad matcher".into())));
    }

    #[test]
    fn an_empty_list_is_an_answer() {
        assert_eq!(read("[]").unwrap().alerts.len(), 0);
    }
}
