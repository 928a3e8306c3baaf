//! What Alertmanager posts: one group of alerts (webhook version 4), read strictly and bounded.
//! Not trusted: every label and annotation is somebody's text, and so is the group's key.
//! Start at [`AlertGroup::parse`].

use std::collections::BTreeMap;

use interlock_gate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Longest delivery, in bytes: a storm of thousands of alerts must still open its incident.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Labels and annotations that are kept of one delivery, in bytes; an entry of the journal holds them.
const KEPT_BYTES_MAX: usize = 512 * 1024;
/// Most alerts that are kept of one group; of more, the first, and how many are left out is said.
pub const ALERTS_MAX: usize = 256;
/// Levels of nesting of a delivery.
const DEPTH_MAX: usize = 8;
const LABELS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 128;
const LABEL_BYTES_MAX: usize = 1024;
/// Of an annotation only so much is kept: they are written for people, and some are long.
const ANNOTATION_BYTES_MAX: usize = 2 * 1024;
const KEY_BYTES_MAX: usize = 8 * 1024;

/// One delivery: a group of alerts that rings, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertGroup {
    /// SHA-256 of Alertmanager's own key for the group, 64 hex digits.
    pub key: String,
    /// Whether any of it rings.
    pub firing: bool,
    /// Its alerts, at most [`ALERTS_MAX`].
    pub alerts: Vec<GroupAlert>,
    /// How many alerts are left out, there or here.
    pub left_out: u64,
}

/// One alert of a group, as it is also kept in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAlert {
    /// What tells it from others: Alertmanager's fingerprint, or a digest of its labels.
    pub fingerprint: String,
    /// Whether it rings.
    pub firing: bool,
    /// Since when.
    pub starts_at: Time,
    /// When it ceased, where it has.
    pub ends_at: Option<Time>,
    /// By name. Untrusted text.
    pub labels: BTreeMap<String, String>,
    /// By name. Untrusted text, cut where it is long.
    pub annotations: BTreeMap<String, String>,
}

impl GroupAlert {
    /// Its rule's name: the label `alertname`.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }

    /// What its labels and annotations weigh, in bytes.
    fn bytes(&self) -> usize {
        let pairs = self.labels.iter().chain(&self.annotations);
        pairs.map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// A delivery that cannot be read. Every message names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAlerts {
    /// Over the bound on its length.
    #[error("the delivery has {bytes} bytes, at most {GROUP_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON.
    #[error("the delivery is not JSON: {why}")]
    Json {
        /// In the parser's words.
        why: String,
    },
    /// Nested deeper than anything that Alertmanager writes.
    #[error("the delivery is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// A field that must be there.
    #[error("`{field}` is missing")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field of another form.
    #[error("`{field}` must be {expected}")]
    Form {
        /// The field.
        field: String,
        /// What it must be.
        expected: String,
    },
}

impl AlertGroup {
    /// Reads a delivery of version 4. Fields that are not known are passed over: Alertmanager adds
    /// some with its versions.
    pub fn parse(bytes: &[u8]) -> Result<AlertGroup, BadAlerts> {
        if bytes.len() > GROUP_BYTES_MAX {
            let bytes = bytes.len();
            return Err(BadAlerts::TooLong { bytes });
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| BadAlerts::Json {
            why: error.to_string(),
        })?;
        if !within(&value, DEPTH_MAX) {
            return Err(BadAlerts::TooDeep);
        }
        let Value::Object(top) = &value else {
            return Err(form("the delivery", "an object"));
        };
        if text(top, "version", "version", 16)? != "4" {
            return Err(form("version", "\"4\""));
        }
        let key = text(top, "groupKey", "groupKey", KEY_BYTES_MAX)?;
        if key.is_empty() {
            return Err(form("groupKey", "a text that is not empty"));
        }
        let firing = status(top, "status")?;
        let alerts = match top.get("alerts") {
            Some(Value::Array(alerts)) if !alerts.is_empty() => alerts,
            Some(_) => return Err(form("alerts", "a list that is not empty")),
            None => return Err(missing("alerts")),
        };
        let truncated = match top.get("truncatedAlerts") {
            None | Some(Value::Null) => 0,
            Some(number) => number
                .as_u64()
                .filter(|count| *count < 1 << 32)
                .ok_or_else(|| form("truncatedAlerts", "a whole number"))?,
        };
        let (mut kept, mut bytes) = (Vec::new(), 0);
        for (index, alert) in alerts.iter().take(ALERTS_MAX).enumerate() {
            let alert = read_alert(&format!("alerts[{index}]"), alert)?;
            bytes += alert.bytes();
            if bytes > KEPT_BYTES_MAX {
                break;
            }
            kept.push(alert);
        }
        let left_out = truncated + (alerts.len() - kept.len()) as u64;
        let alerts = kept;
        Ok(AlertGroup {
            key: hex::encode(Sha256::digest(key)),
            firing,
            alerts,
            left_out,
        })
    }
}

fn read_alert(field: &str, value: &Value) -> Result<GroupAlert, BadAlerts> {
    let Value::Object(alert) = value else {
        return Err(form(field, "an object"));
    };
    let firing = status(alert, &format!("{field}.status"))?;
    let labels = pairs(alert, "labels", field, |text, field| {
        if text.len() > LABEL_BYTES_MAX {
            let most = format!("a text of at most {LABEL_BYTES_MAX} bytes");
            return Err(form(field, most));
        }
        Ok(text.to_owned())
    })?;
    if labels.get("alertname").is_none_or(String::is_empty) {
        return Err(missing(&format!("{field}.labels.alertname")));
    }
    let annotations = pairs(alert, "annotations", field, |text, _| Ok(cut(text)))?;
    let started = format!("{field}.startsAt");
    let starts_at = Time::parse_rfc3339(text(alert, "startsAt", &started, 64)?)
        .map_err(|_| form(&started, "a time with its offset"))?;
    // While it rings, Alertmanager writes the year 1 here, or when it will cease to believe it.
    let ends_at = match (firing, alert.get("endsAt")) {
        (false, Some(Value::String(text))) => Time::parse_rfc3339(text).ok(),
        _ => None,
    };
    let own = || {
        let mut digest = Sha256::new();
        for (name, value) in &labels {
            for part in [name, value] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        hex::encode(&digest.finalize()[..8])
    };
    let fingerprint = match alert.get("fingerprint") {
        Some(Value::String(text)) if is_fingerprint(text) => text.clone(),
        None | Some(Value::Null) => own(),
        Some(_) => {
            let field = format!("{field}.fingerprint");
            return Err(form(&field, "1 to 64 lower-case hex digits"));
        }
    };
    Ok(GroupAlert {
        fingerprint,
        firing,
        starts_at,
        ends_at,
        labels,
        annotations,
    })
}

fn is_fingerprint(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Labels or annotations; none where there are none.
fn pairs(
    alert: &Map<String, Value>,
    key: &str,
    field: &str,
    read: impl Fn(&str, &str) -> Result<String, BadAlerts>,
) -> Result<BTreeMap<String, String>, BadAlerts> {
    let field = format!("{field}.{key}");
    let pairs = match alert.get(key) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(pairs)) => pairs,
        Some(_) => return Err(form(&field, "an object")),
    };
    if pairs.len() > LABELS_MAX {
        return Err(form(&field, format!("at most {LABELS_MAX} texts by name")));
    }
    let mut found = BTreeMap::new();
    for (name, value) in pairs {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let names = format!("texts by names of 1 to {NAME_BYTES_MAX} bytes");
            return Err(form(&field, names));
        }
        let field = format!(
            "{field}.{}",
            interlock_gate::escape::foreign_short(name, 40)
        );
        let Value::String(text) = value else {
            return Err(form(&field, "a text"));
        };
        found.insert(name.clone(), read(text, &field)?);
    }
    Ok(found)
}

fn status(of: &Map<String, Value>, field: &str) -> Result<bool, BadAlerts> {
    match text(of, "status", field, 16)? {
        "firing" => Ok(true),
        "resolved" => Ok(false),
        _ => Err(form(field, "`firing` or `resolved`")),
    }
}

fn text<'a>(
    of: &'a Map<String, Value>,
    key: &str,
    field: &str,
    max: usize,
) -> Result<&'a str, BadAlerts> {
    match of.get(key) {
        None => Err(missing(field)),
        Some(Value::String(text)) if text.len() <= max => Ok(text),
        Some(_) => Err(form(field, format!("a text of at most {max} bytes"))),
    }
}

fn missing(field: &str) -> BadAlerts {
    BadAlerts::Missing {
        field: field.to_owned(),
    }
}

fn form(field: &str, expected: impl Into<String>) -> BadAlerts {
    BadAlerts::Form {
        field: field.to_owned(),
        expected: expected.into(),
    }
}

/// Whether `value` has at most `depth` levels. serde_json stops at 128 by itself.
fn within(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return !matches!(value, Value::Array(_) | Value::Object(_));
    };
    match value {
        Value::Array(items) => items.iter().all(|item| within(item, below)),
        Value::Object(fields) => fields.values().all(|item| within(item, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// An annotation's beginning, where it is too long to be kept.
fn cut(text: &str) -> String {
    if text.len() <= ANNOTATION_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = ANNOTATION_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}
