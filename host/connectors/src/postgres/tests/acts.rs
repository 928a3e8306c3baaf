//! What comes of a signal.

use interlock_capabilities::Outcome;
use interlock_gate::revision::Revision;

use super::*;
use crate::postgres::act::{Ready, Signal as Act};

async fn ready(connector: &Connector) -> Ready<'_> {
    let server = connector.postgres.servers.values().next().unwrap();
    Ready::new(kept(server), "interlock/alice").await.unwrap()
}

fn kept(server: &super::super::Server) -> &super::super::kept::Kept {
    server.write.as_ref().unwrap().as_ref().unwrap()
}

async fn terminate(connector: &Connector, seen: &SessionRevision, state: Option<&str>) -> Outcome {
    ready(connector)
        .await
        .act(Act::Terminate, &arguments(seen.pid, state), seen)
        .await
}

async fn in_transaction(server: &Server, role: &str) -> Client {
    let client = server.connect(role, "orders", "app").await.unwrap();
    client.run("BEGIN; SELECT 1").await.unwrap();
    client
}

async fn alive(server: &Server, client: &Client) -> bool {
    let admin = server.superuser().await.unwrap();
    !server
        .alive(&admin, &[client.pid()])
        .await
        .unwrap()
        .is_empty()
}

#[tokio::test]
async fn a_session_as_it_was_seen_is_ended_once() {
    let server = server().await;
    let connector = both(&server);
    let client = in_transaction(&server, "checkout").await;
    let aborted = in_transaction(&server, "checkout").await;
    assert!(aborted.run("SELECT 1/0").await.is_err());
    let all = connector
        .sessions_when(&aborted, "idle in transaction (aborted)")
        .await;

    let seen = revision(&all, client.pid());
    let done = Outcome::Done {
        after: Revision::Session(seen.clone()),
    };
    assert_eq!(
        terminate(&connector, &seen, Some("idle in transaction")).await,
        done
    );
    assert!(!alive(&server, &client).await);
    assert_eq!(terminate(&connector, &seen, None).await, Outcome::Gone);

    // Without a transaction's begin to compare, its absence is compared.
    let seen = revision(&all, aborted.pid());
    assert!(seen.xact_start.is_none());
    let state = Some("idle in transaction (aborted)");
    assert!(matches!(
        terminate(&connector, &seen, state).await,
        Outcome::Done { .. }
    ));

    // The approver stands in the server's own list.
    let all = connector.sessions().await;
    let writer = all
        .sessions
        .iter()
        .find(|s| s.role.as_deref() == Some(WRITE_ROLE))
        .unwrap();
    assert_eq!(writer.application_name.as_deref(), Some("interlock/alice"));
    assert!(writer.ours);
}

#[tokio::test]
async fn a_session_that_has_moved_on_is_left_alone() {
    let server = server().await;
    let connector = both(&server);
    let client = in_transaction(&server, "checkout").await;
    let seen = revision(&connector.sessions().await, client.pid());

    let running = terminate(&connector, &seen, Some("active")).await;
    assert_eq!(
        running,
        Outcome::Moved {
            found: Revision::Session(seen.clone())
        }
    );
    client.run("COMMIT; BEGIN; SELECT 1").await.unwrap();
    let now = revision(&connector.sessions().await, client.pid());
    assert_ne!(now, seen);
    let moved = terminate(&connector, &seen, None).await;
    assert_eq!(
        moved,
        Outcome::Moved {
            found: Revision::Session(now.clone())
        }
    );
    client.run("COMMIT").await.unwrap();
    let idle = terminate(&connector, &now, Some("idle in transaction")).await;
    assert!(matches!(idle, Outcome::Moved { .. }), "{idle:?}");
    assert!(alive(&server, &client).await);
}

#[tokio::test]
async fn a_pid_of_another_session_start_or_cluster_is_never_signalled() {
    let server = server().await;
    let connector = both(&server);
    let client = in_transaction(&server, "checkout").await;
    let seen = revision(&connector.sessions().await, client.pid());

    let reused = SessionRevision {
        backend_start: seen.backend_start.plus_micros(1),
        ..seen.clone()
    };
    assert_eq!(terminate(&connector, &reused, None).await, Outcome::Gone);
    let restarted = SessionRevision {
        postmaster_start: seen.postmaster_start.plus_micros(1),
        ..seen.clone()
    };
    assert_eq!(terminate(&connector, &restarted, None).await, Outcome::Gone);
    let other = SessionRevision {
        system_identifier: "1".to_owned(),
        ..seen.clone()
    };
    let other = terminate(&connector, &other, None).await;
    assert!(
        matches!(&other, Outcome::Refused { why } if why.contains("another cluster")),
        "{other:?}"
    );
    assert!(alive(&server, &client).await);
}

#[tokio::test]
async fn what_the_server_refuses_is_refused_in_its_words() {
    let server = server().await;
    let connector = both(&server);
    let admin = in_transaction(&server, SUPERUSER).await;
    let client = in_transaction(&server, "reporting").await;
    let all = connector.sessions().await;

    let Outcome::Refused { why } = terminate(&connector, &revision(&all, admin.pid()), None).await
    else {
        panic!()
    };
    assert!(
        why.starts_with("must be a superuser to terminate superuser process"),
        "{why}"
    );
    assert!(why.ends_with("(42501)"), "{why}");
    // A login that cannot see the session cannot say that it is the one that was seen.
    let blind = connect(&server, (READ_ROLE, None), Some("checkout"));
    let Outcome::Refused { why } = terminate(&blind, &revision(&all, client.pid()), None).await
    else {
        panic!()
    };
    assert!(why.contains("lacks pg_read_all_stats"), "{why}");
    assert!(alive(&server, &admin).await && alive(&server, &client).await);
}

#[tokio::test]
async fn a_running_statement_is_cancelled_and_an_idle_one_is_refused() {
    let server = server().await;
    let connector = both(&server);
    let cancel = |seen: SessionRevision| {
        let connector = &connector;
        async move {
            ready(connector)
                .await
                .act(Act::Cancel, &arguments(seen.pid, None), &seen)
                .await
        }
    };
    let idle = in_transaction(&server, "checkout").await;
    let seen = revision(&connector.sessions().await, idle.pid());
    // PostgreSQL would answer true and change nothing.
    let Outcome::Refused { why } = cancel(seen).await else {
        panic!()
    };
    assert!(why.ends_with("it is idle in transaction"), "{why}");

    let busy = server.connect("checkout", "orders", "app").await.unwrap();
    let pid = busy.pid();
    let sleep = tokio::spawn(async move { (busy.run("SELECT pg_sleep(60)").await, busy) });
    let seen = loop {
        let all = connector.sessions().await;
        if of(&all, pid).state.as_deref() == Some("active") {
            break revision(&all, pid);
        }
    };
    let done = cancel(seen).await;
    assert!(matches!(done, Outcome::Done { .. }), "{done:?}");
    let (ended, busy) = sleep.await.unwrap();
    assert!(ended.is_err());
    assert!(alive(&server, &busy).await);
}

#[tokio::test]
async fn a_signal_without_an_answer_is_unknown_and_one_never_sent_is_untried() {
    let server = server().await;
    let connector = connect_within(
        &server,
        (READ_ROLE, None),
        Some(WRITE_ROLE),
        Duration::from_secs(2),
    );
    let client = in_transaction(&server, "checkout").await;
    let ready = ready(&connector).await;
    let all = connector.sessions().await;
    let seen = revision(&all, client.pid());
    let writer = all
        .sessions
        .iter()
        .find(|s| s.role.as_deref() == Some(WRITE_ROLE))
        .unwrap()
        .pid;

    signal(writer, Signal::STOP);
    let lost = ready
        .act(Act::Terminate, &arguments(seen.pid, None), &seen)
        .await;
    assert!(matches!(lost, Outcome::Unknown { .. }), "{lost:?}");
    signal(writer, Signal::KILL);
    let server_down = server;
    let connector_server = connector.postgres.servers.values().next().unwrap();
    drop(server_down);
    let untried = Ready::new(kept(connector_server), "interlock/alice").await;
    assert!(untried.is_err());
}
