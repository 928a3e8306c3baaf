//! The text that a signature covers, whole, and the same actions as tables beside it.
//! Invariant: [`text`], joined again, is what the approver's screen says; no row is ever left out.

use interlock_gate::{
    escape,
    plan::{Do, Plan},
    screen,
};
use serde::Serialize;

/// Actions of one capability on one target.
#[derive(Serialize)]
pub(crate) struct Table {
    heading: String,
    same: Vec<(String, String)>,
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    number: usize,
    skipped: bool,
    cells: Vec<String>,
}

/// What takes an action back.
#[derive(Serialize)]
pub(crate) struct Undo {
    number: usize,
    capability: String,
    target: String,
    arguments: String,
}

/// A stretch of the signed text: rows of a table, which are never broken, or a line of words.
#[derive(Serialize)]
pub(crate) struct Part {
    kind: &'static str,
    text: String,
}

/// Every row: the cells of the signed text, never fewer.
pub(crate) fn tables(plan: &Plan) -> Vec<Table> {
    let skipped = |index: usize| {
        let planned = plan.body().actions.get(index);
        planned.is_some_and(|planned| planned.r#do == Do::Skip)
    };
    screen::tables(plan)
        .into_iter()
        .map(|table| Table {
            heading: table.heading,
            same: table.same,
            rows: (0..table.rows)
                .map(|row| Row {
                    number: table.first + row,
                    skipped: skipped(table.first + row - 1),
                    cells: table
                        .columns
                        .iter()
                        .filter_map(|(_, values)| values.get(row).cloned())
                        .collect(),
                })
                .collect(),
            columns: table.columns.into_iter().map(|(name, _)| name).collect(),
        })
        .collect()
}

/// What takes back each action that can be, in the plan's own order.
pub(crate) fn undos(plan: &Plan) -> Vec<Undo> {
    plan.acts()
        .filter_map(|(index, planned)| {
            let undo = planned.undo.as_ref()?;
            let arguments = undo.arguments();
            let arguments = arguments
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            Some(Undo {
                number: index + 1,
                capability: undo.capability().to_string(),
                target: undo.target().to_string(),
                arguments: escape::strict(&arguments.collect::<Vec<_>>().join(", ")),
            })
        })
        .collect()
}

/// The lines of the signed text that say what cannot be undone, and what if the world moves.
pub(crate) fn consequences(plan: &Plan) -> Vec<(String, String)> {
    screen::what_you_sign(plan)
        .lines()
        .filter_map(|line| {
            let name = ["undo", "meanwhile"].into_iter().find(|name| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(' '))
            })?;
            let said = line.get(name.len()..).unwrap_or_default().trim_start();
            Some((name.to_owned(), said.to_owned()))
        })
        .collect()
}

/// The signed text, whole: joined again it is what [`screen::what_you_sign`] says.
pub(crate) fn text(plan: &Plan) -> Vec<Part> {
    let text = format!("{}{}", screen::plan_line(plan), screen::what_you_sign(plan));
    let mut parts: Vec<Part> = Vec::new();
    for line in text.split_inclusive('\n') {
        let kind = if line.starts_with(' ') {
            "rows"
        } else if line == "WHAT YOU SIGN\n" {
            "head"
        } else {
            "text"
        };
        match parts.last_mut() {
            Some(last) if last.kind == "rows" && kind == "rows" => last.text.push_str(line),
            _other => parts.push(Part {
                kind,
                text: line.to_owned(),
            }),
        }
    }
    parts
}
