//! The text's sections into the model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::{ChangesSource, Config, HttpSource, PostgresLogin, PostgresSource, Sources};
use super::{notify, server, telemetry};
use crate::changes::{GitSource, kind};
use crate::document::{Problem, Section};
use crate::endpoint::{Endpoint, EndpointError};
use crate::logs::{self, LogSource};
use crate::probe::{Network, Probe};

/// Most sources of one kind.
const SOURCES_MAX: usize = 256;
const FILES_MAX: usize = 64;
const TIMEOUT_MS: u64 = 5_000;
const TIMEOUT_MS_MIN: u64 = 100;
const TIMEOUT_MS_MAX: u64 = 60_000;

pub(super) fn config(top: &mut Section<'_, '_>, file: &Path) -> Option<Config> {
    let base = file.parent().unwrap_or(Path::new("")).to_owned();
    let version = top.need("version", |s, key| s.integer(key, 1, 1));
    let policy = top.need("policy", |s, key| s.path(key, &base));
    let state_dir = top.need("state_dir", |s, key| s.path(key, &base));
    let origin = origin(top);
    let runbooks = paths(top, "runbooks", &base);
    let sources = top.table("source", "[source]", |section| {
        Some(sources(section, &base))
    });
    let server = top.table("server", "[server]", |s| Some(server::server(s, &base)));
    let telemetry = top.table("telemetry", "[telemetry]", |s| {
        Some(telemetry::telemetry(s, &base))
    });
    let notify = top.table("notify", "[notify]", |s| notify::notify(s, &base));
    version?;
    Some(Config {
        file: file.to_owned(),
        policy: policy?,
        state_dir: state_dir?,
        origin,
        runbooks,
        sources: sources.unwrap_or_default(),
        server: server.unwrap_or_default(),
        telemetry: telemetry.unwrap_or_default(),
        notify,
    })
}

/// The name of this host's journal. It is bound to the host's key at the first start, so the
/// default is a constant and not the machine's name, which may change.
fn origin(top: &mut Section<'_, '_>) -> String {
    let Some(text) = top.text("origin") else {
        return "interlock.local".to_owned();
    };
    let plain = |b: u8| b.is_ascii_graphic() && b != b'+';
    if text.len() > 200 || !text.bytes().all(plain) {
        top.must_be(
            "origin",
            "up to 200 printable characters without spaces and `+`",
        );
    }
    text
}

fn sources(section: &mut Section<'_, '_>, base: &Path) -> Sources {
    Sources {
        prometheus: section.table("prometheus", "[source.prometheus]", |s| http(s, base)),
        alertmanager: section.table("alertmanager", "[source.alertmanager]", |s| http(s, base)),
        postgres: named(section, "postgres", "[[source.postgres]]", |s| {
            postgres(s, base)
        })
        .into_iter()
        .map(|(name, (read, write, timeout))| PostgresSource {
            name,
            read,
            write,
            timeout,
        })
        .collect(),
        changes: section.table("changes", "[source.changes]", |s| changes(s, base)),
        logs: named(section, "logs", "[[source.logs]]", |s| log(s, base))
            .into_iter()
            .collect(),
        topology: section.table("topology", "[source.topology]", |s| {
            s.need("file", |s, key| s.path(key, base))
        }),
        probes: named(section, "probe", "[[source.probe]]", probe)
            .into_iter()
            .collect(),
    }
}

/// Sources with a name each, no name twice, in the file's order.
fn named<T>(
    section: &mut Section<'_, '_>,
    key: &'static str,
    title: &str,
    mut read: impl FnMut(&mut Section<'_, '_>) -> Option<T>,
) -> Vec<(String, T)> {
    let mut seen = BTreeMap::new();
    section.tables(key, title, SOURCES_MAX, |s| {
        let name = s.need("name", Section::name);
        if let Some(name) = &name
            && seen.insert(name.clone(), ()).is_some()
        {
            s.mistake(
                "name",
                Problem::Twice {
                    what: "source",
                    name: name.clone(),
                },
            );
        }
        let rest = read(s);
        Some((name?, rest?))
    })
}

pub(super) fn timeout(section: &mut Section<'_, '_>) -> Duration {
    let ms = section.duration_ms("timeout", TIMEOUT_MS_MIN, TIMEOUT_MS_MAX);
    Duration::from_millis(ms.unwrap_or(TIMEOUT_MS))
}

pub(super) fn endpoint(
    section: &mut Section<'_, '_>,
    key: &'static str,
    read: fn(&str) -> Result<Endpoint, EndpointError>,
) -> Option<Endpoint> {
    let text = section.need(key, Section::text)?;
    match read(&text) {
        Ok(endpoint) => Some(endpoint),
        Err(expected) => {
            section.must_be(key, expected.to_string());
            None
        }
    }
}

fn http(section: &mut Section<'_, '_>, base: &Path) -> Option<HttpSource> {
    let url = endpoint(section, "url", Endpoint::base);
    let timeout = timeout(section);
    let bearer_file = section.path("bearer_file", base);
    Some(HttpSource {
        url: url?,
        timeout,
        bearer_file,
    })
}

fn postgres(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Option<(PostgresLogin, Option<PostgresLogin>, Duration)> {
    let login = |s: &mut Section<'_, '_>| {
        let dsn_file = s.need("dsn_file", |s, key| s.path(key, base));
        let set_role = s.text("set_role");
        Some(PostgresLogin {
            dsn_file: dsn_file?,
            set_role,
        })
    };
    let read = section.need("read", |s, key| s.table(key, "`read`", login));
    let write = section.table("write", "`write`", login);
    let timeout = timeout(section);
    Some((read?, write, timeout))
}

fn changes(section: &mut Section<'_, '_>, base: &Path) -> Option<ChangesSource> {
    let file = section.path("file", base);
    let git = section.tables("git", "`git`", FILES_MAX, |s| {
        let path = s.need("path", |s, key| s.path(key, base));
        let reference = s.need("ref", Section::text);
        if let Some(reference) = &reference
            && !reference.starts_with("refs/")
        {
            s.must_be("ref", "a full reference name, such as `refs/heads/main`");
        }
        let kind = kind(s);
        let service = s.text("service");
        Some(GitSource {
            path: path?,
            reference: reference?,
            kind,
            service,
        })
    });
    let timeout = timeout(section);
    if file.is_none() && git.is_empty() && !section.has("file") {
        section.missing("file");
    }
    Some(ChangesSource { file, git, timeout })
}

fn log(section: &mut Section<'_, '_>, base: &Path) -> Option<LogSource> {
    let files = paths(section, "files", base);
    if files.is_empty() && !section.has("files") {
        section.missing("files");
    } else if files.is_empty() {
        section.must_be("files", "a list of at least one path");
    }
    let offset = section.text("utc_offset").and_then(|text| {
        let offset = logs::offset(&text);
        if offset.is_none() {
            section.must_be("utc_offset", "an offset such as `+01:00`, or `Z`");
        }
        offset
    });
    Some(LogSource { files, offset })
}

fn probe(section: &mut Section<'_, '_>) -> Option<Probe> {
    let url = endpoint(section, "url", Endpoint::exact);
    let timeout = timeout(section);
    let mut networks = Vec::new();
    for text in section.texts("networks", FILES_MAX) {
        match Network::parse(&text) {
            Some(network) => networks.push(network),
            None => section.must_be("networks", "networks such as `10.0.0.0/8`"),
        }
    }
    Some(Probe {
        url: url?,
        timeout,
        networks,
    })
}

fn paths(section: &mut Section<'_, '_>, key: &'static str, base: &Path) -> Vec<PathBuf> {
    section
        .texts(key, FILES_MAX)
        .into_iter()
        .map(|text| base.join(text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Mistakes, check};

    const WHOLE: &str = r#"
version = 1
policy = "policies/postgres.toml"
state_dir = "state"                       # 0700; the host key is made here
runbooks = ["runbooks"]

[source.prometheus]
url = "http://127.0.0.1:9090"
timeout = "5s"
[source.alertmanager]
url = "http://127.0.0.1:9093"
[[source.postgres]]
name = "orders-db"                        # first segment of its targets
read = { dsn_file = "secrets/orders-db-read.dsn", set_role = "interlock_read" }
write = { dsn_file = "secrets/orders-db-write.dsn" }
[source.changes]
file = "changes.toml"
git = [{ path = "/srv/deploys.git", ref = "refs/heads/main" }]
[[source.logs]]
name = "orders-db"
files = ["/var/log/postgresql/orders-db.log"]
[source.topology]
file = "topology.toml"                    # services, their database roles, pools, instances
[[source.probe]]
name = "checkout"
url = "http://127.0.0.1:8080/health?full=1"
timeout = "1s"
networks = ["127.0.0.0/8"]
"#;

    fn parse(text: &str) -> Result<Config, Mistakes> {
        Config::parse(Path::new("etc/interlock.toml"), text)
    }

    #[test]
    fn a_whole_configuration_is_read_with_paths_from_its_own_folder() {
        let config = parse(WHOLE).unwrap();
        assert_eq!(config.policy, Path::new("etc/policies/postgres.toml"));
        assert_eq!(config.state_dir, Path::new("etc/state"));
        assert_eq!(config.origin, "interlock.local");
        let described = config.describe();
        let sources = config.sources;
        assert_eq!(
            sources.topology.as_deref(),
            Some(Path::new("etc/topology.toml"))
        );
        assert_eq!(sources.prometheus.unwrap().timeout, Duration::from_secs(5));
        let database = &sources.postgres[0];
        assert_eq!(database.read.set_role.as_deref(), Some("interlock_read"));
        let changes = sources.changes.unwrap();
        assert_eq!(changes.git[0].path, Path::new("/srv/deploys.git"));
        assert_eq!(changes.git[0].kind, "other");
        assert_eq!(sources.logs["orders-db"].offset, None);
        assert_eq!(sources.probes["checkout"].timeout, Duration::from_secs(1));
        let described: Vec<_> = described.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(
            described,
            [
                "127.0.0.1:9090, within 5s",
                "127.0.0.1:9093, within 5s",
                "one login to read, one to write",
                "file `etc/changes.toml`, `refs/heads/main` of git repository `/srv/deploys.git`",
                "file `/var/log/postgresql/orders-db.log`",
                "file `etc/topology.toml`",
                "127.0.0.1:8080, within 1s",
            ]
        );
        let beside = Config::parse(Path::new("interlock.toml"), WHOLE).unwrap();
        assert_eq!(beside.policy, Path::new("policies/postgres.toml"));
    }

    #[test]
    fn every_mistake_has_its_line_its_column_and_the_nearest_key() {
        let text = r#"
policy = "p"
state_dri = "s"
[source.prometheus]
url = "http://u:p@h"
timeout = "5"
[[source.postgres]]
name = "a/b"
read = { dns_file = "x" }
[[source.postgres]]
name = "a"
[[source.logs]]
name = "x"
files = []
utc_offset = "CET"
[[source.logs]]
name = "x"
[source.changes]
[source.topology]
[[source.probe]]
name = "p"
url = "file:///etc/passwd"
networks = ["10.0.0.1/8"]
[source.loki]
"#;
        let mistakes = Config::parse(Path::new("i.toml"), text).unwrap_err();
        check(
            &mistakes,
            &[
                "i.toml:1:1: the file has no `version`",
                "i.toml:1:1: the file has no `state_dir`",
                "i.toml:3:1: `state_dri` is not a key of the file (did you mean `state_dir`?)",
                "i.toml:5:7: `url` must be a URL without user or password: name a `bearer_file` instead",
                "i.toml:6:11: `timeout` must be a duration from 100ms to 1m",
                "i.toml:8:8: `name` must be a name of up to 64 letters, digits, `.`, `_` and `-`",
                "i.toml:9:8: `read` has no `dsn_file`",
                "i.toml:9:10: `dns_file` is not a key of `read` (did you mean `dsn_file`?)",
                "i.toml:10:1: [[source.postgres]] has no `read`",
                "i.toml:14:9: `files` must be a list of at least one path",
                "i.toml:15:14: `utc_offset` must be an offset such as `+01:00`, or `Z`",
                "i.toml:16:1: [[source.logs]] has no `files`",
                "i.toml:17:8: source `x` stands here twice",
                "i.toml:18:1: [source.changes] has no `file`",
                "i.toml:19:1: [source.topology] has no `file`",
                "i.toml:22:7: `url` must be an `http` or `https` URL",
                "i.toml:23:12: `networks` must be networks such as `10.0.0.0/8`",
                "i.toml:24:9: `loki` is not a key of [source]",
            ],
        );
    }
}
