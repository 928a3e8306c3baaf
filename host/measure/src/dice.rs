//! Numbers that look random and are the same for the same seed. Not for secrets.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of this seed.
    pub fn of(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A place in a list of this length; 0 for an empty one.
    pub fn below(&mut self, length: usize) -> usize {
        let wide = u128::from(self.next_u64()) * (length as u128);
        // The high half of the product is below `length`.
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut dice = Dice::of(1_234_567);
        assert_eq!(dice.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(dice.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn every_place_is_reached_and_none_beyond() {
        let mut dice = Dice::of(7);
        let mut seen = [0_u32; 5];
        for _ in 0..1000 {
            seen[dice.below(5)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 120), "{seen:?}");
        assert_eq!(dice.below(0), 0);
    }
}
