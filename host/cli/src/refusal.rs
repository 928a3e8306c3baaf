//! The runner's errors as commands report them: which exit code, what to do about it.

use std::path::Path;

use interlock_capabilities::journal::Refused;
use interlock_runner::error::RunError;
use interlock_store::StoreError;

use crate::{exit::Exit, failure::Failure};

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        use interlock_runner::{inputs::BadInput, installed::NotInstalled};
        match error {
            RunError::Policy { path, text, errors } => {
                crate::commands::policy::refused(&path, &text, &errors)
            }
            RunError::OtherPolicy { .. } => Failure::of(Exit::Denied, &error)
                .help("one journal has one policy file: put it back, or begin another `state_dir`"),
            RunError::Store(
                StoreError::KeyMissing { .. }
                | StoreError::CheckpointMissing { .. }
                | StoreError::RolledBack { .. },
            ) => Failure::of(Exit::Failed, &error).next(
                "put the file back from its newest copy; `interlock journal verify` says what \
                 still holds",
            ),
            RunError::PolicyFile { .. }
            | RunError::IdTaken { .. }
            | RunError::Load { .. }
            | RunError::Plan(_)
            | RunError::Token(_)
            | RunError::Narrow(_) => Failure::of(Exit::Usage, &error),
            RunError::Journal(refused) => {
                let failure = Failure::of(Exit::Failed, &refused);
                match &refused {
                    Refused::Unwritable { .. } => failure.next("make room where `state_dir` lies"),
                    _ => failure,
                }
            }
            RunError::Store(StoreError::NotOne {
                what,
                count: 0,
                prefix,
            }) => {
                let list = if what == "plan" {
                    "plan list --all"
                } else {
                    "runs list"
                };
                let prefix = interlock_gate::escape::strict(&prefix);
                Failure::usage(format!("no {what} here begins with `{prefix}`"))
                    .next(format!("`interlock {list}`"))
            }
            RunError::Store(StoreError::NotOne {
                what,
                count,
                prefix,
            }) => {
                let prefix = interlock_gate::escape::strict(&prefix);
                Failure::usage(format!("`{prefix}` is the beginning of {count} {what}s"))
                    .help("give more of it")
            }
            RunError::Unknown { what, .. } => {
                let next = format!("`interlock {what}s list`").replace("plans", "plan");
                Failure::of(Exit::Usage, &error).next(next)
            }
            RunError::Text(error) => error.into(),
            RunError::Input(bad) => {
                let failure = Failure::of(Exit::Usage, &bad);
                match &bad {
                    BadInput::Unknown { known, .. } => {
                        failure.help(format!("it has: {}", known.join(", ")))
                    }
                    BadInput::Missing { name, from } => {
                        let from = from
                            .as_ref()
                            .map(|from| format!(", or an incident with `{from}`"));
                        failure.help(format!("give `-i {name}=...`{}", from.unwrap_or_default()))
                    }
                    BadInput::Type { .. } | BadInput::Bounds { .. } => failure,
                }
            }
            RunError::NotInstalled(NotInstalled::Manifest(error)) => error.into(),
            RunError::NotInstalled(error) => {
                let failure = Failure::of(Exit::Usage, &error);
                match &error {
                    NotInstalled::Unknown { known, folders, .. } => {
                        let folders: Vec<String> = folders
                            .iter()
                            .map(|folder| folder.display().to_string())
                            .collect();
                        let known = if known.is_empty() {
                            "none".to_owned()
                        } else {
                            known.join(", ")
                        };
                        failure.help(format!(
                            "installed: {known}; looked in {}",
                            folders.join(", ")
                        ))
                    }
                    NotInstalled::NotBuilt { path, .. } => {
                        let folder = path.parent().and_then(Path::parent).unwrap_or(path);
                        failure.next(format!("`interlock build {}`", folder.display()))
                    }
                    NotInstalled::Manifest(_)
                    | NotInstalled::OtherName { .. }
                    | NotInstalled::Unreadable { .. } => failure,
                }
            }
            RunError::Held { .. } | RunError::Evidence(_) => Failure::of(Exit::Denied, &error),
            other => Failure::of(Exit::Failed, &other),
        }
    }
}
