//! Seats and the people who may fill them: a matching, not the first fit.
//! Not a check of tokens: who may sit where is given.

use std::collections::BTreeMap;

use crate::ids::PersonName;

/// How a set of seats can be filled.
pub(crate) struct Filling {
    /// The person of each seat; `None` where it stays empty.
    pub(crate) seats: Vec<Option<PersonName>>,
}

impl Filling {
    pub(crate) fn filled(&self) -> usize {
        self.seats.iter().flatten().count()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled() == self.seats.len()
    }
}

/// Fills as many seats as can be filled by different people. `seats` lists, for each seat, who
/// may sit there; the result does not depend on the order of these lists.
pub(crate) fn fill(seats: &[Vec<PersonName>]) -> Filling {
    let mut taken: BTreeMap<PersonName, usize> = BTreeMap::new();
    for seat in 0..seats.len() {
        let mut tried = Vec::new();
        place(seat, seats, &mut taken, &mut tried);
    }
    let mut filled = vec![None; seats.len()];
    for (person, seat) in taken {
        if let Some(place) = filled.get_mut(seat) {
            *place = Some(person);
        }
    }
    Filling { seats: filled }
}

/// Seats somebody on `seat`, moving others to seats that they may take as well. The depth is
/// bounded by the number of people, since each is tried once.
fn place(
    seat: usize,
    seats: &[Vec<PersonName>],
    taken: &mut BTreeMap<PersonName, usize>,
    tried: &mut Vec<PersonName>,
) -> bool {
    let mut candidates = seats.get(seat).cloned().unwrap_or_default();
    candidates.sort();
    for person in candidates {
        if tried.contains(&person) {
            continue;
        }
        tried.push(person.clone());
        let free = match taken.get(&person) {
            None => true,
            Some(other) => place(*other, seats, taken, tried),
        };
        if free {
            taken.insert(person, seat);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> Vec<PersonName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_matching_is_found_where_the_first_fit_fails() {
        // The first fit seats alice on the first seat and leaves the second empty.
        let filling = fill(&[people(&["alice", "bob"]), people(&["alice"])]);
        assert!(filling.is_full());
    }

    #[test]
    fn nobody_sits_twice() {
        let filling = fill(&[people(&["alice"]), people(&["alice"])]);
        assert_eq!(filling.filled(), 1);
    }

    #[test]
    fn a_chain_of_moves_is_followed_to_its_end() {
        let seats = [
            people(&["a", "b"]),
            people(&["b", "c"]),
            people(&["c", "d"]),
            people(&["a"]),
            people(&["b"]),
        ];
        assert!(!fill(&seats).is_full());
        assert_eq!(fill(&seats).filled(), 4);
    }
}
