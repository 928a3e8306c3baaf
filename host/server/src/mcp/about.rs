//! The argument `incident` of a run: an id that is known here, or an incident in full.

use interlock_capabilities::report::{Alert, Incident, Label};
use interlock_gate::{escape::foreign_short, time::Time};
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::given::{Given, bad, kind};
use crate::desk::{IncidentAsk, Refusal};

const ALERTS_MAX: usize = 256;
const LABELS_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 4096;
/// How far back an incident looks that does not say when it began.
const LOOK_BACK_S: u64 = 30 * 60;

/// Its JSON schema.
pub(super) fn schema() -> Value {
    let pairs = json!({
        "type": "object",
        "maxProperties": LABELS_MAX,
        "additionalProperties": {"type": "string"},
    });
    json!({
        "description": "What the run is about: the id of an incident that is known here, or an \
                        incident in full. Left out: the half hour until now.",
        "anyOf": [
            {"type": "string", "maxLength": 128},
            {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "maxLength": 64,
                           "description": "Your id for the incident, such as INC-2291"},
                    "service": {"type": "string"},
                    "severity": {"type": "string"},
                    "begin": {"type": "string", "description": "RFC 3339, such as 2026-11-25T02:57:00Z"},
                    "end": {"type": "string", "description": "RFC 3339; left out: now"},
                    "alerts": {
                        "type": "array",
                        "maxItems": ALERTS_MAX,
                        "items": {
                            "type": "object",
                            "properties": {
                                "name": {"type": "string"},
                                "starts_at": {"type": "string", "description": "RFC 3339"},
                                "labels": pairs,
                                "annotations": pairs,
                            },
                            "required": ["name"],
                            "additionalProperties": false,
                        },
                    },
                },
                "required": ["id"],
                "additionalProperties": false,
            },
        ],
    })
}

/// Reads the argument; `now` is the end of an incident that names none.
pub(super) fn read(value: Value, now: Time) -> Result<IncidentAsk, Refusal> {
    match value {
        Value::String(id) => Ok(IncidentAsk::Id(id)),
        Value::Object(object) => in_full(object, now)
            .map(|incident| IncidentAsk::Given(Box::new(incident)))
            .map_err(|refusal| within("incident", refusal)),
        other => Err(bad(
            format!("`incident` is {}", kind(&other)),
            "give an incident's id as text, or an object with `id`, `service`, `severity`, `alerts`",
        )),
    }
}

fn in_full(object: JsonObject, now: Time) -> Result<Incident, Refusal> {
    let mut given = Given::new(Some(object));
    let id = given.text("id", "your id for the incident, such as `INC-2291`")?;
    let word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.len() > 64
        || !id.chars().all(word)
        || !id.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return Err(bad(
            format!("`id` is `{}`", foreign_short(&id, 80)),
            "give 1 to 64 letters, digits and `.`, `_`, `-`",
        ));
    }
    let service = given.maybe_text("service")?;
    let severity = given.maybe_text("severity")?;
    let end = time(&mut given, "end")?.unwrap_or(now);
    let begin = time(&mut given, "begin")?.unwrap_or_else(|| end.minus_seconds(LOOK_BACK_S));
    if begin >= end {
        return Err(bad(
            "`begin` is not before `end`",
            "give a window that begins before it ends",
        ));
    }
    let alerts = match given.any("alerts") {
        None => Vec::new(),
        Some(Value::Array(list)) if list.len() <= ALERTS_MAX => list
            .into_iter()
            .enumerate()
            .map(|(index, one)| {
                alert(one, begin).map_err(|refusal| within(&format!("alerts[{index}]"), refusal))
            })
            .collect::<Result<_, _>>()?,
        Some(_) => {
            return Err(bad(
                format!("`alerts` is not a list of at most {ALERTS_MAX}"),
                "give a list of objects with `name`, `labels`, `annotations`",
            ));
        }
    };
    given.done()?;
    Ok(Incident {
        id,
        service,
        severity,
        begin: begin.micros(),
        end: end.micros(),
        alerts,
    })
}

fn alert(value: Value, begin: Time) -> Result<Alert, Refusal> {
    let Value::Object(object) = value else {
        return Err(bad(
            format!("an alert is {}", kind(&value)),
            "give an object with `name`, `labels`, `annotations`",
        ));
    };
    let mut given = Given::new(Some(object));
    let name = given.text("name", "the alert rule's name")?;
    let starts_at = time(&mut given, "starts_at")?.unwrap_or(begin);
    let labels = pairs(&mut given, "labels")?;
    let annotations = pairs(&mut given, "annotations")?;
    given.done()?;
    Ok(Alert {
        name,
        starts_at: starts_at.micros(),
        labels,
        annotations,
    })
}

fn pairs(given: &mut Given, name: &str) -> Result<Vec<Label>, Refusal> {
    let mend = format!("give an object of text to text, {LABELS_MAX} at most");
    match given.any(name) {
        None => Ok(Vec::new()),
        Some(Value::Object(object)) if object.len() <= LABELS_MAX => object
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(value) if value.len() <= TEXT_BYTES_MAX => {
                    Ok(Label { name: key, value })
                }
                _ => Err(bad(
                    format!("`{name}.{}` is not text", foreign_short(&key, 80)),
                    mend.clone(),
                )),
            })
            .collect(),
        Some(_) => Err(bad(format!("`{name}` is not such an object"), mend)),
    }
}

fn time(given: &mut Given, name: &str) -> Result<Option<Time>, Refusal> {
    let Some(text) = given.maybe_text(name)? else {
        return Ok(None);
    };
    Time::parse_rfc3339(&text).map(Some).map_err(|_| {
        bad(
            format!("`{name}` is `{}`", foreign_short(&text, 40)),
            "give a time with its offset, such as `2026-11-25T02:57:00Z`",
        )
    })
}

/// The refusal of a field, named from the outside.
fn within(outer: &str, mut refusal: Refusal) -> Refusal {
    refusal.reason = format!("in `{outer}`: {}", refusal.reason);
    refusal
}
