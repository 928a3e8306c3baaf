use std::collections::BTreeMap;

use interlock_bundle::{About, Bundle, Corpus, Observed};

use super::*;
use crate::rca::cases::subject;

fn sample() -> PathBuf {
    interlock_test_servers::repository().join("tests/corpus/petshop-sample")
}

#[tokio::test]
async fn every_incident_of_the_sample_is_laid_to_the_right_component() {
    let runner = Runner::new().expect("the runbook builds");
    let cases = runner
        .run(Format::PetShop, &sample())
        .await
        .expect("judged");
    assert_eq!(cases.len(), 6);
    for case in &cases {
        assert_eq!(case.rank, Some(1), "{}", case.name);
    }
    assert!(cases.iter().filter(|case| case.unrefuted).count() >= 3);
    assert_eq!(cases.iter().filter(|case| case.place.held_out).count(), 2);
}

/// The same incident in a system whose components have other names and stand in another order.
fn renamed(bundle: &Bundle) -> (Bundle, BTreeMap<String, String>) {
    let mut observed: Observed = bundle.observed().clone();
    let mut services = observed.topology.take().expect("a topology");
    services.reverse();
    let names: BTreeMap<String, String> = services
        .iter()
        .enumerate()
        .map(|(at, service)| (service.name.clone(), format!("c{:03}", (at * 17) % 101)))
        .collect();
    let other = |name: &mut String| {
        if let Some(other) = names.get(name) {
            name.clone_from(other);
        }
    };
    for service in &mut services {
        other(&mut service.name);
        service.depends_on.iter_mut().for_each(other);
        service.depends_on.reverse();
    }
    observed.topology = Some(services);
    let series = observed.metrics.iter_mut().flatten();
    let of_series = series.flat_map(|series| &mut series.labels);
    let alerts = observed.alerts.iter_mut().flatten();
    for label in of_series.chain(alerts.flat_map(|alert| &mut alert.labels)) {
        if label.name == "service" {
            other(&mut label.value);
        }
    }
    let mut about: About = bundle.about().clone();
    about.service.iter_mut().for_each(other);
    about.shared = None;
    (Bundle::new(about, observed), names)
}

#[tokio::test]
async fn the_same_incidents_under_other_names_are_judged_the_same() {
    let scratch = tempfile::tempdir().expect("a folder");
    let out = scratch.path().join("corpus");
    interlock_import::import(Format::PetShop, &sample(), &out, &mut |_, _, _| {})
        .expect("imported");
    let corpus = Corpus::open(&out).expect("a corpus");
    let runner = Runner::new().expect("the runbook builds");
    for name in corpus.names() {
        let bundle = corpus.bundle(name).expect("a bundle");
        let (report, calls, _) = runner.one(&bundle).await.expect("it ran");
        let blamed: Vec<&str> = report
            .hypotheses
            .iter()
            .filter_map(|hypothesis| subject(hypothesis, &calls))
            .collect();
        assert!(blamed.len() >= 3, "{name}: {blamed:?}");
        let (bundle, names) = renamed(&bundle);
        let (report, calls, _) = runner.one(&bundle).await.expect("it ran");
        for (hypothesis, before) in report.hypotheses.iter().zip(&blamed) {
            let now = subject(hypothesis, &calls);
            assert_eq!(now, names.get(*before).map(String::as_str), "{name}");
        }
    }
}
