//! The texts of a working place: configuration, policy, manifest.

use interlock_test_servers::incident::Cast;
use interlock_test_servers::postgres::{READ_ROLE, WRITE_ROLE};
use interlock_test_servers::{Postgres, Stack};

use crate::{People, Person, WorldError};

/// `interlock.toml`.
pub(crate) fn config(cast: &Cast, postgres: &Postgres, stack: Option<&Stack>) -> String {
    let mut text = "version = 1\npolicy = \"policies/postgres.toml\"\nstate_dir = \"state\"\n\
                    runbooks = [\"runbooks\"]\n\n"
        .to_owned();
    if let Some(stack) = stack {
        text.push_str(&format!(
            "[source.prometheus]\nurl = \"{}\"\ntimeout = \"5s\"\n[source.alertmanager]\nurl = \"{}\"\n",
            stack.prometheus.url(),
            stack.alertmanager.url(),
        ));
    }
    text.push_str(&format!(
        "[[source.postgres]]\nname = {server:?}\n\
         read = {{ dsn_file = \"secrets/read.dsn\", set_role = \"{READ_ROLE}\" }}\n\
         write = {{ dsn_file = \"secrets/write.dsn\", set_role = \"{WRITE_ROLE}\" }}\n\
         [source.changes]\nfile = \"changes.toml\"\n\
         [[source.logs]]\nname = {server:?}\nfiles = [\"{log}\"]\n\
         [source.topology]\nfile = \"topology.toml\"\n",
        server = cast.server,
        log = postgres.log_file().display(),
    ));
    text
}

/// `policies/postgres.toml`: one rule, for the sessions of the service in question.
pub(crate) fn policy(cast: &Cast, people: &People, age_min_s: u32) -> Result<String, WorldError> {
    let mut text = "version = 1\n\n".to_owned();
    for person in Person::ALL {
        if !person.roles().is_empty() {
            text.push_str(&format!(
                "[[approver]]\nname = \"{}\"\nkeys = [\"{}\"]\nroles = {:?}\n\n",
                person.name(),
                people.public_key(person)?,
                person.roles(),
            ));
        }
    }
    text.push_str(&format!(
        "[[caller]]\nname = \"bob\"\nuid = {uid}\nowner = \"bob\"\n\n\
         [[read]]\nrunbooks = [\"postgres-connections\"]\ncapabilities = [\"metrics\", \"logs\", \
         \"alerts\", \"changes\", \"topology\", \"database\", \"incidents\"]\n\
         targets = [\"*\"]\n\n\
         [[write]]\nname = \"end stuck sessions\"\nrunbooks = [\"postgres-connections\"]\n\
         capability = \"database.terminate\"\ntargets = [\"{server}/client\"]\n\
         arguments = {{ role = {{ one_of = [{role:?}] }}, database = {{ one_of = [{database:?}] }}, \
         only_if_state = {{ one_of = [\"idle in transaction\", \"idle in transaction (aborted)\"] }}, \
         transaction_age_s = {{ min = {age_min_s} }} }}\n\
         approvals = {{ need = 1, roles = [\"sre\"], presence = \"any\", max_age = \"15m\" }}\n\
         limits = {{ per_run = 60, per_hour = 120 }}\n\n\
         [[never]]\ncapability = \"database.terminate\"\n\
         targets = [\"*/replication\", \"*/autovacuum\", \"*/internal\"]\n",
        uid = people.uid(Person::Bob),
        server = cast.server,
        role = cast.suspect.role,
        database = cast.database,
    ));
    Ok(text)
}

/// The shipped manifest with the least `stuck_after` cut down to a second; nothing else of it changes.
pub(crate) fn short_times(manifest: &str) -> Result<String, WorldError> {
    let long = "min = \"1m\"";
    if !manifest.contains(long) {
        return Err(WorldError::OtherManifest { text: long });
    }
    Ok(manifest.replace(long, "min = \"1s\""))
}
