//! What a run keeps of a call reads back as it was, byte for byte.

use interlock_capabilities::{Answer, Ask, Gap, ReadCall, Recorded, read::*};
use interlock_gate::{ids::CallId, time::Time};

fn at(micros: u64) -> Time {
    Time::from_micros(micros).expect("a time before the year 10000")
}

fn recorded(ask: Ask, answer: Result<Answer, Gap>) -> Recorded {
    Recorded {
        id: CallId(3),
        ask,
        answer,
        asked_at: at(1),
        answered_at: at(2),
    }
}

fn sessions() -> Recorded {
    let session = database::Session {
        pid: 210_411,
        backend_type: Some("client backend".to_owned()),
        role: Some("checkout".to_owned()),
        database: None,
        application_name: Some("\u{202e}é\n".to_owned()),
        client_addr: None,
        backend_start: Some(5),
        xact_start: None,
        query_start: None,
        state: Some("idle".to_owned()),
        state_change: Some(6),
        wait_event_type: None,
        wait_event: None,
        backend_xid: None,
        backend_xmin: None,
        leader_pid: None,
        superuser: Some(false),
        query: None,
        ours: false,
    };
    let answer = database::Sessions {
        server: "orders-db".to_owned(),
        read_at: u64::MAX,
        postmaster_start: 1_795_569_128_000_004,
        system_identifier: "7301".to_owned(),
        sessions: vec![session],
    };
    let ask = database::DatabaseAsk {
        server: "orders-db".to_owned(),
    };
    recorded(
        Ask::DatabaseSessions(ask),
        Ok(Answer::DatabaseSessions(answer)),
    )
}

fn numbers() -> Recorded {
    let samples = [f64::MAX, -0.0, f64::INFINITY, 1e-300, 0.1]
        .map(|value| metrics::Sample {
            labels: Vec::new(),
            at: 7,
            value,
        })
        .to_vec();
    recorded(
        Ask::MetricsInstant(metrics::InstantAsk {
            query: "up".to_owned(),
            at: 8,
        }),
        Ok(Answer::MetricsInstant(metrics::Instant { samples })),
    )
}

fn gap() -> Recorded {
    let window = Window {
        begin: 0,
        end: u64::MAX,
    };
    let ask = metrics::RangeAsk {
        query: "up".to_owned(),
        window,
        step_ms: u64::MAX,
    };
    recorded(
        Ask::MetricsRange(ask),
        Err(Gap::Unreachable("time-out after 5 s".to_owned())),
    )
}

#[test]
fn a_recorded_call_reads_back_byte_for_byte() {
    for call in [sessions(), numbers(), gap()] {
        let bytes = call.canonical().unwrap();
        let back: Recorded = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(back, call);
        assert_eq!(back.canonical().unwrap(), bytes);
        assert_eq!(back.digest().unwrap(), call.digest().unwrap());
    }
}

#[test]
fn a_record_says_what_was_asked_and_what_came() {
    assert_eq!(
        String::from_utf8(gap().canonical().unwrap()).unwrap(),
        concat!(
            r#"{"answer":null,"answered_at":"1970-01-01T00:00:00.000002Z","#,
            r#""ask":{"query":"up","step_ms":"18446744073709551615","#,
            r#""window":{"begin":"1970-01-01T00:00:00.000000Z","end":"18446744073709551615"}},"#,
            r#""asked_at":"1970-01-01T00:00:00.000001Z","call":"metrics.range","#,
            r#""gap":{"unreachable":"time-out after 5 s"},"id":"c3"}"#,
        )
    );
}

#[test]
fn a_record_with_a_field_too_many_or_an_answer_of_another_call_is_refused() {
    let json = serde_json::to_string(&sessions()).unwrap();
    assert!(serde_json::from_str::<Recorded>(&json).is_ok());
    for (from, to) in [
        ("\"gap\":null", "\"gap\":{\"refused\":\"no\"}"),
        (
            "\"call\":\"database.sessions\"",
            "\"call\":\"database.locks\"",
        ),
        ("\"pid\":210411", "\"pid\":210411,\"more\":1"),
        ("\"ours\":false", "\"ours\":null"),
    ] {
        let other = json.replace(from, to);
        assert_ne!(other, json);
        assert!(serde_json::from_str::<Recorded>(&other).is_err(), "{to}");
    }
}

#[test]
fn every_call_has_one_name_under_its_interface() {
    for call in ReadCall::ALL {
        assert_eq!(call.name().parse(), Ok(*call));
        let (interface, _) = call.name().split_once('.').unwrap();
        assert_eq!(interface.replace('_', "-"), call.interface());
    }
    assert!("database.kill".parse::<ReadCall>().is_err());
}
