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
async fn a_full_server_still_answers_on_a_kept_session() {
    let server = server().await;
    let connector = both(&server);
    connector.sessions().await;
    let mut clients = Vec::new();
    while let Ok(client) = server.connect("checkout", "orders", "app").await {
        clients.push(client);
    }
    let all = connector.sessions().await;
    assert!(
        all.sessions
            .iter()
            .filter(|s| s.role.as_deref() == Some("checkout"))
            .count()
            >= 5
    );

    let late = connect(&server, (READ_ROLE, None), None);
    let Err(Gap::Unreachable(why)) = late.postgres.sessions(ask(), LIMIT).await else {
        panic!()
    };
    assert!(why.ends_with("(53300)"), "{why}");
    // A login with a reserved slot gets in, and is narrowed at once.
    let reserved = connect(&server, (RESERVED_ROLE, Some(READ_ROLE)), None);
    reserved.sessions().await;
    let health = &reserved.postgres.check().await[0].health;
    let Health::Poor { what, warnings } = health else {
        panic!("{health:?}")
    };
    assert!(
        what.ends_with("read as `interlock_read` (logged in as `interlock_login`)"),
        "{what}"
    );
    assert!(warnings[0].contains("RESET ROLE"), "{warnings:?}");
    // A slot that becomes free is found without anybody's help.
    clients.truncate(1);
    while late.postgres.sessions(ask(), LIMIT).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_backend_that_hangs_is_unreachable_and_is_replaced() {
    let server = server().await;
    let connector = connect_within(&server, (READ_ROLE, None), None, Duration::from_secs(2));
    let all = connector.sessions().await;
    let own = all
        .sessions
        .iter()
        .find(|session| session.ours)
        .unwrap()
        .pid;
    signal(own, Signal::STOP);
    let hung = connector.postgres.sessions(ask(), LIMIT).await;
    assert_eq!(
        hung,
        Err(Gap::Unreachable("no answer within 2s".to_owned()))
    );
    let all = connector.sessions().await;
    assert!(all.sessions.iter().all(|session| session.ours
        == (session.pid != own && session.role.as_deref() == Some(READ_ROLE))));
    signal(own, Signal::CONT);
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let mut server = server().await;
    let connector = both(&server);
    let before = connector.sessions().await;
    server.restart().await.unwrap();
    let after = connector.sessions().await;
    assert_ne!(after.postmaster_start, before.postmaster_start);
    assert_eq!(after.system_identifier, before.system_identifier);
}

#[tokio::test]
async fn a_refused_login_says_why_and_holds_no_secret() {
    let server = server().await;
    let connector = connect(&server, (READ_ROLE, Some("postgres")), None);
    let Err(Gap::Refused(why)) = connector.postgres.sessions(ask(), LIMIT).await else {
        panic!()
    };
    assert_eq!(why, "permission denied to set role \"postgres\" (42501)");
    let other = DatabaseAsk {
        server: "payments-db".to_owned(),
    };
    let gap = connector.postgres.sessions(other, LIMIT).await;
    assert!(matches!(gap, Err(Gap::NoSource(_))), "{gap:?}");

    let port = server.port();
    drop(server);
    let secrets = tempfile::tempdir().unwrap();
    let dsn_file = secrets.path().join("dsn");
    std::fs::write(
        &dsn_file,
        format!("postgresql://u:hunter2@127.0.0.1:{port}/orders"),
    )
    .unwrap();
    let source = PostgresSource {
        name: "orders-db".to_owned(),
        read: PostgresLogin {
            dsn_file,
            set_role: None,
        },
        write: None,
        timeout: Duration::from_secs(5),
    };
    let gone = Postgres::open(&[source]).unwrap();
    let gap = gone.sessions(ask(), LIMIT).await.unwrap_err();
    assert_eq!(gap, Gap::Unreachable("connection refused".to_owned()));
    let health = &gone.check().await[0].health;
    assert!(matches!(health, Health::Bad { .. }), "{health:?}");
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

#[tokio::test]
async fn the_check_tells_good_logins_from_others() {
    let server = server().await;
    let health = &both(&server).postgres.check().await[0].health;
    assert!(
        matches!(health, Health::Poor { warnings, .. } if warnings.iter().all(|w| w.contains("chmod"))),
        "{health:?}"
    );
    let wrong = connect(&server, (WRITE_ROLE, None), Some("checkout"));
    let Health::Poor { warnings, .. } = &wrong.postgres.check().await[0].health else {
        panic!()
    };
    let all = warnings.join("\n");
    assert!(
        all.contains("the read role `interlock_write` may signal other sessions"),
        "{all}"
    );
    assert!(
        all.contains("the write role `checkout` may signal its own sessions only"),
        "{all}"
    );
    assert!(
        all.contains("the write role `checkout` lacks pg_monitor"),
        "{all}"
    );
}

#[tokio::test]
async fn a_login_that_cannot_be_used_takes_no_other_away() {
    let server = server().await;
    let secrets = tempfile::tempdir().unwrap();
    let login = |name: &str| PostgresLogin {
        dsn_file: secrets.path().join(name),
        set_role: None,
    };
    std::fs::write(secrets.path().join("good"), server.dsn(READ_ROLE, "orders")).unwrap();
    let source = |name: &str, read| PostgresSource {
        name: name.to_owned(),
        read,
        write: Some(login("missing")),
        timeout: Duration::from_secs(20),
    };
    let sources = [
        source("orders-db", login("good")),
        source("payments-db", login("missing")),
    ];
    let postgres = Postgres::open(&sources).unwrap();
    assert!(postgres.sessions(ask(), LIMIT).await.is_ok());
    let other = DatabaseAsk {
        server: "payments-db".to_owned(),
    };
    let gap = postgres.sessions(other, LIMIT).await;
    assert!(
        matches!(&gap, Err(Gap::Unreachable(why)) if why.contains("missing")),
        "{gap:?}"
    );
}
