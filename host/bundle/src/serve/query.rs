//! The PromQL that a bundle answers: selectors, functions over a range of one, and aggregations.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use interlock_capabilities::Gap;
use interlock_capabilities::read::Label;
use interlock_gate::escape::foreign_short;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::token::{T_AVG, T_COUNT, T_MAX, T_MIN, T_SUM};
use promql_parser::parser::{
    AggregateExpr, Call, Expr, LabelModifier, Offset, VectorSelector, parse,
};

use super::rate::Over;
use crate::series::NAME;

/// Longest expression, in bytes: what it nests is bounded with it.
const QUERY_BYTES_MAX: usize = 4096;

/// Expressions kept compiled, for all bundles: the same runbook asks each the same.
const KEPT_MAX: usize = 1024;

/// One expression, ready to be evaluated.
#[derive(Debug)]
pub(super) enum Query {
    /// The newest value of each series.
    Select(Selector),
    /// A function over the values of a range, up to the moment.
    Over {
        function: Over,
        selector: Selector,
        range_us: u64,
    },
    /// Several series as one.
    Group {
        how: Group,
        by: By,
        inner: Box<Query>,
    },
}

impl Query {
    /// Whether it answers series with the values that they have, at the time they have them.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Query::Select(selector) if selector.offset_us == 0)
    }
}

/// How several series become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Sum,
    Avg,
    Max,
    Min,
    Count,
}

/// Which labels a group keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum By {
    Only(Vec<String>),
    Without(Vec<String>),
}

/// Which series, and how long before the moment.
#[derive(Debug)]
pub(super) struct Selector {
    /// Of this selector and no other, for what a bundle keeps of it.
    pub(super) id: u64,
    /// Any of them; each is a list of which all must match.
    any: Vec<Vec<Matcher>>,
    /// Microseconds back; negative: ahead.
    pub(super) offset_us: i64,
}

impl Selector {
    pub(super) fn matches(&self, labels: &[Label]) -> bool {
        let value = |name: &str| {
            let found = labels.iter().find(|label| label.name == name);
            // As in Prometheus, a label that is not there is an empty one.
            found.map_or("", |label| label.value.as_str())
        };
        let all = |all: &Vec<Matcher>| all.iter().all(|m| m.is_match(value(&m.name)));
        self.any.iter().any(all)
    }

    /// The metric's name where only one can match, to pass over other series without a look.
    pub(super) fn metric(&self) -> Option<&str> {
        let [only] = self.any.as_slice() else {
            return None;
        };
        let named = |m: &&Matcher| m.name == NAME && matches!(m.op, MatchOp::Equal);
        only.iter().find(named).map(|m| m.value.as_str())
    }
}

/// The expression, compiled once for all bundles.
pub(super) fn compiled(text: &str) -> Result<Arc<Query>, Gap> {
    static KEPT: LazyLock<Mutex<HashMap<String, Arc<Query>>>> = LazyLock::new(Mutex::default);
    if text.len() > QUERY_BYTES_MAX {
        let why = format!("the expression is over {QUERY_BYTES_MAX} bytes");
        return Err(Gap::Refused(why));
    }
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept().get(text) {
        return Ok(known.clone());
    }
    let parsed = parse(text).map_err(|why| {
        let why = foreign_short(&why, 200);
        Gap::Refused(format!("the expression cannot be read: {why}"))
    })?;
    let made = Arc::new(query(&parsed)?);
    let mut kept = kept();
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(text.to_owned(), made.clone());
    Ok(made)
}

fn beyond(what: &str) -> Gap {
    Gap::Refused(format!(
        "a bundle answers selectors, functions over a range of one (rate, increase, ..._over_time) \
         and sum, avg, min, max, count of these, not {what}"
    ))
}

fn query(expr: &Expr) -> Result<Query, Gap> {
    match expr {
        Expr::Paren(inner) => query(&inner.expr),
        Expr::VectorSelector(it) => Ok(Query::Select(selector(it)?)),
        Expr::Call(it) => over(it),
        Expr::Aggregate(it) => group(it),
        Expr::Binary(_) | Expr::Unary(_) => Err(beyond("arithmetic or comparison")),
        Expr::Subquery(_) => Err(beyond("a subquery")),
        Expr::MatrixSelector(_) => Err(beyond("a range without a function")),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Err(beyond("a literal")),
        Expr::Extension(_) => Err(beyond("an extension")),
    }
}

fn selector(it: &VectorSelector) -> Result<Selector, Gap> {
    static IDS: AtomicU64 = AtomicU64::new(0);
    if it.at.is_some() {
        return Err(beyond("`@`"));
    }
    let mut any = it.matchers.or_matchers.clone();
    if any.is_empty() {
        any.push(it.matchers.matchers.clone());
    }
    if let Some(name) = &it.name {
        for all in &mut any {
            all.push(Matcher::new(MatchOp::Equal, NAME, name));
        }
    }
    let offset_us = match &it.offset {
        None => 0,
        Some(Offset::Pos(back)) => micros(*back)?,
        Some(Offset::Neg(ahead)) => -micros(*ahead)?,
    };
    Ok(Selector {
        id: IDS.fetch_add(1, Ordering::Relaxed),
        any,
        offset_us,
    })
}

fn micros(span: Duration) -> Result<i64, Gap> {
    // A year is longer than any bundle; it keeps sums of times in range.
    const MOST: i64 = 366 * 86_400 * 1_000_000;
    i64::try_from(span.as_micros())
        .ok()
        .filter(|micros| *micros <= MOST)
        .ok_or_else(|| beyond("spans of more than a year"))
}

fn over(it: &Call) -> Result<Query, Gap> {
    let name = it.func.name;
    let function = Over::named(name).ok_or_else(|| beyond(&format!("`{name}`")))?;
    match it.args.args.as_slice() {
        [only] => match &**only {
            Expr::MatrixSelector(range) => Ok(Query::Over {
                function,
                selector: selector(&range.vs)?,
                range_us: micros(range.range)?.unsigned_abs(),
            }),
            _other => Err(beyond(&format!(
                "`{name}` of anything but a range of a selector"
            ))),
        },
        _other => Err(beyond(&format!("`{name}` of several arguments"))),
    }
}

fn group(it: &AggregateExpr) -> Result<Query, Gap> {
    let op = it.op.to_string();
    let how = match it.op.id() {
        T_SUM => Group::Sum,
        T_AVG => Group::Avg,
        T_MAX => Group::Max,
        T_MIN => Group::Min,
        T_COUNT => Group::Count,
        _other => return Err(beyond(&format!("`{op}`"))),
    };
    let by = match &it.modifier {
        None => By::Only(Vec::new()),
        Some(LabelModifier::Include(labels)) => By::Only(labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => By::Without(labels.labels.clone()),
    };
    Ok(Query::Group {
        how,
        by,
        inner: Box::new(query(&it.expr)?),
    })
}
