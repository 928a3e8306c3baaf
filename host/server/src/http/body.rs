//! Bodies: bounded in bytes, time and depth, and read into what a route takes, or refused with the
//! field that does not fit.

use std::time::Duration;

use axum::body::{Body, Bytes};

use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use interlock_gate::escape;
use serde::de::DeserializeOwned;

use super::answer::Refused;
use crate::desk::Code;

/// Largest body of any route but the webhook, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// Largest delivery of alerts, in bytes.
pub(super) const WEBHOOK_BYTES_MAX: usize = 4 << 20;
/// Deepest nesting of a JSON body.
const DEPTH_MAX: usize = 32;
/// Time for a whole body.
const READ_TIME: Duration = Duration::from_secs(10);

/// The request with its body in memory. One that announces more than `max` bytes is refused
/// without reading any.
pub(super) async fn read(request: Request<Body>, max: usize) -> Result<Request<Body>, Refused> {
    let too_large = || {
        Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::BadInput,
            format!("a body here is at most {max} bytes"),
        )
    };
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > max as u64) {
        return Err(too_large());
    }
    let collected = Limited::new(body, max).collect();
    let bytes = match tokio::time::timeout(READ_TIME, collected).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => {
            return Err(Refused::new(
                StatusCode::BAD_REQUEST,
                Code::BadInput,
                "the body broke off",
            ));
        }
        Err(_) => {
            return Err(Refused::new(
                StatusCode::REQUEST_TIMEOUT,
                Code::BadInput,
                format!("the body did not come within {} s", READ_TIME.as_secs()),
            ));
        }
    };
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A JSON body as `T`.
pub(super) fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refused> {
    is_json(headers)?;
    parse(body)
}

/// As [`json`], where the body may be left out.
pub(super) fn json_or_nothing<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<T, Refused> {
    if body.is_empty() {
        return Ok(T::default());
    }
    json(headers, body)
}

/// Refuses what does not say that it is JSON: a form of somebody else's page cannot say so.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Refused> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::BadInput,
        "the body must be `application/json`",
    ))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    if depth(body) > DEPTH_MAX {
        return Err(Refused::new(
            StatusCode::BAD_REQUEST,
            Code::BadInput,
            format!("the body is nested deeper than {DEPTH_MAX}"),
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        let said = error.to_string();
        let what = said.split(" at line ").next().unwrap_or_default();
        let what = escape::foreign_short(what, 300);
        if !error.is_data() {
            return Refused::new(
                StatusCode::BAD_REQUEST,
                Code::BadInput,
                format!(
                    "the body is not JSON: {what} (line {}, column {})",
                    error.line(),
                    error.column()
                ),
            );
        }
        let path = path_at(body, error.line(), error.column());
        let reason = match path.as_str() {
            "" => what,
            path => format!("`{}`: {what}", escape::foreign_short(path, 200)),
        };
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, Code::BadInput, reason)
    })
}

/// How deep lists and objects are nested.
fn depth(body: &[u8]) -> usize {
    let (mut deepest, mut now) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = string_end(body, at),
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Where the string that begins at `at` ends: at its closing quote, or at the end of the text.
fn string_end(body: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(byte) = body.get(end) {
        match byte {
            b'\\' => end += 1,
            b'"' => return end,
            _ => {}
        }
        end += 1;
    }
    end
}

/// Where in the document a place of its text stands, such as `hypotheses[0].cause`.
fn path_at(body: &[u8], line: usize, column: usize) -> String {
    enum Step {
        Key(String),
        Item(usize),
    }
    let before: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let place = before + column;
    let mut path: Vec<Step> = Vec::new();
    let mut last = String::new();
    let mut at = 0;
    // The place is just behind the value that does not fit.
    while let Some(byte) = body.get(at).filter(|_| at + 1 < place) {
        match byte {
            b'"' => {
                let end = string_end(body, at);
                let text = body.get(at + 1..end).unwrap_or_default();
                last = String::from_utf8_lossy(text).into_owned();
                at = end;
            }
            b'{' => path.push(Step::Key(String::new())),
            b'[' => path.push(Step::Item(0)),
            b'}' | b']' => drop(path.pop()),
            b':' => {
                if let Some(Step::Key(key)) = path.last_mut() {
                    *key = std::mem::take(&mut last);
                }
            }
            b',' => {
                if let Some(Step::Item(index)) = path.last_mut() {
                    *index += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut text = String::new();
    for step in &path {
        match step {
            Step::Key(key) if key.is_empty() => {}
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "list")]
        _list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "count")]
        _count: Option<u8>,
    }

    fn refused(body: &str) -> (u16, String) {
        let refused = parse::<Outer>(body.as_bytes()).unwrap_err();
        (refused.status.as_u16(), refused.refusal.reason)
    }

    #[test]
    fn a_field_that_does_not_fit_is_named_with_its_path() {
        assert!(parse::<Outer>(br#"{"list": [{"name": "a"}]}"#).is_ok());
        for (body, expected) in [
            (
                "{\"list\": [{\"name\": \"a\"},\n {\"name\": 3}]}",
                "`list[1].name`: invalid type: integer `3`, expected a string",
            ),
            (
                r#"{"list": [{"name": "a", "count": 300}]}"#,
                "`list[0].count`: invalid value: integer `300`, expected u8",
            ),
            (
                r#"{"list": [{"name": "a", "nmae": ""}]}"#,
                "`list[0].name`: unknown field `nmae`, expected `name` or `count`",
            ),
            (r#"{"list": [{}]}"#, "`list[0]`: missing field `name`"),
            (
                r#"{"list": [], "list": []}"#,
                "`list`: duplicate field `list`",
            ),
            ("{}", "missing field `list`"),
        ] {
            assert_eq!(refused(body), (422, expected.to_owned()), "{body}");
        }
        assert_eq!(refused("{").0, 400);
        assert_eq!(refused("\u{1b}[2J").0, 400);
    }

    #[test]
    fn a_body_that_is_nested_too_deep_is_refused_before_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let (status, reason) = refused(&deep);
        assert_eq!(
            (status, reason.as_str()),
            (400, "the body is nested deeper than 32")
        );
        assert_eq!(depth(br#"{"[[[[": ["\"["]}"#), 2);
    }

    #[test]
    fn only_json_that_says_so_is_read() {
        let typed = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers).map_err(|refused| refused.status.as_u16())
        };
        assert_eq!(typed("application/json"), Ok(()));
        assert_eq!(typed("Application/JSON; charset=utf-8"), Ok(()));
        for other in ["text/plain", "application/x-www-form-urlencoded", "json"] {
            assert_eq!(typed(other), Err(415), "{other}");
        }
        assert!(is_json(&HeaderMap::new()).is_err());
    }
}
