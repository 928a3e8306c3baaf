//! From the drafted sentences to Markdown, by a template that a host may replace.
//! Not a sandbox for templates of strangers: whoever runs the command chose the file.
//! Invariant: a name that no draft has is an error, and a template ends: its work is counted.

use std::{io::Write, path::Path};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use crate::{blocks, words::MARK};

/// The template that is built in.
pub const DEFAULT: &str = include_str!("default.md.j2");
/// A template's most bytes.
pub const TEMPLATE_BYTES_MAX: usize = 256 * 1024;
/// A drafted text's most bytes.
pub const DRAFT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How much work a template may do.
const FUEL: u64 = 5_000_000;
const NAME: &str = "template";

/// A template that cannot be used, with its file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {why}")]
pub struct BadTemplate {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

/// What a template is given. Every text in it is Markdown that is safe where it stands.
#[derive(Clone, Debug, Default, Serialize)]
pub struct View {
    /// The incident's id, in code.
    pub incident: String,
    /// Its services, each in code.
    pub services: Vec<String>,
    /// How bad, in code; empty where unknown.
    pub severity: String,
    /// What it was.
    pub summary: Vec<String>,
    /// Whom and what it hurt.
    pub impact: Vec<String>,
    /// What happened, by days.
    pub timeline: Vec<Day>,
    /// What contributed.
    pub factors: Vec<Item>,
    /// What went well.
    pub well: Vec<String>,
    /// What to do.
    pub actions: Vec<Item>,
    /// What nobody knows so far.
    pub questions: Vec<Item>,
    /// Each cited source, resolved.
    pub sources: Vec<String>,
    /// What stands where only a person can write.
    pub mark: String,
}

/// A day of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// `2026-11-25`.
    pub day: String,
    /// What happened, in order.
    pub lines: Vec<String>,
}

/// A sentence or two in a block of their own.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// The block's name.
    pub id: String,
    /// Its sentences.
    pub text: String,
}

impl View {
    /// With the mark.
    pub fn new() -> View {
        View {
            mark: MARK.to_owned(),
            ..View::default()
        }
    }
}

/// Draws `view` with that template; `file` names it in errors.
pub fn draw(view: &View, template: &str, file: &Path) -> Result<String, BadTemplate> {
    let file = file.display().to_string();
    let bad = |line, why: String| BadTemplate {
        file: file.clone(),
        line,
        why,
    };
    if template.len() > TEMPLATE_BYTES_MAX {
        let why = format!("the template has more than {TEMPLATE_BYTES_MAX} bytes");
        return Err(bad(1, why));
    }
    let of = |error: minijinja::Error| {
        let why = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "the template does not come to an end".to_owned(),
            (ErrorKind::WriteFailure, _) => {
                format!("the drafted text has more than {DRAFT_BYTES_MAX} bytes")
            }
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        bad(error.line().unwrap_or(1), why)
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(of)?,
    );
    environment.add_filter("block", block);
    environment.add_template(NAME, template).map_err(of)?;
    let mut out = Bounded(Vec::new());
    environment
        .get_template(NAME)
        .and_then(|found| found.render_captured_to(Serde(view), &mut out).map(drop))
        .map_err(of)?;
    // Only texts were written.
    let text = String::from_utf8(out.0).map_err(|_| bad(1, "the draft is no text".to_owned()))?;
    Ok(tidy(&text))
}

/// `{% filter block("summary") %}...{% endfilter %}`.
fn block(body: &str, id: &str) -> Result<String, minijinja::Error> {
    if !blocks::is_id(id) {
        let shown = interlock_gate::escape::foreign_short(id, 80);
        let why = format!("`{shown}` names no block: small letters, digits, `-` and `_`");
        return Err(minijinja::Error::new(ErrorKind::InvalidOperation, why));
    }
    Ok(blocks::Block::new(id, body).write())
}

/// One empty line at the most where a template left several, and one line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    let length = out.trim_end().len();
    out.truncate(length);
    out.push('\n');
    out
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > DRAFT_BYTES_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(template: &str) -> String {
        let view = View::new();
        draw(&view, template, Path::new("mine.j2"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn mistakes_in_a_template_are_named_with_file_and_line() {
        assert!(fails("a\n{{ nothing }}\n").starts_with("mine.j2:2: undefined value"));
        assert!(fails("a\n\n{% for x in %}").starts_with("mine.j2:3: syntax error"));
        assert!(fails("{{ 'x'|nope }}").starts_with("mine.j2:1: unknown filter"));
        assert!(fails("{% filter block('A') %}x{% endfilter %}").contains("`A` names no block"));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert_eq!(
            fails(endless),
            "mine.j2:1: the template does not come to an end"
        );
        let long = "{% set x = 'x' * 10000 %}{% for a in range(9999) %}{{ x }}{% endfor %}";
        assert!(fails(long).contains("more than"), "{}", fails(long));
        assert!(fails(&"x".repeat(TEMPLATE_BYTES_MAX + 1)).contains("more than"));
        assert!(fails("{% include 'other' %}").contains("template not found"));
    }

    #[test]
    fn the_built_in_template_draws_an_empty_view() {
        let drawn = draw(&View::new(), DEFAULT, Path::new("built in")).unwrap();
        assert!(drawn.starts_with("# Post-mortem"));
        assert!(blocks::read(&drawn).unwrap().len() > 6);
    }
}
