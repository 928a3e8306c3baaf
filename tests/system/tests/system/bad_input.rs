//! What cannot be right is an error with its place, exit 2: no panic, and nothing half done.

use std::fs;
use std::path::Path;

use interlock_system_tests::{Person, Ran, World};

use crate::seen::{RUN, alive, sorted};
use crate::waiting::{Waiting, bob, full, now, reasons, started, text};
use crate::words::{approval, key_of, signed};

/// Every file below the host's folder, with its length; the store's own files change by being opened.
fn files(world: &World) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![world.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "state") {
                folders.push(path);
            } else if path.is_file() {
                let length = path.metadata().unwrap().len();
                found.push((path.display().to_string(), length));
            }
        }
    }
    found.sort();
    found
}

/// It ended with 2 and said where: in text as `file:line:column`, in the document as fields.
fn refused_at(ran: &Ran, file: &str, line: Option<usize>, what: &str) {
    assert_eq!(ran.code, 2, "{what}: {ran:#?}");
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["schema"], "interlock.error.v1", "{what}");
    assert_eq!(document["exit"], 2, "{what}");
    let errors = document["errors"].as_array().unwrap();
    assert!(!errors.is_empty(), "{what}: {document:#}");
    if let Some(line) = line {
        let at = |error: &serde_json::Value| {
            error["file"]
                .as_str()
                .is_some_and(|found| found.ends_with(file))
                && error["line"] == line
                && error["column"].is_u64()
        };
        assert!(
            errors.iter().any(at),
            "{what}: not at {file}:{line}: {document:#}"
        );
        let place = format!("{file}:{line}:");
        assert!(
            ran.stderr.contains(&place),
            "{what}: no `{place}` in {}",
            ran.stderr
        );
    } else {
        let named = errors.iter().any(|error| {
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains(file))
        });
        assert!(named, "{what}: `{file}` is not named: {document:#}");
    }
}

/// A text with one mistake, and the line that it is on.
fn mistaken(text: &str, from: &str, to: &str) -> (String, usize) {
    let at = text
        .find(from)
        .unwrap_or_else(|| panic!("no `{from}` in {text}"));
    let line = text[..at].matches('\n').count() + 1;
    (text.replacen(from, to, 1), line)
}

/// A file, a command that reads it, and what is replaced by what.
type Kind<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

/// Texts that people write: each mistake on one line, which the error names.
async fn texts(world: &World) {
    let kinds: [Kind<'_>; 4] = [
        (
            "interlock.toml",
            &["plan", "list", "--json"],
            &[
                ("version = 1", "version = 2"),
                ("version = 1", "version = one"),
                ("state_dir", "state_dri"),
                ("runbooks = [\"runbooks\"]", "runbooks = \"runbooks\""),
                ("policy = \"", "policy = 7 # \""),
                ("[[source.postgres]]", "[[source.postgers]]"),
                ("[[source.logs]]", "[[source.logs"),
                ("set_role", "set_rolle"),
            ],
        ),
        (
            "policies/postgres.toml",
            &["policy", "check", "--json"],
            &[
                ("version = 1", "version = 0"),
                ("need = 1", "need = 0"),
                ("roles = [\"sre\"], presence", "roles = [], presence"),
                ("[[read]]", "[[raed]]"),
                ("\"ssh-ed25519 ", "\"ssh-rsa "),
                ("\"ssh-ed25519 AAAA", "\"ssh-ed25519 BAAA"),
                ("presence = \"any\"", "presence = \"none\""),
                ("max_age = \"15m\"", "max_age = \"15\""),
                ("database.terminate", "database.explode"),
                ("*/replication", "*/replication/x"),
                ("per_run = 60", "per_run = -1"),
                ("uid = ", "uid = \"x\" # "),
                ("name = \"alice\"", "name = \"Alice!\""),
            ],
        ),
        (
            "incident.toml",
            &[
                "run",
                "postgres-connections",
                "--incident",
                "incident.toml",
                "--json",
            ],
            &[
                ("id = \"", "id = 3 # \""),
                ("[[alert]]", "[[alerts]]"),
                ("[[alert]]", "[[alert]"),
            ],
        ),
        (
            "runbooks/postgres-connections/runbook.toml",
            &[
                "run",
                "postgres-connections",
                "--incident",
                "incident.toml",
                "--json",
            ],
            &[
                ("version = \"", "version = 3 # \""),
                ("[inputs]", "[imputs]"),
                ("type = \"duration\"", "type = \"durations\""),
                ("[[step]]", "[[step]"),
                ("wait = \"", "wait = \"x"),
            ],
        ),
    ];
    for (file, command, mistakes) in kinds {
        let good = text(world, file);
        let before = files(world);
        for (from, to) in mistakes {
            let (bad, line) = mistaken(&good, from, to);
            world.write(file, &bad, 0o644).unwrap();
            let ran = bob(world, command).await;
            refused_at(&ran, file, Some(line), &format!("{file}: {to}"));
        }
        for (what, bytes) in [
            ("not UTF-8", &b"\xff\xfe\0"[..]),
            ("a zero", b"version = 1\n\0"),
        ] {
            fs::write(world.path(file), bytes).unwrap();
            let ran = bob(world, command).await;
            assert_eq!(ran.code, 2, "{file}, {what}: {ran:#?}");
            assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
            ran.json();
        }
        let endless = format!("{good}\nx = {}", "[".repeat(100_000));
        world.write(file, &endless, 0o644).unwrap();
        assert_eq!(
            bob(world, command).await.code,
            2,
            "{file}: nested without end"
        );
        world.write(file, &good, 0o644).unwrap();
        assert_eq!(files(world), before, "{file}: something was left");
    }
}

/// Bytes that programs write: plans and keys, cut and turned at many places.
async fn bytes(world: &World, waiting: &Waiting) {
    let plan = waiting.body(world).await;
    let exported = format!("exported/{}.json", waiting.short());
    let good = text(world, &exported);
    let show = ["plan", "show", &exported, "--json"];
    bob(world, &show).await.expect(0);
    let mut bad = vec![
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        format!("{good}\n"),
        good.replacen('{', "{ ", 1),
        good.replacen("\"do\":\"act\"", "\"do\":\"ACT\"", 1),
        good.replacen(
            "\"schema\":\"interlock.plan.v1\"",
            "\"schema\":\"interlock.plan.v2\"",
            1,
        ),
        good.replacen("\"parent\":null", "\"parent\":null,\"parent\":null", 1),
        good.replacen("\"parent\":null", "\"parent\":null,\"then\":1", 1),
        "[".repeat(1_000_000),
        "x".repeat(2 << 20),
    ];
    bad.extend((1..8).map(|eighths| good[..good.len() * eighths / 8].to_owned()));
    for text in &bad {
        assert_ne!(text, &good);
        world.write(&exported, text, 0o644).unwrap();
        let ran = bob(world, &show).await;
        let what: String = text.chars().take(60).collect();
        refused_at(&ran, &exported, None, &what);
    }
    world
        .write(&exported, std::str::from_utf8(plan.bytes()).unwrap(), 0o644)
        .unwrap();

    let good = signed(
        &approval(&plan, "alice", now()),
        &key_of(world, Person::Alice),
    );
    let good = String::from_utf8(good).unwrap();
    let half = &good[..good.len() / 2];
    let twice = good.replacen('{', "{\"payload\":\"\",", 1);
    let spoilt = good.replacen("\"payload\":\"", "\"payload\":\"?", 1);
    let more = good.replacen('{', "{\"and\":1,", 1);
    for text in ["", "{}", "null", "[]", half, &twice, &spoilt, &more] {
        let file = world.write("bad.token", text, 0o644).unwrap();
        let refused = waiting.apply(world, &[&file]).await;
        assert_eq!(refused.code, 2, "{text}: {refused:#?}");
        assert!(
            reasons(&refused).contains("bad.token"),
            "{text}: {}",
            refused.stdout
        );
        assert!(!refused.stderr.contains("panicked"), "{}", refused.stderr);
    }

    let key = fs::read_to_string(world.people.key(Person::Alice)).unwrap();
    let public = world.people.public_key(Person::Alice).unwrap();
    let rsa = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for text in [
        "",
        "x",
        &key[..key.len() / 2],
        &public,
        rsa,
        &key.replace('A', "B"),
    ] {
        world.write("bad.key", text, 0o600).unwrap();
        let approve = [
            "approve",
            &waiting.plan,
            "--key",
            "bad.key",
            "--confirm",
            &waiting.word,
            "--json",
        ];
        let ran = bob(world, &approve).await;
        refused_at(&ran, "bad.key", None, text);
    }
}

/// Words on the command line.
async fn words(world: &World, waiting: &Waiting) {
    let plan = waiting.plan.as_str();
    let key = world.people.key(Person::Alice).display().to_string();
    let confirm = ["approve", plan, "--key", &key, "--confirm", "orders"];
    let lines: [&[&str]; 21] = [
        &["frobnicate"],
        &["run"],
        &["run", "nope"],
        &["run", "../postgres-connections"],
        &["run", "postgres-connections", "-i", "stuck_after"],
        &[
            "run",
            "postgres-connections",
            "--incident",
            "incident.toml",
            "-i",
            "stuck_after=soon",
        ],
        &[
            "run",
            "postgres-connections",
            "--incident",
            "incident.toml",
            "-i",
            "nope=1",
        ],
        &["run", "postgres-connections", "--incident", "nowhere.toml"],
        &["run", "postgres-connections", "--incident", "."],
        &["plan", "show", "zz"],
        &["plan", "show", ""],
        &["plan", "show", "../../etc/passwd"],
        &["plan", "narrow", plan],
        &["plan", "narrow", plan, "--skip", "0"],
        &["plan", "narrow", plan, "--skip", "1-999"],
        &["apply", "\u{1b}[2J"],
        &["apply", plan, "--token", "nowhere.json"],
        &confirm,
        &["runs", "show", "r-nope"],
        &["replay", "r-nope"],
        &["schema", "nope"],
    ];
    for line in lines {
        let with_json = [line, &["--json"]].concat();
        let ran = bob(world, &with_json).await;
        assert_eq!(ran.code, 2, "{line:?}: {ran:#?}");
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert!(!ran.everything().contains('\u{1b}'), "{line:?}: {ran:#?}");
        let document = ran.json();
        assert_eq!(document["exit"], 2, "{line:?}: {document:#}");
        bob(world, line).await.expect(2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_an_error_with_its_place_and_changes_nothing() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    texts(&world).await;
    bytes(&world, &waiting).await;
    words(&world, &waiting).await;
    assert_eq!(alive(&world, &guilty).await, guilty);
    let verified = bob(&world, &["journal", "verify", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(verified["intents"], 0, "{verified:#}");
    // The same request is still the same.
    let again = bob(&world, &RUN).await.expect(3).json();
    assert_eq!(again["plan"]["plan"], waiting.plan.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_others_could_have_written_are_not_trusted() {
    let world = started(full()).await;
    for (file, mode) in [
        ("policies/postgres.toml", 0o666),
        ("policies/postgres.toml", 0o664),
        ("interlock.toml", 0o666),
    ] {
        let good = text(&world, file);
        world.write(file, &good, mode).unwrap();
        let ran = bob(&world, &["plan", "list", "--json"]).await;
        let run = bob(&world, &RUN).await;
        assert_eq!(run.code, 2, "{file} {mode:o}: {ran:#?}");
        world.write(file, &good, 0o644).unwrap();

        // Not through a link either.
        let (path, aside) = (world.path(file), world.path("aside.toml"));
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        let run = bob(&world, &RUN).await;
        assert_eq!(run.code, 2, "{file} is a link: {run:#?}");
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
    }
    assert!(Path::new(&world.path("interlock.toml")).is_file());
    bob(&world, &RUN).await.expect(3);
}
