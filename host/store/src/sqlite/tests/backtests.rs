//! Backtests that are kept: with their document, and with numbers that fit each other.

use super::*;
use crate::entry::BacktestSummary;

#[test]
fn a_backtest_is_kept_with_its_document_and_with_numbers_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let kept = sample::backtested(b"backtest");
    let not_kept = record(&store, kept.clone());
    assert!(matches!(not_kept, Err(Refused::NotHeld { .. })));
    block_on(store.keep(b"backtest".to_vec())).unwrap();
    record(&store, kept.clone()).unwrap();
    let past = kept.past_backtest().unwrap();
    assert_eq!((past.cases, past.right, past.confident), (22, 20, 18));
    for spoil in [
        |summary: &mut BacktestSummary| summary.judged = 25,
        |summary: &mut BacktestSummary| summary.right_first = 22,
        |summary: &mut BacktestSummary| summary.confident_wrong = 19,
        |summary: &mut BacktestSummary| summary.calibration[0].of = 17,
    ] {
        let mut bad = kept.clone();
        if let Entry::Backtested { summary, .. } = &mut bad {
            spoil(summary);
        }
        let Err(Refused::Illegal { why }) = record(&store, bad) else {
            panic!("it was taken");
        };
        assert_eq!(
            why,
            "the numbers of the backtest contradict each other, or it ran no step"
        );
    }
    block_on(store.rows_equal_the_fold()).unwrap();
}
