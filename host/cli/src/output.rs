//! What a command says: facts to standard output, talk to standard error.
//! Invariant: a closed pipe changes neither what happened nor the exit code.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::{args::Colour, exit::Exit};

/// Everything that a command has to say when it ends.
#[derive(Debug)]
pub(crate) struct Output {
    /// How it ended.
    pub(crate) exit: Exit,
    /// For people, on standard output.
    pub(crate) human: String,
    /// What went wrong beside it, each a line `error: ...` on standard error.
    pub(crate) errors: Vec<String>,
    /// What to do now, each a line `next: ...` on standard error.
    pub(crate) next: Vec<String>,
    /// The one JSON document.
    json: String,
}

impl Output {
    /// `document`'s first field must be `schema`.
    pub(crate) fn new<T: Serialize>(exit: Exit, human: String, document: &T) -> Output {
        // A document of our own structs, with string keys: it always serialises.
        let json = serde_json::to_string_pretty(document).unwrap_or_default();
        Output {
            exit,
            human,
            errors: Vec::new(),
            next: Vec::new(),
            json,
        }
    }

    /// Nothing on standard output, whose reader expects something else there.
    pub(crate) fn silent(exit: Exit) -> Output {
        Output {
            exit,
            human: String::new(),
            errors: Vec::new(),
            next: Vec::new(),
            json: String::new(),
        }
    }

    /// The document alone, for a command that goes on after it.
    pub(crate) fn document_line(&self) -> String {
        format!("{}\n", self.json)
    }

    /// With what went wrong beside it.
    pub(crate) fn error(mut self, what: impl Into<String>) -> Output {
        self.errors.push(what.into());
        self
    }

    /// With what to do now.
    pub(crate) fn next(mut self, what: impl Into<String>) -> Output {
        self.next.push(what.into());
        self
    }
}

/// Where output goes and how it looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// One JSON document instead of text.
    pub(crate) json: bool,
    /// Whether standard output takes colour.
    pub(crate) colour: bool,
    /// Whether standard error is a terminal, for progress.
    pub(crate) progress: bool,
    /// What happens is told in lines, terminal or not.
    pub(crate) verbose: bool,
}

impl Screen {
    /// From the options and the terminal.
    pub(crate) fn new(json: bool, colour: Colour, verbose: bool) -> Screen {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => !plain && std::io::stdout().is_terminal(),
        };
        Screen {
            json,
            colour,
            progress: !json && !verbose && std::io::stderr().is_terminal(),
            verbose,
        }
    }

    /// Prints it all and says how to exit.
    pub(crate) fn print(self, output: &Output) -> Exit {
        if self.json && !output.json.is_empty() {
            self.out(&format!("{}\n", output.json));
            self.talk(&output.human);
        } else {
            let human = &output.human;
            let styled = if self.colour {
                style(human)
            } else {
                human.clone()
            };
            self.out(&styled);
        }
        for error in &output.errors {
            self.talk(&format!("error: {error}\n"));
        }
        for next in &output.next {
            self.talk(&format!("next: {next}\n"));
        }
        output.exit
    }

    /// To standard output. What cannot be written is lost: the exit code tells the outcome.
    pub(crate) fn out(self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// What people read before a question: facts, but never beside a JSON document.
    pub(crate) fn talk_or_out(self, text: &str) {
        if self.json {
            self.talk(text);
        } else {
            self.out(text);
        }
    }

    /// To standard error.
    pub(crate) fn talk(self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// Verdicts and headings stand out; nothing else is coloured.
fn style(text: &str) -> String {
    let bold = anstyle::Style::new().bold();
    let good = bold.fg_color(Some(anstyle::AnsiColor::Green.into()));
    let bad = bold.fg_color(Some(anstyle::AnsiColor::Red.into()));
    let wait = bold.fg_color(Some(anstyle::AnsiColor::Yellow.into()));
    let mut styled = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (body, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |body| (body, "\n"));
        let word = body.split([':', ' ']).next().unwrap_or_default();
        let heading = !body.is_empty()
            && body.chars().all(|c| c.is_ascii_uppercase() || c == ' ')
            && body.starts_with(|c: char| c.is_ascii_uppercase());
        let chosen = match word {
            "denied" | "error" | "faulted" => Some((bad, word)),
            "fixed" | "ok" => Some((good, word)),
            "approval" if body.starts_with("approval required") => {
                Some((wait, "approval required"))
            }
            _ if heading => Some((bold, body)),
            _ => None,
        };
        match chosen {
            Some((style, part)) => {
                let rest = &body[part.len()..];
                styled.push_str(&format!("{style}{part}{style:#}{rest}{end}"));
            }
            None => styled.push_str(line),
        }
    }
    styled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verdicts_and_headings_are_coloured() {
        let text = "HYPOTHESES\n  denied by nobody\nok: 3 entries\n";
        let styled = style(text);
        assert!(styled.starts_with("\u{1b}[1mHYPOTHESES\u{1b}[0m\n  denied by nobody\n"));
        assert!(styled.contains("ok\u{1b}[0m: 3 entries"));
    }
}
