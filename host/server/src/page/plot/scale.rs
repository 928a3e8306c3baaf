//! Round numbers for an axis, and numbers short enough to stand beside one.

/// An axis from one round number to another.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// The smallest axis of round numbers that holds both; it begins at 0 where it can.
    pub(super) fn nice(low: f64, high: f64) -> Scale {
        let low = low.min(0.0);
        let high = if high > low { high } else { low + 1.0 };
        let rough = (high - low) / 2.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|round| round * power)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        // Finite values can lie further apart than a number can say.
        let step = if step.is_finite() && step > 0.0 {
            step
        } else {
            f64::MAX / 4.0
        };
        let low = (low / step).floor() * step;
        let high = (high / step).ceil() * step;
        Scale { low, high, step }
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = value / (self.high - self.low) - self.low / (self.high - self.low);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// At most five values, the ends among them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        (0..5_u32)
            .map(|n| self.low + self.step * f64::from(n))
            .take_while(|value| *value <= self.high + self.step / 100.0)
            .collect()
    }
}

/// `0`, `0.25`, `37`, `1.5k`, `12M`.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let (value, unit) = match size {
        size if size < 1e3 => (value, ""),
        size if size < 1e6 => (value / 1e3, "k"),
        size if size < 1e9 => (value / 1e6, "M"),
        size if size < 1e12 => (value / 1e9, "G"),
        _ => return format!("{value:.1e}"),
    };
    if size != 0.0 && size < 1e-3 {
        return format!("{value:.1e}");
    }
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts: Vec<String> = [
            0.0, 0.25, 37.0, 1_500.0, 12e6, 0.00012, -3.0, 2.5e13, 19.939415,
        ]
        .into_iter()
        .map(number)
        .collect();
        assert_eq!(
            texts,
            [
                "0", "0.25", "37", "1.5k", "12M", "1.2e-4", "-3", "2.5e13", "19.9"
            ]
        );
    }

    #[test]
    fn any_two_values_make_an_axis() {
        for (low, high) in [
            (0.0, 0.0),
            (5.0, 5.0),
            (-3.0, 4.0),
            (f64::MIN, f64::MAX),
            (1e-300, 2e-300),
        ] {
            let scale = Scale::nice(low, high);
            assert!(
                (2..=5).contains(&scale.ticks().len()),
                "{low} {high} {:?}",
                scale.ticks()
            );
            assert!((0.0..=1.0).contains(&scale.share(low)));
        }
    }
}
