//! An answer that knows its call, and items that know their place in it.

use std::hash::Hash;
use std::ops::Deref;

use crate::time::Time;
use crate::wire;

/// A record that one kind of call answers with.
pub trait Record: Sized {
    /// What stands for the answer until it is there.
    type Handle: crate::door::Handle<Self>;

    /// When the source read it, by the source's clock, where it says so.
    fn read_at(&self) -> Option<Time> {
        None
    }
}

/// A record that holds a list; a write or a citation may name one of its items.
pub trait Listed: Record {
    /// What the list holds.
    type Item;
    /// The list, in the order of the answer.
    fn list(&self) -> &[Self::Item];
}

/// An answer, with the call that brought it. Dereferences to the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    call: u64,
    asked: String,
    at: Time,
    record: T,
}

impl<T: Record> Answer<T> {
    pub(crate) fn new(call: u64, asked: String, asked_at: Time, record: T) -> Self {
        let at = record.read_at().unwrap_or(asked_at);
        Self {
            call,
            asked,
            at,
            record,
        }
    }
}

impl<T> Answer<T> {
    /// The id of the call, as it is cited.
    pub fn call(&self) -> u64 {
        self.call
    }

    /// What was asked: `database.sessions orders-db`.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// When it was read: by the source's clock where it says so, else the run's.
    pub fn at(&self) -> Time {
        self.at
    }
}

impl<T: Listed> Answer<T> {
    /// The items, each of which knows its call and its place.
    pub fn items(&self) -> Items<'_, T::Item> {
        let items = (0..).zip(self.record.list());
        Items {
            call: self.call,
            items: items
                .map(|(index, record)| Item {
                    call: self.call,
                    index,
                    at: self.at,
                    record,
                })
                .collect(),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.record.list().len()
    }

    /// Whether the list is empty: the source answered, and has none.
    pub fn is_empty(&self) -> bool {
        self.record.list().is_empty()
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

/// One item of an answer. Dereferences to the record.
#[derive(Debug, PartialEq)]
pub struct Item<'a, T> {
    call: u64,
    index: u32,
    at: Time,
    record: &'a T,
}

impl<T> Clone for Item<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Item<'_, T> {}

impl<'a, T> Item<'a, T> {
    /// The call whose answer holds it.
    pub fn call(&self) -> u64 {
        self.call
    }

    /// Its place in the answer, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// When it was read.
    pub fn at(&self) -> Time {
        self.at
    }

    /// The record, for as long as the answer lives.
    pub fn record(&self) -> &'a T {
        self.record
    }

    pub(crate) fn seen(&self) -> wire::Seen {
        wire::Seen {
            call: self.call,
            item: self.index,
        }
    }
}

impl<T> Deref for Item<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.record
    }
}

/// Some items of one answer, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Items<'a, T> {
    call: u64,
    items: Vec<Item<'a, T>>,
}

impl<'a, T> Items<'a, T> {
    /// The call whose answer holds them.
    pub fn call(&self) -> u64 {
        self.call
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many there are; reads well after `filter`.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The first, if there is one.
    pub fn first(&self) -> Option<Item<'a, T>> {
        self.items.first().copied()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Item<'a, T>> + '_ {
        self.items.iter().copied()
    }

    /// Those for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Item<'a, T>) -> bool) -> Self {
        let items = self
            .items
            .iter()
            .filter(|item| keep(item))
            .copied()
            .collect();
        Self {
            call: self.call,
            items,
        }
    }

    /// Groups by what `key` gives, the largest group first; equal groups stay
    /// in the order of the answer.
    pub fn groups_by<K: Eq + Hash + Clone>(
        &self,
        key: impl Fn(&Item<'a, T>) -> K,
    ) -> Vec<(K, Items<'a, T>)> {
        let mut groups: Vec<(K, Items<'a, T>)> = Vec::new();
        for item in &self.items {
            let of = key(item);
            match groups.iter_mut().find(|(key, _)| *key == of) {
                Some((_, group)) => group.items.push(*item),
                None => groups.push((
                    of,
                    Items {
                        call: self.call,
                        items: vec![*item],
                    },
                )),
            }
        }
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.items.len()));
        groups
    }

    /// The largest group by what `key` gives; empty where there are no items.
    #[must_use]
    pub fn largest_group_by<K: Eq + Hash + Clone>(
        &self,
        key: impl Fn(&Item<'a, T>) -> K,
    ) -> Items<'a, T> {
        let largest = self
            .groups_by(key)
            .into_iter()
            .next()
            .map(|(_, group)| group);
        largest.unwrap_or(Items {
            call: self.call,
            items: Vec::new(),
        })
    }
}

impl<'a, T> IntoIterator for Items<'a, T> {
    type Item = Item<'a, T>;
    type IntoIter = std::vec::IntoIter<Item<'a, T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// What a report may cite: an answer, or items of one.
pub trait Evidence {
    /// The call, and the items of its answer; no items: the whole answer.
    fn cited(&self) -> (u64, Vec<u32>);
}

impl<T> Evidence for Answer<T> {
    fn cited(&self) -> (u64, Vec<u32>) {
        (self.call, Vec::new())
    }
}

impl<T> Evidence for Item<'_, T> {
    fn cited(&self) -> (u64, Vec<u32>) {
        (self.call, vec![self.index])
    }
}

impl<T> Evidence for Items<'_, T> {
    fn cited(&self) -> (u64, Vec<u32>) {
        (self.call, self.items.iter().map(Item::index).collect())
    }
}

impl<E: Evidence + ?Sized> Evidence for &E {
    fn cited(&self) -> (u64, Vec<u32>) {
        (**self).cited()
    }
}
