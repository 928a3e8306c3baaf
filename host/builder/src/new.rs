//! Writes a first runbook that builds, passes its test and runs.

mod sdk;

use crate::BuildError;
use std::path::{Component, Path, PathBuf};

/// The files of a new runbook; `{{name}}` and the like are filled in.
const FILES: [(&str, &str); 11] = [
    ("runbook.toml", include_str!("../template/runbook.toml")),
    ("Cargo.toml", include_str!("../template/Cargo.toml")),
    ("README.md", include_str!("../template/README.md")),
    (".gitignore", include_str!("../template/gitignore")),
    ("rustfmt.toml", "edition = \"2024\"\n"),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    (
        "src/bin/diagnose.rs",
        include_str!("../template/src/bin/diagnose.rs"),
    ),
    (
        "example/interlock.toml",
        include_str!("../template/example/interlock.toml"),
    ),
    (
        "example/policy.toml",
        include_str!("../template/example/policy.toml"),
    ),
    (
        "example/changes.toml",
        include_str!("../template/example/changes.toml"),
    ),
    (
        "example/incident.toml",
        include_str!("../template/example/incident.toml"),
    ),
];

const NAME_BYTES_MAX: usize = 64;

/// Names that a crate of this kind cannot have: words of Rust, and crates that it uses.
const TAKEN: [&str; 47] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "interlock-sdk",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
];

/// Writes the runbook crate `name` to the folder `dest`, which must not exist. Where a source
/// checkout of Interlock is found above `dest`, the crate uses its SDK; else it carries a copy.
/// The folder appears whole or not at all.
pub fn new(name: &str, dest: &Path) -> Result<(), BuildError> {
    check(name)?;
    let dest = std::path::absolute(dest).map_err(BuildError::io("write", dest))?;
    if dest.symlink_metadata().is_ok() {
        return Err(BuildError::Exists { path: dest });
    }
    let parent = dest.parent().unwrap_or(Path::new("/")).to_owned();
    std::fs::create_dir_all(&parent).map_err(BuildError::io("write", &parent))?;
    let parent = parent
        .canonicalize()
        .map_err(BuildError::io("read", &parent))?;
    let checkout = sdk::checkout_above(&parent);

    let sdk_path = match &checkout {
        Some(checkout) => relative(&parent.join(name), &checkout.sdk)
            .display()
            .to_string(),
        None => "sdk".to_owned(),
    };
    let is_member = checkout.as_ref().is_some_and(|c| c.has_member(&dest));
    let workspace = if is_member {
        ""
    } else {
        "\n\n# It stands alone, whatever workspace lies above it.\n[workspace]"
    };
    let fresh = tempfile::Builder::new()
        .prefix(".interlock-new-")
        .tempdir_in(&parent)
        .map_err(BuildError::io("write", &parent))?;
    for (file, text) in FILES {
        let text = text
            .replace("{{name}}", name)
            .replace("{{crate}}", &name.replace('-', "_"))
            .replace("{{sdk}}", &sdk_path)
            .replace("\n{{workspace}}", workspace);
        write(&fresh.path().join(file), &text)?;
    }
    if checkout.is_none() {
        for (file, text) in sdk::files()? {
            write(&fresh.path().join("sdk").join(file), &text)?;
        }
    }
    open_to_all(fresh.path())?;
    std::fs::rename(fresh.path(), &dest).map_err(BuildError::io("write", &dest))?;
    // It is where it belongs; there is nothing left to clean.
    let _ = fresh.keep();
    Ok(())
}

fn check(name: &str) -> Result<(), BuildError> {
    let refuse = |why| {
        Err(BuildError::Name {
            name: name.to_owned(),
            why,
        })
    };
    let letter = |c: char| c.is_ascii_lowercase();
    if !name.starts_with(letter)
        || !name
            .chars()
            .all(|c| letter(c) || c.is_ascii_digit() || c == '-')
        || name.len() > NAME_BYTES_MAX
    {
        return refuse("a lower-case letter, then at most 63 lower-case letters, digits and `-`");
    }
    if TAKEN.contains(&name) {
        return refuse("that is a word of Rust or a crate that runbooks use");
    }
    Ok(())
}

/// A temporary folder is its owner's alone; a crate is not.
fn open_to_all(dir: &Path) -> Result<(), BuildError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir, mode).map_err(BuildError::io("write", dir))
}

fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(BuildError::io("write", dir))?;
    }
    std::fs::write(path, text).map_err(BuildError::io("write", path))
}

/// The way from one folder to another, both absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    up.chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_crate_can_have_are_refused() {
        for bad in [
            "",
            "A",
            "1a",
            "-a",
            "a_b",
            "a/b",
            "../a",
            "a b",
            "é",
            "type",
            "interlock-sdk",
        ] {
            assert!(matches!(check(bad), Err(BuildError::Name { .. })), "{bad}");
        }
        assert!(check(&"a".repeat(65)).is_err());
        assert!(check("disk-full-2").is_ok());
    }

    #[test]
    fn an_existing_folder_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("a");
        std::fs::create_dir(&dest).unwrap();
        assert!(matches!(new("a", &dest), Err(BuildError::Exists { .. })));
        assert_eq!(std::fs::read_dir(&dest).unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_way_between_folders_goes_up_and_down() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(
            way("/a/runbooks/x", "/a/runbook-sdk"),
            Path::new("../../runbook-sdk")
        );
        assert_eq!(way("/a/x", "/a/x/sdk"), Path::new("sdk"));
    }

    #[test]
    fn every_place_to_fill_is_filled() {
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("made/disk-full");
        new("disk-full", &dest).unwrap();
        for (file, _) in FILES {
            let text = std::fs::read_to_string(dest.join(file)).unwrap();
            assert!(!text.contains("{{"), "{file}");
        }
        assert!(dest.join("sdk/wit/read/reads.wit").is_file());
        assert_eq!(
            std::fs::read_dir(dest.parent().unwrap()).unwrap().count(),
            1
        );
    }
}
