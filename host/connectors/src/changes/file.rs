//! Changes files: what a pipeline or a person writes down.
//!
//! ```toml
//! [[change]]
//! at = 2026-11-25T02:44:00Z
//! title = "checkout 2.31.0"
//! kind = "deployment"                    # or config, migration, other (without it)
//! service = "checkout"                   # optional
//! author = "ci"                          # optional
//! id = "deploy-4711"                     # optional: `#` and its place in the file
//! ```
//!
//! The same as JSON where the file's name ends in `.json`. The file is read anew for each answer.

use std::path::Path;

use interlock_capabilities::read::changes::Change;

use super::{Found, KINDS};
use crate::document::{self, FileError, Format, Mistakes, Section};
use crate::files::{self, TEXT_BYTES_MAX};

/// Most changes of one file.
const FILE_CHANGES_MAX: usize = 10_000;

pub(super) fn load(path: &Path) -> Result<Vec<Change>, FileError> {
    let text = files::read_plain_text(path, TEXT_BYTES_MAX)?;
    Ok(parse(path, &text, Format::of(path))?)
}

/// Reads a changes file's text; `path` only names it in mistakes.
pub fn parse(path: &Path, text: &str, format: Format) -> Result<Vec<Change>, Mistakes> {
    document::read(path, text, format, |top| {
        let mut place = 0_usize;
        Some(
            top.tables("change", "[[change]]", FILE_CHANGES_MAX, |section| {
                place += 1;
                let at = section.need("at", Section::time);
                let title = section.need("title", Section::text);
                let kind = kind(section);
                let service = section.text("service");
                let author = section.text("author");
                let id = section.text("id").unwrap_or_else(|| format!("#{place}"));
                let (at, title) = (at?.micros(), title?);
                Some(
                    Found {
                        id,
                        at,
                        kind,
                        service,
                        title,
                        author,
                    }
                    .change("file"),
                )
            }),
        )
    })
}

/// The `kind` of a section that has one; `other` without.
pub(crate) fn kind(section: &mut Section<'_, '_>) -> String {
    let kind = section.text("kind").unwrap_or_else(|| "other".to_owned());
    if !KINDS.contains(&kind.as_str()) {
        section.must_be("kind", "`deployment`, `config`, `migration` or `other`");
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::check;

    #[test]
    fn a_change_needs_a_time_and_a_title() {
        let text = "[[change]]\nat = 2026-11-25T02:44:00Z\ntitle = \"checkout 2.31.0\"\n";
        let changes = parse(Path::new("c.toml"), text, Format::Toml).unwrap();
        let change = &changes[0];
        assert_eq!((change.id.as_str(), change.kind.as_str()), ("#1", "other"));
        let text = "[[change]]\nat = 2026-11-25\nkind = \"deploy\"\nauther = \"x\"\n";
        let mistakes = parse(Path::new("c.toml"), text, Format::Toml).unwrap_err();
        check(
            &mistakes,
            &[
                "c.toml:1:1: [[change]] has no `title`",
                "c.toml:2:6: `at` must be a date with its offset, such as 2026-11-25T03:12:08Z",
                "c.toml:3:8: `kind` must be `deployment`, `config`, `migration` or `other`",
                "c.toml:4:1: `auther` is not a key of [[change]] (did you mean `author`?)",
            ],
        );
    }
}
