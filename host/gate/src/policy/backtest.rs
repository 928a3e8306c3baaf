//! `backtest = { ... }` of a write rule: what its runbook must have been shown to get right.

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{self, Complaints, Fields};
use super::model::BacktestDemand;
use super::problem::Problem;

/// Most incidents that a rule can ask for.
const CASES_MAX: i64 = 1_000_000;

pub(super) fn read_backtest(
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<BacktestDemand> {
    let table = fields::table("backtest", value, out)?;
    let mut fields = Fields::new("`backtest`", table, value.span());
    let mut number = |key: &'static str, range: (i64, i64), out: &mut Complaints<'_>| {
        let value = fields.need(key, out)?;
        fields::integer(key, value, range, out).and_then(|n| u32::try_from(n).ok())
    };
    let cases = number("cases", (1, CASES_MAX), out);
    let top1_percent = number("top1_percent", (1, 100), out);
    let confident_wrong_percent = number("confident_wrong_percent", (0, 100), out);
    let corpus_at = fields.take("corpus");
    let corpus = corpus_at.and_then(|value| {
        let text = fields::text("corpus", value, out)?;
        let found = text.parse().ok();
        if found.is_none() {
            let (key, expected) = (
                "corpus".to_owned(),
                "`sha256:` and 64 lower-case hex digits, as `interlock backtest` prints it",
            );
            out.add(Problem::Digest { key, expected }, value.span());
        }
        found
    });
    fields.finish(out);
    if corpus_at.is_some() && corpus.is_none() {
        return None;
    }
    Some(BacktestDemand {
        cases: cases?,
        top1_percent: top1_percent?,
        confident_wrong_percent: confident_wrong_percent?,
        corpus,
    })
}
