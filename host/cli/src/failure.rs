//! Why a command did not do what it was asked, with what to do about it.

use std::{fmt::Write as _, ops::Range, path::PathBuf};

use interlock_gate::escape;
use interlock_runner::document::DocumentError;
use serde::Serialize;

use crate::{exit::Exit, output::Output};

/// A failure as people and programs read it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    problems: Vec<Problem>,
    /// A line after all problems.
    closing: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct Problem {
    message: String,
    help: Option<String>,
    place: Option<Place>,
}

#[derive(Debug)]
struct Place {
    file: String,
    line: usize,
    column: usize,
    /// The line, escaped and cut.
    shown: String,
    /// Bytes of `shown`.
    span: Range<usize>,
    label: Option<String>,
}

/// A message, its bytes of the text, what stands under them, what to do.
pub(crate) type PlacedProblem = (String, Option<Range<usize>>, Option<String>, Option<String>);

/// How much of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// All of it.
    Whole,
    /// Its key; a value may be a secret.
    Keys,
}

/// Characters of a line that are shown, half of them before the place.
const LINE_CHARS_MAX: usize = 200;

#[derive(Serialize)]
struct ErrorJson<'a> {
    schema: &'static str,
    exit: u8,
    errors: Vec<ProblemJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        let problem = Problem {
            message: message.into(),
            help: None,
            place: None,
        };
        Failure {
            exit,
            problems: vec![problem],
            closing: None,
            next: None,
        }
    }

    /// Usage or invalid input.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// It did not work.
    pub(crate) fn failed(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Failed, message)
    }

    /// Not allowed.
    pub(crate) fn denied(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Denied, message)
    }

    /// An error and all its causes, each in its own words.
    pub(crate) fn of(exit: Exit, error: &dyn std::error::Error) -> Failure {
        Failure::new(exit, chain(error))
    }

    /// Several problems with their places in one text.
    pub(crate) fn in_text(
        exit: Exit,
        file: &str,
        text: &str,
        problems: impl IntoIterator<Item = PlacedProblem>,
    ) -> Failure {
        Failure::quoting(Quote::Whole, exit, file, text, problems)
    }

    /// As [`Failure::in_text`], quoting so much of each line.
    pub(crate) fn quoting(
        quote: Quote,
        exit: Exit,
        file: &str,
        text: &str,
        problems: impl IntoIterator<Item = PlacedProblem>,
    ) -> Failure {
        let problems = problems
            .into_iter()
            .map(|(message, span, label, help)| Problem {
                message,
                help,
                place: span.map(|span| Place::new(quote, file, text, span, label)),
            })
            .collect();
        Failure {
            exit,
            problems,
            closing: None,
            next: None,
        }
    }

    /// Each problem in a line, with its place, and what to do about it.
    pub(crate) fn lines(&self) -> Vec<(String, Option<String>)> {
        let line = |one: &Problem| {
            let at = one
                .place
                .as_ref()
                .map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column));
            (
                format!("{}{}", at.unwrap_or_default(), one.message),
                one.help.clone(),
            )
        };
        self.problems.iter().map(line).collect()
    }

    /// With a hint under the last problem.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        if let Some(last) = self.problems.last_mut() {
            last.help = Some(help.into());
        }
        self
    }

    /// With what to do now.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Failure {
        self.next = Some(next.into());
        self
    }

    /// With a last line.
    pub(crate) fn closing(mut self, closing: impl Into<String>) -> Failure {
        self.closing = Some(closing.into());
        self
    }

    /// As a command's output; errors are talk, so people read them on standard error.
    pub(crate) fn output(&self, colour: bool) -> (Output, String) {
        let places: Vec<Option<(usize, usize)>> = self
            .problems
            .iter()
            .map(|one| one.place.as_ref().map(Place::line_column))
            .collect();
        let errors = self
            .problems
            .iter()
            .zip(&places)
            .map(|(one, at)| ProblemJson {
                message: &one.message,
                file: one.place.as_ref().map(|place| place.file.as_str()),
                line: at.map(|at| at.0),
                column: at.map(|at| at.1),
                help: one.help.as_deref(),
            });
        let document = ErrorJson {
            schema: "interlock.error.v1",
            exit: self.exit as u8,
            errors: errors.collect(),
            next: self.next.as_deref(),
        };
        let mut talk = String::new();
        for problem in &self.problems {
            problem.render(colour, &mut talk);
        }
        if let Some(closing) = &self.closing {
            let _ = writeln!(talk, "{closing}");
        }
        let mut output = Output::new(self.exit, String::new(), &document);
        output.next.extend(self.next.clone());
        (output, talk)
    }
}

impl Place {
    /// Only the line of the place is kept, escaped and cut: the text is somebody else's, and it is
    /// printed on a terminal.
    fn new(
        quote: Quote,
        file: &str,
        text: &str,
        span: Range<usize>,
        label: Option<String>,
    ) -> Place {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[start..].chars().count() + 1;
        let whole = text[start..].lines().next().unwrap_or_default();
        let masked = whole
            .find('=')
            .filter(|_| quote == Quote::Keys)
            .map(|at| &whole[..=at]);
        if let Some(key) = masked {
            let at = (span.start - start).min(key.len());
            let end = span.end.saturating_sub(start).clamp(at, key.len());
            let value = " ...";
            let shown = format!("{}{value}", escape::foreign(key));
            // Keys are plain ASCII words: escaping does not move them.
            let span = if at < key.len() {
                at..end
            } else {
                key.len() + 1..key.len() + value.len()
            };
            return Place {
                file: file.to_owned(),
                line,
                column,
                shown,
                span,
                label,
            };
        }
        let at = span.start - start;
        let from = whole[..at]
            .char_indices()
            .rev()
            .nth(LINE_CHARS_MAX / 2)
            .map_or(0, |(at, _)| at);
        let lead = escape::foreign(&whole[from..at]);
        let end = span.end.saturating_sub(start).clamp(at, whole.len());
        let end = (at..=end)
            .rev()
            .find(|end| whole.is_char_boundary(*end))
            .unwrap_or(at);
        let marked: String = whole[at..end].chars().take(LINE_CHARS_MAX / 2).collect();
        let rest: String = whole[at + marked.len()..]
            .chars()
            .take(LINE_CHARS_MAX / 2)
            .collect();
        let marked = escape::foreign(&marked);
        let span = lead.len()..lead.len() + marked.len();
        let shown = format!("{lead}{marked}{}", escape::foreign(&rest));
        Place {
            file: file.to_owned(),
            line,
            column,
            shown,
            span,
            label,
        }
    }

    fn line_column(&self) -> (usize, usize) {
        (self.line, self.column)
    }
}

impl Problem {
    fn render(&self, colour: bool, talk: &mut String) {
        let Some(place) = &self.place else {
            let _ = writeln!(talk, "error: {}", self.message);
            if let Some(help) = &self.help {
                let _ = writeln!(talk, "  {help}");
            }
            return;
        };
        // Drawn by hand below the file's own line number: a renderer would count from the one line
        // that it is given.
        let mark = |text: &str| "^".repeat(text.chars().count().max(1));
        let marked = place.shown.get(place.span.clone()).unwrap_or_default();
        let before = place
            .shown
            .get(..place.span.start)
            .unwrap_or_default()
            .chars()
            .count();
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let label = place.label.as_ref().or(self.help.as_ref());
        let label = label.map(|label| format!(" {label}")).unwrap_or_default();
        let (strong, plain) = if colour {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        let _ = writeln!(talk, "error: {}", self.message);
        let _ = writeln!(
            talk,
            "{margin} ,-[{}:{}:{}]",
            place.file, place.line, place.column
        );
        let _ = writeln!(talk, "{number} | {}", place.shown);
        let _ = writeln!(
            talk,
            "{margin} | {}{strong}{}{label}{plain}",
            " ".repeat(before),
            mark(marked)
        );
        if let Some(help) = self
            .help
            .as_ref()
            .filter(|help| place.label.as_ref().is_some_and(|label| label != *help))
        {
            let _ = writeln!(talk, "  {help}");
        }
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Failure {
        let file = error.path.clone().unwrap_or_else(|| PathBuf::from("input"));
        Failure::in_text(
            Exit::Usage,
            &file.display().to_string(),
            &error.text.clone(),
            [(
                error.message.clone(),
                error.span.clone(),
                None,
                error.help.clone(),
            )],
        )
    }
}

/// An error and its causes on one line: `what: why: why`.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
