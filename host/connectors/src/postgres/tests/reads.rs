//! What the answers say.

use interlock_capabilities::Gap;

use super::*;
use crate::health::Health;

async fn client(server: &Server, role: &str) -> Client {
    server.connect(role, "orders", "app").await.unwrap()
}

#[tokio::test]
async fn sessions_show_what_the_server_knows_and_no_literal() {
    let server = server().await;
    let connector = both(&server);
    let (open, aborted) = (
        client(&server, "checkout").await,
        client(&server, "checkout").await,
    );
    open.run("BEGIN; SELECT 'hunter2', 4711 /* hunter2 */")
        .await
        .unwrap();
    aborted.run("BEGIN").await.unwrap();
    assert!(aborted.run("SELECT 1/0").await.is_err());
    let admin = server.superuser().await.unwrap();

    let all = connector
        .sessions_when(&aborted, "idle in transaction (aborted)")
        .await;
    let session = of(&all, open.pid());
    assert_eq!(session.state.as_deref(), Some("idle in transaction"));
    assert_eq!(session.backend_type.as_deref(), Some("client backend"));
    assert_eq!(session.role.as_deref(), Some("checkout"));
    assert_eq!(session.database.as_deref(), Some("orders"));
    assert_eq!(session.application_name.as_deref(), Some("app"));
    assert_eq!(session.client_addr.as_deref(), Some("127.0.0.1"));
    assert_eq!(session.superuser, Some(false));
    assert_eq!(session.query.as_deref(), Some("BEGIN; SELECT ?, ?"));
    assert!(session.xact_start.unwrap() <= all.read_at);
    // The fact that bites: an age filter on `xact_start` misses it.
    let session = of(&all, aborted.pid());
    assert_eq!(
        session.state.as_deref(),
        Some("idle in transaction (aborted)")
    );
    assert!(session.xact_start.is_none() && session.state_change.is_some());
    assert_eq!(of(&all, admin.pid()).superuser, Some(true));
    assert!(
        all.sessions
            .iter()
            .any(|s| s.backend_type.as_deref() == Some("checkpointer"))
    );
    // The write tier's session was opened before it is needed, and is known as ours.
    let ours = all.sessions.iter().filter(|session| session.ours);
    let mut roles: Vec<&str> = ours.filter_map(|session| session.role.as_deref()).collect();
    roles.sort_unstable();
    assert!(roles.contains(&READ_ROLE), "{roles:?}");
    let reading = connector
        .postgres
        .reading_for("INC-2291 é")
        .sessions(ask(), LIMIT)
        .await
        .unwrap();
    let reader = reading
        .sessions
        .iter()
        .find(|s| s.role.as_deref() == Some(READ_ROLE))
        .unwrap();
    assert_eq!(
        reader.application_name.as_deref(),
        Some("interlock/INC-2291%20%C3%A9")
    );
    assert!(!format!("{all:?}").contains("hunter2"));
}

#[tokio::test]
async fn without_pg_monitor_sessions_could_not_be_checked() {
    let server = server().await;
    let _other = client(&server, "reporting").await;
    let connector = connect(&server, ("checkout", None), None);
    let Err(Gap::Refused(why)) = connector.postgres.sessions(ask(), LIMIT).await else {
        panic!()
    };
    assert!(
        why.starts_with("could not check: the login lacks pg_monitor"),
        "{why}"
    );
    let health = &connector.postgres.check().await[0].health;
    let Health::Poor { warnings, .. } = health else {
        panic!("{health:?}")
    };
    assert!(warnings[0].contains("lacks pg_monitor"), "{warnings:?}");
}

#[tokio::test]
async fn a_prepared_transaction_blocks_without_a_pid() {
    let server = server().await;
    let connector = both(&server);
    let holder = client(&server, "checkout").await;
    holder.run("BEGIN").await.unwrap();
    holder
        .run("UPDATE orders SET state = 'x' WHERE id = 1")
        .await
        .unwrap();
    holder.run("PREPARE TRANSACTION 'two-phase'").await.unwrap();
    let waiter = client(&server, "checkout").await;
    let pid = waiter.pid();
    let update = tokio::spawn(async move {
        waiter
            .run("UPDATE orders SET state = 'y' WHERE id = 1")
            .await
    });
    let locks = loop {
        let locks = connector.postgres.locks(ask(), LIMIT).await.unwrap();
        if locks.locks.iter().any(|lock| !lock.granted) {
            break locks;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let prepared = connector
        .postgres
        .prepared_transactions(ask(), LIMIT)
        .await
        .unwrap();
    let [transaction] = prepared.transactions.as_slice() else {
        panic!("{prepared:?}")
    };
    assert_eq!(transaction.gid, "two-phase");
    assert_eq!(
        (transaction.owner.as_str(), transaction.database.as_str()),
        ("checkout", "orders")
    );
    let waiting = locks.locks.iter().find(|lock| !lock.granted).unwrap();
    assert_eq!(
        (waiting.pid, waiting.blocked_by.as_slice()),
        (Some(pid), &[0][..])
    );
    assert!(waiting.waitstart.is_some());
    // Its rows have no pid, but they name it.
    let held = |lock: &&interlock_capabilities::wire::Lock| {
        lock.pid.is_none() && lock.transaction.as_ref() == Some(&transaction.transaction)
    };
    let held: Vec<_> = locks.locks.iter().filter(held).collect();
    assert!(
        held.iter()
            .any(|lock| lock.relation.as_deref() == Some("public.orders")),
        "{held:?}"
    );
    assert!(held.iter().any(|lock| lock.locktype == "transactionid"));

    server
        .connect("checkout", "orders", "x")
        .await
        .unwrap()
        .run("ROLLBACK PREPARED 'two-phase'")
        .await
        .unwrap();
    update.await.unwrap().unwrap();
    let prepared = connector
        .postgres
        .prepared_transactions(ask(), LIMIT)
        .await
        .unwrap();
    assert!(prepared.transactions.is_empty() && prepared.read_at > 0);
}

#[tokio::test]
async fn limits_and_slots_are_read_as_a_new_session_gets_them() {
    let server = Server::build()
        .database("orders")
        .setting("wal_level", "logical")
        .setting("idle_in_transaction_session_timeout", "'7min'")
        .start()
        .await
        .unwrap();
    let connector = both(&server);
    let settings = connector.postgres.settings(ask(), LIMIT).await.unwrap();
    assert_eq!(
        (
            settings.max_connections,
            settings.superuser_reserved_connections
        ),
        (50, 3)
    );
    assert_eq!(
        settings.idle_in_transaction_session_timeout_ms,
        7 * 60 * 1000
    );
    // Ours has one of its own; a new session has none.
    assert_eq!(
        (settings.statement_timeout_ms, settings.lock_timeout_ms),
        (0, 0)
    );
    assert_eq!(settings.max_prepared_transactions, 4);
    assert!(settings.version >= 140_000);
    assert_eq!(
        settings.reserved_connections.is_some(),
        settings.version >= 160_000
    );
    assert_eq!(
        settings.system_identifier,
        connector.sessions().await.system_identifier
    );

    let none = connector
        .postgres
        .replication_slots(ask(), LIMIT)
        .await
        .unwrap();
    assert!(none.slots.is_empty() && none.read_at > 0);
    let admin = server.superuser().await.unwrap();
    admin
        .run("SELECT pg_create_logical_replication_slot('left', 'test_decoding')")
        .await
        .unwrap();
    let slots = connector
        .postgres
        .replication_slots(ask(), LIMIT)
        .await
        .unwrap()
        .slots;
    let [slot] = slots.as_slice() else {
        panic!("{slots:?}")
    };
    assert_eq!(
        (slot.name.as_str(), slot.slot_type.as_str(), slot.active),
        ("left", "logical", false)
    );
    assert!(slot.xmin_age.is_some() && slot.retained_bytes.is_some());
}

#[tokio::test]
async fn an_answer_over_the_limit_is_too_large() {
    let server = server().await;
    let connector = both(&server);
    let small = AnswerLimit { bytes_max: 200 };
    let gap = connector.postgres.sessions(ask(), small).await;
    assert!(matches!(gap, Err(Gap::TooLarge(_))), "{gap:?}");
    connector.sessions().await;
}
