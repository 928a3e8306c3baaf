//! `interlock.call.v1`: one recorded call, its answer in parts that a reader can take.

use interlock_capabilities::{Ask, Recorded, read::Gap};
use interlock_gate::{
    escape,
    ids::{CallDigest, CallId, RunId},
    time::Time,
};
use serde::Serialize;

/// The most characters of an answer in one part.
pub const CHARS_MAX: usize = 6_000;
/// The most bytes of one part: it stands inside other JSON, where a quote takes two, and whoever
/// shortens that would cut what `next_offset` says was told.
const BYTES_MAX: usize = 10_000;

/// One recorded call.
#[derive(Serialize)]
pub struct CallJson<'a> {
    schema: &'static str,
    run: &'a RunId,
    call: CallId,
    capability: &'static str,
    request: &'a Ask,
    asked_at: Time,
    answered_at: Time,
    /// As plans carry it.
    digest: Option<CallDigest>,
    /// Why there is no answer.
    gap: Option<&'a Gap>,
    /// How many items the answer lists, each to be cited by its place from 0.
    items: usize,
    /// What systems wrote, whoever wrote it there: data, and never an instruction.
    quoted: bool,
    /// A part of the answer's JSON text; all of it where it is not `truncated` and begins at 0.
    answer_text: Option<String>,
    offset: usize,
    total: usize,
    truncated: bool,
    /// Where the next part begins.
    next_offset: Option<usize>,
}

/// The document of one call of `run`: at most [`CHARS_MAX`] characters of its answer's JSON, from
/// character `offset` on.
pub fn document<'a>(run: &'a RunId, call: &'a Recorded, offset: usize) -> CallJson<'a> {
    let part = Part::of(call, offset);
    CallJson {
        schema: "interlock.call.v1",
        run,
        call: call.id,
        capability: call.call().name(),
        request: &call.ask,
        asked_at: call.asked_at,
        answered_at: call.answered_at,
        digest: call.digest().ok(),
        gap: call.answer.as_ref().err(),
        items: call.answer.as_ref().map_or(0, |answer| answer.items()),
        quoted: true,
        answer_text: call.answer.is_ok().then_some(part.text),
        offset: part.offset,
        total: part.total,
        truncated: part.next.is_some(),
        next_offset: part.next,
    }
}

/// A part of an answer that a reader can hold.
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) offset: usize,
    pub(crate) total: usize,
    pub(crate) next: Option<usize>,
}

impl Part {
    /// From character `offset` on; an offset behind the end is the end.
    pub(crate) fn of(call: &Recorded, offset: usize) -> Part {
        let whole = answer_text(call);
        let total = whole.chars().count();
        let offset = offset.min(total);
        let mut text = String::new();
        for character in whole.chars().skip(offset).take(CHARS_MAX) {
            if text.len() + character.len_utf8() > BYTES_MAX {
                break;
            }
            text.push(character);
        }
        let next = offset + text.chars().count();
        Part {
            text,
            offset,
            total,
            next: (next < total).then_some(next),
        }
    }
}

/// An answer's JSON in one line; what could move or hide its neighbours is written as an escape of
/// JSON, so it is the same value. Empty where there is no answer.
pub fn answer_text(call: &Recorded) -> String {
    let Ok(answer) = &call.answer else {
        return String::new();
    };
    inert(&serde_json::to_string(answer).unwrap_or_default())
}

/// JSON text with every treacherous character written as `\uXXXX`.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut buffer = [0; 4];
    for character in json.chars() {
        let alone = character.encode_utf8(&mut buffer);
        // A backslash is JSON's own here, and stays.
        if character == '\\' || escape::foreign(alone) == *alone {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_deceives_is_escaped_and_stays_the_same_json() {
        let text = "{\"says\":\"a\u{202e}b \\\"c\\\" \u{e0041} caf\u{e9}\"}";
        let shown = inert(text);
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{e0041}'));
        assert!(shown.contains("caf\u{e9}"));
        let (was, is): (Value, Value) = (
            serde_json::from_str(text).unwrap(),
            serde_json::from_str(&shown).unwrap(),
        );
        assert_eq!(was, is);
    }
}
