//! What holds of every screen, whatever others wrote into what it shows.

use interlock_gate::policy::Policy;

use crate::{
    exit::Exit,
    json,
    sample::{HOSTILE, record},
    text,
};

fn policy() -> Policy {
    Policy::parse("version = 1\n").unwrap()
}

/// No character that moves the cursor or the reader.
fn is_inert(text: &str) -> bool {
    let treacherous = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    !text.contains(treacherous)
}

#[test]
fn a_brief_is_never_longer_than_it_says() {
    let brief = text::brief::run(&record(1_000), &policy());
    assert!(brief.chars().count() <= text::brief::CHARS_MAX, "{brief}");
    assert!(is_inert(&brief), "{brief}");
    assert!(brief.starts_with("run r-abcd2345 of postgres-connections"));
    // What it comes to is never left out for what others say.
    assert!(brief.contains("no change is proposed"), "{brief}");
    assert!(brief.contains("more lines in the whole run"), "{brief}");
}

#[test]
fn nothing_that_others_wrote_moves_a_cursor_on_any_screen() {
    let record = record(30);
    let call = record.calls().next().unwrap();
    for text in [
        text::whole::screen(&record, &policy()),
        text::whole::calls(&record),
        text::brief::run(&record, &policy()),
        text::evidence::call(&record.run, call, 0),
        text::diagnosis::screen(&record, &record.diagnoses[0]),
        text::diagnosis::line(&record.diagnoses[0]),
        text::runs::list(std::slice::from_ref(&record), Some(50)),
    ] {
        assert!(is_inert(&text), "{text}");
    }
}

#[test]
fn a_callers_diagnosis_stands_in_the_margin_under_its_name() {
    let record = record(1);
    let screen = text::diagnosis::screen(&record, &record.diagnoses[0]);
    let mut lines = screen.lines();
    let head = lines.next().unwrap();
    assert!(head.starts_with("diagnosis of triage-agent (for bob), "));
    assert!(head.ends_with("confidence by the host"));
    assert!(lines.all(|line| line.starts_with('|')), "{screen}");
    // Only Interlock's own words stand at the beginning of a line of a run's screen.
    let whole = text::whole::screen(&record, &policy());
    assert!(
        !whole.lines().any(|line| line.starts_with("PROPOSED")),
        "{whole}"
    );
}

#[test]
fn an_answer_is_read_in_parts_that_add_up() {
    let record = record(400);
    let call = record.calls().next().unwrap();
    let (mut whole, mut offset, mut parts) = (String::new(), 0, 0);
    loop {
        let document = json::evidence::document(&record.run, call, offset);
        let document = serde_json::to_value(&document).unwrap();
        let part = document["answer_text"].as_str().unwrap();
        assert!(part.chars().count() <= json::evidence::CHARS_MAX);
        assert_eq!(document["quoted"], true);
        whole.push_str(part);
        parts += 1;
        match document["next_offset"].as_u64() {
            Some(next) => offset = usize::try_from(next).unwrap(),
            None => break,
        }
    }
    assert!(parts > 3, "{parts}");
    let read: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(read["lines"][0]["text"], HOSTILE);
    // Behind the end there is nothing, and no error.
    let end = json::evidence::document(&record.run, call, usize::MAX);
    let end = serde_json::to_value(&end).unwrap();
    assert_eq!(end["answer_text"], "");
    assert_eq!(end["truncated"], false);
}

#[test]
fn the_document_of_a_run_holds_its_callers_diagnoses() {
    let record = record(1);
    let document = json::run::document(&record, None, Exit::Done);
    let document = serde_json::to_value(&document).unwrap();
    assert_eq!(document["schema"], "interlock.run.v1");
    let one = &document["diagnoses"][0];
    assert_eq!(one["title"], "diagnosis of triage-agent (for bob)");
    assert_eq!(one["confidence_by"], "host");
    assert_eq!(one["quoted"], true);
    assert_eq!(one["confidence"][0]["level"], "low");
}
