//! A question to the full-text index that no text can break out of.

use std::collections::BTreeSet;

/// Most words of a question; the longest say the most.
const WORDS_MAX: usize = 32;
/// Shorter words say nothing.
const CHARS_MIN: usize = 3;
/// Longer ones are ids.
const CHARS_MAX: usize = 48;

/// The distinct words of a text, lower case.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| (CHARS_MIN..=CHARS_MAX).contains(&word.chars().count()))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

/// A MATCH expression: any of the text's words, each quoted. `None`: it holds no word.
pub(crate) fn question(text: &str) -> Option<String> {
    let mut all: Vec<String> = words(text).into_iter().collect();
    all.sort_by_key(|word| std::cmp::Reverse(word.len()));
    all.truncate(WORDS_MAX);
    let quoted: Vec<String> = all.iter().map(|word| format!("\"{word}\"")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_the_question_language_are_words_or_nothing() {
        let asked = question("NEAR(\"a\" b*) - AND \"refused\" {col}: OR^").unwrap();
        assert_eq!(asked, "\"refused\" OR \"near\" OR \"and\" OR \"col\"");
        assert_eq!(question("\" * - ( 12 34567"), None);
    }
}
