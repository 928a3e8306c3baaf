//! A git repository's log, read by `gix` alone.
//! Never the `git` program: it runs what a repository's configuration names.

use std::path::Path;

use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;
use interlock_capabilities::Gap;
use interlock_capabilities::read::Window;
use interlock_capabilities::read::changes::Change;

use super::{CHANGES_MAX, Found, GitSource, is_in};
use crate::words::quote;
use crate::work::Stop;

/// Most commits looked at for one answer.
const COMMITS_MAX: usize = 5000;
/// Older commits in a row after which the rest counts as older too. A committer's clock may be
/// wrong, so the first old one proves nothing.
const OLD_IN_A_ROW_MAX: usize = 200;

pub(super) struct Log {
    pub(super) changes: Vec<Change>,
    pub(super) truncated: bool,
}

/// The commits of one window that `source.reference` reaches.
pub(super) fn log(source: &GitSource, window: &Window, stop: &Stop) -> Result<Log, Gap> {
    let fail = |what: &str, error: &dyn std::fmt::Display| {
        let path = source.path.display();
        Gap::Unreachable(format!(
            "git repository `{path}`: {what}: {}",
            quote(&error.to_string())
        ))
    };
    let repository = open(&source.path).map_err(|e| fail("it cannot be opened", &e))?;
    let mut tip = repository
        .find_reference(source.reference.as_str())
        .map_err(|e| fail(&format!("no reference `{}`", quote(&source.reference)), &e))?;
    let tip = tip
        .peel_to_commit()
        .map_err(|e| fail("the reference is no commit", &e))?
        .id;
    let walk = repository
        .rev_walk([tip])
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
        // An untrusted cache of what the commits themselves say.
        .use_commit_graph(false)
        .all()
        .map_err(|e| fail("its log cannot be walked", &e))?;
    let mut log = Log {
        changes: Vec::new(),
        truncated: false,
    };
    let (mut seen, mut old_in_a_row) = (0, 0);
    for info in walk {
        if stop.asked() {
            return Err(fail("stopped", &"nobody waits for it any more"));
        }
        let info = info.map_err(|e| fail("its log cannot be walked", &e))?;
        let at = micros(info.commit_time());
        seen += 1;
        old_in_a_row = if at < window.begin {
            old_in_a_row + 1
        } else {
            0
        };
        if seen > COMMITS_MAX || log.changes.len() > CHANGES_MAX {
            log.truncated = true;
            break;
        }
        if old_in_a_row > OLD_IN_A_ROW_MAX {
            break;
        }
        if is_in(window, at) {
            let commit = info
                .object()
                .map_err(|e| fail("a commit cannot be read", &e))?;
            let commit = commit
                .decode()
                .map_err(|e| fail("a commit cannot be read", &e))?;
            log.changes.push(change(source, &info.id, at, &commit));
        }
    }
    Ok(log)
}

fn open(path: &Path) -> Result<gix::Repository, gix::Error> {
    let options = gix::open::Options::isolated()
        // Neither an object nor a cache of a stranger's repository may fill the memory.
        .config_overrides([
            "gitoxide.objects.allocLimit=16777216",
            "core.deltaBaseCacheLimit=16777216",
        ]);
    gix::open_opts(path, options)
}

fn change(
    source: &GitSource,
    id: &gix::ObjectId,
    at: u64,
    commit: &gix::objs::CommitRef<'_>,
) -> Change {
    let text = commit.message.to_string();
    let title = text.lines().next().unwrap_or("").trim().to_owned();
    let author = commit.author().ok().map(|author| author.name.to_string());
    Found {
        id: id.to_string(),
        at,
        kind: source.kind.clone(),
        service: source.service.clone(),
        title,
        author,
    }
    .change("git")
}

/// Seconds since 1970, as git counts, in microseconds; before that is 1970.
fn micros(seconds: i64) -> u64 {
    u64::try_from(seconds)
        .unwrap_or(0)
        .saturating_mul(1_000_000)
}
