//! Rates that must not fall from one class to the next.

/// Each class's rate with the others', pooled where a later class did worse than one before it: the
/// nearest rates (by weighted squares) that never fall. A class is `(rate, weight)`; weightless ones
/// take the rate of their pool.
pub fn rising(classes: &[(f64, f64)]) -> Vec<f64> {
    struct Pool {
        rate: f64,
        weight: f64,
        classes: usize,
    }
    let mut pools: Vec<Pool> = Vec::new();
    for (rate, weight) in classes {
        let mut next = Pool {
            rate: *rate,
            weight: weight.max(1e-9),
            classes: 1,
        };
        while let Some(before) = pools.pop_if(|before| before.rate > next.rate) {
            let weight = before.weight + next.weight;
            next = Pool {
                rate: (before.rate * before.weight + next.rate * next.weight) / weight,
                weight,
                classes: before.classes + next.classes,
            };
        }
        pools.push(next);
    }
    pools
        .into_iter()
        .flat_map(|pool| std::iter::repeat_n(pool.rate, pool.classes))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_class_that_did_worse_is_pooled_with_the_one_before() {
        let found = rising(&[(0.2, 10.0), (0.8, 10.0), (0.6, 30.0), (0.9, 5.0)]);
        let wanted = [0.2, 0.65, 0.65, 0.9];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        }
        assert!(rising(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn rates_never_fall_and_their_mean_stays(
            classes in prop::collection::vec((0.0_f64..1.0, 0.1_f64..50.0), 1..12),
        ) {
            let found = rising(&classes);
            prop_assert_eq!(found.len(), classes.len());
            prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
            let mean = |rates: &[f64]| -> f64 {
                rates.iter().zip(&classes).map(|(rate, class)| rate * class.1).sum()
            };
            let before: Vec<f64> = classes.iter().map(|class| class.0).collect();
            prop_assert!((mean(&found) - mean(&before)).abs() < 1e-6);
        }
    }
}
