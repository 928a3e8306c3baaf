//! A post-mortem drafted from a story, for the first time or over one that a person works on.
//! Not a writer of files: it takes the text that stands and gives the text that is to stand.

use std::path::Path;

use crate::{
    blocks::BadBlocks,
    check::{self, Uncited},
    front::{BadFront, Front},
    html,
    merge::{self, Fate, Merged, Told},
    story::Story,
    tell,
    template::{self, BadTemplate},
};

/// A post-mortem's most bytes.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why nothing could be drafted.
#[derive(Debug, thiserror::Error)]
pub enum CannotDraft {
    /// The template.
    #[error(transparent)]
    Template(#[from] BadTemplate),
    /// The header of what stands.
    #[error("{file}:{}: {}", .source.line, .source.problem)]
    Front {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: BadFront,
    },
    /// The blocks of what stands, or of what the template draws.
    #[error("{file}:{line}: {}", .source.problem)]
    Blocks {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with them.
        source: BadBlocks,
    },
    /// It is about something else.
    #[error("{file} is the post-mortem of `{found}`")]
    OtherIncident {
        /// The file.
        file: String,
        /// The incident that it names, escaped.
        found: String,
    },
}

/// A template: its text, and the file that it came from.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The text.
    pub text: &'a str,
    /// The file, for errors.
    pub file: &'a Path,
}

impl Default for Template<'_> {
    fn default() -> Self {
        Template {
            text: template::DEFAULT,
            file: Path::new("the template that is built in"),
        }
    }
}

/// What is to stand, and how it came about.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The header.
    pub front: Front,
    /// The whole text, header included.
    pub text: String,
    /// What became of each block.
    pub blocks: Vec<Told>,
    /// Keys of the header that a person has changed.
    pub changed: Vec<&'static str>,
    /// Sentences that neither cite nor are marked: a person's, or a template's.
    pub uncited: Vec<Uncited>,
    /// How many marks wait for the author.
    pub marks: usize,
}

impl Draft {
    /// Drafts a story, over what stands where something does; `place` names that in errors.
    pub fn of(
        story: &Story,
        template: Template<'_>,
        standing: Option<(&str, &Path)>,
    ) -> Result<Draft, CannotDraft> {
        let new = tell::header(story);
        let (front, ever, body) = match standing {
            None => (new, Vec::new(), None),
            Some((text, file)) => {
                let name = || file.display().to_string();
                let (old, body) = Front::read(text).map_err(|source| CannotDraft::Front {
                    file: name(),
                    source,
                })?;
                if old.incident != story.incident {
                    let found = interlock_gate::escape::foreign_short(&old.incident, 80);
                    return Err(CannotDraft::OtherIncident {
                        file: name(),
                        found,
                    });
                }
                let header_lines = text[..text.len() - body.len()].matches('\n').count();
                let merged = old.redrafted(&new);
                (merged, old.blocks, Some((body, name(), header_lines)))
            }
        };
        let view = tell::view(story, &front);
        let drawn = template::draw(&view, template.text, template.file)?;
        let merged = match body {
            None => merge::first(&drawn).map_err(|source| CannotDraft::Blocks {
                file: template.file.display().to_string(),
                line: source.line,
                source,
            })?,
            Some((body, file, header_lines)) => {
                merge::merge(body.strip_prefix('\n').unwrap_or(body), &ever, &drawn).map_err(
                    |source| CannotDraft::Blocks {
                        file,
                        // The empty line behind the header, too.
                        line: source.line + header_lines + usize::from(body.starts_with('\n')),
                        source,
                    },
                )?
            }
        };
        Ok(Draft::put(front, merged))
    }

    fn put(mut front: Front, merged: Merged) -> Draft {
        for told in &merged.blocks {
            if !front.blocks.contains(&told.id) {
                front.blocks.push(told.id.clone());
            }
        }
        let text = format!("{}\n{}", front.write(), merged.text);
        Draft {
            changed: front.changed(),
            uncited: check::uncited(&text),
            marks: check::marks(&text),
            front,
            text,
            blocks: merged.blocks,
        }
    }

    /// The page.
    pub fn html(&self) -> String {
        let body = &self.text[self.front.write().len()..];
        html::page(&self.front, body)
    }

    /// The blocks where a person's words stand and the record says something newer, as a text of
    /// their own; nothing where there are none.
    pub fn news(&self) -> Option<String> {
        let behind = self.blocks.iter().filter(|one| one.fate == Fate::Behind);
        let texts: Vec<String> = behind
            .filter_map(|one| {
                let would_be = one.would_be.as_deref()?;
                Some(crate::blocks::Block::new(&one.id, would_be).write())
            })
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}
