//! The arguments of a tool's call, read one by one: a bad one is named, with what would be good.

use interlock_gate::escape::foreign_short;
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::desk::{Code, Refusal};

/// Bytes of an argument's text, where nothing else bounds it.
const TEXT_BYTES_MAX: usize = 4096;

/// What is left to read of a call's arguments.
pub(super) struct Given {
    left: JsonObject,
    known: Vec<String>,
}

impl Given {
    pub(super) fn new(arguments: Option<JsonObject>) -> Given {
        Given {
            left: arguments.unwrap_or_default(),
            known: Vec::new(),
        }
    }

    /// As it came; null is as good as nothing.
    pub(super) fn any(&mut self, name: &str) -> Option<Value> {
        self.known.push(name.to_owned());
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// Text that may be left out.
    pub(super) fn maybe_text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.any(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= TEXT_BYTES_MAX => Ok(Some(text)),
            Some(Value::String(text)) => Err(bad(
                format!("`{name}` has {} bytes", text.len()),
                format!("give at most {TEXT_BYTES_MAX} bytes"),
            )),
            Some(other) => Err(bad(
                format!("`{name}` is {}, not text", kind(&other)),
                format!("give `{name}` as a JSON string"),
            )),
        }
    }

    /// Text that must be there; `such_as` shows one.
    pub(super) fn text(&mut self, name: &str, such_as: &str) -> Result<String, Refusal> {
        match self.maybe_text(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(bad(format!("`{name}` is empty"), format!("give {such_as}"))),
            None => Err(bad(
                format!("`{name}` is missing"),
                format!("give {such_as}"),
            )),
        }
    }

    /// A whole number within bounds, or `default`.
    pub(super) fn whole(&mut self, name: &str, default: u64, max: u64) -> Result<u64, Refusal> {
        let mend = || format!("give a whole number from 0 to {max}");
        match self.any(name) {
            None => Ok(default),
            Some(value) => match value.as_u64() {
                Some(number) if number <= max => Ok(number),
                Some(number) => Err(bad(format!("`{name}` is {number}"), mend())),
                None => {
                    let shown = foreign_short(&value.to_string(), 40);
                    Err(bad(format!("`{name}` is {shown}"), mend()))
                }
            },
        }
    }

    /// Refuses what nobody has asked for.
    pub(super) fn done(self) -> Result<(), Refusal> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(bad(
                format!("`{}` is not an argument", foreign_short(name, 80)),
                format!("it takes: {}", self.known.join(", ")),
            )),
        }
    }
}

/// A refusal of an argument.
pub(super) fn bad(reason: impl Into<String>, next: impl Into<String>) -> Refusal {
    Refusal::new(Code::BadInput, reason).next(next)
}

/// A JSON value's kind, in a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(value: Value) -> Given {
        Given::new(value.as_object().cloned())
    }

    #[test]
    fn a_bad_argument_is_named_with_what_would_be_good() {
        let said = |refusal: Refusal| (refusal.reason, refusal.next.unwrap());
        let mut some = given(json!({"run": 7, "limit": -1, "extra": 1}));
        let run = some.text("run", "the run's id").unwrap_err();
        assert_eq!(
            said(run),
            (
                "`run` is a number, not text".into(),
                "give `run` as a JSON string".into()
            )
        );
        assert_eq!(
            some.whole("limit", 5, 9).unwrap_err().reason,
            "`limit` is -1"
        );
        assert_eq!(
            said(some.done().unwrap_err()),
            (
                "`extra` is not an argument".into(),
                "it takes: run, limit".into()
            )
        );
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let mut none = given(json!({"limit": null}));
        assert_eq!(none.whole("limit", 5, 9).unwrap(), 5);
        assert_eq!(none.maybe_text("id").unwrap(), None);
        assert!(none.text("run", "the run's id").is_err());
        assert!(none.done().is_ok());
    }
}
