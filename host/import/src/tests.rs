use std::fs;
use std::path::Path;

use interlock_bundle::{Bundle, TimelineLine};
use proptest::prelude::*;

use crate::{Format, ImportError, Imported, import, timeline, timeline_of};

const WEBHOOKS: &str = r#"{"version": "4", "groupKey": "{}:{}", "status": "firing",
 "receiver": "interlock", "groupLabels": {}, "commonLabels": {}, "truncatedAlerts": 0,
 "alerts": [
  {"status": "firing", "labels": {"alertname": "Slow", "service": "web"},
   "annotations": {"summary": "p99 is 2 s"}, "startsAt": "2026-11-25T03:00:00Z",
   "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/", "fingerprint": "a1"}]}
{"version": "4", "alerts": [
  {"status": "resolved", "labels": {"alertname": "Slow", "service": "web"},
   "annotations": {}, "startsAt": "2026-11-25T03:00:00Z", "endsAt": "2026-11-25T03:20:00.5Z",
   "fingerprint": "a1"},
  {"status": "firing", "labels": {"alertname": "Down", "service": "web"},
   "startsAt": "2026-11-25T03:05:00+00:00", "fingerprint": "b2"}]}
"#;

const ENTRIES: &str = r##"{"log_entries": [
 {"id": "R2", "type": "annotate_log_entry", "summary": "Note added by Ada", "self": null,
  "created_at": "2026-11-25T03:09:00Z", "agent": {"id": "P1", "type": "user_reference", "summary": "Ada"},
  "channel": {"type": "note", "summary": "pool is full"},
  "service": {"id": "S1", "summary": "checkout"},
  "incident": {"id": "PT4KHLK", "type": "incident_reference", "summary": "[#12] Slow checkout"}},
 {"id": "R1", "type": "trigger_log_entry", "summary": "Triggered through the API",
  "created_at": "2026-11-25T03:02:00Z", "agent": {"type": "service_reference", "summary": "checkout"},
  "channel": {"type": "api"}, "service": {"id": "S1", "summary": "checkout"},
  "incident": {"id": "PT4KHLK", "summary": "[#12] Slow checkout"},
  "event_details": {"description": "checkout p99 over 2 s"}}
], "limit": 25, "offset": 0, "more": true, "total": null}"##;

const DAY: &str = r#"[
 {"type": "message", "user": "U1", "text": "<@U2> see <https://g/1|the graph> &amp; tell", "ts": "1764039600.000200"},
 {"type": "message", "subtype": "channel_join", "user": "U2", "text": "<@U2> has joined", "ts": "1764039500.000100"},
 {"type": "message", "subtype": "bot_message", "username": "pager", "text": "<!here> &lt;b&gt; in <#C1|ops>", "ts": "1764039700"}
]"#;

fn told(lines: &[TimelineLine]) -> Vec<String> {
    let told = lines.iter().map(|it| {
        let author = it.author.as_deref().unwrap_or("-");
        let (at, kind) = (it.at.clock(), &it.kind);
        format!(
            "{}:{} {at} {kind} {author}: {}",
            it.source, it.line, it.text
        )
    });
    told.collect()
}

fn imported(format: Format, name: &str, text: &str) -> (Imported, Vec<Bundle>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    let out = dir.path().join("out");
    let imported = import(format, &path, &out, &mut |_, _, _| {}).unwrap();
    let read = |name: &String| Bundle::read(&out.join(name)).unwrap();
    let bundles = imported.bundles.iter().map(read).collect();
    (imported, bundles)
}

#[test]
fn a_webhook_tells_each_alert_once_with_its_line() {
    assert_eq!(
        told(&timeline(Format::Alertmanager, WEBHOOKS.as_bytes()).unwrap()),
        [
            "alertmanager:4 03:00:00Z alert -: Slow fires {service=\"web\"}: p99 is 2 s",
            "alertmanager:11 03:05:00Z alert -: Down fires {service=\"web\"}",
            "alertmanager:8 03:20:00Z resolved -: Slow is resolved {service=\"web\"}",
        ]
    );
    let (imported, bundles) = imported(Format::Alertmanager, "INC 12.json", WEBHOOKS);
    assert_eq!(imported.bundles, ["INC-12"]);
    let about = bundles[0].about();
    assert_eq!(about.now.to_seconds_text(), "2026-11-25T03:05:00Z");
    assert_eq!(
        (about.title.as_str(), about.service.as_deref()),
        ("Slow, Down", Some("web"))
    );
    assert_eq!(bundles[0].incident().alerts.len(), 2);
    assert!(bundles[0].readers().alerts.is_some());
}

#[test]
fn log_entries_are_told_oldest_first_with_who_and_what() {
    assert_eq!(
        told(&timeline(Format::PagerDuty, ENTRIES.as_bytes()).unwrap()),
        [
            "pagerduty:7 03:02:00Z alert checkout: Triggered through the API: checkout p99 over 2 s",
            "pagerduty:2 03:09:00Z annotated Ada: Note added by Ada: pool is full",
        ]
    );
    let (imported, bundles) = imported(Format::PagerDuty, "page.json", ENTRIES);
    assert_eq!(imported.bundles, ["PT4KHLK"]);
    assert!(
        imported.notes[0].contains("there are more"),
        "{:?}",
        imported.notes
    );
    assert_eq!(bundles[0].about().service.as_deref(), Some("checkout"));
    assert_eq!(
        bundles[0].incident().alerts[0].name,
        "checkout p99 over 2 s"
    );
    assert_eq!(bundles[0].observed().timeline.len(), 2);
}

#[test]
fn a_channel_is_read_with_peoples_names_and_without_markup() {
    let dir = tempfile::tempdir().unwrap();
    let channel = dir.path().join("inc-12");
    fs::create_dir(&channel).unwrap();
    fs::write(channel.join("2025-11-25.json"), DAY).unwrap();
    let users = r#"[{"id": "U1", "name": "ada", "profile": {"display_name": "", "real_name": "Ada L"}},
                    {"id": "U2", "name": "bob"}]"#;
    fs::write(dir.path().join("users.json"), users).unwrap();
    let expected = [
        "slack/2025-11-25.json:3 02:58:20Z other bob: @bob has joined",
        "slack/2025-11-25.json:2 03:00:00Z message Ada L: @bob see the graph (https://g/1) & tell",
        "slack/2025-11-25.json:4 03:01:40Z message pager: @here <b> in #ops",
    ];
    assert_eq!(
        told(&timeline_of(Format::Slack, &channel).unwrap()),
        expected
    );
    // The export's own folder, where it holds one channel.
    assert_eq!(
        told(&timeline_of(Format::Slack, dir.path()).unwrap()),
        expected
    );
    fs::create_dir(dir.path().join("general")).unwrap();
    let error = timeline_of(Format::Slack, dir.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("name the folder of one channel, such as general, inc-12"),
        "{error}"
    );
    // One file alone knows ids only.
    let one = told(&timeline(Format::Slack, DAY.as_bytes()).unwrap());
    assert_eq!(one[0], "slack:3 02:58:20Z other U2: @U2 has joined");
    let (_, bundles) = imported(Format::Slack, "day.json", DAY);
    assert_eq!(bundles[0].observed().timeline.len(), 3);
}

#[test]
fn a_line_that_cannot_be_read_is_an_error_with_its_place() {
    let error = |format, text: &str| timeline(format, text.as_bytes()).unwrap_err().to_string();
    for (format, text, expected) in [
        (
            Format::Alertmanager,
            "",
            "alertmanager:1: the file is empty",
        ),
        (
            Format::Alertmanager,
            "\n{}",
            "alertmanager:2: a webhook has `alerts`, and this has none",
        ),
        (
            Format::Alertmanager,
            "{\"alerts\": [\n{\"status\": \"odd\", \"startsAt\": \"2026-11-25T03:00:00Z\"}]}",
            "alertmanager:2: status `odd` is neither `firing` nor `resolved`",
        ),
        (
            Format::Alertmanager,
            "{\"version\": \"3\"}",
            "alertmanager:1: version `3` of the webhook, and not 4",
        ),
        (
            Format::PagerDuty,
            "{\"log_entries\": [\n{}]}",
            "pagerduty:2: missing field `type`",
        ),
        (
            Format::PagerDuty,
            "{\"error\": 1}",
            "pagerduty:1: a page has `log_entries`, and this has none",
        ),
        (Format::Slack, "{}", "slack:1: `[` is expected here"),
        (
            Format::Slack,
            "[\n\n{\"text\": \"x\", \"ts\": \"now\"}]",
            "slack:3: `ts` is `now`, and not seconds since 1970",
        ),
        (
            Format::Slack,
            "[{\"ts\": \"1\"}",
            "slack:1: `,` is expected here",
        ),
    ] {
        assert_eq!(error(format, text), expected);
    }
    assert!(matches!(
        timeline(Format::Metrics, b""),
        Err(ImportError::NoTimeline { .. })
    ));
    let missing = timeline_of(Format::PagerDuty, Path::new("/nowhere/x.json"));
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("/nowhere` does not exist")
    );
}

#[test]
fn nothing_there_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    fs::write(&path, WEBHOOKS).unwrap();
    let out = dir.path().join("out");
    let again = || import(Format::Alertmanager, &path, &out, &mut |_, _, _| {});
    again().unwrap();
    assert!(
        again()
            .unwrap_err()
            .to_string()
            .ends_with("out/a` exists already")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_an_importer_panic(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0..700_usize, at in 0..700_usize, byte in any::<u8>(),
    ) {
        for format in Format::ALL {
            let _ = timeline(*format, &noise);
            for text in [WEBHOOKS, ENTRIES, DAY] {
                let mut bytes = text.as_bytes().to_vec();
                let _ = timeline(*format, &bytes[..cut.min(bytes.len())]);
                let at = at % bytes.len();
                bytes[at] = byte;
                let _ = timeline(*format, &bytes);
            }
        }
    }
}
