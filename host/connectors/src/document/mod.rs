//! What people write for Interlock beside its policy: configuration, incidents, topology, changes.
//! Not a serde layer: every value keeps its place, so that every mistake can be underlined.
//! Start at [`FileError`] and [`Mistakes`] outside this crate; inside it `read` hands a document's
//! top section to a reader, key by key.
//! Invariant: a key that nobody asked for is a mistake, and a text with a mistake yields nothing.

mod json;
mod mistake;
mod node;
mod section;
mod toml;

use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
pub(crate) use mistake::check;
pub use mistake::{FileError, Mistake, Mistakes, Problem};
pub(crate) use section::{Section, Sink};

/// How a text is written, told from its file's name: `.json`, or TOML whatever else it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON (RFC 8259).
    Json,
}

impl Format {
    /// By the name's extension.
    pub fn of(path: &Path) -> Self {
        let json = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("json"));
        if json { Self::Json } else { Self::Toml }
    }
}

/// Parses `text` and hands its top section to `take`. All mistakes are reported, in the order of
/// the text; with any, `take`'s value is dropped.
pub(crate) fn read<T>(
    file: &Path,
    text: &str,
    format: Format,
    take: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let parsed = match format {
        Format::Toml => toml::parse(text),
        Format::Json => json::parse(text),
    };
    let mut sink = Sink::default();
    let taken = match parsed {
        Ok(entries) => {
            let mut top = Section::top(&entries, &mut sink);
            let taken = take(&mut top);
            top.finish();
            taken
        }
        Err((problem, span)) => {
            sink.push(problem, span);
            None
        }
    };
    match (taken, sink.is_empty()) {
        (Some(value), true) => Ok(value),
        // A reader that yields nothing has said why; the sink is the truth either way.
        (Some(_) | None, _) => Err(sink.into_mistakes(file, Arc::from(text))),
    }
}
