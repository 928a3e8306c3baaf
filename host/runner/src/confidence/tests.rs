//! What a rating rests on, and that it promises no more than that.

use interlock_capabilities::report::{Check, Cite};
use interlock_gate::time::Time;
use proptest::prelude::*;

use super::*;

fn hypothesis(supports: &[u64], contradicts: &[u64], checks: &[Checked]) -> Hypothesis {
    let cites = |calls: &[u64]| {
        calls
            .iter()
            .map(|call| Cite {
                call: *call,
                items: Vec::new(),
                says: String::new(),
            })
            .collect()
    };
    let check = |outcome: &Checked| Check {
        what: String::new(),
        call: 9,
        outcome: outcome.clone(),
        says: String::new(),
    };
    Hypothesis {
        cause: "idle_in_transaction".to_owned(),
        path: String::new(),
        supports: cites(supports),
        contradicts: cites(contradicts),
        checks: checks.iter().map(check).collect(),
    }
}

fn report(hypotheses: Vec<Hypothesis>) -> Report {
    Report {
        summary: String::new(),
        hypotheses,
        ruled_out: Vec::new(),
        tried: Vec::new(),
        could_not_check: Vec::new(),
        unresolved: None,
        notes: Vec::new(),
        findings: None,
    }
}

/// Two calls support it and its check passed.
fn good() -> Report {
    report(vec![hypothesis(&[1, 2], &[], &[Checked::Passed])])
}

fn now() -> Time {
    Time::default().plus_seconds(1_795_000_000)
}

fn judged(days_ago: u64, right: bool) -> Judged {
    Judged {
        cause: "idle_in_transaction".to_owned(),
        strength: Strength::Good,
        right,
        on_the_spot: false,
        at: now().minus_seconds(days_ago * 86_400),
        same_build: true,
    }
}

fn here(judged: Vec<Judged>) -> Standing {
    Standing {
        now: now(),
        judged,
        corpus: None,
    }
}

fn counted(pattern: &str, right: u64, of: u64) -> Counted {
    Counted {
        pattern: pattern.parse().unwrap(),
        cause: None,
        right,
        of,
    }
}

fn backtested(counts: Vec<Counted>) -> Standing {
    Standing::of_corpus(Corpus { cases: 39, counts })
}

fn first(report: &Report, standing: &Standing) -> Confidence {
    rate(report, standing).remove(0)
}

#[test]
fn a_runbook_without_a_record_is_never_sure() {
    let rated = first(
        &report(vec![hypothesis(&[1, 2, 3], &[], &[Checked::Passed])]),
        &Standing::default(),
    );
    assert_eq!(rated.level, Level::Medium);
    assert_eq!(
        rated.to_string(),
        "medium: 3 calls support, 0 contradict; 1 of 1 refuting check passed; \
         unproven here (0 judged incidents), which caps it at medium"
    );
    assert_eq!(rated.probability_percent, None);
}

#[test]
fn what_nothing_could_have_refuted_is_low_whatever_the_record() {
    let standing = here(vec![judged(1, true), judged(2, true), judged(3, true)]);
    for checks in [&[][..], &[Checked::NotMade("down".to_owned())]] {
        let rated = first(&report(vec![hypothesis(&[1, 2], &[], checks)]), &standing);
        assert_eq!(rated.level, Level::Low);
    }
}

#[test]
fn a_contradiction_or_a_refuting_check_is_low() {
    let contradicted = hypothesis(&[1, 2], &[3], &[Checked::Passed]);
    let refuted = hypothesis(&[1, 2], &[], &[Checked::Passed, Checked::Refuted]);
    for one in [contradicted, refuted] {
        assert_eq!(
            first(&report(vec![one]), &Standing::default()).level,
            Level::Low
        );
    }
}

#[test]
fn citing_one_call_often_is_one_support() {
    let one = report(vec![hypothesis(&[1, 1, 1], &[], &[Checked::Passed])]);
    assert_eq!(first(&one, &Standing::default()).supports, 1);
}

#[test]
fn three_confirmed_incidents_here_are_enough_and_said_so() {
    let rated = first(
        &good(),
        &here(vec![judged(2, true), judged(20, true), judged(50, true)]),
    );
    assert_eq!(rated.level, Level::High);
    assert!(
        rated
            .to_string()
            .starts_with("high: 3 of 3 similar incidents in 90 days confirmed (90 %: "),
        "{rated}"
    );
    let (low, high) = (
        rated.interval_percent.unwrap()[0],
        rated.probability_percent.unwrap(),
    );
    assert!(low < high && high < 100, "{low} {high}");
}

#[test]
fn one_wrong_of_four_is_not_sure() {
    let mut record = vec![judged(2, true), judged(20, true), judged(50, true)];
    record.push(judged(1, false));
    let rated = first(&good(), &here(record));
    assert_eq!(rated.level, Level::Medium);
    assert!(
        rated
            .to_string()
            .contains("3 of 4 similar incidents in 90 days confirmed")
    );
    assert!(
        rated
            .to_string()
            .contains("not right often enough for more")
    );
}

#[test]
fn what_is_old_or_of_another_build_or_only_accepted_counts_less() {
    let chance = |record: Vec<Judged>| first(&good(), &here(record)).probability_percent;
    let fresh = chance(vec![judged(1, true); 3]);
    let old = chance(vec![judged(360, true); 3]);
    let other_build = chance(vec![
        Judged {
            same_build: false,
            ..judged(1, true)
        };
        3
    ]);
    let accepted = chance(vec![
        Judged {
            on_the_spot: true,
            ..judged(1, true)
        };
        3
    ]);
    for less in [old, other_build, accepted] {
        assert!(less < fresh, "{less:?} {fresh:?}");
    }
}

#[test]
fn a_backtest_is_named_with_its_interval() {
    let standing = backtested(vec![
        counted("first/good/clear", 36, 37),
        counted("first/weak/clear", 0, 2),
    ]);
    let rated = first(&good(), &standing);
    assert_eq!(rated.level, Level::High);
    let text = rated.to_string();
    assert!(
        text.starts_with(
            "high: calibrated on 39 backtested incidents, 36 of 37 like this were right (90 %: "
        ),
        "{text}"
    );
    assert!(!text.contains("unproven"));
}

#[test]
fn a_few_right_incidents_of_a_backtest_do_not_make_it_sure() {
    let rated = first(
        &good(),
        &backtested(vec![counted("first/good/clear", 4, 4)]),
    );
    assert_eq!(rated.level, Level::Medium);
}

#[test]
fn what_was_never_seen_is_said_to_be_novel_and_capped() {
    let standing = backtested(vec![counted("first/weak/clear", 37, 39)]);
    let rated = first(&good(), &standing);
    assert_eq!(rated.level, Level::Medium);
    assert!(
        rated
            .to_string()
            .starts_with("medium: novel: nothing like it among 0 judged incidents here and 39 backtested, which caps it at medium; "),
        "{rated}"
    );
    let other = Judged {
        cause: "pool_misconfigured".to_owned(),
        ..judged(1, true)
    };
    let rated = first(&good(), &here(vec![other]));
    assert_eq!(
        rated.novel,
        Some(Novel {
            judged: 1,
            backtested: 0
        })
    );
}

#[test]
fn a_cause_that_a_backtest_never_saw_is_novel_where_it_tells_causes_apart() {
    let known = Counted {
        cause: Some("pool_misconfigured".to_owned()),
        ..counted("first/good/clear", 20, 20)
    };
    assert!(first(&good(), &backtested(vec![known])).novel.is_some());
}

#[test]
fn evidence_that_was_rarely_right_is_low() {
    let rated = first(
        &good(),
        &backtested(vec![counted("first/good/clear", 3, 20)]),
    );
    assert_eq!(rated.level, Level::Low);
    assert!(rated.to_string().contains("rarely right"), "{rated}");
}

#[test]
fn a_second_guess_is_rated_by_second_guesses() {
    let two = report(vec![
        hypothesis(&[1, 2], &[], &[Checked::Passed]),
        hypothesis(&[3], &[], &[Checked::Passed]),
    ]);
    assert_eq!(
        patterns(&two)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["first/good/clear", "later/fair"]
    );
    let standing = backtested(vec![
        counted("first/good/clear", 36, 37),
        counted("later/fair", 1, 30),
    ]);
    let rated = rate(&two, &standing);
    assert_eq!((rated[0].level, rated[1].level), (Level::High, Level::Low));
}

#[test]
fn a_kept_rating_of_an_earlier_version_still_reads() {
    let kept = r#"{"level":"medium","supports":3,"contradicts":0,"passed":1,"refuted":0,
        "not_made":0,"judged":0,"caps":["unproven"]}"#;
    let read: Confidence = serde_json::from_str(kept).unwrap();
    assert_eq!(
        read,
        first(
            &report(vec![hypothesis(&[1, 2, 3], &[], &[Checked::Passed])]),
            &Standing::default()
        )
    );
    let again = serde_json::to_value(&read).unwrap();
    assert_eq!(
        again,
        serde_json::from_str::<serde_json::Value>(kept).unwrap()
    );
}

fn counts() -> impl Strategy<Value = Vec<Counted>> {
    let one = (0_u64..30, 0_u64..30);
    prop::collection::vec(one, 8).prop_map(|all| {
        let chain = Pattern::First(Strength::Weak, Margin::Close).chain();
        chain
            .into_iter()
            .zip(all)
            .map(|(pattern, (right, wrong))| Counted {
                pattern,
                cause: None,
                right,
                of: right + wrong,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn stronger_evidence_is_never_held_less_likely(counts in counts()) {
        let standing = backtested(counts);
        let chance = |pattern| standing.estimate(pattern, "x").unwrap().probability;
        let chain = Pattern::First(Strength::Weak, Margin::Close).chain();
        let all: Vec<f64> = chain.into_iter().map(chance).collect();
        prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9), "{:?}", all);
    }

    #[test]
    fn a_probability_lies_within_its_interval_and_says_no_certainty(
        counts in counts(), right in 0_usize..6, wrong in 0_usize..6,
    ) {
        let mut standing = backtested(counts);
        standing.now = now();
        standing.judged = vec![judged(3, true); right];
        standing.judged.extend(vec![judged(3, false); wrong]);
        let pattern = Pattern::First(Strength::Good, Margin::Clear);
        let found = standing.estimate(pattern, "idle_in_transaction").unwrap();
        prop_assert!(found.interval.holds(found.probability));
        prop_assert!(0.0 < found.probability && found.probability < 1.0);
    }

    #[test]
    fn one_more_confirmed_incident_never_lowers_the_level(
        right in 0_usize..8, wrong in 0_usize..3, days in 0_u64..400,
    ) {
        let mut record = vec![judged(days, true); right];
        record.extend(vec![judged(days, false); wrong]);
        prop_assume!(!record.is_empty());
        let before = first(&good(), &here(record.clone()));
        record.push(judged(0, true));
        let after = first(&good(), &here(record));
        prop_assert!(before.level <= after.level);
    }
}
