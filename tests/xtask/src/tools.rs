//! Programs from PyPI and npm that tests drive, in the versions that `tests/agents` pins.
//! Not Debian's packages: those are [`crate::machine`]'s.
//! Invariant: what stands in the folder was installed from the lists as they are now; a list that
//! changed is another folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::call;
use crate::workspace;

/// One registry's programs.
struct Tools {
    /// Its folder under `TARGET/tools`.
    name: &'static str,
    /// The lists under `tests/agents` that say what is installed.
    lists: &'static [&'static str],
    /// What for.
    why: &'static str,
    install: fn(&Path, &Path) -> Result<(), String>,
}

const ALL: [Tools; 2] = [
    Tools {
        name: "python",
        lists: &["requirements.txt"],
        why: "from PyPI: the protocol's official client, a tester of HTTP interfaces, a compiler of \
              Python to components",
        install: python,
    },
    Tools {
        name: "node",
        lists: &["package.json", "package-lock.json"],
        why: "from npm: the protocol's conformance suite and inspector, a compiler of JavaScript to \
              components",
        install: node,
    },
];

/// Installs what is not there yet, after saying what and why.
pub(crate) fn install() -> Result<(), String> {
    let lists = workspace::root().join("tests/agents");
    for tools in &ALL {
        let folder = workspace::target().join("tools").join(tools.name);
        let wanted = wanted(&lists, tools)?;
        let stamp = folder.join("installed");
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            println!("{}: as listed", folder.display());
            continue;
        }
        println!("{}: {}", folder.display(), tools.why);
        let failed = |what: &str| {
            let what = format!("cannot {what} `{}`", folder.display());
            move |error: std::io::Error| format!("{what}: {error}")
        };
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed("clear"))?;
        }
        std::fs::create_dir_all(&folder).map_err(failed("make"))?;
        (tools.install)(&lists, &folder)?;
        // Last, so that an installation that was cut off is done again.
        std::fs::write(&stamp, wanted).map_err(failed("finish"))?;
    }
    Ok(())
}

/// The lists' whole text: the stamp of what was installed.
fn wanted(lists: &Path, tools: &Tools) -> Result<String, String> {
    let mut text = String::new();
    for list in tools.lists {
        let path = lists.join(list);
        let read = std::fs::read_to_string(&path);
        text.push_str(&read.map_err(|e| format!("cannot read `{}`: {e}", path.display()))?);
    }
    Ok(text)
}

fn python(lists: &Path, folder: &Path) -> Result<(), String> {
    call(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip = folder.join("bin/pip");
    call(
        Command::new(pip)
            .args(["install", "--quiet", "--no-input", "--requirement"])
            .arg(lists.join("requirements.txt")),
    )
}

fn node(lists: &Path, folder: &Path) -> Result<(), String> {
    for list in ["package.json", "package-lock.json"] {
        let copied: std::io::Result<u64> = std::fs::copy(lists.join(list), folder.join(list));
        copied.map_err(|e| format!("cannot copy `{list}`: {e}"))?;
    }
    let folder: PathBuf = folder.to_owned();
    call(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )
}
