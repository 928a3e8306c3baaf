//! `schema`: the JSON schemas of the documents that are signed or exchanged.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output};

const SCHEMAS: [(&str, &str, &str); 3] = [
    (
        "interlock.plan.v1",
        "a plan, as it is hashed and signed",
        include_str!("../../schemas/plan.json"),
    ),
    (
        "interlock.token.v1",
        "a token's payload, as it is signed",
        include_str!("../../schemas/token.json"),
    ),
    (
        "interlock.error.v1",
        "what every command prints with `--json` when it fails",
        include_str!("../../schemas/error.json"),
    ),
];

#[derive(Serialize)]
struct ListJson {
    schema: &'static str,
    names: Vec<&'static str>,
}

#[derive(Serialize)]
struct SchemaJson {
    schema: &'static str,
    name: &'static str,
    document: serde_json::Value,
}

/// A script for another program, as a document.
#[derive(Serialize)]
pub(crate) struct ScriptJson<'a> {
    pub(crate) schema: &'static str,
    pub(crate) script: &'a str,
}

pub(crate) fn schema(name: Option<&str>) -> Result<Output, Failure> {
    let Some(name) = name else {
        let mut out = String::new();
        for (name, says, _) in SCHEMAS {
            let _ = writeln!(out, "{name:<20} {says}");
        }
        let names = SCHEMAS.iter().map(|(name, _, _)| *name).collect();
        return Ok(Output::new(
            Exit::Done,
            out,
            &ListJson {
                schema: "interlock.schemas.v1",
                names,
            },
        ));
    };
    let wanted = |one: &&(&str, &str, &str)| {
        one.0 == name
            || one
                .0
                .strip_prefix("interlock.")
                .is_some_and(|short| short.split('.').next() == Some(name))
    };
    match SCHEMAS.iter().find(wanted) {
        Some((named, _, text)) => {
            let value: serde_json::Value = serde_json::from_str(text)
                .map_err(|error| Failure::failed(format!("the schema cannot be read: {error}")))?;
            let document = SchemaJson {
                schema: "interlock.schema.v1",
                name: named,
                document: value,
            };
            Ok(Output::new(Exit::Done, (*text).to_owned(), &document))
        }
        None => Err(
            Failure::usage(format!("no schema is called `{}`", name.escape_debug()))
                .help("`interlock schema` lists them"),
        ),
    }
}
