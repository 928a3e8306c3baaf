//! A backtest: how often a build is right, how far its confidence can be trusted, where it is wrong.

use interlock_backtest::{
    Cause, Cited, Compared, Comparison, End, Outcome, Ranked, SavedCase, Tried,
};
use interlock_measure::{Calibration, Coverage, Interval, Rate};

use super::{
    report::question,
    words::{WIDTH, count, foreign, foreign_short, wrapped},
};

/// Misdiagnoses that are shown with their evidence; `--json` has all of them.
const SHOWN_MAX: usize = 20;
/// Citations of one that are shown.
const CITES_MAX: usize = 8;

/// Everything that a person reads of it; `place` is where the corpus lies.
pub fn screen(outcome: &Outcome, place: &str, against: Option<&Comparison>) -> String {
    let judged = outcome.recall(1).of;
    let mut out = wrapped(
        "",
        &format!(
            "{} {} over {} in {} ({})",
            foreign(&outcome.runbook),
            foreign(&outcome.version),
            count(outcome.cases.len(), "incident"),
            foreign(place),
            outcome.corpus
        ),
        WIDTH,
    );
    for bytes in &outcome.components {
        out.push_str(&format!("{:<12} {}\n", foreign(&bytes.step), bytes.digest));
    }
    let unknown = outcome.cases.len() as u64 - judged.min(outcome.cases.len() as u64);
    if unknown > 0 {
        out.push_str(&format!(
            "of {unknown} the cause is not known: they are judged in nothing below\n"
        ));
    }
    out.push_str("\nRIGHT\n");
    out.push_str(&rate_line("first named", outcome.recall(1)));
    out.push_str(&rate_line("among the first three", outcome.recall(3)));
    let wrong = outcome.confident_wrong();
    if wrong.of == 0 {
        out.push_str(&format!(
            "  {:<22} nothing was held with confidence\n",
            "confident and wrong"
        ));
    } else {
        out.push_str(&rate_line("confident and wrong", wrong));
    }
    out.push_str(&rate_line("unresolved", outcome.unresolved()));
    if outcome.failed().hits > 0 {
        out.push_str(&rate_line("failed", outcome.failed()));
    }
    out.push_str(&calibration(outcome.calibrated.measured.as_ref()));
    if let Some((median, most)) = outcome.micros() {
        out.push_str(&format!(
            "\nTIME\n  {} an incident, 95 of 100 within {}\n",
            millis(median),
            millis(most)
        ));
    }
    out.push_str(&causes(&outcome.causes()));
    out.push_str(&misdiagnoses(outcome));
    out.push_str(&others(outcome));
    if let Some(against) = against {
        out.push_str(&comparison(against));
    }
    out
}

fn rate_line(what: &str, rate: Rate) -> String {
    let share = rate.percent().map(|percent| format!("{percent} %"));
    let within = rate.wilson(Coverage::P90).map(|it| {
        format!(
            "90 % interval {} to {} %",
            percent(it.low),
            percent(it.high)
        )
    });
    format!(
        "  {what:<22} {:>12}  {:>5}   {}\n",
        format!("{} of {}", rate.hits, rate.of),
        share.unwrap_or_default(),
        within.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
        + "\n"
}

/// A share in whole percent.
fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

/// `0.4 ms`.
fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

fn calibration(measured: Option<&Calibration>) -> String {
    let mut out = String::from("\nCALIBRATION\n");
    let Some(measured) = measured else {
        out.push_str(
            "  no first cause has a probability: too few incidents whose cause is known\n",
        );
        return out;
    };
    out.push_str(
        "  of the first causes named; every other incident is rated by what the others taught\n",
    );
    out.push_str("  said          right\n");
    for bin in &measured.bins {
        let Interval { low, high } = bin.interval;
        let said = format!("{} to {} %", percent(bin.from), percent(bin.until));
        let right = format!("{} of {}", bin.right.hits, bin.right.of);
        let share = bin.right.percent().map(|share| format!("{share} %"));
        out.push_str(&format!(
            "  {said:<13} {right:>9}  {:>5}   said {} % on the mean; 90 % interval {} to {} %\n",
            share.unwrap_or_default(),
            percent(bin.said),
            percent(low),
            percent(high)
        ));
    }
    let Interval { low, high } = measured.error_interval;
    out.push_str(&format!(
        "  Brier score {:.3}; calibration error {:.3}, 90 % interval {low:.3} to {high:.3}\n",
        measured.brier, measured.error
    ));
    out
}

fn causes(all: &[Cause]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nCAUSES\n  {:<32} {:>12} {:>12} {:>14}\n",
        "cause", "first", "in three", "named wrongly"
    );
    let of = |rate: Rate| match rate.of {
        0 => "-".to_owned(),
        _ => format!("{} of {}", rate.hits, rate.of),
    };
    for cause in all {
        out.push_str(&format!(
            "  {:<32} {:>12} {:>12} {:>14}\n",
            foreign_short(&cause.name, 32),
            of(cause.first),
            of(cause.in_three),
            cause.wrongly
        ));
    }
    out
}

fn misdiagnoses(outcome: &Outcome) -> String {
    let all: Vec<&Tried> = outcome.misdiagnosed().collect();
    if all.is_empty() {
        return String::new();
    }
    let mut out = String::from("\nMISDIAGNOSES\n");
    for tried in all.iter().take(SHOWN_MAX) {
        out.push_str(&misdiagnosis(tried));
    }
    if all.len() > SHOWN_MAX {
        out.push_str(&format!(
            "  and {} more: `--json` has them all\n",
            all.len() - SHOWN_MAX
        ));
    }
    out
}

fn misdiagnosis(tried: &Tried) -> String {
    let mut out = wrapped(
        "- ",
        &format!("{} {}", foreign(&tried.name), foreign(&tried.title)),
        WIDTH,
    );
    if let Some(first) = tried.first() {
        out.push_str(&wrapped("  named  ", &named(first), WIDTH));
        for (at, cited) in first.cites.iter().take(CITES_MAX).enumerate() {
            let word = first.cites[..at]
                .iter()
                .all(|before| before.word != cited.word);
            out.push_str(&cite(cited, word));
        }
        if first.cites.len() > CITES_MAX {
            let more = first.cites.len() - CITES_MAX;
            out.push_str(&format!("           and {more} more\n"));
        }
    }
    let place = match tried.rank() {
        Some(rank) => format!(", named as number {rank}"),
        None => ", not named".to_owned(),
    };
    out.push_str(&wrapped(
        "  is     ",
        &format!("{}{place}", truth(tried)),
        WIDTH,
    ));
    out
}

/// `slow_component at cart   medium: ...`
fn named(one: &Ranked) -> String {
    format!(
        "{}   {}",
        blames(&one.cause, one.subject.as_deref()),
        one.confidence
    )
}

/// `slow_component at cart`.
pub fn blames(cause: &str, subject: Option<&str>) -> String {
    match subject {
        Some(subject) => format!("{} at {}", foreign(cause), foreign(subject)),
        None => foreign(cause),
    }
}

fn truth(tried: &Tried) -> String {
    let Some(truth) = &tried.truth else {
        return "not known".to_owned();
    };
    let cause = truth
        .cause
        .as_deref()
        .map_or("any cause".to_owned(), foreign);
    match truth.subjects.as_slice() {
        [] => cause,
        all => {
            let all: Vec<String> = all.iter().take(8).map(|one| foreign(one)).collect();
            format!("{cause} at {}", all.join(" or "))
        }
    }
}

fn cite(cited: &Cited, first: bool) -> String {
    let word = if first { cited.word } else { "" };
    let lead = format!("    {word:<7} {:<4} ", cited.call.to_string());
    let text = format!("{}: {}", question(&cited.ask), foreign(&cited.says));
    wrapped(&lead, &text, WIDTH)
}

/// What was not diagnosed: no cause named, or a step that failed.
fn others(outcome: &Outcome) -> String {
    let mut out = String::new();
    let mut list = |title: &str, of: &dyn Fn(&End) -> Option<String>| {
        let all: Vec<(&Tried, String)> = outcome
            .cases
            .iter()
            .filter_map(|tried| Some((tried, of(&tried.end)?)))
            .collect();
        if all.is_empty() {
            return;
        }
        out.push_str(&format!("\n{title}\n"));
        for (tried, why) in all.iter().take(SHOWN_MAX) {
            let text = format!("{}: {}", foreign(&tried.name), foreign(why));
            out.push_str(&wrapped("- ", &text, WIDTH));
        }
        if all.len() > SHOWN_MAX {
            let more = all.len() - SHOWN_MAX;
            out.push_str(&format!("  and {more} more: `--json` has them all\n"));
        }
    };
    list("UNRESOLVED", &|end| match end {
        End::Unresolved(why) => Some(why.clone()),
        End::Named | End::Failed(_) => None,
    });
    list("FAILED", &|end| match end {
        End::Failed(why) => Some(why.clone()),
        End::Named | End::Unresolved(_) => None,
    });
    out
}

fn comparison(against: &Comparison) -> String {
    let counts = [
        Compared::Fixed,
        Compared::Broken,
        Compared::Other,
        Compared::Same,
    ]
    .map(|how| format!("{} {}", against.count(how), how.word()));
    let mut out = format!(
        "\nAGAINST\n  {}: {}\n",
        foreign(&against.version),
        counts.join(", ")
    );
    if !against.same_corpus {
        out.push_str("  the incidents are not the same, byte for byte: compare with care\n");
    }
    let side = |case: &Option<SavedCase>| match case {
        None => "not there".to_owned(),
        Some(case) => match &case.cause {
            Some(cause) => {
                let blames = blames(cause, case.subject.as_deref());
                format!("{blames} ({})", case.verdict.word())
            }
            None => case.verdict.word().to_owned(),
        },
    };
    for (name, how, was, is) in &against.cases {
        if *how != Compared::Same {
            let text = format!("{}: {} -> {}", foreign(name), side(was), side(is));
            out.push_str(&wrapped(&format!("  {:<15} ", how.word()), &text, WIDTH));
        }
    }
    out
}
