//! One thing wrong with a text that a person wrote, with its place.
//! Not a renderer: the command line draws it.

use std::{ops::Range, path::PathBuf};

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// The file, where it came from one.
    pub path: Option<PathBuf>,
    /// The whole text, for the line around the place.
    pub text: String,
    /// Bytes of `text`; absent where no place is to blame.
    pub span: Option<Range<usize>>,
    /// Lower case, no full stop.
    pub message: String,
    /// What to do, where it is known.
    pub help: Option<String>,
}

impl DocumentError {
    /// Without a place.
    pub fn whole(text: &str, message: impl Into<String>) -> DocumentError {
        DocumentError {
            path: None,
            text: text.to_owned(),
            span: None,
            message: message.into(),
            help: None,
        }
    }

    /// At a place.
    pub fn at(text: &str, span: Range<usize>, message: impl Into<String>) -> DocumentError {
        DocumentError {
            span: Some(span),
            ..DocumentError::whole(text, message)
        }
    }

    /// With what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> DocumentError {
        self.help = Some(help.into());
        self
    }

    /// In this file.
    pub fn in_file(mut self, path: impl Into<PathBuf>) -> DocumentError {
        self.path = Some(path.into());
        self
    }

    /// Line and column of the place, from 1; the column counts characters.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        let before = self.text.get(..self.span.as_ref()?.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        Some((line, column))
    }
}

/// From the TOML reader's own error.
pub(crate) fn from_toml(text: &str, error: &toml::de::Error) -> DocumentError {
    let message = error
        .message()
        .lines()
        .next()
        .unwrap_or("not TOML")
        .to_owned();
    DocumentError {
        span: error.span(),
        ..DocumentError::whole(text, message)
    }
}
