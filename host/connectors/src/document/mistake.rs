//! What can be wrong with a text, and where.
//! Not a renderer: message, span, label and help are for the command line to draw.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::OpenError;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Neither TOML nor JSON, in the parser's words.
    #[error("{words}")]
    Syntax {
        /// What the parser said.
        words: String,
    },
    /// Nested beyond the bound.
    #[error("nested deeper than {max}")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// A key that this section does not have.
    #[error("`{key}` is not a key of {section}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The section, as it is written.
        section: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A key that must be there and is not.
    #[error("{section} has no `{key}`")]
    MissingKey {
        /// The missing key.
        key: &'static str,
        /// The section, as it is written.
        section: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, not {found}")]
    Type {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value of the right type that cannot be used.
    #[error("`{key}` must be {expected}")]
    Value {
        /// The key.
        key: String,
        /// What it must be.
        expected: String,
    },
    /// The same name for two things.
    #[error("{what} `{name}` stands here twice")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// More than a bound allows.
    #[error("`{key}` has more than {max} items")]
    TooMany {
        /// The key.
        key: String,
        /// The bound.
        max: usize,
    },
}

impl Problem {
    /// What was probably meant, or what to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { nearest, .. } => nearest
                .as_ref()
                .map(|word| format!("did you mean `{word}`?")),
            Self::Syntax { .. }
            | Self::TooDeep { .. }
            | Self::MissingKey { .. }
            | Self::Type { .. }
            | Self::Value { .. }
            | Self::Twice { .. }
            | Self::TooMany { .. } => None,
        }
    }
}

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// The line that the span begins on, from 1.
    pub line: usize,
    /// The column that the span begins at, in characters, from 1.
    pub column: usize,
}

impl Mistake {
    /// The message, without its place.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }

    /// What to write under the underlined text.
    pub fn label(&self) -> Option<String> {
        self.problem.help()
    }
}

/// Everything that is wrong with one text, in its order; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    file: PathBuf,
    text: Arc<str>,
    list: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn new(file: &Path, text: Arc<str>, found: Vec<(Problem, Range<usize>)>) -> Self {
        let mut list: Vec<Mistake> = found
            .into_iter()
            .map(|(problem, span)| {
                let (line, column) = line_column(&text, span.start);
                Mistake {
                    problem,
                    span,
                    line,
                    column,
                }
            })
            .collect();
        list.sort_by_key(|mistake| mistake.span.start);
        Self {
            file: file.to_owned(),
            text,
            list,
        }
    }

    /// The file, as it was named.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The text that the spans are about.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The mistakes, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.list.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let Mistake {
                problem,
                line,
                column,
                ..
            } = mistake;
            write!(f, "{}:{line}:{column}: {problem}", self.file.display())?;
            if let Some(help) = problem.help() {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Why a file of people's text gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is read, and wrong.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

impl FileError {
    /// The reason in one line, with what the system said.
    pub fn in_a_line(&self) -> String {
        match self {
            Self::Open(OpenError::System { path, why }) => {
                format!("`{}` cannot be read: {why}", path.display())
            }
            Self::Open(error) => error.to_string(),
            Self::Mistakes(mistakes) => {
                let first = mistakes.to_string();
                let first = first.lines().next().unwrap_or("").to_owned();
                match mistakes.list.len() {
                    0 | 1 => first,
                    2 => format!("{first}; and 1 mistake more"),
                    n => format!("{first}; and {} mistakes more", n - 1),
                }
            }
        }
    }
}

fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// Compares all mistakes with what a person should read, one line each.
#[cfg(test)]
pub(crate) fn check(mistakes: &Mistakes, expected: &[&str]) {
    assert_eq!(mistakes.to_string().lines().collect::<Vec<_>>(), expected);
}
