//! `keys`: whose keys the policy knows, and which of them are here.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use interlock_connectors::files;
use interlock_gate::key::SignerKey;
use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output, setup};

#[derive(Serialize)]
struct KeysJson {
    schema: &'static str,
    keys: Vec<KeyJson>,
}

#[derive(Serialize)]
struct KeyJson {
    approver: String,
    roles: Vec<String>,
    kind: &'static str,
    fingerprint: String,
    revoked: bool,
    here: Option<PathBuf>,
}

pub(crate) async fn keys(config: Option<&Path>) -> Result<Output, Failure> {
    let config = setup::config(config)?;
    let policy = super::policy::read(&config.policy)?;
    let here = here();
    let revoked = &policy.revoked().keys;
    let keys: Vec<KeyJson> = policy
        .approvers()
        .iter()
        .flat_map(|approver| approver.keys.iter().map(move |key| (approver, key)))
        .map(|(approver, key)| KeyJson {
            approver: approver.name.to_string(),
            roles: approver.roles.clone(),
            kind: if key.is_security_key() {
                "security key"
            } else {
                "software key"
            },
            fingerprint: key.fingerprint(),
            revoked: revoked.iter().any(|one| one.is(key)),
            here: here
                .iter()
                .find(|(found, _)| found == key)
                .map(|(_, path)| path.clone()),
        })
        .collect();
    let mut out = String::new();
    for key in &keys {
        let revoked = if key.revoked { "  REVOKED" } else { "" };
        let place = key
            .here
            .as_ref()
            .map(|path| format!("  here: {}", path.display()));
        let _ = writeln!(
            out,
            "{:<16} {:<20} {:<12} {}{revoked}{}",
            key.approver,
            key.roles.join(","),
            key.kind,
            key.fingerprint,
            place.unwrap_or_default()
        );
    }
    if keys.is_empty() {
        out.push_str("the policy names no approver\n");
    }
    let document = KeysJson {
        schema: "interlock.keys.v1",
        keys,
    };
    Ok(Output::new(Exit::Done, out, &document))
}

/// Public keys in the usual folder of this user.
pub(crate) fn here() -> Vec<(SignerKey, PathBuf)> {
    let Some(home) = std::env::var_os("HOME").map(PathBuf::from) else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(home.join(".ssh"))
        .into_iter()
        .flatten()
        .flatten();
    let public: BTreeSet<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pub"))
        .take(100)
        .collect();
    public
        .into_iter()
        .filter_map(|path| {
            let text = files::read_plain_text(&path, files::SECRET_BYTES_MAX).ok()?;
            Some((SignerKey::from_line(text.trim()).ok()?, path))
        })
        .collect()
}
