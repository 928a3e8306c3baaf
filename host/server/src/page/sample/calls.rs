//! The recorded calls of the sample run.

use interlock_capabilities::Recorded;
use serde_json::{Value, json};

use super::{HOSTILE, at};

/// Calls of every kind that shows text of others.
pub(super) fn calls(sessions: u32) -> Vec<Recorded> {
    let window = json!({ "begin": at("02:57:00"), "end": at("03:12:00") });
    let labels = json!([{ "name": "server", "value": HOSTILE }]);
    let points: Vec<Value> = (0..16)
        .map(|n| json!({ "at": at(&format!("02:{:02}:00", 44 + n)), "value": (n * 2).to_string() }))
        .collect();
    let session = |n: u32| {
        json!({ "application_name": HOSTILE, "backend_start": at("02:51:07.114093"),
            "backend_type": "client backend", "backend_xid": null, "backend_xmin": null,
            "client_addr": "10.0.0.7", "database": "orders", "leader_pid": null, "ours": false,
            "pid": 210_411 + n, "query": HOSTILE, "query_start": null, "role": "checkout",
            "state": "idle in transaction", "state_change": null, "superuser": false,
            "wait_event": null, "wait_event_type": null, "xact_start": at("02:58:00.201177") })
    };
    let call = |id: u32, name: &str, ask: Value, answer: Value| {
        json!({ "id": format!("c{id}"), "call": name, "ask": ask, "answer": answer, "gap": null,
            "asked_at": at("03:12:08.100000"), "answered_at": at("03:12:08.400000") })
    };
    let all = [
        call(
            1,
            "metrics.range",
            json!({ "query": HOSTILE, "step_ms": "60000", "window": window }),
            json!({ "step_ms": "60000", "series": [{ "labels": labels, "points": points }] }),
        ),
        call(
            2,
            "database.sessions",
            json!({ "server": "orders-db" }),
            json!({ "postmaster_start": at("00:00:00"), "read_at": at("03:12:08.300000"), "server": "orders-db",
                "sessions": (0..sessions).map(session).collect::<Vec<_>>(),
                "system_identifier": "7712035313002060732" }),
        ),
        call(
            3,
            "logs.search",
            json!({ "source": "orders-db", "pattern": HOSTILE, "most": 50, "window": window }),
            json!({ "lines": [{ "at": at("03:11:00"), "text": HOSTILE }], "matched": "1", "truncated": false }),
        ),
        json!({ "id": "c4", "call": "changes.list", "ask": { "window": window }, "answer": null,
            "gap": { "unreachable": HOSTILE }, "asked_at": at("03:12:08"), "answered_at": at("03:12:08") }),
    ];
    all.into_iter()
        .map(|one| serde_json::from_value(one).unwrap())
        .collect()
}
