//! Alerts that are delivered many times at once, and again and again.

use futures::future::join_all;
use serde_json::json;

use super::*;

fn alerts(status: &str, names: &[String]) -> String {
    // Without a fingerprint, its labels tell an alert from others.
    let alerts = names.iter().map(|name| {
        json!({
            "status": status,
            "labels": { "alertname": name },
            "annotations": {},
            "startsAt": "2026-11-25T03:02:08Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
        })
    });
    json!({
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "interlock",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": alerts.collect::<Vec<_>>(),
    })
    .to_string()
}

async fn delivered(world: &World, body: &str) -> Value {
    let answer = world.post("/webhook/alertmanager", AGENT, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()
}

/// What the incident's timeline holds of alerts.
async fn told(world: &World, incident: &str) -> usize {
    let shown = world.get(&format!("/incidents/{incident}"), AGENT).await;
    let document = shown.json();
    let timeline = document["timeline"].as_array().unwrap().clone();
    timeline.len()
}

#[tokio::test]
async fn the_same_delivery_forty_times_at_once_is_carried_out_once() {
    let world = World::new();
    let body = alerts("firing", &["Slow".into(), "Late".into()]);
    let answers = join_all((0..40).map(|_| delivered(&world, &body))).await;
    let first = &answers[0];
    assert!(first["firing"].as_bool().unwrap(), "{first}");
    assert!(answers.iter().all(|answer| answer == first));
    let once = told(&world, first["incident"].as_str().unwrap()).await;
    let other = World::new();
    let alone = delivered(&other, &body).await;
    assert_eq!(
        told(&other, alone["incident"].as_str().unwrap()).await,
        once
    );
}

#[tokio::test]
async fn forty_alerts_of_one_group_at_once_open_one_incident_that_knows_them_all() {
    let world = World::new();
    let bodies: Vec<String> = (0..40)
        .map(|alert| alerts("firing", &[format!("Alert{alert}")]))
        .collect();
    let answers = join_all(bodies.iter().map(|body| delivered(&world, body))).await;
    let incident = answers[0]["incident"].as_str().unwrap();
    assert!(answers.iter().all(|answer| answer["incident"] == incident));
    let shown = world.get(&format!("/incidents/{incident}"), AGENT).await;
    for alert in 0..40 {
        assert!(shown.text.contains(&format!("\"Alert{alert}\"")), "{alert}");
    }
}

#[tokio::test]
async fn a_delivery_is_carried_out_again_where_another_came_in_between() {
    let world = World::new();
    let (rings, ceased) = (
        alerts("firing", &["Slow".into()]),
        alerts("resolved", &["Slow".into()]),
    );
    let first = delivered(&world, &rings).await;
    assert_eq!(delivered(&world, &ceased).await["firing"], false);
    let second = delivered(&world, &rings).await;
    assert_eq!(second["firing"], true);
    assert_ne!(second["incident"], first["incident"]);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_is_refused_each_time() {
    let world = World::new();
    for _ in 0..3 {
        let answer = world.post("/webhook/alertmanager", AGENT, "{}").await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
}
