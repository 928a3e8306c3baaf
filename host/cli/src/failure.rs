//! Why a command did not do what it was asked, with what to do about it.

use std::{fmt::Write as _, ops::Range, path::PathBuf};

use interlock_runner::document::DocumentError;
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
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
    text: String,
    span: Range<usize>,
    label: Option<String>,
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
        problems: impl IntoIterator<
            Item = (String, Option<Range<usize>>, Option<String>, Option<String>),
        >,
    ) -> Failure {
        let problems = problems
            .into_iter()
            .map(|(message, span, label, help)| Problem {
                message,
                help,
                place: span.map(|span| Place {
                    file: file.to_owned(),
                    text: text.to_owned(),
                    span,
                    label,
                }),
            })
            .collect();
        Failure {
            exit,
            problems,
            closing: None,
            next: None,
        }
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
    fn line_column(&self) -> (usize, usize) {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        (
            line,
            before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1,
        )
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
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::none()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_context_lines(1)
            .with_width(240);
        let label = place.label.clone().or_else(|| self.help.clone());
        let span = LabeledSpan::new(label.clone(), place.span.start, place.span.len());
        let mut diagnostic = miette::MietteDiagnostic::new(self.message.clone()).with_label(span);
        if let Some(help) = self
            .help
            .clone()
            .filter(|help| label.as_ref() != Some(help))
        {
            diagnostic = diagnostic.with_help(help);
        }
        let report = miette::Report::new(diagnostic)
            .with_source_code(NamedSource::new(&place.file, place.text.clone()));
        let _ = write!(talk, "error: ");
        let mut drawn = String::new();
        if handler.render_report(&mut drawn, report.as_ref()).is_err() {
            // Drawing is for comfort; the message is what counts.
            let (line, column) = place.line_column();
            drawn = format!("{}\n  at {}:{line}:{column}\n", self.message, place.file);
        }
        talk.push_str(
            drawn
                .trim_start_matches([' ', '\n', 'x', '×', '\u{1b}'])
                .trim_end(),
        );
        talk.push('\n');
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
