//! One row for each action: what is the same for all is said once, the rest stands in columns.
//! No action is ever left out.

use serde_json::Value;

use super::{json_text, line};
use crate::escape::quoted;
use crate::plan::{Do, PlanBody, PlannedAction};
use crate::revision::Revision;
use crate::time::Time;

/// A column's name and its value in each row.
type Column = (String, Vec<String>);

/// Actions that follow each other, of one capability on one target under one rule, with everything
/// that the signed text says of each. No row is ever left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The number of its first action, from 1.
    pub first: usize,
    /// How many actions it has, skipped ones included.
    pub rows: usize,
    /// What is done to what, under which rule, in one line.
    pub heading: String,
    /// What is the same for all: name and value.
    pub same: Vec<(String, String)>,
    /// What differs: a name, and the value of each row.
    pub columns: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(super) fn of(body: &PlanBody, from: usize, actions: &[PlannedAction]) -> Option<Table> {
        let first = actions.first()?;
        let rows = actions.len();
        let acts = actions
            .iter()
            .filter(|planned| planned.r#do == Do::Act)
            .count();
        let skipped = match rows - acts {
            0 => String::new(),
            skipped => format!(" ({skipped} more skipped)"),
        };
        let (same, columns): (Vec<Column>, Vec<Column>) = telling(columns(body, actions))
            .into_iter()
            .partition(|(_, values)| all_equal(values));
        Some(Table {
            first: from + 1,
            rows,
            heading: format!(
                "{acts} x {} on {}{skipped}, rule {}",
                first.action.capability(),
                first.action.target(),
                quoted(&first.rule.name)
            ),
            same: same
                .into_iter()
                .filter_map(|(name, values)| Some((name, values.into_iter().next()?)))
                .collect(),
            columns,
        })
    }
}

pub(super) fn render(body: &PlanBody, from: usize, actions: &[PlannedAction]) -> String {
    let Some(table) = Table::of(body, from, actions) else {
        return String::new();
    };
    let count = table.rows;
    let mut out = format!("{}\n", table.heading);
    let said_once: Vec<String> = table
        .same
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if count == 1 {
        out.push_str(&line(&format!("{:>4}", from + 1), &said_once.join(", ")));
        return out;
    }
    if !said_once.is_empty() {
        out.push_str(&format!("same for all {count}: {}\n", said_once.join(", ")));
    }
    let numbers: Vec<String> = (0..count).map(|row| (from + row + 1).to_string()).collect();
    let mut drawn = vec![("#".to_owned(), numbers)];
    drawn.extend(table.columns);
    out.push_str(&draw(&drawn, count));
    out
}

/// Leaves out what goes without saying: that everything acts, and that the session that was seen
/// is the one that is named. Only where one of these is not so does its column stand.
fn telling(columns: Vec<Column>) -> Vec<Column> {
    let pids = columns
        .iter()
        .find(|(name, _)| name == "pid")
        .map(|(_, values)| values.clone());
    columns
        .into_iter()
        .filter(|(name, values)| match name.as_str() {
            "do" => values.iter().any(|value| value != "act"),
            "seen pid" => pids.as_ref() != Some(values),
            _other => true,
        })
        .collect()
}

fn all_equal(values: &[String]) -> bool {
    values.windows(2).all(|pair| pair.first() == pair.last())
}

fn columns(body: &PlanBody, actions: &[PlannedAction]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (row, planned) in actions.iter().enumerate() {
        for (name, value) in cells(body, planned) {
            match columns.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                // All actions of a group have the same cells, so that no row is ever behind.
                None => columns.push((name, vec![value])),
            }
        }
        debug_assert!(columns.iter().all(|(_, values)| values.len() == row + 1));
    }
    columns
}

/// Everything that one action says, by name.
fn cells(body: &PlanBody, planned: &PlannedAction) -> Vec<(String, String)> {
    let cites = &planned.cites;
    let mut cells = vec![("item".to_owned(), format!("{}[{}]", cites.call, cites.item))];
    let doing = match planned.r#do {
        Do::Act => "act",
        Do::Skip => "skip",
    };
    cells.push(("do".to_owned(), doing.to_owned()));
    for (name, value) in planned.action.arguments() {
        cells.push((name, value_text(&value)));
    }
    let today = body.created_at;
    match &planned.seen {
        Revision::Session(seen) => {
            cells.push(("seen pid".to_owned(), seen.pid.to_string()));
            cells.push((
                "session began".to_owned(),
                moment(seen.backend_start, today),
            ));
            let began = seen
                .xact_start
                .map_or("none".to_owned(), |at| moment(at, today));
            cells.push(("transaction began".to_owned(), began));
            cells.push(("server began".to_owned(), seen.postmaster_start.to_string()));
            cells.push(("system".to_owned(), quoted(&seen.system_identifier)));
        }
        Revision::Workload(seen) => {
            cells.push(("uid".to_owned(), quoted(&seen.uid)));
            cells.push((
                "resource version".to_owned(),
                quoted(&seen.resource_version),
            ));
        }
        // No act of a plan expects one: it is what an undo finds.
        Revision::Silence(seen) => {
            cells.push(("silence".to_owned(), quoted(&seen.id)));
            let updated = seen
                .updated_at
                .map_or("none".to_owned(), |at| at.to_string());
            cells.push(("updated".to_owned(), updated));
        }
        Revision::Unconditional => {}
    }
    cells
}

/// Texts stand in backticks, numbers and `none` without: no value looks like another's kind.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => quoted(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => json_text(value),
    }
}

/// A time of the plan's own day without its date, which the plan's screen says in full.
fn moment(at: Time, day_of: Time) -> String {
    let (text, day) = (at.to_string(), day_of.to_string());
    match (text.split_once('T'), day.split_once('T')) {
        (Some((date, clock)), Some((today, _))) if date == today => {
            clock.trim_end_matches('Z').to_owned()
        }
        (Some(_) | None, Some(_) | None) => text,
    }
}

/// Numbers to the right, everything else to the left, two spaces between.
fn draw(table: &[Column], rows: usize) -> String {
    let widths: Vec<usize> = table
        .iter()
        .map(|(name, values)| {
            values
                .iter()
                .map(String::len)
                .chain([name.len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    let mut draw_row = |cells: Vec<&str>| {
        let mut row = String::new();
        for ((index, cell), width) in cells.iter().enumerate().zip(&widths) {
            if index == 0 {
                row.push_str(&format!("{cell:>4}"));
            } else {
                row.push_str(&format!("  {cell:<width$}"));
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
    };
    draw_row(table.iter().map(|(name, _)| name.as_str()).collect());
    for row in 0..rows {
        draw_row(
            table
                .iter()
                .filter_map(|(_, values)| Some(values.get(row)?.as_str()))
                .collect(),
        );
    }
    out
}
