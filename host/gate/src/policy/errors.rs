//! Problems with their places, together and in the order of the text.

use std::fmt;
use std::ops::Range;

use super::problem::Problem;

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// The line that the span begins on, from 1.
    pub line: usize,
    /// The column that the span begins at, in characters, from 1.
    pub column: usize,
}

impl PolicyError {
    pub(crate) fn new(problem: Problem, span: Range<usize>, text: &str) -> Self {
        let (line, column) = line_column(text, span.start);
        Self {
            problem,
            span,
            line,
            column,
        }
    }

    /// The message, without its place.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }

    /// What to write under the underlined text.
    pub fn label(&self) -> Option<String> {
        self.problem.meant()
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        self.problem.help()
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )?;
        match self.label().or_else(|| self.help()) {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with one policy, in the order of its text; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    /// `None` where there is nothing wrong.
    pub(crate) fn new(mut errors: Vec<PolicyError>) -> Option<Self> {
        errors.sort_by_key(|error| error.span.start);
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// For a text that yielded neither a policy nor a complaint.
    pub(crate) fn unexplained(text: &str) -> Self {
        let words = "the policy cannot be read".to_owned();
        Self(vec![PolicyError::new(
            Problem::Syntax { words },
            0..0,
            text,
        )])
    }

    /// The errors, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &PolicyError> {
        self.0.iter()
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// Line and column of a byte offset, both from 1, the column in characters.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
