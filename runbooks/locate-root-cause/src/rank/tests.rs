use super::*;
use crate::scene::{Stat, Track};

fn component(calls: &[usize], latency: [f64; 5], requests: f64) -> Component {
    let wiggle = |level: f64, salt: usize| -> Vec<f64> {
        (0..200usize)
            .map(|n| level * (1.0 + 0.01 * (((n * 7919 + salt * 104_729) % 13) as f64 - 6.0)))
            .collect()
    };
    let track = |signal, stat, now: Vec<f64>, usual| Track {
        signal,
        stat,
        source: 0,
        now,
        usual,
    };
    let usual = wiggle(latency[0], calls.len());
    Component {
        calls: calls.to_vec(),
        tracks: vec![
            track(Signal::Latency, Stat::Average, latency.to_vec(), usual),
            track(
                Signal::Traffic,
                Stat::Sum,
                vec![requests; 5],
                wiggle(requests, 3),
            ),
        ],
        ..Component::default()
    }
}

/// A front that calls a shop and a ledger; the shop calls a store.
fn scene() -> Scene {
    Scene {
        components: vec![
            component(&[1, 2], [0.10, 0.10, 0.14, 0.14, 0.10], 500.0),
            component(&[3], [0.02, 0.02, 0.05, 0.05, 0.02], 700.0),
            component(&[], [0.05, 0.05, 0.05, 0.05, 0.05], 400.0),
            component(&[], [0.01, 0.01, 0.0105, 0.01, 0.01], 900.0),
        ],
        symptom: Some(Symptom {
            component: 0,
            signal: Some(Signal::Latency),
        }),
        ..Scene::default()
    }
}

fn permuted(scene: &Scene, order: &[usize]) -> Scene {
    let place = |old: usize| {
        order
            .iter()
            .position(|&at| at == old)
            .expect("a permutation")
    };
    Scene {
        components: order
            .iter()
            .map(|&old| {
                let mut component = scene.components[old].clone();
                component.calls = component.calls.iter().map(|&at| place(at)).collect();
                component
            })
            .collect(),
        symptom: scene.symptom.map(|symptom| Symptom {
            component: place(symptom.component),
            ..symptom
        }),
        ..Scene::default()
    }
}

#[test]
fn the_callee_that_bears_the_symptom_is_blamed_and_not_its_callers() {
    let ranked = rank(&scene());
    assert_eq!(ranked[0].component, 1, "{ranked:?}");
    assert_eq!(ranked[0].fault, Fault::Slow);
    assert_eq!(ranked[0].path, [0, 1]);
    assert!(ranked[0].score > 3.0 * ranked[1].score, "{ranked:?}");
}

#[test]
fn components_in_another_order_are_ranked_the_same() {
    let scene = scene();
    let named: Vec<usize> = rank(&scene)
        .iter()
        .map(|suspect| suspect.component)
        .collect();
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        let ranked = rank(&permuted(&scene, &order));
        let back: Vec<usize> = ranked.iter().map(|s| order[s.component]).collect();
        assert_eq!(back, named);
    }
}

#[test]
fn nothing_is_blamed_where_nothing_deviates() {
    let calm = Scene {
        components: vec![
            component(&[1], [0.10; 5], 500.0),
            component(&[], [0.02; 5], 700.0),
        ],
        ..scene()
    };
    assert!(rank(&calm).is_empty());
}

#[test]
fn no_scene_makes_it_panic() {
    let mut odd = scene();
    odd.components[0].calls = vec![0, 1, 2, 9];
    odd.components[1].tracks.clear();
    odd.components[2].tracks[0].now = vec![f64::NAN, f64::INFINITY];
    odd.components[3].tracks[0].usual.clear();
    let _ = rank(&odd);
    odd.symptom = None;
    let _ = rank(&odd);
    odd.symptom = Some(Symptom {
        component: 77,
        signal: None,
    });
    assert!(rank(&odd).is_empty());
    assert!(rank(&Scene::default()).is_empty());
}
