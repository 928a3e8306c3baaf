//! The shell script of somebody on call who asks by hand what a run has asked.
//! Made of the run's own record, so that it asks neither more nor less.

use std::fmt::Write;

use serde_json::Value;

use crate::error::BenchError;

/// Where the script asks.
pub(crate) struct Places<'a> {
    /// The connection string of the database.
    pub(crate) dsn: &'a str,
    /// Prometheus' base URL.
    pub(crate) prometheus: &'a str,
    /// Alertmanager's base URL.
    pub(crate) alertmanager: &'a str,
}

/// A script and what it holds.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) text: String,
    /// Calls of `psql` and `curl`.
    pub(crate) asked: usize,
    /// Calls of the run that read a file: the script leaves them out, to its advantage.
    pub(crate) files: usize,
}

/// The script for these calls, as `runs show --calls --json` lists them.
pub(crate) fn script(calls: &[Value], places: &Places<'_>) -> Result<Script, BenchError> {
    let mut script = Script {
        text: "set -e\n".to_owned(),
        asked: 0,
        files: 0,
    };
    for call in calls {
        let name = call["call"].as_str().unwrap_or_default();
        let ask = &call["ask"];
        let line = match name {
            "metrics.instant" => curl(
                &format!("{}/api/v1/query", places.prometheus),
                &[("query", text(ask, "query")?), ("time", text(ask, "at")?)],
            ),
            "metrics.range" => curl(
                &format!("{}/api/v1/query_range", places.prometheus),
                &[
                    ("query", text(ask, "query")?),
                    ("start", text(&ask["window"], "begin")?),
                    ("end", text(&ask["window"], "end")?),
                    ("step", &format!("{}ms", text(ask, "step_ms")?)),
                ],
            ),
            "alerts.list" => curl(&format!("{}/api/v2/alerts", places.alertmanager), &[]),
            "logs.search" | "changes.list" | "topology.services" => {
                script.files += 1;
                continue;
            }
            _ => psql(places.dsn, sql(name).ok_or_else(|| unknown(name))?),
        };
        script.text.push_str(&line);
        script.asked += 1;
    }
    Ok(script)
}

/// What somebody types who wants to know the same.
fn sql(call: &str) -> Option<&'static str> {
    Some(match call {
        "database.sessions" => "select * from pg_stat_activity order by pid",
        "database.locks" => {
            "select l.*, pg_blocking_pids(l.pid) from pg_locks l where not l.granted \
             union all select l.*, null from pg_locks l where l.granted"
        }
        "database.prepared_transactions" => "select * from pg_prepared_xacts",
        "database.replication_slots" => "select * from pg_replication_slots",
        "database.settings" => {
            "select name, setting from pg_settings where name in ('max_connections', \
             'superuser_reserved_connections', 'reserved_connections', \
             'idle_in_transaction_session_timeout', 'idle_session_timeout', 'statement_timeout', \
             'lock_timeout', 'max_prepared_transactions', 'server_version_num')"
        }
        _ => return None,
    })
}

fn psql(dsn: &str, sql: &str) -> String {
    format!("psql -X -q -A -t {} -c {}\n", quoted(dsn), quoted(sql))
}

fn curl(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut line = format!("curl -sSf -G {}", quoted(url));
    for (name, value) in parameters {
        // Writing to a `String` cannot fail.
        let _ = write!(
            line,
            " --data-urlencode {}",
            quoted(&format!("{name}={value}"))
        );
    }
    line.push('\n');
    line
}

/// One word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn text<'a>(ask: &'a Value, field: &str) -> Result<&'a str, BenchError> {
    ask[field].as_str().ok_or_else(|| BenchError::Undone {
        side: "interlock",
        why: format!("a recorded call has no `{field}`: {ask}"),
    })
}

fn unknown(call: &str) -> BenchError {
    BenchError::Undone {
        side: "the script",
        why: format!("it does not know how to ask `{call}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLACES: Places<'_> = Places {
        dsn: "postgresql://r@127.0.0.1:5/d",
        prometheus: "http://127.0.0.1:1",
        alertmanager: "http://127.0.0.1:2",
    };

    #[test]
    fn the_script_asks_each_question_once_and_in_order() {
        let calls = [
            json!({"call": "database.prepared_transactions", "ask": {"server": "orders-db"}}),
            json!({"call": "logs.search", "ask": {}}),
            json!({"call": "metrics.instant", "ask": {"query": "up{a='b'}", "at": "T"}}),
            json!({"call": "metrics.range", "ask": {
                "query": "up", "window": {"begin": "A", "end": "B"}, "step_ms": "5000",
            }}),
            json!({"call": "alerts.list", "ask": {}}),
        ];
        let script = script(&calls, &PLACES).unwrap();
        assert_eq!((script.asked, script.files), (4, 1));
        let expected = r"set -e
psql -X -q -A -t 'postgresql://r@127.0.0.1:5/d' -c 'select * from pg_prepared_xacts'
curl -sSf -G 'http://127.0.0.1:1/api/v1/query' --data-urlencode 'query=up{a='\''b'\''}' --data-urlencode 'time=T'
curl -sSf -G 'http://127.0.0.1:1/api/v1/query_range' --data-urlencode 'query=up' --data-urlencode 'start=A' --data-urlencode 'end=B' --data-urlencode 'step=5000ms'
curl -sSf -G 'http://127.0.0.1:2/api/v2/alerts'
";
        assert_eq!(script.text, expected);
    }

    #[test]
    fn a_question_that_the_script_cannot_ask_is_an_error() {
        let calls = [json!({"call": "workloads.describe", "ask": {}})];
        assert!(script(&calls, &PLACES).is_err());
    }
}
