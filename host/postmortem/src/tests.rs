//! The promises of a whole draft.

use std::path::Path;

use interlock_gate::escape;
use proptest::prelude::*;

use crate::{
    check, cite,
    draft::{Draft, Template},
    front::{Front, Status},
    merge::Fate,
    sample::{story, texts},
    story::Story,
    taxonomy::Factor,
};

const HOSTILE: &str = "x` [click](https://e.vil) <img src=x onerror=alert(1)>\n\n# Approved. [j3]\n\
                       <!-- interlock:end summary -->\n![p](http://e.vil/p) \u{202e}";

fn drafted(story: &Story) -> Draft {
    Draft::of(story, Template::default(), None).unwrap()
}

fn again(story: &Story, standing: &str) -> Draft {
    let file = Path::new("INC-2291.md");
    Draft::of(story, Template::default(), Some((standing, file))).unwrap()
}

#[test]
fn every_sentence_cites_or_is_marked() {
    for words in ["", HOSTILE] {
        let draft = drafted(&story(words));
        assert_eq!(draft.uncited, [], "{}", draft.text);
        assert!(check::citations(&draft.text).len() > 30, "{}", draft.text);
        assert!(draft.marks > 3);
    }
}

/// Every fact of every sentence is in one of the sources that the sentence cites.
fn facts_are_there(story: &Story, text: &str) {
    let mut facts = 0;
    for (line, paragraph) in check::paragraphs(text) {
        let (without, spans) = check::spans(&paragraph);
        let mut spans = spans.into_iter();
        for sentence in check::sentences(&without) {
            let cited = cite::find(&sentence);
            let says: Vec<String> = cited
                .iter()
                .flat_map(|(_, source)| texts(story, source))
                .map(|text| escape::foreign(&text))
                .collect();
            for _ in sentence.matches('…') {
                let fact = spans.next().unwrap();
                facts += 1;
                assert!(
                    says.iter().any(|said| said.contains(&fact)),
                    "line {line}: `{fact}` is in none of the sources of: {sentence}"
                );
            }
            for word in sentence.split([' ', ',']) {
                let clock = word.len() == 9 && word.ends_with('Z') && word.as_bytes()[2] == b':';
                assert!(
                    !clock
                        || says
                            .iter()
                            .any(|said| said.contains(&format!("T{}", &word[..8]))),
                    "line {line}: {word} is in none of the sources of: {sentence}"
                );
            }
        }
    }
    assert!(facts > 40, "only {facts} facts");
}

#[test]
fn every_citation_exists_and_the_fact_cited_is_there() {
    for words in ["", "of them", HOSTILE] {
        let story = story(words);
        facts_are_there(&story, &drafted(&story).text);
    }
}

#[test]
fn every_citation_is_resolved_in_the_sources() {
    let text = drafted(&story("")).text;
    let (before, sources) = text.split_once("## Sources").unwrap();
    let resolved = check::citations(sources);
    for source in check::citations(before) {
        assert!(resolved.contains(&source), "{source}");
    }
}

#[test]
fn a_draft_reads_like_this() {
    insta::assert_snapshot!(drafted(&story("(theirs)")).text);
}

#[test]
fn a_draft_made_again_without_edits_is_byte_identical() {
    for words in ["", HOSTILE] {
        let story = story(words);
        let first = drafted(&story);
        let second = again(&story, &first.text);
        assert_eq!(second.text, first.text);
        assert!(second.blocks.iter().all(|one| one.fate == Fate::Same));
    }
}

#[test]
fn edits_are_kept_and_what_is_new_is_told() {
    let mut known = story("");
    let feedback = known.entries.remove(6);
    let first = drafted(&known).text;
    let edited = first
        .replace("was opened at", "began for our customers at")
        .replace("status: draft", "status: final")
        .replace("factors: []", "factors: [defect, operator_action]")
        .replacen(
            "## Sources",
            "## Lessons\n\nWe knew this since May.\n\n## Sources",
            1,
        );
    known.entries.insert(6, feedback);
    let second = again(&known, &edited);
    let fate = |id: &str| {
        second
            .blocks
            .iter()
            .find(|one| one.id == id)
            .map(|one| one.fate)
    };
    assert_eq!(fate("summary"), Some(Fate::Behind));
    assert_eq!(fate("timeline"), Some(Fate::Refreshed));
    assert_eq!(fate("factor-operator_action"), Some(Fate::New));
    for kept in [
        "began for our customers at",
        "## Lessons\n\nWe knew this since May.\n",
    ] {
        assert!(second.text.contains(kept), "{kept}");
    }
    assert!(
        second
            .news()
            .unwrap()
            .contains("The cause was judged to be `idle_in_transaction`")
    );
    assert_eq!(second.front.status, Status::Final);
    assert_eq!(
        second.front.factors,
        [Factor::Defect, Factor::OperatorAction]
    );
    assert!(!second.front.proposed.contains(&Factor::Defect));
    assert!(second.text.contains("**defect** (confirmed): "));
    assert!(
        second
            .text
            .contains("**operator_action** (confirmed): why: _to be written")
    );
    assert_eq!(
        second.uncited.len(),
        1,
        "the author's own: {:?}",
        second.uncited
    );
}

#[test]
fn a_post_mortem_of_another_incident_is_not_written_over() {
    let known = story("");
    let other = drafted(&known)
        .text
        .replace("incident: INC-2291", "incident: INC-1");
    let file = Path::new("INC-1.md");
    let error = Draft::of(&known, Template::default(), Some((&other, file))).unwrap_err();
    assert_eq!(error.to_string(), "INC-1.md is the post-mortem of `INC-1`");
}

#[test]
fn a_broken_header_or_block_is_named_with_file_and_line() {
    let known = story("");
    let text = drafted(&known).text;
    let fails = |text: &str| {
        let error = Draft::of(&known, Template::default(), Some((text, Path::new("a.md"))));
        error.unwrap_err().to_string()
    };
    let broken = text.replace("status: draft", "status: soon");
    assert_eq!(
        fails(&broken),
        "a.md:4: `status` must be `draft` or `final`"
    );
    let broken = text.replace("<!-- interlock:end summary -->\n", "");
    let line = text
        .lines()
        .position(|line| line.contains("block summary"))
        .unwrap()
        + 1;
    assert_eq!(
        fails(&broken),
        format!("a.md:{line}: `summary` begins here and does not end")
    );
}

#[test]
fn the_page_holds_no_mark_up_of_others() {
    let html = drafted(&story(HOSTILE)).html();
    for tag in ["<img", "<script", "e.vil\"", "onerror=alert(1)>"] {
        assert!(!html.contains(tag), "{tag}");
    }
    assert!(html.contains("href=\"#slack:2\"") && html.contains("id=\"slack:2\""));
    assert!(!html.contains("interlock:block"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_others_wrote_a_draft_keeps_its_promises(
        words in prop_oneof!["[`\\[\\]()<>#*_!:. a-zj0-9\n-]{0,60}", ".{0,60}"],
    ) {
        let story = story(&words);
        let draft = drafted(&story);
        prop_assert!(draft.uncited.is_empty(), "{:?}", draft.uncited);
        facts_are_there(&story, &draft.text);
        let (front, _) = Front::read(&draft.text).unwrap();
        prop_assert_eq!(&front, &draft.front);
        prop_assert_eq!(again(&story, &draft.text).text, draft.text);
    }
}
