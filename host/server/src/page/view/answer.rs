//! A recorded question or answer as facts and one table, in place of its JSON.
//! Strings of an answer are somebody else's and marked so; numbers, times, yes and no are not.

use interlock_gate::{escape, time::Time};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::page::quoted::Foreign;

/// Rows of one answer on the page; the others are counted.
const ROWS_MAX: usize = 100;
/// Characters of one cell.
const CELL_CHARS_MAX: usize = 200;
/// Columns that a reader looks for, in this order; the others follow.
const FIRST: [&str; 12] = [
    "at",
    "pid",
    "name",
    "role",
    "state",
    "database",
    "service",
    "value",
    "title",
    "text",
    "wait_event",
    "application_name",
];
/// Columns of one table.
const COLUMNS_MAX: usize = 24;

/// Whose words a document's strings are.
#[derive(Clone, Copy)]
enum Whose {
    Step,
    Others,
}

/// One answer, or the question before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Document {
    facts: Vec<Fact>,
    table: Option<Table>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Fact {
    name: String,
    value: Cell,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Table {
    of: String,
    total: usize,
    left_out: usize,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// A value: `text` where it cannot hold words of others, else `quoted`.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Cell {
    text: Option<String>,
    quoted: Option<Foreign>,
}

impl Document {
    /// What a step asked, in its own words.
    pub(crate) fn asked<T: Serialize>(ask: &T) -> Document {
        Document::new(ask, Whose::Step)
    }

    /// What a source answered, in words of whoever wrote them.
    pub(crate) fn answered<T: Serialize>(answer: &T) -> Document {
        Document::new(answer, Whose::Others)
    }

    /// Of the JSON that a cassette keeps. The longest list of objects becomes a table.
    fn new<T: Serialize>(recorded: &T, whose: Whose) -> Document {
        let Ok(Value::Object(fields)) = serde_json::to_value(recorded) else {
            // Questions and answers are structs, which are always objects.
            return Document::default();
        };
        let objects = |value: &Value| match value {
            Value::Array(items) if items.iter().any(Value::is_object) => items.len(),
            _other => 0,
        };
        let longest = fields
            .iter()
            .filter(|(name, value)| objects(value) > 0 && name.as_str() != "labels")
            .max_by_key(|(_, value)| objects(value))
            .map(|(name, _)| name.clone());
        let mut document = Document::default();
        for (name, value) in &fields {
            match value {
                Value::Array(items) if Some(name) == longest.as_ref() => {
                    document.table = Some(Table::new(name, items, whose));
                }
                value => document.facts.push(Fact {
                    name: words(name),
                    value: Cell::new(value, whose),
                }),
            }
        }
        document
    }
}

impl Table {
    fn new(name: &str, items: &[Value], whose: Whose) -> Table {
        let empty = Map::new();
        let rows: Vec<&Map<String, Value>> = items
            .iter()
            .take(ROWS_MAX)
            .map(|item| item.as_object().unwrap_or(&empty))
            .collect();
        let mut columns: Vec<&String> = Vec::new();
        let place = |name: &String| FIRST.iter().position(|first| first == name);
        for (name, value) in rows.iter().flat_map(|row| row.iter()) {
            // A column in which nothing stands would only push the others out of sight.
            if !is_nothing(value) && !columns.contains(&name) && columns.len() < COLUMNS_MAX {
                columns.push(name);
            }
        }
        columns.sort_by_key(|name| place(name).unwrap_or(FIRST.len()));
        Table {
            of: words(name),
            total: items.len(),
            left_out: items.len().saturating_sub(ROWS_MAX),
            rows: rows
                .iter()
                .map(|row| {
                    let cell =
                        |name: &&String| Cell::new(row.get(*name).unwrap_or(&Value::Null), whose);
                    columns.iter().map(cell).collect()
                })
                .collect(),
            columns: columns.into_iter().map(|name| words(name)).collect(),
        }
    }
}

impl Cell {
    fn new(value: &Value, whose: Whose) -> Cell {
        let text = |text: String| Cell {
            text: Some(text),
            quoted: None,
        };
        match value {
            Value::Null => text("-".to_owned()),
            Value::Bool(true) => text("yes".to_owned()),
            Value::Bool(false) => text("no".to_owned()),
            Value::Number(number) => text(number.to_string()),
            Value::String(string) if is_number(string) => text(string.clone()),
            Value::String(string) => match Time::parse_rfc3339(string) {
                Ok(time) => text(time.to_string()),
                Err(_) => Cell::words(string, whose),
            },
            Value::Array(items) if items.is_empty() => text("none".to_owned()),
            Value::Array(items) => Cell::words(&list(items), whose),
            Value::Object(_) => Cell::words(&value.to_string(), whose),
        }
    }

    fn words(text: &str, whose: Whose) -> Cell {
        match whose {
            Whose::Step => Cell {
                text: Some(escape::foreign_short(text, CELL_CHARS_MAX)),
                quoted: None,
            },
            Whose::Others => Cell {
                text: None,
                quoted: Some(Foreign::short(text, CELL_CHARS_MAX)),
            },
        }
    }
}

/// `server=orders-db severity=page` for labels; any other list as it is written in JSON.
fn list(items: &[Value]) -> String {
    let label = |item: &Value| {
        let pair = item.as_object().filter(|pair| pair.len() == 2)?;
        let name = pair.get("name")?.as_str()?;
        Some(format!("{name}={}", pair.get("value")?.as_str()?))
    };
    let labels: Option<Vec<String>> = items.iter().map(label).collect();
    match labels {
        Some(labels) => labels.join(" "),
        None => {
            // Bounded before it is written: a list can be as long as an answer.
            let head: Vec<&Value> = items.iter().take(20).collect();
            let text = serde_json::to_string(&head).unwrap_or_default();
            match items.len() - head.len() {
                0 => text,
                more => format!("{text} and {more} more"),
            }
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn is_number(text: &str) -> bool {
    text.len() <= 24 && text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// A field's name as words. Names are the host's own: they come from its structs.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_others_are_marked_and_numbers_are_not() {
        let document = Document::answered(&json!({
            "server": "orders-db",
            "sessions": [
                { "pid": 7, "application_name": "<script>", "state": null, "labels": [{ "name": "a", "value": "b" }] },
                { "pid": 8, "application_name": "", "state": null, "labels": [] },
            ],
            "step_ms": "1000",
        }));
        let table = document.table.unwrap();
        assert_eq!(table.columns, ["pid", "application name", "labels"]);
        assert_eq!(table.rows[0][1], Cell::words("<script>", Whose::Others));
        assert_eq!(table.rows[0][2], Cell::words("a=b", Whose::Others));
        assert_eq!(table.rows[0][0].text.as_deref(), Some("7"));
        assert_eq!(
            document.facts[0].value,
            Cell::words("orders-db", Whose::Others)
        );
        assert_eq!(document.facts[1].value.text.as_deref(), Some("1000"));
    }

    #[test]
    fn a_long_answer_is_cut_and_says_so() {
        let rows: Vec<Value> = (0..1_000).map(|n| json!({ "n": n })).collect();
        let table = Document::answered(&json!({ "rows": rows })).table.unwrap();
        assert_eq!(
            (table.rows.len(), table.left_out, table.total),
            (100, 900, 1_000)
        );
    }
}
