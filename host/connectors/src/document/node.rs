//! A parsed document, TOML or JSON, in which everything knows its place.

use std::ops::Range;

/// Deepest nesting of lists and tables.
pub(super) const DEPTH_MAX: usize = 32;

/// A value and the bytes it was written in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    /// A number with a fraction or beyond 64 bits: nothing here takes one.
    Other,
    Bool(bool),
    /// A TOML date as it stands; JSON writes dates as text.
    Date(String),
    Null,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) span: Range<usize>,
    pub(crate) node: Node,
}

impl Value {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Other => "a number that is no 64-bit integer",
            Self::Bool(_) => "a boolean",
            Self::Date(_) => "a date",
            Self::Null => "null",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
