//! The middle and the spread of numbers that may be missing or wild.

/// The value at a share of the way from the least to the largest; nothing of no numbers. `sorted`
/// holds no NaN.
fn at(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    let part = place - low as f64;
    Some(sorted[low] * (1.0 - part) + sorted[high.min(last)] * part)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    kept.sort_by(f64::total_cmp);
    kept
}

/// The value in the middle of those that are there.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    at(&sorted(values), 0.5)
}

/// The value that a share of those that are there lies below.
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    at(&sorted(values), share)
}

/// Middle and spread, the spread in standard deviations of a normal law: from the middle half or
/// from the tails, whichever is wider, so that neither a heavy tail nor a flat middle fools it.
pub(crate) fn center_and_spread(values: &[f64]) -> Option<(f64, f64)> {
    let kept = sorted(values);
    let center = at(&kept, 0.5)?;
    let mut away: Vec<f64> = kept.iter().map(|value| (value - center).abs()).collect();
    away.sort_by(f64::total_cmp);
    let middle = 1.4826 * at(&away, 0.5)?;
    let tails = (at(&kept, 0.975)? - at(&kept, 0.025)?) / 3.92;
    Some((center, middle.max(tails)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sample_is_no_zero() {
        assert_eq!(median(&[f64::NAN, 4.0, f64::NAN, 2.0, 9.0]), Some(4.0));
        assert_eq!(median(&[f64::NAN]), None);
    }

    #[test]
    fn one_wild_value_moves_neither_middle_nor_spread() {
        let mut values: Vec<f64> = (0..200).map(|n| f64::from(n % 7)).collect();
        let calm = center_and_spread(&values);
        values[5] = 1e9;
        assert_eq!(center_and_spread(&values), calm);
    }
}
