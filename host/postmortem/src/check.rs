//! Whether every sentence of a Markdown text cites a source or is marked for the author.

use crate::{cite, words::MARK};

/// A sentence that neither cites nor is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncited {
    /// Where its paragraph begins, from 1.
    pub line: usize,
    /// The sentence, code left out.
    pub text: String,
}

/// The sentences of `markdown` that neither cite a source nor are marked for the author. Headings,
/// comments and the header are no sentences.
pub fn uncited(markdown: &str) -> Vec<Uncited> {
    let mut found = Vec::new();
    for (line, paragraph) in paragraphs(markdown) {
        for sentence in sentences(&without_code(&paragraph)) {
            let cites = !cite::find(&sentence).is_empty();
            if !cites && !sentence.contains(MARK) {
                found.push(Uncited {
                    line,
                    text: sentence,
                });
            }
        }
    }
    found
}

/// Every citation of a Markdown text, code left out.
pub fn citations(markdown: &str) -> Vec<cite::Source> {
    let all = paragraphs(markdown).into_iter();
    all.flat_map(|(_, paragraph)| cite::find(&without_code(&paragraph)))
        .map(|(_, source)| source)
        .collect()
}

/// How many marks wait for the author.
pub fn marks(markdown: &str) -> usize {
    let all = paragraphs(markdown).into_iter();
    all.map(|(_, paragraph)| without_code(&paragraph).matches(MARK).count())
        .sum()
}

/// The paragraphs and list items, each on one line, with the line in which each begins.
pub fn paragraphs(markdown: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    let mut header = markdown.starts_with("---\n");
    for (at, line) in markdown.lines().enumerate() {
        if header {
            header = at == 0 || line != "---";
            continue;
        }
        let text = line.trim();
        let comment = text.starts_with("<!--") && text.ends_with("-->");
        let rule = text.len() >= 3 && text.chars().all(|c| matches!(c, '-' | '*' | '_'));
        if text.is_empty() || comment || text.starts_with('#') || rule {
            open = false;
            continue;
        }
        let item = ["- [ ] ", "- [x] ", "- ", "* ", "> "]
            .iter()
            .find_map(|marker| text.strip_prefix(marker));
        match (item, all.last_mut().filter(|_| open)) {
            (None, Some((_, paragraph))) => {
                paragraph.push(' ');
                paragraph.push_str(text);
            }
            (item, _) => all.push((at + 1, item.unwrap_or(text).to_owned())),
        }
        open = true;
    }
    all
}

/// A line without its code spans.
pub fn without_code(line: &str) -> String {
    spans(line).0
}

/// A line without its code spans, and what stands in them, padding left out.
pub fn spans(line: &str) -> (String, Vec<String>) {
    let (mut rest, mut out, mut found) = (line, String::new(), Vec::new());
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        let length = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let inside = &rest[at + length..];
        match closing(inside, length) {
            Some(end) => {
                let text = &inside[..end];
                let unpadded = text
                    .strip_prefix(' ')
                    .and_then(|text| text.strip_suffix(' '))
                    .filter(|_| !text.trim().is_empty());
                found.push(unpadded.unwrap_or(text).to_owned());
                out.push('…');
                rest = &inside[end + length..];
            }
            None => {
                out.push_str(&rest[at..at + length]);
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    (out, found)
}

/// Where the next run of exactly `length` backticks begins.
fn closing(text: &str, length: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`').map(|at| from + at) {
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        if run == length {
            return Some(at);
        }
        from = at + run;
    }
    None
}

/// Split where a sentence ends: a stop, a space, and a beginning.
pub(crate) fn sentences(paragraph: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut from = 0;
    let ends = paragraph.match_indices(['.', '!', '?']);
    for (at, _) in ends {
        let after = &paragraph[at + 1..];
        let mut following = after.chars();
        let begins = following.next() == Some(' ')
            && following
                .next()
                .is_some_and(|c| c.is_uppercase() || matches!(c, '…' | '*' | '_'));
        if begins {
            all.push(paragraph[from..=at].trim().to_owned());
            from = at + 1;
        }
    }
    all.push(paragraph[from..].trim().to_owned());
    all.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_without_citation_or_mark_is_found() {
        let text = "---\nx: 1\n---\n\n# Title\n\n<!-- a comment -->\nIt rang [j3]. It stopped.\n\n\
                    - one [slack:2].\n- two\n  goes on.\n- Who: _to be written by the author_.\n";
        let found: Vec<(usize, String)> = uncited(text)
            .into_iter()
            .map(|one| (one.line, one.text))
            .collect();
        assert_eq!(
            found,
            [
                (8, "It stopped.".to_owned()),
                (11, "two goes on.".to_owned())
            ]
        );
    }

    #[test]
    fn what_stands_in_code_cites_nothing_and_ends_no_sentence() {
        let found = uncited("Somebody said `see [j3]. Then more`.\n");
        assert_eq!(found[0].text, "Somebody said ….");
        assert!(uncited("Somebody said ``a ` b. C`` [j3].\n").is_empty());
    }
}
