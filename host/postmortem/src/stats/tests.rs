//! What is counted, and what is not.

use super::*;
use crate::{front::tests::front, taxonomy::Factor};

fn at(day: u32) -> Time {
    Time::parse_rfc3339(&format!("2026-11-{day:02}T10:00:00Z")).unwrap()
}

fn known(incident: &str, day: u32, severity: &str) -> Known {
    Known {
        incident: incident.to_owned(),
        opened_at: at(day),
        severity: Some(severity.to_owned()),
        ..Known::default()
    }
}

fn written(incident: &str, edit: impl Fn(&mut Front)) -> (PathBuf, String) {
    let mut front = front();
    front.incident = incident.to_owned();
    front.proposed.clear();
    edit(&mut front);
    let text = format!("{}\n# Post-mortem\n", front.write());
    (PathBuf::from(format!("{incident}.md")), text)
}

fn asked(by: By, since: Option<u32>, severity: Option<&str>) -> Asked {
    Asked {
        by,
        since: since.map(at),
        severity: severity.map(str::to_owned),
    }
}

#[test]
fn how_many_p1s_were_caused_by_deployments() {
    let files = vec![
        written("INC-1", |front| front.factors = vec![Factor::Deployment]),
        written("INC-2", |front| {
            front.factors = vec![Factor::Deployment, Factor::Capacity]
        }),
        written("INC-3", |front| front.proposed = vec![Factor::Deployment]),
        written("INC-4", |front| {
            front.factors = vec![Factor::Deployment];
            front.severity = Some("P3".to_owned());
        }),
        (PathBuf::from("INC-5.md"), "# no header\n".to_owned()),
        written("INC-1", |_| {}),
    ];
    let known: Vec<Known> = [("INC-1", 20), ("INC-2", 21), ("INC-6", 22), ("INC-7", 1)]
        .map(|(id, day)| known(id, day, "p1"))
        .into();
    let (filed, not_counted) = filed(files);
    assert_eq!(
        not_counted
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            "INC-5.md:1: a post-mortem begins with a line `---`, and its header ends with another",
            "INC-1.md: INC-1.md is about `INC-1` too, and is counted",
        ]
    );
    let stats = count(
        asked(By::Factor, Some(10), Some("P1")),
        &filed,
        &known,
        not_counted,
    );
    let told: Vec<(&str, usize, usize)> = stats
        .counts
        .iter()
        .map(|(value, count)| (value.as_str(), count.said.len(), count.proposed.len()))
        .collect();
    assert_eq!(told, [("deployment", 2, 1), ("capacity", 1, 0)]);
    assert_eq!((stats.incidents, stats.drafts, stats.finals), (4, 3, 0));
    let without: Vec<&str> = stats
        .without
        .iter()
        .map(|one| one.incident.as_str())
        .collect();
    assert_eq!(without, ["INC-6"], "INC-7 is older");
}

#[test]
fn a_cause_that_was_judged_later_counts_unless_a_person_wrote_another() {
    let (filed, _) = filed(vec![
        written("INC-1", |_| {}),
        written("INC-2", |front| {
            front.causes = vec!["mine/other".to_owned()]
        }),
    ]);
    let judged = |id: &str| Known {
        judged: Some("postgres-connections/lock_convoy".to_owned()),
        ..known(id, 20, "P1")
    };
    let known = [judged("INC-1"), judged("INC-2")];
    let stats = count(asked(By::Cause, None, None), &filed, &known, Vec::new());
    let values: Vec<&str> = stats
        .counts
        .iter()
        .map(|(value, _)| value.as_str())
        .collect();
    assert_eq!(values, ["mine/other", "postgres-connections/lock_convoy"]);
}
