//! A storm of alerts, as the person on call meets it: the shipped runbook on the real binary.

use interlock_system_tests::{ALERTS_ONCE, Doorstep};
use interlock_test_servers::{repository, runbook};
use serde_json::Value;

const RUNBOOK: &str = "correlate-alerts";

/// A host with the shipped runbook, its topology, and an incident of forty alerts.
async fn host() -> Doorstep {
    let config = "[source.topology]\nfile = \"topology.toml\"\n";
    let host = Doorstep::new(ALERTS_ONCE, "", config).unwrap();
    tokio::task::spawn_blocking(|| runbook(RUNBOOK).map(drop).map_err(|e| e.to_string()))
        .await
        .unwrap()
        .unwrap();
    let from = repository().join("runbooks").join(RUNBOOK);
    let folder = format!("runbooks/{RUNBOOK}");
    std::fs::create_dir_all(host.path(&folder).join("components")).unwrap();
    for file in ["runbook.toml", "components/correlate.wasm"] {
        let bytes = std::fs::read(from.join(file)).unwrap();
        host.write(&format!("{folder}/{file}"), bytes).unwrap();
    }
    let policy = std::fs::read_to_string(host.path("policy.toml")).unwrap();
    let grants = "capabilities = [\"alerts\", \"metrics\"]";
    assert!(policy.contains(grants));
    let more = "capabilities = [\"alerts\", \"topology\", \"changes\", \"incidents\"]";
    host.write("policy.toml", policy.replace(grants, more))
        .unwrap();

    let mut topology = "[[service]]\nname = \"orders-db\"\n".to_owned();
    let mut incident = "id = \"INC-40\"\nbegin = 2026-11-25T03:02:00Z\n\
                        end = 2026-11-25T03:12:00Z\n"
        .to_owned();
    let mut alert = |name: &str, second: u32, labels: &str| {
        let (minute, second) = (2 + second / 60, second % 60);
        incident += &format!(
            "\n[[alert]]\nname = \"{name}\"\nstarts_at = 2026-11-25T03:{minute:02}:{second:02}Z\n\
             labels = {{ {labels} }}\n"
        );
    };
    alert("PostgresDown", 11, "service = \"orders-db\"");
    alert("DiskSlow", 20, "service = \"orders-db\"");
    for number in 0..12 {
        topology +=
            &format!("\n[[service]]\nname = \"api-{number}\"\ndepends_on = [\"orders-db\"]\n");
        for (place, name) in ["HighErrorRate", "HighLatency", "SlowRequests"]
            .into_iter()
            .enumerate()
        {
            let second = 30 + number * 9 + place as u32 * 2;
            alert(name, second, &format!("app = \"api-{number}\""));
        }
    }
    alert("Watchdog", 60, "severity = \"none\"");
    alert("BackupLate", 70, "service = \"attic\"");
    host.write("topology.toml", topology).unwrap();
    host.write("INC-40.toml", incident).unwrap();
    host
}

async fn ran(host: &Doorstep, arguments: &[&str]) -> String {
    let output = host.command(arguments).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn forty_alerts_are_one_case_with_its_origin_and_replay_the_same() {
    let host = host().await;
    let text = ran(
        &host,
        &["run", RUNBOOK, "--incident", "INC-40.toml", "--id", "storm"],
    )
    .await;
    let flat: Vec<&str> = text.split_whitespace().collect();
    let flat = flat.join(" ");
    for words in [
        "40 alerts are 1 case: `orders-db` first at 03:02:11Z, then 12 services that depend on it; \
         2 alerts could not be placed.",
        "shared_dependency",
        "changes.list",
        "the topology does not know `attic`",
    ] {
        assert!(flat.contains(words), "{words}: {text}");
    }
    let text = ran(&host, &["runs", "show", "storm", "--json"]).await;
    let run: Value = serde_json::from_str(&text).unwrap();
    assert!(text.contains("orders-db"), "{run:#}");
    ran(&host, &["replay", "storm"]).await;
}
