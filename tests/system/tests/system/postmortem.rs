//! A real incident is brought to its end, and its post-mortem says so, each sentence with its source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use interlock_system_tests::{Browser, Person, World};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use crate::waiting::{Waiting, bob, full, started};

const MARK: &str = "_to be written by the author_";

/// What the journal holds under a number: every text of the entry, of what is kept for it, and of
/// the payload that was signed.
struct Record(Connection);

impl Record {
    fn of(world: &World) -> Record {
        Record(Connection::open(world.path("state/interlock.db")).unwrap())
    }

    fn texts(&self, index: u64) -> Vec<String> {
        let bytes: Option<Vec<u8>> = self
            .0
            .query_row(
                "select bytes from entry where idx = ?1",
                [i64::try_from(index).unwrap()],
                |row| row.get(0),
            )
            .optional()
            .unwrap();
        let bytes = bytes.unwrap_or_else(|| panic!("the journal has no entry {index}"));
        let entry: Value = serde_json::from_slice(&bytes).unwrap();
        let mut found = Vec::new();
        strings(&entry, &mut found);
        if entry["kind"] == "planned" {
            use sha2::{Digest as _, Sha256};
            let plan = interlock_gate::canonical::to_bytes(&entry["plan"]).unwrap();
            found.push(hex(&Sha256::digest(plan)));
        }
        for kept in found.clone() {
            if let Some(digest) = kept.strip_prefix("sha256:") {
                found.extend(self.kept(digest));
            }
        }
        if let Some(payload) = entry["token"]["payload"].as_str() {
            let payload = STANDARD.decode(payload).unwrap();
            strings(&serde_json::from_slice(&payload).unwrap(), &mut found);
        }
        found
    }

    fn kept(&self, digest: &str) -> Vec<String> {
        let bytes: Option<Vec<u8>> = self
            .0
            .query_row(
                "select bytes from (select digest, bytes from blob union all \
                 select digest, bytes from fresh) where lower(hex(digest)) = ?1 limit 1",
                [digest],
                |row| row.get(0),
            )
            .optional()
            .unwrap();
        let mut found = Vec::new();
        if let Some(value) = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            strings(&value, &mut found);
        }
        found
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(interlock_gate::escape::foreign(text)),
        Value::Array(all) => all.iter().for_each(|one| strings(one, found)),
        Value::Object(all) => {
            for (key, one) in all {
                found.push(key.clone());
                strings(one, found);
            }
        }
        _ => {}
    }
}

/// The lines of a draft that say something.
fn said(text: &str) -> impl Iterator<Item = &str> {
    let body = text.split_once("\n---\n\n").unwrap().1;
    body.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("<!--"))
}

/// A line's own words, and what stands in code.
fn apart(line: &str) -> (String, Vec<String>) {
    let (mut plain, mut spans, mut rest) = (String::new(), Vec::new(), line);
    while let Some(at) = rest.find('`') {
        plain.push_str(&rest[..at]);
        let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let (fence, after) = rest[at..].split_at(ticks);
        let end = after
            .match_indices(fence)
            .map(|(end, _)| end)
            .find(|end| !after[end + ticks..].starts_with('`'))
            .unwrap();
        spans.push(after[..end].trim().to_owned());
        rest = &after[end + ticks..];
    }
    plain.push_str(rest);
    (plain, spans)
}

/// Every line cites or is marked; every citation exists, and each fact is in what its line cites.
fn every_line_holds(world: &World, text: &str) {
    let record = Record::of(world);
    let mut known: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut facts = 0;
    for line in said(text) {
        let (plain, spans) = apart(line);
        let cited: Vec<u64> = plain
            .split("[j")
            .skip(1)
            .map(|rest| rest.split(']').next().unwrap().parse().unwrap())
            .collect();
        assert!(
            !cited.is_empty() || plain.contains(MARK),
            "neither cited nor marked: {line}"
        );
        for index in &cited {
            known.entry(*index).or_insert_with(|| record.texts(*index));
        }
        for fact in spans {
            facts += 1;
            let there = cited.iter().any(|index| {
                let texts = known[index].iter();
                texts.into_iter().any(|text| text.contains(&fact))
            });
            assert!(there, "`{fact}` is in no entry that is cited: {line}");
        }
    }
    assert!(facts > 30, "only {facts} facts in\n{text}");
}

/// A draft as it reads on every day: numbers of a run, its ids and its times are taken out.
fn timeless(text: &str, ids: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (id, name) in ids {
        text = text.replace(id, name);
    }
    // An id that begins with a digit is no plain word.
    text = text.replace("\"PLAN\"", "PLAN");
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("drafted:") || line.starts_with("sources:") {
            continue;
        }
        let line = match line.strip_prefix("<!-- interlock:block ") {
            Some(rest) => format!("<!-- {} -->", rest.split_once(' ').unwrap().0),
            None => line.to_owned(),
        };
        // An item's name is a digest of what it is about.
        let line = ["action-", "question-"].iter().fold(line, |line, kind| {
            let mut parts = line.split(*kind);
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
                let id = if digits == 12 { "ID" } else { &part[..digits] };
                out.push_str(&format!("{kind}{id}{}", &part[digits..]));
            }
            out
        });
        let mut number = false;
        for character in line.chars() {
            if character.is_ascii_digit() {
                if !number {
                    out.push('0');
                }
                number = true;
            } else {
                number = false;
                out.push(character);
            }
        }
        out.push('\n');
    }
    for span in ["0 m 0 s", "0.0 s"] {
        out = out.replace(span, "SPAN");
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_incident_is_told_from_its_record_and_edits_of_it_are_kept() {
    let world = started(full()).await;
    let waiting = Waiting::of(&world).await;
    waiting.apply(&world, &[]).await.expect(3);
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let applied = waiting.apply(&world, &[]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    let incident = incident(&world).await;

    let folder = world.make_folder("postmortems", Person::Bob).unwrap();
    let (file, page) = (folder.join("one.md"), folder.join("one.html"));
    let (out, html) = (file.display().to_string(), page.display().to_string());
    let draft = ["postmortem", &incident, "--out", &out, "--html", &html];
    let with_json = [&draft[..], &["--json"]].concat();
    let first = bob(&world, &with_json).await.expect(0).json();
    assert_eq!(first["uncited"], serde_json::json!([]), "{first:#}");
    let text = fs::read_to_string(&file).unwrap();
    every_line_holds(&world, &text);
    assert!(
        text.contains("`alice`") && text.contains("found it `fixed`"),
        "{text}"
    );
    insta::assert_snapshot!(timeless(
        &text,
        &[(&waiting.run, "r-RUN"), (waiting.short(), "PLAN"),]
    ));

    // Drafted again, nothing moves.
    let again = bob(&world, &with_json).await.expect(0).json();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let fates = again["blocks"].as_array().unwrap();
    assert!(fates.iter().all(|one| one["fate"] == "same"), "{again:#}");

    // A person writes, confirms, and takes out; then the record goes on.
    let edited = text
        .replace("status: draft", "status: final")
        .replace("severity: page", "severity: P1")
        .replace("factors: []", "factors: [deployment]")
        .replacen(
            "Incident `",
            "For our customers it began later. Incident `",
            1,
        )
        .replacen(
            "## Sources",
            "## Lessons\n\nWe knew this since May.\n\n## Sources",
            1,
        );
    fs::write(&file, &edited).unwrap();
    let revoked = waiting.decide(&world, "revoke", Person::Alice).await;
    revoked.expect(0);
    let third = bob(&world, &with_json).await.expect(0).json();
    let merged = fs::read_to_string(&file).unwrap();
    for kept in [
        "For our customers it began later. ",
        "## Lessons\n\nWe knew this since May.\n",
        "status: final\n",
        "severity: P1\n",
        "factors: [deployment]\n",
        "**deployment** (confirmed): ",
    ] {
        assert!(merged.contains(kept), "{kept}\n{merged}");
    }
    assert_eq!(third["uncited"].as_array().unwrap().len(), 2, "{third:#}");
    assert!(
        merged.contains("`alice` signed `revoke`"),
        "the timeline goes on: {merged}"
    );

    // Counted.
    let stats = [
        "incidents",
        "stats",
        "--by",
        "factor",
        "--severity",
        "P1",
        "--json",
    ];
    let counted = bob(&world, &stats).await.expect(0).json();
    assert_eq!(counted["counts"][0]["value"], "deployment", "{counted:#}");
    assert_eq!(counted["counts"][0]["incidents"], 1);
    assert_eq!(
        (&counted["final"], &counted["draft"]),
        (&1.into(), &0.into())
    );
    fs::write(folder.join("two.md"), "# no header\n").unwrap();
    let broken = bob(&world, &stats[..6]).await.expect(1);
    let line = "two.md:1: a post-mortem begins with a line `---`";
    assert!(broken.stderr.contains(line), "{}", broken.everything());

    // Looked at as on a phone: nothing is wider than the window, nothing is fetched.
    let mut browser = Browser::start("").await.unwrap();
    for width in [375, 1200] {
        let url = format!("file://{}", page.display());
        let (_, complaints) = browser.open(&url, width).await.unwrap();
        assert_eq!(complaints, Vec::<String>::new());
        let over = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.evaluate(over).await.unwrap(), 0, "at {width}");
        let text = browser
            .evaluate("document.querySelector('main').innerText")
            .await;
        assert!(
            text.unwrap()
                .as_str()
                .unwrap()
                .contains("Contributing factors")
        );
    }
}

/// The only incident's id.
async fn incident(world: &World) -> String {
    let list = bob(world, &["incidents", "list", "--json"]).await;
    let id = list.expect(0).json()["incidents"][0]["incident"].clone();
    id.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_of_ones_own_is_used_and_its_mistakes_are_placed() {
    let world = started(full()).await;
    Waiting::of(&world).await;
    let incident = incident(&world).await;
    let mine = "# {{ incident }}\n\n{% filter block(\"what\") %}\n{{ summary | first }}\n{% endfilter %}\n\nWe care.\n";
    world.write("mine.j2", mine, 0o644).unwrap();
    let ask = ["postmortem", &incident, "--template", "mine.j2"];
    let drawn = bob(&world, &ask).await.expect(0);
    assert!(
        drawn.stdout.contains("interlock:block what "),
        "{}",
        drawn.stdout
    );
    let json = bob(&world, &[&ask[..], &["--json"]].concat()).await.json();
    assert_eq!(json["uncited"][0]["text"], "We care.", "{json:#}");
    world
        .write("mine.j2", "# x\n{{ nothing }}\n", 0o644)
        .unwrap();
    let refused = bob(&world, &ask).await.expect(2);
    assert!(
        refused.stderr.contains("mine.j2:2: undefined value"),
        "{}",
        refused.stderr
    );
    // What people wrote in a chat is attached once, and cited by its line, as text.
    let chat = r##"[{"type":"message","user":"U1","text":"# see ![x](http://e.vil/x) [j1]","ts":"1764041400.000100"}]"##;
    world.write("chat.json", chat, 0o644).unwrap();
    let import = [
        "incidents",
        "import",
        "--format",
        "slack",
        "--incident",
        &incident,
        "chat.json",
    ];
    let attached = bob(&world, &import).await.expect(0);
    assert!(attached.stdout.starts_with("attached 1 line of slack"));
    let again = bob(&world, &import).await.expect(0);
    assert!(again.stdout.contains("already"), "{}", again.stdout);
    let drawn = bob(&world, &["postmortem", &incident]).await.expect(0);
    let line = "`# see ![x](http://e.vil/x) [j1]` [slack:1].";
    assert!(drawn.stdout.contains(line), "{}", drawn.stdout);
    let unknown = bob(&world, &["postmortem", "INC-0"]).await;
    assert!(
        unknown.stderr.contains("no incident `INC-0`"),
        "{}",
        unknown.everything()
    );
    assert!(!Path::new("INC-0.md").exists());
}
