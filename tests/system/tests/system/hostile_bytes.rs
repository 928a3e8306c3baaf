//! What a server is sent by somebody who means it no good: no message, no end, another's name.

use std::time::{Duration, Instant};

use interlock_system_tests::{ALERTS_ONCE, Asker, Doorstep, Served};
use serde_json::json;

use crate::wire::{Ask, Wire};

/// Resident memory that a flood may cost: 16 MiB.
const GROWN_MAX: u64 = 16 << 20;

async fn served() -> (Doorstep, Served) {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    let served = host.serve().await.unwrap();
    (host, served)
}

/// The server does its work as if nothing had been.
async fn still_works(served: &Served) {
    let asked = Ask::tool("list_runbooks", &json!({})).by(Asker::Other);
    let listed = asked.to(served.port()).await.expect(200).result();
    assert_ne!(listed["isError"], true, "{listed:#}");
    let runbooks = &listed["structuredContent"]["runbooks"];
    assert_eq!(runbooks[0]["name"], Doorstep::RUNBOOK, "{listed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_refused_and_the_next_one_is_answered() {
    let (_host, served) = served().await;
    let deep = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(20_000);
    let long_name = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#,
        "x".repeat(500_000)
    );
    let messages: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "null",
        "true",
        "1e999",
        "[]",
        "\"text\"",
        "{}",
        &deep,
        &deep_object,
        &long_name,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"sign/plan","params":{}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\u{0}\"}",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([
        vec![0xff, 0xfe, 0x00],
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(),
    ])
    .collect();
    for message in messages {
        let shown = String::from_utf8_lossy(&message)
            .chars()
            .take(80)
            .collect::<String>();
        let answer = Ask::mcp(message).by(Asker::Agent).to(served.port()).await;
        let refused = (400..500).contains(&answer.status)
            || (answer.status == 200 && answer.json()["error"].is_object());
        assert!(refused, "`{shown}`: {answer:?}");
        assert!(!answer.body.contains("panicked"), "`{shown}`: {answer:?}");
    }
    // The same at the other doors: JSON that is none, or that says more than the route takes.
    for path in [
        "/runs",
        "/webhook/alertmanager",
        "/incidents/x/notes",
        "/runs/x/diagnoses",
    ] {
        for body in ["", "{", "[]", "7", &deep, r#"{"runbook":7,"more":1}"#] {
            let answer = Ask::post_bytes(path, body)
                .by(Asker::Agent)
                .to(served.port())
                .await;
            assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
            assert_eq!(answer.json()["schema"], "interlock.refusal.v1", "{path}");
        }
    }
    // Bytes that are not even HTTP.
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut wire = Wire::open(served.port()).await;
        // It may close before it has read all of it.
        let _ = wire.say(bytes).await;
        let _ = wire.say(b"\r\n\r\n").await;
        let heard = wire.hear().await;
        assert!(heard.is_none_or(|answer| answer.status == 400));
    }
    still_works(&served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_fifty_megabytes_is_refused_unread_and_costs_no_memory() {
    let (_host, served) = served().await;
    still_works(&served).await;
    let before = served.resident();
    let megabyte = vec![b'x'; 1 << 20];
    for path in ["/mcp", "/runs", "/webhook/alertmanager"] {
        let ask = Ask::post_bytes(path, "")
            .header("accept: application/json, text/event-stream")
            .by(Asker::Agent);
        // Announced: refused before any of it is sent.
        let mut wire = Wire::open(served.port()).await;
        let head = ask.head("content-length: 52428800", served.port());
        wire.say(head.as_bytes()).await.unwrap();
        wire.hear().await.unwrap().expect(413);

        // Not announced: cut off where it is too much.
        let mut wire = Wire::open(served.port()).await;
        let head = ask.head("transfer-encoding: chunked", served.port());
        wire.say(head.as_bytes()).await.unwrap();
        let mut sent = 0;
        for _ in 0..50 {
            let chunk = [
                format!("{:x}\r\n", megabyte.len()).as_bytes(),
                &megabyte,
                b"\r\n",
            ]
            .concat();
            if wire.say(&chunk).await.is_err() {
                break;
            }
            sent += 1;
        }
        // An answer, or a connection that was closed under the sender.
        let heard = wire.hear().await;
        let refused = heard.as_ref().is_none_or(|answer| answer.status == 413);
        assert!(refused, "{path}, after {sent} MiB: {heard:?}");

        // From nobody: not even looked at.
        let mut wire = Wire::open(served.port()).await;
        let head = Ask::post_bytes(path, "").head("content-length: 52428800", served.port());
        wire.say(head.as_bytes()).await.unwrap();
        wire.hear().await.unwrap().expect(401);
    }
    let grown = served.resident().saturating_sub(before);
    assert!(grown < GROWN_MAX, "{} MiB more", grown >> 20);
    still_works(&served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_bodies_that_drip_are_cut_off_while_others_are_served() {
    let (_host, served) = served().await;
    let port = served.port();
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut wire = Wire::open(port).await;
        let begin = match number % 2 {
            0 => "GET /runs HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: ".to_owned(),
            _ => Ask::post_bytes("/runs", "")
                .by(Asker::Agent)
                .head("content-length: 1000", port),
        };
        wire.say(begin.as_bytes()).await.unwrap();
        slow.push(wire);
    }
    let begun = Instant::now();
    let drip = async {
        for mut wire in slow {
            let one = async {
                // A byte now and then keeps no door open: the time is for the whole.
                loop {
                    let heard = tokio::time::timeout(Duration::from_millis(500), wire.hear()).await;
                    match heard {
                        Ok(answer) => break answer,
                        Err(_) => drop(wire.say(b"x").await),
                    }
                }
            };
            let ended = tokio::time::timeout(Duration::from_secs(40), one).await;
            let ended = ended.expect("a slow sender keeps its connection");
            assert!(ended.is_none_or(|answer| answer.status == 408));
        }
    };
    let work = async {
        for _ in 0..20 {
            let asked = Instant::now();
            still_works(&served).await;
            let took = asked.elapsed();
            assert!(
                took < Duration::from_secs(5),
                "{took:?} beside slow senders"
            );
        }
    };
    tokio::join!(drip, work);
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
    still_works(&served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_or_an_origin_of_somebody_else_is_refused_at_every_door() {
    let (_host, served) = served().await;
    let port = served.port();
    let asks = || {
        [
            Ask::tool("list_runbooks", &json!({})).by(Asker::Agent),
            Ask::get("/runs").by(Asker::Agent),
            Ask::post("/runs", &json!({"runbook": Doorstep::RUNBOOK})).by(Asker::Agent),
            Ask::get("/healthz"),
            Ask::get("/"),
        ]
    };
    for host in [
        "evil.example",
        "evil.example:80",
        &format!("localhost.evil.example:{port}"),
        &format!("evil.example:{port}"),
        "127.0.0.1:1",
        &format!("127.0.0.1.:{port}"),
        "",
    ] {
        for ask in asks() {
            let answer = ask.host(host).to(port).await;
            assert!([400, 421].contains(&answer.status), "`{host}`: {answer:?}");
        }
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        &format!("http://evil.example:{port}"),
        &format!("http://127.0.0.1:{port}.evil.example"),
        "file://",
        "",
    ] {
        for ask in asks() {
            let answer = ask.header(&format!("origin: {origin}")).to(port).await;
            assert_eq!(answer.status, 403, "`{origin}`: {answer:?}");
        }
    }
    // Two of each leave open which counts.
    for twice in ["host: evil.example", "origin: https://evil.example"] {
        let own = Ask::get("/runs").by(Asker::Agent);
        let own = own.header(&format!("origin: http://127.0.0.1:{port}"));
        let answer = own.header(twice).to(port).await;
        assert!(
            [400, 403, 421].contains(&answer.status),
            "{twice}: {answer:?}"
        );
    }
    // Nothing was run by any of them.
    let runs = Ask::get("/runs")
        .by(Asker::Agent)
        .to(port)
        .await
        .expect(200)
        .json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(0), "{runs:#}");
    let own = Ask::get("/runs").by(Asker::Agent);
    let own = own.header(&format!("origin: http://127.0.0.1:{port}"));
    own.to(port).await.expect(200);
}
