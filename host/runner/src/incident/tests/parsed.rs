//! A delivery's text: what is read of it, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::{AlertGroup, GROUP_BYTES_MAX, group, high, parsed};

#[test]
fn a_delivery_is_read_and_every_mistake_names_its_field() {
    let read = parsed(&group("firing", vec![high("firing")]));
    assert!(read.firing && read.alerts[0].firing);
    assert_eq!(read.alerts[0].name(), "PostgresConnectionsHigh");
    assert_eq!(read.alerts[0].ends_at, None);
    assert_eq!(
        read.alerts[0].starts_at.to_string(),
        "2026-11-25T03:02:00.123456Z"
    );
    for (pointer, new, expected) in [
        ("/version", json!("3"), "`version` must be \"4\""),
        (
            "/groupKey",
            json!(""),
            "`groupKey` must be a text that is not empty",
        ),
        (
            "/groupKey",
            json!(7),
            "`groupKey` must be a text of at most 8192 bytes",
        ),
        (
            "/status",
            json!("on"),
            "`status` must be `firing` or `resolved`",
        ),
        (
            "/alerts",
            json!([]),
            "`alerts` must be a list that is not empty",
        ),
        (
            "/alerts",
            json!({}),
            "`alerts` must be a list that is not empty",
        ),
        ("/alerts/0", json!("x"), "`alerts[0]` must be an object"),
        (
            "/alerts/0/startsAt",
            json!("yesterday"),
            "`alerts[0].startsAt` must be a time with its offset",
        ),
        (
            "/alerts/0/labels",
            json!({"server": "a"}),
            "`alerts[0].labels.alertname` is missing",
        ),
        (
            "/alerts/0/labels/server",
            json!(["a"]),
            "`alerts[0].labels.server` must be a text",
        ),
        (
            "/alerts/0/labels/server",
            json!("s".repeat(1025)),
            "`alerts[0].labels.server` must be a text of at most 1024 bytes",
        ),
        (
            "/alerts/0/annotations",
            json!([[[[[[[[1]]]]]]]]),
            "the delivery is nested deeper than 8 levels",
        ),
        (
            "/truncatedAlerts",
            json!(-1),
            "`truncatedAlerts` must be a whole number",
        ),
    ] {
        let mut value = group("firing", vec![high("firing")]);
        *value.pointer_mut(pointer).unwrap() = new;
        let error = AlertGroup::parse(value.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let mut value = group("firing", vec![high("firing")]);
    value.as_object_mut().unwrap().remove("groupKey");
    let error = AlertGroup::parse(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "`groupKey` is missing");
    let long = AlertGroup::parse(&vec![b' '; GROUP_BYTES_MAX + 1]).unwrap_err();
    assert_eq!(
        long.to_string(),
        "the delivery has 4194305 bytes, at most 4194304"
    );
    let deep = "[".repeat(100_000);
    assert!(AlertGroup::parse(deep.as_bytes()).is_err());
}

#[test]
fn what_is_too_much_is_cut_and_counted() {
    let mut long = high("firing");
    long["annotations"]["summary"] = json!("\u{e9}".repeat(5_000));
    let mut value = group("firing", vec![long; 300]);
    value["truncatedAlerts"] = json!(5);
    // Each with a fingerprint of its own; so many long texts would be over the bound on bytes.
    for (index, alert) in value["alerts"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        alert["fingerprint"] = json!(format!("{index:x}"));
        if index > 0 {
            alert["annotations"] = json!({});
        }
    }
    let read = parsed(&value);
    assert_eq!((read.alerts.len(), read.left_out), (256, 49));
    let kept = &read.alerts[0].annotations["summary"];
    assert!(
        kept.len() <= 2_051 && kept.ends_with("..."),
        "{}",
        kept.len()
    );
}

#[test]
fn no_delivery_panics() {
    let text = group("firing", vec![high("firing"), high("resolved")]).to_string();
    proptest!(|(at in 0..text.len(), put in any::<char>(), cut in any::<bool>())| {
        let mut changed: String = text.chars().take(at).collect();
        changed.push(put);
        if !cut {
            changed.extend(text.chars().skip(at + 1));
        }
        drop(AlertGroup::parse(changed.as_bytes()));
    });
}
