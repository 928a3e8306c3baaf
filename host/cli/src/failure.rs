//! Why a command did not do what it was asked, with what to do about it.

use std::{fmt::Write as _, ops::Range, path::PathBuf};

use interlock_runner::document::DocumentError;
use serde::Serialize;

use crate::{
    exit::Exit,
    output::Output,
    place::{Place, Quote, safe},
};

/// A message, its bytes of the text, what stands under them, what to do.
pub(crate) type PlacedProblem = (String, Option<Range<usize>>, Option<String>, Option<String>);

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

impl Problem {
    fn render(&self, colour: bool, talk: &mut String) {
        let Some(place) = &self.place else {
            let _ = writeln!(talk, "error: {}", safe(&self.message));
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
        let _ = writeln!(talk, "error: {}", safe(&self.message));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(quote: Quote, text: &str, span: Range<usize>) -> String {
        let problem = ("wrong".to_owned(), Some(span), None, None);
        Failure::quoting(quote, Exit::Usage, "a.toml", text, [problem])
            .output(false)
            .1
    }

    #[test]
    fn no_place_in_any_text_panics() {
        for text in [
            "",
            "\n",
            "a\r\nb",
            "\r\n[[write\r\n",
            "é = \"ü\"\r\n",
            "x = 1",
        ] {
            for start in 0..text.len() + 3 {
                for end in start..text.len() + 3 {
                    drawn(Quote::Whole, text, start..end);
                    drawn(Quote::Keys, text, start..end);
                }
            }
        }
    }

    #[test]
    fn the_line_stands_with_its_number_and_the_place_under_it() {
        let text = "a = 1\nkey = 2\n";
        let expected = "error: wrong\n  ,-[a.toml:2:1]\n2 | key = 2\n  | ^^^\n";
        assert_eq!(drawn(Quote::Whole, text, 6..9), expected);
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_not_quoted() {
        let text = "url = \"https://u:hunter2@x\"\n";
        let shown = drawn(Quote::Keys, text, 6..27);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("url = ..."), "{shown}");
    }

    #[test]
    fn escapes_of_a_file_do_not_reach_the_terminal() {
        let shown = drawn(Quote::Whole, "a = 1 # \u{1b}[2J\n", 0..1);
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
