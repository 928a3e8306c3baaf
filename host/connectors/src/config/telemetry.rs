//! `[telemetry]`: how the log is written, and where traces go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::read;
use crate::document::Section;
use crate::endpoint::Endpoint;

/// What is told of the host's own work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// How the log on standard error is written.
    pub log: LogFormat,
    /// What this process calls itself in traces.
    pub service: String,
    /// Where traces are sent; nowhere without it.
    pub otlp: Option<Otlp>,
}

/// The log's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line each, for people.
    Text,
    /// A JSON object each, for programs.
    Json,
}

/// A receiver of traces, over OTLP and HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otlp {
    /// Its base URL, to which `/v1/traces` is added.
    pub url: Endpoint,
    /// Of one delivery, retries included.
    pub timeout: Duration,
    /// A file with a bearer token.
    pub bearer_file: Option<PathBuf>,
}

impl Default for Telemetry {
    fn default() -> Telemetry {
        Telemetry {
            log: LogFormat::Text,
            service: "interlock".to_owned(),
            otlp: None,
        }
    }
}

pub(super) fn telemetry(section: &mut Section<'_, '_>, base: &Path) -> Telemetry {
    let default = Telemetry::default();
    let log = match section.text("log").as_deref() {
        None => default.log,
        Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some(_other) => {
            section.must_be("log", "`text` or `json`");
            default.log
        }
    };
    let service = section.name("service").unwrap_or(default.service);
    let has_otlp = section.has("otlp");
    let url = has_otlp.then(|| read::endpoint(section, "otlp", Endpoint::base));
    for key in ["timeout", "bearer_file"] {
        if !has_otlp && section.has(key) {
            section.must_be(key, "left out where there is no `otlp`");
        }
    }
    let timeout = read::timeout(section);
    let bearer_file = section.path("bearer_file", base);
    Telemetry {
        log,
        service,
        otlp: url.flatten().map(|url| Otlp {
            url,
            timeout,
            bearer_file,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::document::{Mistakes, check};

    const TOP: &str = "version = 1\npolicy = \"p\"\nstate_dir = \"s\"\n";

    fn parse(section: &str) -> Result<Config, Mistakes> {
        Config::parse(Path::new("etc/i.toml"), &format!("{TOP}{section}"))
    }

    #[test]
    fn without_sections_nothing_is_sent_anywhere() {
        let config = parse("").unwrap();
        assert_eq!(config.telemetry, Telemetry::default());
        assert_eq!(config.telemetry.otlp, None);
        assert_eq!(config.notify, None);
    }

    #[test]
    fn whole_sections_are_read_with_files_from_their_own_folder() {
        let config = parse(
            r#"
[telemetry]
log = "json"
service = "interlock-eu"
otlp = "http://127.0.0.1:4318"
timeout = "2s"
bearer_file = "secrets/otlp"
[notify]
webhook_file = "secrets/slack-url"
"#,
        )
        .unwrap();
        assert_eq!(config.telemetry.log, LogFormat::Json);
        assert_eq!(config.telemetry.service, "interlock-eu");
        let otlp = config.telemetry.otlp.unwrap();
        assert_eq!(otlp.timeout, Duration::from_secs(2));
        assert_eq!(
            otlp.bearer_file.as_deref(),
            Some(Path::new("etc/secrets/otlp"))
        );
        let notify = config.notify.unwrap();
        assert_eq!(notify.webhook_file, Path::new("etc/secrets/slack-url"));
        assert_eq!(notify.timeout, Duration::from_secs(5));
    }

    #[test]
    fn every_mistake_of_both_sections_is_told() {
        let text = r#"[telemetry]
log = "yaml"
service = "a b"
timeout = "2s"
level = "debug"
[notify]
webhook = "https://hooks.example.net/services/T/B/x"
"#;
        check(
            &parse(text).unwrap_err(),
            &[
                "etc/i.toml:5:7: `log` must be `text` or `json`",
                "etc/i.toml:6:11: `service` must be a name of up to 64 letters, digits, `.`, `_` and `-`",
                "etc/i.toml:7:11: `timeout` must be left out where there is no `otlp`",
                "etc/i.toml:8:1: `level` is not a key of [telemetry]",
                "etc/i.toml:9:1: [notify] has no `webhook_file`",
                "etc/i.toml:10:11: `webhook` must be in a file, named by `webhook_file`: \
                 whoever has it can post there",
            ],
        );
        check(
            &parse("[telemetry]\notlp = \"http://u:p@h\"\n").unwrap_err(),
            &[
                "etc/i.toml:5:8: `otlp` must be a URL without user or password: name a `bearer_file` instead",
            ],
        );
    }
}
