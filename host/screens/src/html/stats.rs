//! `stats` as one page with plots, for light and dark and for a phone.

use std::fmt::Write as _;

use interlock_gate::escape;
use interlock_measure::{Coverage, Rate};
use interlock_runner::stats::{Group, Stats};

use crate::text::stats::{span, told};

const CSS: &str = include_str!("stats.css");
/// Groups of one plot; the table has them all.
const PLOTTED_MAX: usize = 12;
/// The width of a plot's bars and of the words before and behind them, in units of the drawing.
const LEFT: f64 = 80.0;
const WIDE: f64 = 180.0;

/// The page.
pub fn page(stats: &Stats) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Diagnoses</title><style>{CSS}</style></head><body><main>\n<h1>What diagnoses came to</h1>\
         <p>{} to {}: {} runs, {} incidents</p>\n",
        stats.since.to_seconds_text(),
        stats.until.to_seconds_text(),
        stats.all.runs,
        stats.all.incidents
    );
    for (title, groups) in [
        ("By runbook", &stats.by_runbook),
        ("By cause", &stats.by_cause),
    ] {
        let _ = write!(
            out,
            "<h2>{title}: accepted, and right</h2>\
             <p>Acceptance is what people thought on the spot; right is what the actual cause said later. \
             Lines are 90 % intervals.</p>"
        );
        out.push_str(&bars(groups, |one| {
            vec![
                ("idle", "accepted", one.accepted),
                ("good", "right", one.right),
            ]
        }));
        let _ = write!(out, "<h2>{title}: wrong with high confidence</h2>");
        out.push_str(&bars(groups, |one| {
            vec![("bad", "wrong", one.confident_wrong)]
        }));
        table(&mut out, groups);
    }
    phases(&mut out, &stats.all);
    let _ = write!(
        out,
        "<h2>Approvals too fast to have been read</h2><p>{}. Reading takes 5 s at least, and 1 s for \
         each 10 words of the plan.</p>",
        told(stats.all.too_fast)
    );
    out.push_str("<h2>Calibration</h2>");
    match &stats.calibration {
        Some(found) => {
            let _ = write!(
                out,
                "<p>Of {} judged diagnoses: expected error {:.3} (90 %: {:.3} to {:.3}), Brier {:.3}.</p>",
                found.forecasts,
                found.error,
                found.error_interval.low,
                found.error_interval.high,
                found.brier
            );
            let named: Vec<(String, Rate)> = found
                .bins
                .iter()
                .map(|bin| (format!("said {:.0} %", bin.said * 100.0), bin.right))
                .collect();
            let rows = named
                .iter()
                .map(|(name, rate)| (name.as_str(), vec![("good", "came true", *rate)]));
            out.push_str(&drawn(rows.collect()));
        }
        None => out.push_str("<p>No judged diagnosis carried a probability yet.</p>"),
    }
    out.push_str("</main></body></html>\n");
    out
}

type Bars<'a> = Vec<(&'static str, &'static str, Rate)>;

fn bars(groups: &[Group], of: impl Fn(&Group) -> Bars<'static>) -> String {
    let rows = groups.iter().take(PLOTTED_MAX);
    drawn(rows.map(|one| (one.name.as_str(), of(one))).collect())
}

/// A bar of each rate with its interval, under each other.
fn drawn(rows: Vec<(&str, Bars<'_>)>) -> String {
    let lines: usize = rows.iter().map(|(_, bars)| bars.len() + 1).sum();
    let height = f64::from(u16::try_from(lines).unwrap_or(u16::MAX)) * 22.0 + 6.0;
    let mut out = format!("<svg viewBox=\"0 0 380 {height:.0}\" role=\"img\">");
    let _ = write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} 0V{height:.0}M{} 0V{height:.0}\"/>",
        LEFT + WIDE
    );
    let mut y = 0.0;
    for (name, bars) in rows {
        y += 22.0;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{:.0}\">{}</text>",
            y - 6.0,
            html(name, 60)
        );
        for (class, word, rate) in bars {
            y += 22.0;
            let _ = write!(
                out,
                "<text class=\"soft\" x=\"12\" y=\"{:.0}\">{word}</text>",
                y - 6.0
            );
            if let (Some(share), Some(interval)) = (rate.share(), rate.wilson(Coverage::P90)) {
                let (low, high) = (LEFT + interval.low * WIDE, LEFT + interval.high * WIDE);
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{:.0}\" width=\"{:.1}\" height=\"12\" rx=\"2\"/>\
                     <path class=\"whisker\" d=\"M{low:.1} {mid:.0}H{high:.1}M{low:.1} {top:.0}v8M{high:.1} {top:.0}v8\"/>",
                    y - 16.0,
                    share * WIDE,
                    mid = y - 10.0,
                    top = y - 14.0,
                );
            }
            let _ = write!(
                out,
                "<text class=\"soft\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
                LEFT + WIDE + 8.0,
                y - 6.0,
                html(&brief(rate), 40)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn brief(rate: Rate) -> String {
    match rate.percent() {
        Some(percent) => format!("{} of {}, {percent} %", rate.hits, rate.of),
        None => "not known".to_owned(),
    }
}

fn table(out: &mut String, groups: &[Group]) {
    out.push_str(
        "<div class=\"scroll\"><table><tr><th></th><th>runs</th><th>unresolved</th><th>accepted</th>\
         <th>modified</th><th>rejected</th><th>right</th><th>accepted, right</th><th>high, wrong</th>\
         <th>too fast</th></tr>",
    );
    for one in groups {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td>",
            html(&one.name, 60),
            one.runs
        );
        for rate in [
            one.unresolved,
            one.accepted,
            one.modified,
            one.rejected,
            one.right,
            one.accepted_right,
            one.confident_wrong,
            one.too_fast,
        ] {
            let _ = write!(out, "<td>{}</td>", brief(rate));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table></div>\n");
}

fn phases(out: &mut String, all: &Group) {
    out.push_str(
        "<h2>Time, phase by phase</h2><p>Medians. Saved: what a right diagnosis took less than one that \
         was not.</p><div class=\"scroll\"><table><tr><th></th><th>runs</th><th>median</th><th>right</th>\
         <th>other</th><th>saved</th></tr>",
    );
    let time = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), span);
    for one in &all.phases {
        let saved = one.saved_ms().map_or_else(
            || "-".to_owned(),
            |ms| {
                let sign = if ms < 0 { "-" } else { "" };
                format!("{sign}{}", span(ms.unsigned_abs()))
            },
        );
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{saved}</td></tr>",
            one.phase.words(),
            one.runs,
            time(one.median_ms),
            time(one.right_ms),
            time(one.other_ms)
        );
    }
    out.push_str("</table></div>\n");
}

/// Foreign text as HTML.
fn html(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    for letter in escape::foreign_short(text, chars_max).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
