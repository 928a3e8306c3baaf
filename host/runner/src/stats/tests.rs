//! The counts, of cases that are made up.

use interlock_measure::Rate;

use super::*;
use crate::{confidence::Level, learnt::Verdict, sample::at};

fn case(n: u64) -> Case {
    Case {
        run: format!("r-{n:08}").parse().unwrap(),
        incident: Some(format!("INC-{n}")),
        runbook: "postgres-connections".to_owned(),
        cause: Some("idle_in_transaction".to_owned()),
        named: Some("idle_in_transaction".to_owned()),
        level: Some(Level::High),
        probability_percent: Some(90),
        faulted: false,
        verdict: Some(Verdict::Accepted),
        right: Some(true),
        alerted_at: at(0),
        opened_at: at(10),
        evidence_at: Some(at(14)),
        decided_at: Some(at(74)),
        fixed_at: Some(at(134)),
        approvals: vec![Decided {
            after_s: 60,
            reading_s: 20,
        }],
    }
}

fn wrong(n: u64) -> Case {
    Case {
        cause: Some("other: dns".to_owned()),
        right: Some(false),
        decided_at: Some(at(614)),
        fixed_at: Some(at(2_000)),
        ..case(n)
    }
}

fn of(cases: &[Case]) -> Stats {
    Stats::of(at(0), at(9_000), cases, false)
}

#[test]
fn of_nothing_every_figure_is_absent() {
    let none = of(&[]);
    assert_eq!(none.all.runs, 0);
    assert_eq!(none.all.right.share(), None);
    assert_eq!(none.all.confident_wrong.share(), None);
    assert_eq!(none.all.decided_after_s, None);
    assert!(none.all.phases.iter().all(|one| one.median_ms.is_none()));
    assert!(none.by_cause.is_empty() && none.calibration.is_none());
}

#[test]
fn acceptance_stands_beside_correctness() {
    let all = of(&[case(1), case(2), wrong(3)]).all;
    assert_eq!(all.accepted, Rate::new(3, 3));
    assert_eq!(all.right, Rate::new(2, 3));
    assert_eq!(all.accepted_right, Rate::new(2, 3));
    assert_eq!(all.confident_wrong, Rate::new(1, 3));
}

#[test]
fn what_nobody_judged_is_neither_right_nor_wrong() {
    let open = Case {
        right: None,
        verdict: None,
        ..case(1)
    };
    let all = of(&[open, case(2)]).all;
    assert_eq!(all.judged, Rate::new(1, 2));
    assert_eq!(all.right, Rate::new(1, 1));
    assert_eq!(all.with_verdict, Rate::new(1, 2));
}

#[test]
fn an_unresolved_run_is_no_false_positive() {
    let unresolved = Case {
        named: None,
        cause: None,
        level: None,
        right: None,
        ..case(1)
    };
    let stats = of(&[unresolved, case(2)]);
    assert_eq!(stats.all.unresolved, Rate::new(1, 2));
    assert_eq!(stats.all.confident, Rate::new(1, 1));
    let names: Vec<&str> = stats.by_cause.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["idle_in_transaction", "unresolved"]);
}

#[test]
fn each_phase_says_what_a_right_diagnosis_saved() {
    let phases = of(&[case(1), wrong(2)]).all.phases;
    let told: Vec<(&str, Option<u64>, Option<i64>)> = phases
        .iter()
        .map(|one| (one.phase.word(), one.right_ms, one.saved_ms()))
        .collect();
    assert_eq!(
        told,
        [
            ("alert_to_run", Some(10_000), None),
            ("run_to_evidence", Some(4_000), None),
            ("evidence_to_decision", Some(60_000), Some(540_000)),
            ("decision_to_fix", Some(60_000), Some(1_326_000)),
            ("alert_to_fix", Some(134_000), Some(1_866_000)),
        ]
    );
}

#[test]
fn an_approval_faster_than_reading_is_counted() {
    assert_eq!(reading_time_s(0), 5);
    assert_eq!(reading_time_s(200), 20);
    assert_eq!(reading_time_s(100_000), 60);
    let hasty = Case {
        approvals: vec![Decided {
            after_s: 4,
            reading_s: reading_time_s(0),
        }],
        ..case(1)
    };
    assert_eq!(of(&[hasty, case(2)]).all.too_fast, Rate::new(1, 2));
}

#[test]
fn the_probabilities_that_were_said_are_held_against_what_came() {
    let found = of(&[case(1), case(2), wrong(3)]).calibration.unwrap();
    assert_eq!(found.forecasts, 3);
    assert_eq!(found.bins[0].right, Rate::new(2, 3));
}
