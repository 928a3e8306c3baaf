use std::collections::BTreeSet;

use super::apps::APPS;
use super::mix::{STORMS, mix};
use super::scenario::{Scenario, parse};
use super::storm::topology;

const FLAT: &str = "
alerts:
  - {id: HighRequestErrorRate, group_id: checkout-service-2}
  - {id: KubePodCrashLooping, group_id: recommendationservice-pod-1}
  - {id: HighRequestLatency, group_id: frontendproxy-service-1}
  - {id: NoRequestsOpened}
groups:
  - {id: flagd-config-1, kind: ConfigMap, namespace: otel-demo, root_cause: true, name: flagd-config}
  - {id: recommendationservice-pod-1, kind: Pod, namespace: otel-demo, filter: [x]}
  - {id: checkout-service-2, kind: Service, namespace: otel-demo}
  - {id: frontendproxy-service-1, kind: Service, namespace: otel-demo}
propagations:
  - {source: flagd-config-1, target: recommendationservice-pod-1, condition: c, effect: e}
  - {source: recommendationservice-pod-1, target: checkout-service-2}
  - {source: checkout-service-2, target: frontendproxy-service-1}
  - {source: frontendproxy-service-1, target: checkout-service-2}
";

fn flat(number: u32) -> Scenario {
    parse(number, FLAT).unwrap()
}

#[test]
fn both_shapes_of_a_file_say_the_same() {
    let indented: String = FLAT.lines().map(|line| format!("  {line}\n")).collect();
    let wrapped = format!("kind: GroundTruth\nspec:\n{indented}");
    assert_eq!(parse(7, &wrapped).unwrap(), flat(7));
}

#[test]
fn what_is_no_scenario_is_refused_with_its_line() {
    let (line, why) = parse(1, "groups: []\nalerts:\n  - group_id: x\n").unwrap_err();
    assert_eq!(line, 3, "{why}");
    assert!(parse(1, "alerts: [").is_err());
    assert!(parse(1, "just words").is_err());
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n".to_owned()
        + "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
        + "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let _ = parse(1, &bomb); // in bounded time, whatever it says
}

#[test]
fn a_group_stands_for_the_service_of_its_name() {
    let app = &APPS[0];
    for (id, service) in [
        ("checkout-service-2", Some("checkout")),
        ("productcatalog-pod-1", Some("product-catalog")),
        ("recommendationservice-service-1", Some("recommendation")),
        ("frontendproxy-service-1", Some("frontend-proxy")),
        ("frontend-proxy-service", Some("frontend-proxy")),
        ("valkey-pod-1", Some("valkey-cart")),
        ("kafka-1", Some("kafka")),
        ("kafka", Some("kafka")),
        ("payment-deployment-1", Some("payment")),
        ("otel-demo-namespace-1", None),
        ("", None),
    ] {
        assert_eq!(app.service(id), service, "{id}");
    }
    assert_eq!(APPS[1].service("reviews-v3-pod-1"), Some("reviews"));
}

#[test]
fn what_a_service_calls_is_a_service() {
    let services = topology();
    let names: BTreeSet<&str> = services.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), services.len());
    for to in services.iter().flat_map(|one| &one.depends_on) {
        assert!(names.contains(to.as_str()), "{to}");
    }
}

#[test]
fn a_scenario_begins_at_what_its_cause_reaches_first() {
    assert_eq!(Vec::from_iter(flat(1).origins()), ["recommendation"]);
}

#[test]
fn the_same_scenarios_give_the_same_storms_and_every_alert_is_in_one_group() {
    let scenarios: Vec<Scenario> = (1..10).map(flat).collect();
    let storms = mix(&scenarios);
    assert_eq!(storms, mix(&scenarios));
    assert_eq!(storms.len() as u64, 2 * STORMS);
    for storm in &storms {
        let told = storm
            .truth
            .cases
            .iter()
            .flat_map(|case| case.alerts.clone());
        let mut told: Vec<String> = told.collect();
        told.sort();
        let mut all: Vec<String> = storm
            .alerts
            .iter()
            .map(|one| one.fingerprint.clone())
            .collect();
        all.sort();
        assert_eq!(told, all);
        all.dedup();
        assert_eq!(told.len(), all.len(), "each rings once");
        assert!(storm.alerts.is_sorted_by_key(|alert| alert.starts_at));
        let now = storm.bundle().now().micros();
        assert!(storm.alerts.iter().all(|alert| alert.starts_at < now));
    }
}

#[test]
fn nothing_that_a_run_reads_names_a_scenario_or_its_cause() {
    let storms = mix(&[flat(4711), flat(4712), flat(4713), flat(4714)]);
    assert_eq!(storms, mix(&[flat(1), flat(2), flat(3), flat(4)]));
    for storm in &storms {
        let bundle = storm.bundle();
        let read = format!("{:?}{:?}", bundle.observed(), bundle.incident());
        assert!(!read.contains("flagd-config"));
    }
}

#[test]
fn a_folder_of_scenarios_becomes_a_corpus_with_its_truths_beside() {
    let place = tempfile::tempdir().unwrap();
    let (from, out) = (place.path().join("set"), place.path().join("corpus"));
    std::fs::create_dir_all(&from).unwrap();
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(from.join("LICENSE"), "Apache-2.0").unwrap();
    std::fs::write(from.join("scenario_2.yaml"), FLAT).unwrap();
    let told = |error: crate::ImportError| error.to_string();
    let import = || crate::import(crate::Format::ItBench, &from, &out, &mut |_, _, _| {});
    assert!(told(import().unwrap_err()).contains("it holds 1 files"));
    std::fs::write(from.join("scenario_10.yaml"), "alerts: 7").unwrap();
    assert!(told(import().unwrap_err()).contains("scenario_10.yaml:1: "));
    std::fs::write(from.join("scenario_10.yaml"), FLAT).unwrap();
    let imported = import().unwrap();
    assert_eq!(imported.truths, 80);
    let corpus = interlock_bundle::Corpus::open(&out).unwrap();
    assert_eq!(corpus.names(), imported.bundles);
    for name in corpus.names() {
        let bundle = corpus.bundle(name).unwrap();
        let truth = corpus.truth(name).unwrap().unwrap();
        let rings = bundle.observed().alerts.as_ref().unwrap().len();
        let told: usize = truth.cases.iter().map(|case| case.alerts.len()).sum();
        assert_eq!(told, rings, "{name}");
    }
}
