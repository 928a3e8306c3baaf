//! How often `locate-root-cause` is right on public data, beside what others published.
//! Not a timing and no test: it reads a folder of data sets that the caller has, imports it as any
//! user would, runs the built component on every bundle, and only then looks at the truths.
//! Invariant: a half that was held out is printed by itself.

mod cases;
mod published;
mod scores;

use std::path::{Path, PathBuf};

use interlock_import::Format;

use crate::error::BenchError;
use cases::Runner;
use scores::Scores;

pub(crate) const NAME: &str = "rca";

const HELP: &str = "\
rca needs the data: cargo xtask bench rca --data DIR
DIR holds `petshop/` and `nezha/`, each as its authors lay it out; nothing is fetched.";

/// The folder of the sets, where these words ask for this table.
///
/// # Errors
/// They ask for it, and do not say where the data lie.
pub(crate) fn asked(words: &[String]) -> Option<Result<PathBuf, &'static str>> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [NAME, "--data", folder] => Some(Ok(PathBuf::from(folder))),
        [NAME, ..] => Some(Err(HELP)),
        _ => None,
    }
}

/// Prints the tables; whether every figure leads.
pub(crate) async fn run(data: &Path) -> Result<bool, BenchError> {
    let runner = Runner::new()?;
    let (mut leads, mut found) = (true, false);
    for (format, folder) in [(Format::PetShop, "petshop"), (Format::Nezha, "nezha")] {
        let folder = data.join(folder);
        if !folder.is_dir() {
            println!(
                "{format}: `{}` is no folder; not measured\n",
                folder.display()
            );
            continue;
        }
        found = true;
        let scores = Scores::of(runner.run(format, &folder).await?);
        print!("{scores}");
        leads &= scores.leads();
    }
    if !found {
        return Err(BenchError::Undone {
            side: "the caller",
            why: HELP.to_owned(),
        });
    }
    Ok(leads)
}

#[cfg(test)]
mod tests;
