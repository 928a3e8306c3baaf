//! A git repository's log, which may be a stranger's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use interlock_capabilities::Gap;
use interlock_capabilities::read::Window;
use interlock_capabilities::read::changes::{ChangeList, Changes, ChangesAsk};
use interlock_connectors::changes::{ChangeSources, GitSource};

use super::LIMIT;

/// 2026-11-25T03:00:00Z, in seconds.
const THREE: u64 = 1_795_575_600;

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let this = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        this.git(&["init", "--quiet", "--initial-branch=main"], 0);
        this
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn git(&self, arguments: &[&str], at: u64) {
        let date = format!("{at} +0200");
        let done = Command::new("git")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("HOME", self.folder.path())
            .envs([
                ("GIT_AUTHOR_NAME", "Ann"),
                ("GIT_AUTHOR_EMAIL", "ann@example.net"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "ci"),
                ("GIT_COMMITTER_EMAIL", "ci@example.net"),
            ])
            .env("GIT_AUTHOR_DATE", "1000000000 +0000")
            .env("GIT_COMMITTER_DATE", date)
            .status()
            .unwrap();
        assert!(done.success(), "git {arguments:?}");
    }

    fn commit(&self, minute: u64, message: &str) {
        let at = THREE + minute * 60;
        self.git(
            &[
                "commit",
                "--quiet",
                "--allow-empty",
                "--no-gpg-sign",
                "-m",
                message,
            ],
            at,
        );
    }
}

async fn list(path: &Path, reference: &str, from: u64, until: u64) -> Result<ChangeList, Gap> {
    let source = GitSource {
        path: path.to_owned(),
        reference: reference.to_owned(),
        kind: "config".to_owned(),
        service: Some("checkout".to_owned()),
    };
    let sources = ChangeSources::new(Vec::new(), vec![source], Duration::from_secs(10));
    let micros = |minute| (THREE + minute * 60) * 1_000_000;
    let window = Window {
        begin: micros(from),
        end: micros(until),
    };
    sources.list(ChangesAsk { window }, LIMIT).await
}

#[tokio::test]
async fn commits_of_the_window_are_changes_oldest_first() {
    let repository = Repository::new();
    for (minute, message) in [
        (1, "one"),
        (2, "two: \u{202e}x\n\nbody"),
        (3, "three"),
        (9, "nine"),
    ] {
        repository.commit(minute, message);
    }
    let found = list(&repository.path(), "refs/heads/main", 2, 9)
        .await
        .unwrap();
    assert!(!found.truncated);
    let titles: Vec<_> = found
        .changes
        .iter()
        .map(|change| change.title.as_str())
        .collect();
    assert_eq!(titles, ["two: \u{202e}x", "three"]);
    let change = &found.changes[0];
    assert_eq!(change.at, (THREE + 120) * 1_000_000);
    assert_eq!(
        (change.author.as_deref(), change.source.as_str()),
        (Some("Ann"), "git")
    );
    assert_eq!(
        (change.kind.as_str(), change.service.as_deref()),
        ("config", Some("checkout"))
    );
    assert_eq!(change.id.len(), 40);
}

#[tokio::test]
async fn a_tip_with_a_wrong_clock_hides_nothing() {
    let repository = Repository::new();
    repository.commit(5, "real");
    repository.git(
        &["commit", "--quiet", "--allow-empty", "-m", "from 2001"],
        1_000_000_000,
    );
    let found = list(&repository.path(), "refs/heads/main", 0, 9)
        .await
        .unwrap();
    assert_eq!(found.changes.len(), 1);
}

#[tokio::test]
async fn nothing_that_a_repository_configures_is_run_or_followed() {
    let repository = Repository::new();
    repository.commit(1, "one");
    let marker = repository.folder.path().join("ran");
    let run = format!("touch {}", marker.display());
    let include = repository.folder.path().join("more");
    fs::write(&include, "[core]\n\trepositoryformatversion = 99\n").unwrap();
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "gpg.program",
    ] {
        repository.git(&["config", key, &run], 0);
    }
    repository.git(&["config", "include.path", include.to_str().unwrap()], 0);
    let found = list(&repository.path(), "refs/heads/main", 0, 9)
        .await
        .unwrap();
    assert_eq!(found.changes.len(), 1);
    assert!(!marker.exists());
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap() {
    let repository = Repository::new();
    repository.commit(1, "one");
    for (path, reference, why) in [
        (
            Path::new("/nonexistent"),
            "refs/heads/main",
            "cannot be opened",
        ),
        (
            &repository.path(),
            "refs/heads/none",
            "no reference `refs/heads/none`",
        ),
        (&repository.path(), "refs/heads/../x", "no reference"),
    ] {
        let gap = list(path, reference, 0, 9).await.unwrap_err();
        assert!(
            matches!(&gap, Gap::Unreachable(w) if w.contains(why)),
            "{gap}"
        );
    }
    let head = fs::read_to_string(repository.path().join(".git/refs/heads/main")).unwrap();
    let object = repository
        .path()
        .join(".git/objects")
        .join(&head[..2])
        .join(head[2..].trim());
    fs::remove_file(&object).unwrap();
    fs::write(&object, "garbage").unwrap();
    let gap = list(&repository.path(), "refs/heads/main", 0, 9)
        .await
        .unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(_)), "{gap}");
    // A bare one is a repository too.
    let bare = Repository::new();
    bare.commit(1, "one");
    let found = list(&bare.path().join(".git"), "refs/heads/main", 0, 9)
        .await
        .unwrap();
    assert_eq!(found.changes.len(), 1);
}
