//! A draft made again over one that a person has worked on.
//! Invariant: what a person wrote, changed or took out stays so.

use std::collections::BTreeSet;

use crate::blocks::{self, BadBlocks, Block, Part};

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is drafted for the first time.
    New,
    /// It says something else now.
    Refreshed,
    /// It says what it said.
    Same,
    /// A person has changed it, and the record says nothing new.
    Edited,
    /// A person has changed it, and it would be drafted otherwise now.
    Behind,
    /// Nothing is drafted for it any more, and it went.
    Gone,
    /// Nothing is drafted for it any more, and a person has changed it.
    Kept,
    /// A person took it out.
    TakenOut,
}

impl Fate {
    /// Its word in documents.
    pub fn word(self) -> &'static str {
        match self {
            Fate::New => "new",
            Fate::Refreshed => "refreshed",
            Fate::Same => "same",
            Fate::Edited => "edited",
            Fate::Behind => "edited_and_behind",
            Fate::Gone => "gone",
            Fate::Kept => "edited_and_no_longer_drafted",
            Fate::TakenOut => "taken_out",
        }
    }
}

/// A block and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The block.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// What would stand there now, where a person's words stand instead.
    pub would_be: Option<String>,
}

/// A merged text and what became of each block, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The text, without the header.
    pub text: String,
    /// Each block.
    pub blocks: Vec<Told>,
}

/// Drafts `new` over `old`, of which the blocks `ever` were drafted before.
pub fn merge(old: &str, ever: &[String], new: &str) -> Result<Merged, BadBlocks> {
    let (old, new) = (blocks::read(old)?, blocks::read(new)?);
    let fresh: Vec<&Block> = blocks_of(&new).collect();
    let standing: BTreeSet<String> = blocks_of(&old).map(|block| block.id.clone()).collect();
    let mut told = Vec::new();
    let mut parts = Vec::new();
    for part in old {
        let block = match part {
            Part::Text(_) => {
                parts.push(part);
                continue;
            }
            Part::Block(block) => block,
        };
        let drafted = fresh.iter().find(|one| one.id == block.id);
        let (fate, block) = again(block, drafted.copied());
        let would_be = drafted
            .filter(|_| fate == Fate::Behind)
            .map(|one| one.body.clone());
        told.push(Told {
            id: block.id.clone(),
            fate,
            would_be,
        });
        match fate {
            Fate::Gone => squeeze(&mut parts),
            _ => parts.push(Part::Block(block)),
        }
    }
    for (at, block) in fresh.iter().enumerate() {
        if standing.contains(&block.id) {
            continue;
        }
        let id = block.id.clone();
        if ever.contains(&id) {
            told.push(Told {
                id,
                fate: Fate::TakenOut,
                would_be: Some(block.body.clone()),
            });
            continue;
        }
        insert(&mut parts, &fresh, at);
        told.push(Told {
            id,
            fate: Fate::New,
            would_be: None,
        });
    }
    Ok(Merged {
        text: blocks::write(&parts),
        blocks: told,
    })
}

/// A first draft's blocks.
pub fn first(new: &str) -> Result<Merged, BadBlocks> {
    let parts = blocks::read(new)?;
    let told = |block: &Block| Told {
        id: block.id.clone(),
        fate: Fate::New,
        would_be: None,
    };
    Ok(Merged {
        blocks: blocks_of(&parts).map(told).collect(),
        text: blocks::write(&parts),
    })
}

fn blocks_of(parts: &[Part]) -> impl Iterator<Item = &Block> {
    parts.iter().filter_map(|part| match part {
        Part::Block(block) => Some(block),
        Part::Text(_) => None,
    })
}

/// What becomes of a block that stands, and what stands there then.
fn again(standing: Block, drafted: Option<&Block>) -> (Fate, Block) {
    let fate = match (drafted, standing.is_edited()) {
        (Some(new), true) if new.body == standing.body => Fate::Refreshed,
        (Some(new), true) if new.drafted == standing.drafted => Fate::Edited,
        (Some(_), true) => Fate::Behind,
        (Some(new), false) if new.drafted == standing.drafted => Fate::Same,
        (Some(_), false) => Fate::Refreshed,
        (None, true) => Fate::Kept,
        (None, false) => Fate::Gone,
    };
    match (fate, drafted) {
        (Fate::Refreshed, Some(new)) => (fate, new.clone()),
        _ => (fate, standing),
    }
}

/// Puts the new block behind the nearest one in front of it that stands, else in front of the
/// nearest behind it, else at the end.
fn insert(parts: &mut Vec<Part>, fresh: &[&Block], at: usize) {
    let place = |parts: &[Part], id: &str| {
        parts
            .iter()
            .position(|part| matches!(part, Part::Block(block) if block.id == id))
    };
    let before = fresh[..at]
        .iter()
        .rev()
        .find_map(|one| place(parts, &one.id));
    let behind = fresh[at + 1..].iter().find_map(|one| place(parts, &one.id));
    let block = Part::Block(fresh[at].clone());
    match (before, behind) {
        (Some(before), _) => parts.insert(before + 1, block),
        (None, Some(behind)) => parts.insert(behind, block),
        (None, None) => parts.push(block),
    }
}

/// After a block went: the text in front of it does not grow empty lines.
fn squeeze(parts: &mut [Part]) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        while text.ends_with("\n\n\n") {
            text.pop();
        }
    }
}

#[cfg(test)]
mod tests;
