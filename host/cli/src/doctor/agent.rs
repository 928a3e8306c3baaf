//! What an agent that runs as this user could reach: keys, writing credentials, an unlocked agent.

use std::path::PathBuf;

use super::Check;

/// Checks of this user's own surroundings.
pub(super) fn all() -> Vec<Check> {
    let mut checks = vec![ssh_agent()];
    checks.extend(private_keys());
    checks
}

/// An unlocked ssh-agent signs for whoever can reach its socket.
fn ssh_agent() -> Check {
    let Some(socket) = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()) else {
        return Check::good("ssh-agent", "none in this environment");
    };
    let identities = ssh_agent_client_rs::Client::connect(PathBuf::from(&socket).as_path())
        .and_then(|mut client| client.list_all_identities());
    match identities {
        Err(_) => Check::good("ssh-agent", "its socket does not answer"),
        Ok(list) if list.is_empty() => Check::good("ssh-agent", "it holds no key"),
        Ok(list) => Check::warn(
            "ssh-agent",
            format!(
                "it is unlocked and holds {}",
                interlock_screens::text::words::count(list.len(), "key")
            ),
            "an agent that runs as this user can sign with it: `ssh-add -x`, or run agents as \
             another user",
        ),
    }
}

/// A software key without a passphrase signs for whoever can read it.
fn private_keys() -> Vec<Check> {
    super::super::commands::keys::here()
        .into_iter()
        .filter(|(key, _)| !key.is_security_key())
        .filter_map(|(_, public)| {
            let private = public.with_extension("");
            let text = std::fs::read_to_string(&private).ok()?;
            let key = ssh_key::PrivateKey::from_openssh(&text).ok()?;
            (!key.is_encrypted()).then(|| {
                Check::warn(
                    "key",
                    format!("{} has no passphrase", private.display()),
                    format!(
                        "an agent that runs as this user can sign with it: `ssh-keygen -p -f {}`, \
                         or a security key and `presence = \"touch\"`",
                        private.display()
                    ),
                )
            })
        })
        .collect()
}
