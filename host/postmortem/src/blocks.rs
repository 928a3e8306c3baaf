//! A post-mortem as blocks that were drafted and the text that a person put between them.
//! A block lies between two comments, and the first holds the digest of what was drafted.

use sha2::{Digest as _, Sha256};

const BEGIN: &str = "<!-- interlock:block ";
const END: &str = "<!-- interlock:end ";
const CLOSE: &str = " -->";
/// Longest name of a block, in bytes.
const ID_BYTES_MAX: usize = 80;
/// Most blocks of one post-mortem.
const BLOCKS_MAX: usize = 1_000;

/// A part of a post-mortem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a person wrote, or the template around the blocks; with its line ends.
    Text(String),
    /// What was drafted.
    Block(Block),
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name, which stays from draft to draft.
    pub id: String,
    /// Of what was drafted.
    pub drafted: String,
    /// What stands there now, without the last line end.
    pub body: String,
}

impl Block {
    /// As it is drafted.
    pub fn new(id: &str, body: &str) -> Block {
        let body = body.trim_matches('\n').to_owned();
        Block {
            id: id.to_owned(),
            drafted: digest(&body),
            body,
        }
    }

    /// Whether a person has changed it.
    pub fn is_edited(&self) -> bool {
        digest(&self.body) != self.drafted
    }

    /// With its comments.
    pub fn write(&self) -> String {
        let Block { id, drafted, body } = self;
        let line_end = if body.is_empty() { "" } else { "\n" };
        format!("{BEGIN}{id} {drafted}{CLOSE}\n{body}{line_end}{END}{id}{CLOSE}\n")
    }
}

/// Blocks that cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadBlocks {
    /// The line, from 1, of the text without its header.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub problem: Problem,
}

/// What is wrong with blocks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A comment of ours that is not whole.
    #[error("this comment begins or ends no block: `<!-- interlock:block NAME DIGEST -->`")]
    Form,
    /// An end without a beginning.
    #[error("`{0}` ends here and does not begin")]
    NoBegin(String),
    /// A beginning without an end.
    #[error("`{0}` begins here and does not end")]
    NoEnd(String),
    /// The same name twice.
    #[error("a second block `{0}` begins here")]
    Twice(String),
    /// More than anybody reads.
    #[error("there are more than {BLOCKS_MAX} blocks")]
    TooMany,
}

/// The first 16 hex digits of the SHA-256 of a block's text, line ends at its edges left out.
pub(crate) fn digest(body: &str) -> String {
    let trimmed = body.trim_matches('\n');
    hex::encode(&Sha256::digest(trimmed.as_bytes())[..8])
}

/// Whether a text may name a block.
pub fn is_id(text: &str) -> bool {
    let within = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() <= ID_BYTES_MAX && text.chars().all(within)
}

/// Reads the text of a post-mortem, its header left out.
pub fn read(text: &str) -> Result<Vec<Part>, BadBlocks> {
    let mut parts: Vec<Part> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut between = String::new();
    let mut open: Option<(usize, Block)> = None;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let bad = |problem| BadBlocks {
            line: at + 1,
            problem,
        };
        // Only at the very beginning of a line: what is quoted stands behind something else.
        let bare = line.trim_end();
        if bare.starts_with(BEGIN) {
            let (id, drafted) = begin(bare).ok_or_else(|| bad(Problem::Form))?;
            if let Some((line, block)) = open {
                let problem = Problem::NoEnd(block.id);
                return Err(BadBlocks { line, problem });
            }
            if !seen.insert(id.clone()) {
                return Err(bad(Problem::Twice(id)));
            }
            if seen.len() > BLOCKS_MAX {
                return Err(bad(Problem::TooMany));
            }
            if !between.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut between)));
            }
            let body = String::new();
            open = Some((at + 1, Block { id, drafted, body }));
        } else if bare.starts_with(END) {
            let id = end(bare).ok_or_else(|| bad(Problem::Form))?;
            match open.take() {
                Some((_, mut block)) if block.id == id => {
                    if block.body.ends_with('\n') {
                        block.body.pop();
                    }
                    parts.push(Part::Block(block));
                }
                _ => return Err(bad(Problem::NoBegin(id))),
            }
        } else if let Some((_, block)) = &mut open {
            block.body.push_str(line);
        } else {
            between.push_str(line);
        }
    }
    if let Some((line, block)) = open {
        let problem = Problem::NoEnd(block.id);
        return Err(BadBlocks { line, problem });
    }
    if !between.is_empty() {
        parts.push(Part::Text(between));
    }
    Ok(parts)
}

fn begin(line: &str) -> Option<(String, String)> {
    let inside = line.strip_prefix(BEGIN)?.strip_suffix(CLOSE)?;
    let (id, drafted) = inside.split_once(' ')?;
    let hex = drafted.len() == 16 && drafted.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id(id) && hex).then(|| (id.to_owned(), drafted.to_owned()))
}

fn end(line: &str) -> Option<String> {
    let id = line.strip_prefix(END)?.strip_suffix(CLOSE)?;
    is_id(id).then(|| id.to_owned())
}

/// The parts as a text again.
pub fn write(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Block(block) => {
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
                out.push_str(&block.write());
            }
        }
    }
    out
}
