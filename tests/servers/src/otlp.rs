//! Spans as a receiver of OTLP sees them: read from the bytes by hand, so that what is tested is
//! what was sent and not what the same library makes of it.

use std::collections::BTreeMap;

use crate::receiver::Received;

/// One span that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Of its trace, 32 hex digits.
    pub trace: String,
    /// Its own, 16 hex digits.
    pub id: String,
    /// Its parent's; empty where it has none.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// `internal`, `server`, `client` or a number.
    pub kind: String,
    /// Its attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Whether its status says that it failed.
    pub failed: bool,
    /// The process that sent it, by the same kind of attributes.
    pub resource: BTreeMap<String, String>,
}

impl Span {
    /// An attribute; empty where it has none of that name.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Every span of all that came for `/v1/traces`.
pub fn spans(received: &[Received]) -> Vec<Span> {
    let requests = received.iter().filter(|one| one.path == "/v1/traces");
    let mut spans = Vec::new();
    for request in requests {
        for of_resource in all(&request.body, 1) {
            let resource = all(of_resource, 1);
            let resource = resource.first().map(|it| attributes(it, 1));
            for of_scope in all(of_resource, 2) {
                spans.extend(
                    all(of_scope, 2)
                        .into_iter()
                        .map(|bytes| span(bytes, resource.clone().unwrap_or_default())),
                );
            }
        }
    }
    spans
}

fn span(bytes: &[u8], resource: BTreeMap<String, String>) -> Span {
    let first = |field| all(bytes, field).first().copied().unwrap_or_default();
    let hex = |field| first(field).iter().map(|b| format!("{b:02x}")).collect();
    let kind = match number(bytes, 6) {
        Some(1) => "internal".to_owned(),
        Some(2) => "server".to_owned(),
        Some(3) => "client".to_owned(),
        other => format!("{other:?}"),
    };
    Span {
        trace: hex(1),
        id: hex(2),
        parent: hex(4),
        name: text(first(5)),
        kind,
        attributes: attributes(bytes, 9),
        failed: number(first(15), 3) == Some(2),
        resource,
    }
}

fn attributes(bytes: &[u8], field: u64) -> BTreeMap<String, String> {
    let pairs = all(bytes, field).into_iter().map(|pair| {
        let key = all(pair, 1).first().copied().unwrap_or_default();
        let value = all(pair, 2).first().copied().unwrap_or_default();
        let said = match all(value, 1).first() {
            Some(said) => text(said),
            None => (2..=3)
                .find_map(|kind| number(value, kind))
                .map_or_else(String::new, |n| n.to_string()),
        };
        (text(key), said)
    });
    pairs.collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every value of a field that has a length; what is malformed ends the message.
fn all(bytes: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    walk(bytes, |field, value| {
        if let Value::Bytes(value) = value
            && field == wanted
        {
            found.push(value);
        }
    });
    found
}

fn number(bytes: &[u8], wanted: u64) -> Option<u64> {
    let mut found = None;
    walk(bytes, |field, value| {
        if let Value::Number(value) = value
            && field == wanted
        {
            found = Some(value);
        }
    });
    found
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn walk<'a>(mut bytes: &'a [u8], mut each: impl FnMut(u64, Value<'a>)) {
    while !bytes.is_empty() {
        let Some(key) = varint(&mut bytes) else {
            return;
        };
        let value = match key & 7 {
            0 => varint(&mut bytes).map(Value::Number),
            1 => cut(&mut bytes, 8).map(Value::Bytes),
            2 => varint(&mut bytes)
                .and_then(|length| usize::try_from(length).ok())
                .and_then(|length| cut(&mut bytes, length))
                .map(Value::Bytes),
            5 => cut(&mut bytes, 4).map(Value::Bytes),
            _other => None,
        };
        let Some(value) = value else { return };
        each(key >> 3, value);
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn cut<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}
