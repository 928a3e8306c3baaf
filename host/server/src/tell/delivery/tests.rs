use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use super::super::message::{Became, What, changed};
use super::*;
use interlock_gate::ids::PlanDigest;

fn failed(status: u16, retry_after: Option<u64>) -> Attempt {
    Attempt {
        error: NotDelivered::Status { status },
        retry_after: retry_after.map(Duration::from_secs),
    }
}

#[test]
fn pauses_double_and_attempts_end() {
    let seconds = |attempt| pause_after(&failed(503, None), attempt, PAUSE).map(|it| it.as_secs());
    assert_eq!([1, 2, 3, 4].map(seconds), [Some(1), Some(2), Some(4), None]);
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it_within_bounds() {
    let seconds = |asked| pause_after(&failed(429, asked), 1, PAUSE).map(|it| it.as_secs());
    assert_eq!(seconds(None), Some(1));
    assert_eq!(seconds(Some(7)), Some(7));
    assert_eq!(seconds(Some(0)), Some(1));
    assert_eq!(seconds(Some(86_400)), Some(30));
}

#[test]
fn a_no_for_good_is_not_asked_again() {
    for status in [400, 401, 403, 404, 410, 301] {
        assert_eq!(
            pause_after(&failed(status, Some(1)), 1, PAUSE),
            None,
            "{status}"
        );
    }
    for error in [NotDelivered::TimedOut, NotDelivered::Unreachable] {
        let failed = Attempt {
            error,
            retry_after: None,
        };
        assert_eq!(pause_after(&failed, 1, PAUSE), Some(PAUSE));
    }
}

#[test]
fn the_url_is_posted_to_in_the_clear_on_this_machine_only() {
    for good in [
        "https://hooks.example.net/services/T/B/x",
        "http://127.0.0.1:1/x",
        "http://[::1]:1/x",
        "http://localhost/x",
    ] {
        assert!(url(good).is_some(), "{good}");
    }
    for bad in [
        "http://hooks.example.net/x",
        "ftp://127.0.0.1/x",
        "hooks",
        "",
    ] {
        assert!(url(bad).is_none(), "{bad}");
    }
}

/// A receiver that answers each request with the next of these; the bodies it saw.
fn receiver(answers: Vec<&'static str>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/services/hunter2", listener.local_addr().unwrap());
    let (send, seen) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            send.send(String::from_utf8(body).unwrap()).unwrap();
            let mut out = &stream;
            write!(
                out,
                "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
        }
    });
    (url, seen)
}

fn webhook(url_text: &str) -> Webhook {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("url");
    std::fs::write(&file, url_text).unwrap();
    let notify = Notify {
        webhook_file: file,
        timeout: Duration::from_secs(5),
    };
    let mut webhook = Webhook::open(&notify).unwrap();
    webhook.pause = Duration::from_millis(1);
    webhook
}

fn message() -> Message {
    let became = Became {
        plan: PlanDigest::of(b"one"),
        run: "r-2xpu94bh".parse().unwrap(),
        what: What::Expired,
        would: "database.terminate, 36 sessions on orders-db/client".to_owned(),
    };
    changed(&became, None)
}

#[tokio::test]
async fn a_receiver_that_stumbles_gets_the_same_message_again() {
    let (url, seen) = receiver(vec!["503 Busy", "429 Slow\r\nretry-after: 0", "200 OK"]);
    webhook(&url).post(&message()).await.unwrap();
    let bodies: Vec<String> = seen.iter().collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| body == &bodies[0]));
    let body: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
    assert!(body["text"].as_str().unwrap().contains("ran out"));
    assert!(body["blocks"].is_array());
}

#[tokio::test]
async fn what_is_said_of_a_failure_does_not_hold_the_url() {
    let (url, _seen) = receiver(vec!["404 no_service"]);
    let refused = webhook(&url).post(&message()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the webhook answered 404");
    // Nobody listens there any more.
    let gone = webhook(&url).post(&message()).await.unwrap_err();
    assert_eq!(gone, NotDelivered::Unreachable);
    for error in [refused, gone] {
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let bad = {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("url");
        std::fs::write(&file, "ftp://hunter2.example").unwrap();
        Webhook::open(&Notify {
            webhook_file: file,
            timeout: Duration::from_secs(1),
        })
        .err()
        .unwrap()
    };
    assert!(!format!("{bad} {bad:?}").contains("hunter2"));
}
