//! `interlock:read/changes` from files that people or pipelines write and from git repositories.
//! Not a deployment system: it tells what was changed, and never changes anything.
//! Start at [`ChangeSources`].
//! Invariant: where one of its sources cannot be read there is no list: half would read as whole.

mod file;
mod git;

use std::path::PathBuf;
use std::time::Duration;

use interlock_capabilities::read::changes::{Change, ChangeList, Changes, ChangesAsk};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};

use crate::work::{self, Stop};

pub(crate) use file::kind;
pub use file::parse;

/// Most changes of one answer; the newest are kept.
const CHANGES_MAX: usize = 1000;
/// Most characters of a title or an author.
const TEXT_CHARS_MAX: usize = 500;

/// One git repository whose log is a list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSource {
    /// The repository: a bare one, or a folder that holds `.git`.
    pub path: PathBuf,
    /// A full reference name, such as `refs/heads/main`.
    pub reference: String,
    /// What its commits are: `deployment`, `config`, `migration` or `other`.
    pub kind: String,
    /// Whose they are, where the whole repository is one service's.
    pub service: Option<String>,
}

/// Every configured source of changes.
#[derive(Clone, Debug)]
pub struct ChangeSources {
    files: Vec<PathBuf>,
    git: Vec<GitSource>,
    time_max: Duration,
}

impl ChangeSources {
    /// Nothing is read yet.
    pub fn new(files: Vec<PathBuf>, git: Vec<GitSource>, time_max: Duration) -> Self {
        Self {
            files,
            git,
            time_max,
        }
    }

    /// Reads every source, whatever the changes' times.
    pub(crate) async fn check(&self) -> Result<String, Gap> {
        let this = self.clone();
        work::begin_blocking(self.time_max, move |stop| {
            let now = interlock_capabilities::read::Window {
                begin: 0,
                end: u64::MAX,
            };
            let list = this.read(&now, stop)?;
            let more = if list.truncated { "more than " } else { "" };
            Ok(match list.changes.len() {
                1 => "readable, with 1 change".to_owned(),
                count => format!("readable, with {more}{count} changes"),
            })
        })
        .await
    }

    fn read(
        &self,
        window: &interlock_capabilities::read::Window,
        stop: &Stop,
    ) -> Result<ChangeList, Gap> {
        let mut changes = Vec::new();
        let mut truncated = false;
        for path in &self.files {
            let all = file::load(path)
                .map_err(|e| Gap::Unreachable(format!("changes file: {}", e.in_a_line())))?;
            changes.extend(all.into_iter().filter(|c| is_in(window, c.at)));
        }
        for source in &self.git {
            let log = git::log(source, window, stop)?;
            truncated |= log.truncated;
            changes.extend(log.changes);
        }
        // By time, then by id: the order of sources in the configuration must not matter.
        changes.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        if changes.len() > CHANGES_MAX {
            truncated = true;
            changes.drain(..changes.len() - CHANGES_MAX);
        }
        Ok(ChangeList { truncated, changes })
    }
}

impl Changes for ChangeSources {
    fn list(
        &self,
        ask: ChangesAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ChangeList, Unchecked>> {
        let this = self.clone();
        work::begin_blocking(self.time_max, move |stop| {
            let list = this.read(&ask.window, stop)?;
            limit.check(&list)?;
            Ok(list)
        })
    }
}

fn is_in(window: &interlock_capabilities::read::Window, at: u64) -> bool {
    window.begin <= at && at < window.end
}

/// The words that `kind` may be.
pub(crate) const KINDS: [&str; 4] = ["deployment", "config", "migration", "other"];

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// A change as both sources make it.
struct Found {
    id: String,
    at: u64,
    kind: String,
    service: Option<String>,
    title: String,
    author: Option<String>,
}

impl Found {
    fn change(self, source: &str) -> Change {
        let Self {
            id,
            at,
            kind,
            service,
            title,
            author,
        } = self;
        let (title, author) = (cut(&title), author.as_deref().map(cut));
        Change {
            id,
            at,
            kind,
            service,
            title,
            author,
            source: source.to_owned(),
        }
    }
}
