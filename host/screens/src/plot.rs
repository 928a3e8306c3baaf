//! Plots as SVG that need nothing else: no script, no font, no address.

use std::fmt::Write as _;

use interlock_measure::{Calibration, Rate};

/// Pixels of the plot's square, and of the space around it.
const SIDE: f64 = 400.0;
const ROOM: f64 = 60.0;

/// What was said against what came: a dot of each bin, as large as the bin, with its interval; on
/// the diagonal they are the same.
pub fn reliability(measured: &Calibration, title: &str) -> String {
    let whole = SIDE + 2.0 * ROOM;
    let x = |share: f64| ROOM + share * SIDE;
    let y = |share: f64| ROOM + (1.0 - share) * SIDE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         width=\"{whole}\" height=\"{whole}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{}</title>\n<rect width=\"{whole}\" height=\"{whole}\" \
         fill=\"white\"/>\n",
        escaped(title)
    );
    for tenth in 0..=10_u8 {
        let share = f64::from(tenth) / 10.0;
        let percent = u32::from(tenth) * 10;
        let (at_x, at_y) = (x(share), y(share));
        let _ = write!(
            out,
            "<path d=\"M{at_x:.1} {:.1}V{:.1}M{:.1} {at_y:.1}H{:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{percent}</text>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{percent}</text>\n",
            y(0.0),
            y(1.0),
            x(0.0),
            x(1.0),
            y(0.0) + 18.0,
            x(0.0) - 8.0,
            at_y + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#888\" stroke-dasharray=\"4 4\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    let forecasts = measured.forecasts.max(1);
    for bin in &measured.bins {
        let Some(share) = bin.right.share() else {
            continue;
        };
        let part = Rate::new(bin.right.of, forecasts)
            .share()
            .unwrap_or_default();
        let _ = write!(
            out,
            "<path d=\"M{at:.1} {:.1}V{:.1}\" stroke=\"#1f5fa8\" stroke-width=\"1.5\"/>\n\
             <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"#1f5fa8\" \
             fill-opacity=\"0.75\"><title>{} of {} right, {:.0} % said</title></circle>\n",
            y(bin.interval.low),
            y(bin.interval.high),
            y(share),
            4.0 + 12.0 * part.sqrt(),
            bin.right.hits,
            bin.right.of,
            bin.said * 100.0,
            at = x(bin.said)
        );
    }
    let middle = whole / 2.0;
    let _ = write!(
        out,
        "<text x=\"{middle}\" y=\"24\" text-anchor=\"middle\" font-size=\"14\">{}</text>\n\
         <text x=\"{middle}\" y=\"44\" text-anchor=\"middle\">{} forecasts, Brier {:.3}, \
         calibration error {:.3} (90 % interval {:.3} to {:.3})</text>\n\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">said, in percent</text>\n\
         <text x=\"16\" y=\"{middle}\" text-anchor=\"middle\" \
         transform=\"rotate(-90 16 {middle})\">right, in percent</text>\n</svg>\n",
        escaped(title),
        measured.forecasts,
        measured.brier,
        measured.error,
        measured.error_interval.low,
        measured.error_interval.high,
        whole - 14.0
    );
    out
}

/// Text that stays text in XML.
fn escaped(text: &str) -> String {
    let safe = interlock_gate::escape::foreign(text);
    safe.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use interlock_measure::Forecast;

    use super::*;

    #[test]
    fn a_plot_has_a_dot_of_each_bin_and_its_title_stays_text() {
        let forecasts: Vec<Forecast> = (0..20)
            .map(|n| Forecast::new(f64::from(n % 4) / 4.0 + 0.1, n % 3 == 0))
            .collect();
        let measured = Calibration::of(&forecasts).unwrap();
        let svg = reliability(&measured, "<script>\u{202e}");
        assert_eq!(svg.matches("<circle").count(), measured.bins.len());
        assert!(!svg.contains("<script>") && !svg.contains('\u{202e}'));
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    }
}
