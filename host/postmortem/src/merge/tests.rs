//! Edits outlive a new draft, and a draft without edits is the same to the byte.

use proptest::prelude::*;

use super::*;

fn document(blocks: &[(String, String)]) -> String {
    let mut text = String::from("# Title\n\n");
    for (id, body) in blocks {
        text.push_str(&format!("## {id}\n\n{}\n", Block::new(id, body).write()));
    }
    text
}

fn fates(merged: &Merged) -> Vec<(&str, &str)> {
    let told = merged.blocks.iter();
    told.map(|one| (one.id.as_str(), one.fate.word())).collect()
}

fn drafted(blocks: &[(&str, &str)]) -> String {
    let owned: Vec<(String, String)> = blocks
        .iter()
        .map(|(id, body)| ((*id).to_owned(), (*body).to_owned()))
        .collect();
    document(&owned)
}

fn ever(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn each_block_has_its_fate() {
    let old = drafted(&[
        ("a", "one"),
        ("b", "two"),
        ("c", "three"),
        ("d", "four"),
        ("e", "five"),
    ]);
    let edited = old
        .replace("two\n", "two, and more\n")
        .replace("four\n", "4\n")
        .replace(&Block::new("c", "three").write(), "");
    let new = drafted(&[
        ("a", "one"),
        ("b", "two again"),
        ("c", "three"),
        ("f", "six"),
    ]);
    let merged = merge(&edited, &ever(&["a", "b", "c", "d", "e"]), &new).unwrap();
    assert_eq!(
        fates(&merged),
        [
            ("a", "same"),
            ("b", "edited_and_behind"),
            ("d", "edited_and_no_longer_drafted"),
            ("e", "gone"),
            ("c", "taken_out"),
            ("f", "new"),
        ]
    );
    assert_eq!(merged.blocks[1].would_be.as_deref(), Some("two again"));
    assert!(merged.text.contains("two, and more\n") && merged.text.contains("\n4\n"));
    assert!(!merged.text.contains("five") && !merged.text.contains("three"));
    assert!(
        merged.text.find("two, and") < merged.text.find("six"),
        "behind its neighbour"
    );
}

#[test]
fn broken_comments_are_named_with_their_line() {
    let fails = |text: &str| blocks::read(text).unwrap_err().to_string();
    let begin = "<!-- interlock:block a 0123456789abcdef -->\n";
    let end = "<!-- interlock:end a -->\n";
    assert_eq!(
        fails(&format!("x\n{begin}y\n")),
        "line 2: `a` begins here and does not end"
    );
    assert_eq!(fails(end), "line 1: `a` ends here and does not begin");
    let twice = format!("{begin}{end}{begin}{end}");
    assert_eq!(fails(&twice), "line 3: a second block `a` begins here");
    assert!(fails("<!-- interlock:block A 1 -->\n").contains("begins or ends no block"));
    assert!(fails(&format!("{begin}{begin}{end}")).contains("does not end"));
}

fn a_body() -> impl Strategy<Value = String> {
    "[a-z`.\\[\\]<>!# -]{1,20}(\n[a-z`<>!# -]{1,20}){0,3}".prop_filter("no comment", |text| {
        !text.contains("<!--") && !text.trim_matches('\n').is_empty()
    })
}

fn some_blocks() -> impl Strategy<Value = Vec<(String, String)>> {
    let bodies = prop::collection::vec((any::<bool>(), a_body()), 8);
    bodies.prop_map(|all| {
        let named = all.into_iter().enumerate();
        named
            .filter(|(_, (there, _))| *there)
            .map(|(at, (_, body))| (format!("block-{at}"), body))
            .collect()
    })
}

proptest! {
    #[test]
    fn without_edits_a_new_draft_of_the_same_is_byte_identical(all in some_blocks()) {
        let text = document(&all);
        let ids: Vec<String> = all.iter().map(|(id, _)| id.clone()).collect();
        let merged = merge(&text, &ids, &text).unwrap();
        prop_assert_eq!(&merged.text, &text);
        prop_assert!(merged.blocks.iter().all(|one| one.fate == Fate::Same));
    }

    #[test]
    fn edits_are_still_there_after_a_new_draft(
        old in some_blocks(), new in some_blocks(), touched in prop::collection::vec(0..4_u8, 8),
        section in "[a-z .]{1,30}",
    ) {
        let ids: Vec<String> = old.iter().map(|(id, _)| id.clone()).collect();
        let mut text = document(&old);
        let mut mine = Vec::new();
        let mut taken_out = Vec::new();
        for ((id, body), touch) in old.iter().zip(&touched) {
            let block = Block::new(id, body);
            match touch {
                1 => {
                    let words = format!("{body}\nan author's words on {id}");
                    let edited = Block { body: words.clone(), ..block.clone() };
                    text = text.replacen(&block.write(), &edited.write(), 1);
                    mine.push(words);
                }
                2 => {
                    text = text.replacen(&block.write(), "", 1);
                    taken_out.push(id.clone());
                }
                _ => {}
            }
        }
        let section = format!("\n## Of my own\n\n{section}\n");
        text.push_str(&section);
        let merged = merge(&text, &ids, &document(&new)).unwrap();
        for words in &mine {
            prop_assert!(merged.text.contains(words.as_str()), "{words} is lost:\n{}", merged.text);
        }
        prop_assert!(merged.text.contains(&section));
        for id in &taken_out {
            let begin = format!("<!-- interlock:block {id} ");
            prop_assert!(!merged.text.contains(&begin), "{id} came back");
        }
        // And again: nothing moves any more.
        let mut ever = ids;
        ever.extend(new.iter().map(|(id, _)| id.clone()));
        let again = merge(&merged.text, &ever, &document(&new)).unwrap();
        prop_assert_eq!(again.text, merged.text);
    }
}
