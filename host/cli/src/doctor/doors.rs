//! The doors for agents: where they listen, who may come in, what could be reached beside them.

use std::path::Path;

use interlock_connectors::{config::Config, files};
use interlock_gate::policy::{Identity, Policy};

use super::Check;
use crate::failure::chain;

/// Checks of what the configuration and the policy say of doors and callers.
pub(super) fn all(config: &Config, policy: Option<&Policy>) -> Vec<Check> {
    let mut checks = vec![listen(config)];
    checks.extend(secret_files(config));
    checks.extend(alone(config));
    if let Some(policy) = policy {
        checks.extend(callers(policy));
    }
    checks
}

fn listen(config: &Config) -> Check {
    let server = &config.server;
    let where_ = server.listen;
    match (&server.tls, where_.ip().is_loopback()) {
        (Some(tls), _) if tls.client_ca_file.is_some() => Check::good(
            "server",
            format!("{where_}, TLS, client certificates known"),
        ),
        (Some(_), _) => Check::good("server", format!("{where_}, TLS")),
        (None, true) => Check::good("server", format!("{where_}, this machine only")),
        (None, false) => Check::bad(
            "server",
            format!("{where_} can be reached from elsewhere, and there is no `tls`"),
            "a bearer token in clear text is everybody's: give [server] a `tls`, or listen on \
             127.0.0.1",
        ),
    }
}

/// Tokens and keys that lie in files of their own.
fn secret_files(config: &Config) -> Vec<Check> {
    let sources = &config.sources;
    let http = [
        ("prometheus", &sources.prometheus),
        ("alertmanager", &sources.alertmanager),
    ];
    let mut found: Vec<(String, &Path)> = Vec::new();
    for (name, source) in http {
        if let Some(file) = source.as_ref().and_then(|one| one.bearer_file.as_deref()) {
            found.push((format!("secret {name}"), file));
        }
    }
    let otlp = config.telemetry.otlp.as_ref();
    if let Some(file) = otlp.and_then(|otlp| otlp.bearer_file.as_deref()) {
        found.push(("secret telemetry".to_owned(), file));
    }
    if let Some(notify) = &config.notify {
        found.push(("secret notify".to_owned(), &notify.webhook_file));
    }
    if let Some(tls) = &config.server.tls {
        found.push(("secret server".to_owned(), &tls.key_file));
    }
    found
        .into_iter()
        .map(|(name, file)| secret_file(name, file))
        .collect()
}

fn secret_file(name: String, file: &Path) -> Check {
    match files::read_private(file, files::SECRET_BYTES_MAX) {
        Err(error) => Check::bad(
            name,
            chain(&error),
            "a file of mode 0600, owned by this user",
        ),
        Ok(private) if private.readable_by_others => Check::warn(
            name,
            format!("{} can be read by others", file.display()),
            format!("`chmod 0600 {}`", file.display()),
        ),
        Ok(_) => Check::good(name, "only this user can read it"),
    }
}

/// `interlock mcp` alone runs beside the agent, as the agent's own user.
fn alone(config: &Config) -> Option<Check> {
    let writing: Vec<&str> = config
        .sources
        .postgres
        .iter()
        .filter(|source| {
            source.write.as_ref().is_some_and(|login| {
                files::read_private(&login.dsn_file, files::SECRET_BYTES_MAX).is_ok()
            })
        })
        .map(|source| source.name.as_str())
        .collect();
    if writing.is_empty() || rustix::process::geteuid().is_root() {
        return None;
    }
    Some(Check::warn(
        "mcp",
        format!(
            "`interlock mcp` alone would hold what changes {} where its agent, the same user, can \
             read it",
            writing.join(", ")
        ),
        "`interlock serve` as a user of its own, and for the agent `interlock mcp --connect URL \
         --token-file FILE` (docs/agents.md)",
    ))
}

fn callers(policy: &Policy) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut comes_in = false;
    for caller in policy.callers() {
        let by = match caller.identity {
            Identity::BearerSha256(_) => "bearer token",
            Identity::CertificateSha256(_) => "certificate",
            Identity::Uid(_) | Identity::Named => continue,
        };
        comes_in |= !caller.read_only;
        let name = format!("caller `{}`", caller.name);
        checks.push(match &caller.owner {
            Some(owner) => Check::good(name, format!("{by}, {owner} stands behind it")),
            None if caller.read_only => Check::good(name, format!("{by}, may only read")),
            None => Check::warn(
                name,
                format!("{by}, and nobody stands behind it"),
                "right for a webhook; for an agent write `owner = \"...\"`: its own approval then \
                 does not count where a rule says `not_requester`",
            ),
        });
    }
    if comes_in {
        let rules = policy.writes().iter().filter(|rule| {
            let mut groups = rule.groups.iter();
            groups.all(|group| !group.not_requester)
        });
        checks.extend(rules.map(|rule| {
            Check::warn(
                format!("rule `{}`", rule.name),
                "whoever stands behind an agent may approve what it asked for",
                "leave `not_requester = false` out: two people then look at what an agent wants",
            )
        }));
    }
    checks
}
