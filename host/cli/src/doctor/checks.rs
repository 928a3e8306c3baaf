//! The mistakes that newcomers make, in the order in which they meet them.

use std::path::Path;

use interlock_builder::Tier;
use interlock_connectors::{
    config::Config,
    files,
    health::{Health, SourceHealth},
};
use interlock_gate::policy::Policy;
use interlock_runner::{error::RunError, installed, open::Runner};

use super::{Check, Standing};
use crate::{failure::chain, setup};

/// Every check that can still be made after those before it.
pub(super) async fn all(given: Option<&Path>) -> Vec<Check> {
    let mut checks = Vec::new();
    let config = match setup::config(given) {
        Ok(config) => config,
        Err(failure) => {
            for (line, help) in failure.lines() {
                let mend = help.unwrap_or_else(|| "mend that line".to_owned());
                let mut check = Check::bad("config", line, mend);
                if check.found == "no interlock.toml" {
                    let writes = "`interlock doctor --write-config interlock.toml` writes one";
                    check.mend.push(writes.to_owned());
                }
                checks.push(check);
            }
            return checks;
        }
    };
    checks.push(Check::good("config", config.file.display().to_string()));
    let policy = policy(&config, &mut checks);
    state_dir(&config, &mut checks);
    runbooks(&config, policy.as_ref(), &mut checks);
    secrets(&config, &mut checks);
    checks.extend(super::doors::all(&config, policy.as_ref()));
    if let Some(policy) = &policy {
        people(policy, &mut checks);
        sources_of_rules(&config, policy, &mut checks);
    }
    let health = interlock_connectors::connect(&config).health().await;
    // A check makes nothing: the journal and the host's key are made by the first run.
    if config.state_dir.exists() {
        journal(config, &mut checks).await;
    } else {
        checks.push(Check::good("journal", "will be made at the first run"));
    }
    checks.extend(health.into_iter().map(source));
    checks
}

async fn journal(config: Config, checks: &mut Vec<Check>) {
    let runner = match Runner::open(config) {
        Ok(runner) => {
            let origin = interlock_gate::escape::strict(&runner.host().origin);
            checks.push(Check::good("journal", format!("host {origin}")));
            runner
        }
        Err(error) => {
            checks.push(Check::bad("journal", chain(&error), mend_store(&error)));
            return;
        }
    };
    clock(&runner, checks).await;
}

fn policy(config: &Config, checks: &mut Vec<Check>) -> Option<Policy> {
    match interlock_runner::open::read_policy(&config.policy, None) {
        Ok(policy) => {
            checks.push(Check::good("policy", config.policy.display().to_string()));
            Some(policy)
        }
        Err(error) => {
            let mend = match &error {
                RunError::Policy { .. } => {
                    let file = config.policy.display();
                    format!("`interlock policy check {file}` shows each mistake")
                }
                RunError::PolicyFile { why, .. } if why.is_missing() => {
                    "`interlock doctor --write-config` writes one to begin with; docs/policy.md"
                        .to_owned()
                }
                _ => "a file that only root or this user can have written".to_owned(),
            };
            checks.push(Check::bad("policy", chain(&error), mend));
            None
        }
    }
}

/// Only this user may look into the state folder.
fn state_dir(config: &Config, checks: &mut Vec<Check>) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let folder = &config.state_dir;
    let name = "state_dir";
    match std::fs::symlink_metadata(folder) {
        Err(_) => checks.push(Check::good(
            name,
            format!("{} will be made", folder.display()),
        )),
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            let owner = metadata.uid();
            let me = rustix::process::geteuid().as_raw();
            checks.push(if owner != me {
                Check::bad(
                    name,
                    format!(
                        "{} belongs to uid {owner}, you are uid {me}",
                        folder.display()
                    ),
                    "run as the user that keeps the journal",
                )
            } else if mode & 0o077 != 0 {
                Check::bad(
                    name,
                    format!(
                        "{} can be entered by others (mode {mode:04o})",
                        folder.display()
                    ),
                    format!("`chmod 0700 {}`", folder.display()),
                )
            } else {
                Check::good(name, folder.display().to_string())
            });
        }
    }
}

/// Built, readable, and with every write step granted something.
fn runbooks(config: &Config, policy: Option<&Policy>, checks: &mut Vec<Check>) {
    let folders = installed::list(&config.runbooks);
    if folders.is_empty() {
        checks.push(Check::bad(
            "runbooks",
            "none is installed",
            "name a folder that holds runbooks under `runbooks`, or `interlock new NAME`",
        ));
    }
    for folder in folders {
        let name = format!(
            "runbook {}",
            folder.file_name().unwrap_or_default().to_string_lossy()
        );
        let manifest = match installed::manifest(&folder) {
            Ok(manifest) => manifest,
            Err(error) => {
                checks.push(Check::bad(name, chain(&error), "mend its runbook.toml"));
                continue;
            }
        };
        let runbook = match installed::load(folder.clone(), manifest) {
            Ok(runbook) => runbook,
            Err(error) => {
                let mend = format!("`interlock build {}`", folder.display());
                checks.push(Check::bad(name, chain(&error), mend));
                continue;
            }
        };
        let mut missing = Vec::new();
        for step in &runbook.steps {
            let Ok(built) = interlock_builder::inspect_bytes(&folder, &step.bytes) else {
                continue;
            };
            let Some(policy) = policy else { continue };
            for capability in &built.facts.capabilities {
                let interface = capability
                    .split('.')
                    .next()
                    .unwrap_or_default()
                    .replace('_', "-");
                let granted = match (built.facts.tier, capability.parse()) {
                    (Tier::Write, Ok(write)) => policy.grants_write(&runbook.manifest.name, write),
                    _ => {
                        policy.grants_read(&runbook.manifest.name, &interface)
                            || policy.grants_read(&runbook.manifest.name, capability)
                    }
                };
                if !granted && !missing.contains(capability) {
                    missing.push(capability.clone());
                }
            }
        }
        checks.push(if missing.is_empty() {
            Check::good(
                name,
                format!(
                    "{} built",
                    interlock_screens::text::words::count(runbook.steps.len(), "step")
                ),
            )
        } else {
            Check::warn(
                name,
                format!("policy does not grant {}", missing.join(", ")),
                "a step that imports it is denied: add it to a [[read]] or [[write]] rule",
            )
        });
    }
}

/// A credential that an agent of this user, or anybody, could read.
fn secrets(config: &Config, checks: &mut Vec<Check>) {
    for source in &config.sources.postgres {
        let logins = [
            ("read", Some(&source.read)),
            ("write", source.write.as_ref()),
        ];
        for (tier, login) in logins {
            let Some(login) = login else { continue };
            let name = format!("secret {} {tier}", source.name);
            match files::read_private(&login.dsn_file, files::SECRET_BYTES_MAX) {
                Err(error) => checks.push(Check::bad(
                    name,
                    chain(&error),
                    "a connection string in a file of mode 0600, owned by this user",
                )),
                Ok(private) if private.readable_by_others => checks.push(Check::warn(
                    name,
                    format!("{} can be read by others", login.dsn_file.display()),
                    format!("`chmod 0600 {}`", login.dsn_file.display()),
                )),
                Ok(_) if tier == "write" && rustix::process::geteuid().is_root() => {
                    checks.push(Check::good(name, "only root can read it"));
                }
                Ok(_) if tier == "write" => checks.push(Check::warn(
                    name,
                    "this user can read a credential that changes production",
                    "run agents as another user than the host",
                )),
                Ok(_) => checks.push(Check::good(name, "only this user can read it")),
            }
        }
    }
}

fn people(policy: &Policy, checks: &mut Vec<Check>) {
    let uid = rustix::process::getuid().as_raw();
    checks.push(match policy.caller_by_uid(uid) {
        Some(caller) => Check::good("caller", format!("you are `{}` (uid {uid})", caller.name)),
        None => Check::warn(
            "caller",
            format!("no [[caller]] of the policy maps uid {uid}"),
            format!(
                "add `[[caller]] name = \"...\", uid = {uid}, owner = \"...\"`: what an unknown \
                     caller asks for nobody can approve"
            ),
        ),
    });
    for rule in policy.writes() {
        for group in &rule.groups {
            let can: Vec<&str> = policy
                .approvers()
                .iter()
                .filter(|one| one.roles.iter().any(|role| group.roles.contains(role)))
                .map(|one| one.name.as_str())
                .collect();
            let need = usize::try_from(group.need).unwrap_or(usize::MAX);
            if can.len() < need + usize::from(group.not_requester) {
                let name = format!("rule `{}`", rule.name);
                let found = format!(
                    "needs {need} of {}, has {}",
                    group.roles.join(" or "),
                    can.len()
                );
                checks.push(if can.len() < need {
                    Check::bad(name, found, "nobody can ever approve it: add approvers")
                } else {
                    let mend = "nobody is left when one of them asks: add an approver";
                    Check::warn(name, found, mend)
                });
            }
        }
    }
}

/// A write rule whose target has no source that could act.
fn sources_of_rules(config: &Config, policy: &Policy, checks: &mut Vec<Check>) {
    for rule in policy
        .writes()
        .iter()
        .filter(|rule| rule.capability.name().starts_with("database."))
    {
        let able = config.sources.postgres.iter().any(|source| {
            source.write.is_some()
                && rule
                    .targets
                    .iter()
                    .any(|pattern| pattern.matches(&format!("{}/client", source.name)))
        });
        if !able {
            checks.push(Check::warn(
                format!("rule `{}`", rule.name),
                "no [[source.postgres]] with a `write` login is among its targets",
                "the names in `targets` begin with the source's `name`",
            ));
        }
    }
}

async fn clock(runner: &Runner, checks: &mut Vec<Check>) {
    use interlock_store::Store as _;
    if let Ok(Some(newest)) = runner.store().newest_at().await {
        let behind = newest.seconds_since(runner.now());
        checks.push(if behind > 60 {
            Check::bad(
                "clock",
                format!("{behind} s behind the journal's newest entry"),
                "set the clock: until then every change is denied",
            )
        } else {
            Check::good("clock", "not behind the journal")
        });
    }
}

fn source(health: SourceHealth) -> Check {
    let name = format!("source {}", health.name);
    match health.health {
        Health::Good { what } => Check::good(name, what),
        Health::Poor { what, warnings } => Check {
            name,
            standing: Standing::Warn,
            found: what,
            mend: warnings,
        },
        Health::Bad { why } => {
            let mend = if why.contains("slots") || why.contains("too many") {
                "the server is full: log in by a slot that it keeps for superusers, narrowed with \
                 `set_role` (docs/approvers.md, on a full server)"
                    .to_owned()
            } else {
                format!("is it up, and is what {} says of it right?", health.section)
            };
            Check::bad(name, why, mend)
        }
    }
}

fn mend_store(error: &interlock_runner::error::RunError) -> String {
    let text = chain(error);
    if text.contains("rolled back") {
        "put the newest copy of the store back; never delete `checkpoint` to silence this"
            .to_owned()
    } else if text.contains("key") {
        "put `host.key` back from its copy: a journal is of no use under another key".to_owned()
    } else {
        "`state_dir` must be a folder of mode 0700 on a local disk with room".to_owned()
    }
}
