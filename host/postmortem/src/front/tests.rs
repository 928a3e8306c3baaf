//! The header is read back as it was written, and nothing else is read.

use proptest::prelude::*;

use super::*;

pub(crate) fn front() -> Front {
    let at = |text: &str| Some(Time::parse_rfc3339(text).unwrap());
    Front {
        incident: "INC-2291".to_owned(),
        status: Status::Draft,
        severity: Some("P1".to_owned()),
        services: vec!["checkout".to_owned()],
        began: at("2026-11-25T03:12:08Z"),
        detected: at("2026-11-25T03:12:10Z"),
        mitigated: None,
        ended: None,
        factors: vec![],
        proposed: vec![Factor::Defect, Factor::MonitoringGap],
        causes: vec!["postgres-connections/idle_in_transaction".to_owned()],
        runs: vec!["r-k7qd2345".to_owned()],
        plans: vec!["9f3ac2e1b704".to_owned()],
        sources: format!("sha256:{}", "0a".repeat(32)),
        blocks: vec!["summary".to_owned(), "factor-defect".to_owned()],
        drafted: BTreeMap::new(),
    }
    .sealed()
}

fn fails(from: &str, to: &str) -> String {
    let text = front().write();
    assert!(text.contains(from), "{text}");
    Front::read(&text.replacen(from, to, 1))
        .unwrap_err()
        .to_string()
}

#[test]
fn every_mistake_is_named_with_its_line() {
    insta::assert_snapshot!([
        fails("---\n", ""),
        fails("status: draft", "status: done"),
        fails("status: draft", "status draft"),
        fails("status: draft", "state: draft"),
        fails("status: draft\n", "status: draft\nstatus: final\n"),
        fails("status: draft\n", ""),
        fails("factors: []", "factors: [deploy]"),
        fails("factors: []", "factors: [defect, defect]"),
        fails("factors: []", "factors: defect"),
        fails("factors: []", "factors: [defect,]"),
        fails("severity: P1", "severity: \"P1"),
        fails("severity: P1", "severity: *x"),
        fails("mitigated: null", "mitigated: yesterday"),
        fails("interlock.postmortem.v1", "interlock.postmortem.v9"),
        fails("severity: P1", &format!("severity: {}", "x".repeat(70_000))),
        fails("severity: P1", &format!("severity: {}", "x".repeat(1_001))),
    ].join("\n"), @r"
    line 1: a post-mortem begins with a line `---`, and its header ends with another
    line 4: `status` must be `draft` or `final`
    line 4: this is not `key: value`
    line 4: `state` is no key of a post-mortem
    line 5: `status` stands here twice
    line 18: `status` is missing
    line 11: `deploy` is no contributing factor; `docs/postmortems.md` lists them
    line 11: `defect` stands here twice
    line 11: `factors` must be a list in brackets
    line 11: the value is neither `null`, a word, a text in quotation marks, nor a list of these
    line 5: the value is neither `null`, a word, a text in quotation marks, nor a list of these
    line 5: the value is neither `null`, a word, a text in quotation marks, nor a list of these
    line 9: `mitigated` must be a time such as `2026-01-31T12:00:00Z`, or `null`
    line 2: the schema is `interlock.postmortem.v9`, expected `interlock.postmortem.v1`
    line 5: the header has more than 65536 bytes
    line 5: a value has more than 1000 characters, or a list more than 1000
    ");
}

#[test]
fn what_a_person_corrected_outlives_a_new_draft() {
    let mut edited = front();
    edited.severity = Some("P2".to_owned());
    edited.factors = vec![Factor::Defect];
    edited.status = Status::Final;
    let mut new = front();
    new.services.push("orders".to_owned());
    new.severity = Some("P3".to_owned());
    new.blocks.push("impact".to_owned());
    let merged = edited.redrafted(&new.sealed());
    assert_eq!(merged.severity.as_deref(), Some("P2"));
    assert_eq!(merged.status, Status::Final);
    assert_eq!(merged.factors, [Factor::Defect]);
    assert_eq!(
        merged.proposed,
        [Factor::MonitoringGap],
        "confirmed is no more proposed"
    );
    assert_eq!(merged.services, ["checkout", "orders"]);
    assert_eq!(merged.blocks, ["summary", "factor-defect", "impact"]);
    assert_eq!(merged.changed(), ["severity"]);
    let mut without = merged.clone();
    without.proposed.clear();
    without.blocks.push("factor-monitoring_gap".to_owned());
    assert!(
        without.redrafted(&front()).proposed.is_empty(),
        "taken out stays out"
    );
    let again = merged.redrafted(&front());
    assert_eq!(again.severity.as_deref(), Some("P2"), "it stays changed");
}

proptest! {
    #[test]
    fn a_header_is_read_back_as_it_was_written(
        texts in prop::collection::vec(".{0,40}", 0..5), severity in prop::option::of(".{0,40}"),
    ) {
        let mut front = front();
        front.services = texts;
        front.severity = severity;
        let text = front.write();
        let document = format!("{text}# Title\n");
        let (read, body) = Front::read(&document).unwrap();
        prop_assert_eq!(&read, &front);
        prop_assert_eq!(body, "# Title\n");
        prop_assert_eq!(read.write(), text);
    }

    #[test]
    fn no_header_panics(text in ".{0,200}") {
        let _ = Front::read(&format!("---\n{text}\n---\n"));
        let _ = Front::read(&text);
    }

    #[test]
    fn others_words_in_a_header_are_text_in_markdown_too(text in "[\\[\\]()<>!*`#&:./a-zA-Z\" \\n]{0,40}") {
        let mut front = front();
        front.severity = Some(text);
        let line = front.write().lines().nth(4).unwrap_or_default().to_owned();
        prop_assert!(!line.contains(['<', '>', '&', '`', '[', '!', '*', '#']), "{}", line);
    }
}
