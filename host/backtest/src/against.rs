//! Two builds, incident by incident: what the new one mends, breaks, and leaves as it was.

use std::collections::BTreeMap;

use crate::saved::{Saved, SavedCase, Verdict};

/// How one incident changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Not right before, right now.
    Fixed,
    /// Right before, not right now.
    Broken,
    /// Right or not as before, and yet another answer.
    Other,
    /// The same.
    Same,
    /// Only one of them has it.
    OneSided,
}

/// Two results of the same runbook.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The runbook's version that is held against.
    pub version: String,
    /// Whether the incidents are the same, byte for byte.
    pub same_corpus: bool,
    /// Each incident that either has, by name: how it changed, how it was, how it is.
    pub cases: Vec<(String, Compared, Option<SavedCase>, Option<SavedCase>)>,
}

/// Holds `now` against `before`.
pub fn compare(before: &Saved, now: &Saved) -> Comparison {
    let mut both: BTreeMap<&str, (Option<&SavedCase>, Option<&SavedCase>)> = BTreeMap::new();
    for case in &before.cases {
        both.entry(&case.name).or_default().0 = Some(case);
    }
    for case in &now.cases {
        both.entry(&case.name).or_default().1 = Some(case);
    }
    let cases = both
        .into_iter()
        .map(|(name, (was, is))| (name.to_owned(), changed(was, is), was.cloned(), is.cloned()));
    Comparison {
        version: before.version.clone(),
        same_corpus: before.corpus == now.corpus,
        cases: cases.collect(),
    }
}

fn changed(was: Option<&SavedCase>, is: Option<&SavedCase>) -> Compared {
    let (Some(was), Some(is)) = (was, is) else {
        return Compared::OneSided;
    };
    let right = |case: &SavedCase| case.verdict == Verdict::Right;
    match (right(was), right(is)) {
        (false, true) => Compared::Fixed,
        (true, false) => Compared::Broken,
        _ if was.verdict == is.verdict && was.cause == is.cause && was.subject == is.subject => {
            Compared::Same
        }
        _ => Compared::Other,
    }
}

impl Compared {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Compared::Fixed => "fixed",
            Compared::Broken => "broken",
            Compared::Other => "another answer",
            Compared::Same => "same",
            Compared::OneSided => "one has it only",
        }
    }
}

impl Comparison {
    /// How many changed so.
    pub fn count(&self, what: Compared) -> usize {
        self.cases
            .iter()
            .filter(|(_, how, ..)| *how == what)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, verdict: Verdict, cause: &str) -> SavedCase {
        SavedCase {
            name: name.to_owned(),
            verdict,
            rank: None,
            cause: Some(cause.to_owned()),
            subject: None,
            confidence: None,
        }
    }

    fn saved(cases: Vec<SavedCase>) -> Saved {
        Saved {
            schema: crate::SAVED_SCHEMA.to_owned(),
            runbook: "r".to_owned(),
            version: "1".to_owned(),
            components: Vec::new(),
            corpus: interlock_gate::ids::BlobDigest::of(b"corpus"),
            cases,
        }
    }

    #[test]
    fn each_incident_is_fixed_broken_or_as_it_was() {
        let before = saved(vec![
            case("a", Verdict::Wrong, "x"),
            case("b", Verdict::Right, "x"),
            case("c", Verdict::Wrong, "x"),
            case("d", Verdict::Wrong, "x"),
            case("e", Verdict::Right, "x"),
        ]);
        let now = saved(vec![
            case("a", Verdict::Right, "y"),
            case("b", Verdict::Wrong, "y"),
            case("c", Verdict::Wrong, "y"),
            case("d", Verdict::Wrong, "x"),
            case("f", Verdict::Right, "x"),
        ]);
        let compared = compare(&before, &now);
        let words: Vec<_> = compared
            .cases
            .iter()
            .map(|(name, how, ..)| format!("{name} {}", how.word()))
            .collect();
        assert_eq!(
            words,
            [
                "a fixed",
                "b broken",
                "c another answer",
                "d same",
                "e one has it only",
                "f one has it only"
            ]
        );
        assert!(compared.same_corpus);
    }

    #[test]
    fn a_saved_result_is_read_back_and_another_document_is_not() {
        let one = saved(vec![case("a", Verdict::NotJudged, "x")]);
        let bytes = serde_json::to_vec(&one).unwrap();
        assert_eq!(Saved::read(&bytes).unwrap(), one);
        let other = String::from_utf8(bytes)
            .unwrap()
            .replace("backtest-cases", "run");
        assert!(matches!(
            Saved::read(other.as_bytes()),
            Err(crate::BadSaved::Schema(_))
        ));
        assert!(matches!(Saved::read(b"{}"), Err(crate::BadSaved::Form(_))));
    }
}
