use super::*;
use crate::rank::rank;
use crate::scene::{Component, Course, Habit, Limit, Link, Scene, Source, Stat, Track};

fn habit(seen: [f64; 2]) -> Habit {
    Habit {
        source: Source::Now(7),
        asked: [20.0, 100.0],
        seen,
    }
}

fn calm(level: f64) -> Vec<f64> {
    (0..60u32)
        .map(|n| level * (1.0 + 0.01 * f64::from(n * 7 % 5)))
        .collect()
}

fn asked(requests: f64) -> Track {
    Track {
        signal: Signal::Traffic,
        stat: Stat::Sum,
        source: 0,
        now: vec![requests; 5],
        usual: calm(60.0),
    }
}

/// A front that calls a shop and a ledger; the shop calls a store.
fn scene() -> Scene {
    let calls = [vec![1, 2], vec![3], vec![], vec![]];
    let components = calls.into_iter().map(|calls| Component {
        calls,
        ..Component::default()
    });
    Scene {
        components: components.collect(),
        ..Scene::default()
    }
}

fn links(slow: &[(usize, usize)]) -> Vec<Link> {
    let edges = [(0, 1), (0, 2), (1, 3)];
    let link = |(from, to)| Link {
        source: 0,
        from,
        to,
        now: vec![
            if slow.contains(&(from, to)) {
                0.3
            } else {
                0.001
            };
            5
        ],
        usual: calm(0.001),
    };
    edges.into_iter().map(link).collect()
}

fn first(scene: &Scene) -> Option<(usize, Fault)> {
    rank(scene)
        .first()
        .map(|suspect| (suspect.component, suspect.fault))
}

#[test]
fn a_component_that_does_other_things_than_usual_is_blamed() {
    let mut scene = scene();
    scene.components[3].habits = vec![habit([18.0, 90.0]), habit([20.0, 1.0])];
    scene.components[1].habits = vec![habit([14.0, 90.0])];
    assert_eq!(first(&scene), Some((3, Fault::Failing)));
    assert_eq!(
        own(&scene)[3].and_then(|own| own.source),
        Some(Source::Now(7))
    );
    assert_eq!(own(&scene)[0], None);
}

#[test]
fn a_component_without_room_is_blamed_though_it_answers_as_usual() {
    let mut scene = scene();
    scene.components[2].limits = vec![Limit {
        source: 1,
        by_requests: true,
        before: vec![0.02; 5],
        now: vec![0.02, 0.99, 1.0, 0.99, 1.0],
        usual: calm(0.05),
    }];
    assert_eq!(first(&scene), Some((2, Fault::Saturated)));
}

#[test]
fn a_slow_network_is_blamed_on_the_end_of_which_all_calls_are_slow() {
    let mut scene = scene();
    scene.links = links(&[(0, 1), (1, 3)]);
    assert_eq!(first(&scene), Some((1, Fault::Slow)));
    scene.links = links(&[(0, 2)]);
    assert_eq!(first(&scene), Some((2, Fault::Slow)));
    scene.links = links(&[]);
    assert_eq!(first(&scene), None);
}

#[test]
fn a_caller_that_no_longer_calls_is_blamed_and_not_the_callee_without_requests() {
    let mut scene = scene();
    for (component, requests) in scene.components.iter_mut().zip([60.0, 60.0, 60.0, 0.0]) {
        component.tracks = vec![asked(requests)];
    }
    assert_eq!(first(&scene), Some((1, Fault::Failing)));
}

#[test]
fn no_evidence_makes_it_panic() {
    let mut scene = scene();
    scene.links = links(&[]);
    scene.links[0].to = 99;
    scene.links[1].now = vec![f64::NAN, f64::INFINITY];
    scene.components[0].limits = vec![Limit {
        source: 0,
        by_requests: true,
        before: Vec::new(),
        now: Vec::new(),
        usual: vec![f64::NAN; 9],
    }];
    scene.components[1].tracks = vec![asked(f64::NAN)];
    scene.components[2].habits = vec![habit([f64::INFINITY, -1.0])];
    let _ = rank(&scene);
}

#[test]
fn a_slow_answer_is_laid_to_the_callee_that_is_slow_too() {
    let mut scene = scene();
    let course = |now: f64| Course {
        before: calm(0.1),
        now: vec![now; 4],
        usual: calm(0.1),
    };
    for (component, now) in scene.components.iter_mut().zip([0.9, 0.8, 0.1, 0.8]) {
        component.answers = Some(course(now));
    }
    let blamed = own(&scene);
    let strain = |at: usize| blamed[at].map_or(0.0, |own| own.surprise);
    assert!(
        strain(3) > 3.0 * strain(0) && strain(3) > 3.0 * strain(1),
        "{blamed:?}"
    );
    assert_eq!(strain(2), 0.0);
}

#[test]
fn components_in_another_order_show_the_same_of_themselves() {
    let mut here = scene();
    here.links = links(&[(0, 1), (1, 3)]);
    here.components[3].habits = vec![habit([18.0, 10.0])];
    for (component, requests) in here.components.iter_mut().zip([60.0, 60.0, 20.0, 61.0]) {
        component.tracks = vec![asked(requests)];
    }
    let order = [2, 0, 3, 1];
    let place = |old: usize| {
        order
            .iter()
            .position(|&at| at == old)
            .expect("a permutation")
    };
    let mut there = Scene {
        components: order
            .iter()
            .map(|&old| here.components[old].clone())
            .collect(),
        links: here.links.iter().rev().cloned().collect(),
        ..Scene::default()
    };
    for component in &mut there.components {
        component.calls = component.calls.iter().map(|&at| place(at)).collect();
    }
    for link in &mut there.links {
        (link.from, link.to) = (place(link.from), place(link.to));
    }
    let named = |scene: &Scene, name: &dyn Fn(usize) -> usize| -> Vec<usize> {
        rank(scene)
            .iter()
            .map(|suspect| name(suspect.component))
            .collect()
    };
    assert_eq!(named(&here, &|at| at), named(&there, &|at| order[at]));
    assert!(rank(&here).len() >= 3);
}
