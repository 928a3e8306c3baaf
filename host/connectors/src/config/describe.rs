//! What is configured, in a line each: for `doctor`, before anything is asked.

use std::time::Duration;

use super::model::{Config, HttpSource, PostgresSource};
use crate::endpoint::Endpoint;
use crate::units::duration_text;

/// One configured source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its section, such as `[source.prometheus]`.
    pub section: &'static str,
    /// Its name as the targets of read grants write it.
    pub name: String,
    /// What it is, without URLs' paths and without secrets.
    pub what: String,
}

impl Config {
    /// Every configured source, in the order of [`crate::Connected::health`].
    pub fn describe(&self) -> Vec<Described> {
        let sources = &self.sources;
        let mut all = Vec::new();
        let mut add = |section, name: &str, what| {
            all.push(Described {
                section,
                name: name.to_owned(),
                what,
            });
        };
        if let Some(source) = &sources.prometheus {
            add("[source.prometheus]", "prometheus", http(source));
        }
        if let Some(source) = &sources.alertmanager {
            add("[source.alertmanager]", "alertmanager", http(source));
        }
        for source in &sources.postgres {
            add("[[source.postgres]]", &source.name, postgres(source));
        }
        if let Some(source) = &sources.changes {
            let file = source
                .file
                .iter()
                .map(|path| format!("file `{}`", path.display()));
            let git = source.git.iter().map(|git| {
                format!(
                    "`{}` of git repository `{}`",
                    git.reference,
                    git.path.display()
                )
            });
            let what = file.chain(git).collect::<Vec<_>>().join(", ");
            add("[source.changes]", "changes", what);
        }
        for (name, source) in &sources.logs {
            let files: Vec<_> = source
                .files
                .iter()
                .map(|path| format!("file `{}`", path.display()))
                .collect();
            add("[[source.logs]]", name, files.join(", "));
        }
        if let Some(path) = &sources.topology {
            add(
                "[source.topology]",
                "topology",
                format!("file `{}`", path.display()),
            );
        }
        for (name, probe) in &sources.probes {
            add("[[source.probe]]", name, asked(&probe.url, probe.timeout));
        }
        all
    }
}

fn http(source: &HttpSource) -> String {
    asked(&source.url, source.timeout)
}

fn asked(url: &Endpoint, timeout: Duration) -> String {
    let within = duration_text(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let host = url.url().host_str().unwrap_or("");
    let port = url.url().port_or_known_default().unwrap_or(0);
    format!("{host}:{port}, within {within}")
}

fn postgres(source: &PostgresSource) -> String {
    match &source.write {
        Some(_) => "one login to read, one to write".to_owned(),
        None => "one login to read, none to write".to_owned(),
    }
}
