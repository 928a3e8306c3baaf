//! A configuration's sources as one: what is broken says so, and takes nothing else with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use interlock_capabilities::Gap;
use interlock_capabilities::read::alerts::AlertsAsk;
use interlock_capabilities::read::database::DatabaseAsk;
use interlock_capabilities::read::metrics::InstantAsk;
use interlock_capabilities::read::topology::ServicesAsk;
use interlock_capabilities::report::{Alert, Incident};
use interlock_connectors::config::Config;
use interlock_connectors::health::Health;
use interlock_connectors::{connect, writers};

use super::LIMIT;

fn incident() -> Incident {
    let alert = Alert {
        name: "High".to_owned(),
        starts_at: 1,
        labels: Vec::new(),
        annotations: Vec::new(),
    };
    let id = "INC-1".to_owned();
    Incident {
        id,
        service: None,
        severity: None,
        begin: 1,
        end: 2,
        alerts: vec![alert],
    }
}

fn config(folder: &Path, sources: &str) -> Config {
    let path = folder.join("interlock.toml");
    let text = format!("version = 1\npolicy = \"p\"\nstate_dir = \"s\"\n{sources}");
    fs::write(&path, text).unwrap();
    Config::read(&path).unwrap()
}

#[tokio::test]
async fn a_missing_secret_is_its_own_sources_gap() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("topology.toml"),
        "[[service]]\nname = \"checkout\"\n",
    )
    .unwrap();
    let config = config(
        folder.path(),
        "[source.prometheus]\nurl = \"http://127.0.0.1:1\"\nbearer_file = \"none\"\n\
         [[source.postgres]]\nname = \"db\"\nread = { dsn_file = \"none\" }\n\
         [source.topology]\nfile = \"topology.toml\"\n",
    );
    let connected = connect(&config);
    let readers = connected.readers(&incident());
    let ask = InstantAsk {
        query: "up".to_owned(),
        at: 1,
    };
    let gap = readers
        .metrics
        .unwrap()
        .instant(ask, LIMIT)
        .await
        .unwrap_err();
    assert!(
        matches!(&gap, Gap::Unreachable(why) if why.contains("does not exist")),
        "{gap}"
    );
    let ask = DatabaseAsk {
        server: "db".to_owned(),
    };
    let gap = readers
        .database
        .unwrap()
        .sessions(ask, LIMIT)
        .await
        .unwrap_err();
    assert!(matches!(gap, Gap::Unreachable(_)), "{gap}");
    let list = readers
        .topology
        .unwrap()
        .services(ServicesAsk {}, LIMIT)
        .await
        .unwrap();
    assert_eq!(list.services[0].name, "checkout");
    // No Alertmanager: the incident's alerts are all there is to know.
    let list = readers
        .alerts
        .unwrap()
        .list(AlertsAsk {}, LIMIT)
        .await
        .unwrap();
    assert_eq!(list.alerts[0].source, "incident");
    assert!(readers.logs.is_none() && readers.changes.is_none() && readers.http_probe.is_none());
    let writers = writers(&connected, "alice");
    assert!(writers.database.is_some() && writers.alerts.is_none());
}

#[tokio::test]
async fn the_health_of_every_source_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "t0ken\n").unwrap();
    fs::set_permissions(
        folder.path().join("token"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    fs::write(
        folder.path().join("db.log"),
        "2026-11-25 03:01:00 UTC [1] LOG:  x\n",
    )
    .unwrap();
    let server = interlock_test_servers::Alertmanager::start().await.unwrap();
    let config = config(
        folder.path(),
        &format!(
            "[source.alertmanager]\nurl = \"{}\"\nbearer_file = \"token\"\n\
             [source.changes]\nfile = \"changes.toml\"\n\
             [[source.logs]]\nname = \"db\"\nfiles = [\"db.log\"]\n\
             [source.topology]\nfile = \"topology.toml\"\n\
             [[source.probe]]\nname = \"am\"\nurl = \"{}/-/healthy\"\n",
            server.url(),
            server.url()
        ),
    );
    let health = connect(&config).health().await;
    let names: Vec<_> = health.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["alertmanager", "changes", "db", "topology", "am"]);
    let Health::Poor { what, warnings } = &health[0].health else {
        panic!("{health:?}")
    };
    assert_eq!(what, "answers, with 0 alerts");
    assert_eq!(warnings, &["its `bearer_file` can be read by others"]);
    assert!(matches!(&health[1].health, Health::Bad { why } if why.contains("does not exist")));
    let newest = "readable, newest line of 2026-11-25T03:01:00Z".to_owned();
    assert_eq!(health[2].health, Health::Good { what: newest });
    assert!(matches!(&health[3].health, Health::Bad { .. }));
    assert_eq!(
        health[4].health,
        Health::Good {
            what: "answers status 200".to_owned()
        }
    );
    let shown = format!("{config:?} {health:?}");
    assert!(!shown.contains("t0ken"));
}
