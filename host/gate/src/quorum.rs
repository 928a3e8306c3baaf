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
pub(crate) fn fill(seats: &[Vec<&PersonName>]) -> Filling {
    let mut taken = BTreeMap::new();
    for seat in 0..seats.len() {
        let mut tried = Vec::new();
        place(seat, seats, &mut taken, &mut tried);
    }
    let mut filled = vec![None; seats.len()];
    for (person, seat) in taken {
        if let Some(place) = filled.get_mut(seat) {
            *place = Some(person.clone());
        }
    }
    Filling { seats: filled }
}

/// Seats somebody on `seat`, moving others to seats that they may take as well. The depth is
/// bounded by the number of people, since each is tried once.
fn place<'a>(
    seat: usize,
    seats: &[Vec<&'a PersonName>],
    taken: &mut BTreeMap<&'a PersonName, usize>,
    tried: &mut Vec<&'a PersonName>,
) -> bool {
    let mut candidates = seats.get(seat).cloned().unwrap_or_default();
    candidates.sort();
    for person in candidates {
        if tried.contains(&person) {
            continue;
        }
        tried.push(person);
        let free = match taken.get(person) {
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

    /// The filling of seats that these people may take, each list of names for one seat.
    fn filling(seats: &[&str]) -> Filling {
        let seats: Vec<Vec<PersonName>> = seats
            .iter()
            .map(|names| names.split(' ').map(|name| name.parse().unwrap()).collect())
            .collect();
        let seats: Vec<Vec<&PersonName>> = seats.iter().map(|seat| seat.iter().collect()).collect();
        fill(&seats)
    }

    #[test]
    fn a_matching_is_found_where_the_first_fit_fails() {
        // The first fit seats alice on the first seat and leaves the second empty.
        assert!(filling(&["alice bob", "alice"]).is_full());
    }

    #[test]
    fn nobody_sits_twice() {
        assert_eq!(filling(&["alice", "alice"]).filled(), 1);
    }

    #[test]
    fn a_chain_of_moves_is_followed_to_its_end() {
        let filling = filling(&["a b", "b c", "c d", "a", "b"]);
        assert!(!filling.is_full());
        assert_eq!(filling.filled(), 4);
    }
}
