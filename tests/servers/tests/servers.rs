//! The servers start, serve and end.

use std::time::Duration;

use interlock_test_servers::postgres::{READ_ROLE, RESERVED_ROLE, WRITE_ROLE};
use interlock_test_servers::process::Ending;
use interlock_test_servers::{Postgres, ServerError, Session, Stack, StackSetup};

#[tokio::test]
async fn a_stack_starts_and_its_alert_rings() {
    let postgres = Postgres::build()
        .max_connections(12)
        .database("orders")
        .role("checkout");
    let stack = Stack::start(StackSetup::new(postgres)).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..7 {
        held.push(
            stack
                .postgres
                .connect("checkout", "orders", "worker")
                .await
                .unwrap(),
        );
    }
    let alert = stack
        .alertmanager
        .wait_for("PostgresConnectionsHigh", Duration::from_secs(40))
        .await
        .unwrap();
    assert_eq!(alert["labels"]["server"], "orders-db");
}

#[tokio::test]
async fn a_full_server_lets_in_nobody_but_superusers_and_says_so_in_its_log() {
    let server = Postgres::build()
        .max_connections(10)
        .superuser_reserved_connections(3)
        .database("orders")
        .role("checkout")
        .start()
        .await
        .unwrap();
    let mut held: Vec<Session> = Vec::new();
    let refused = loop {
        match server.connect("checkout", "orders", "worker").await {
            Ok(session) => held.push(session),
            Err(error) => break error,
        }
    };
    assert!(refused.is_out_of_slots(), "{refused}");
    assert_eq!(held.len(), server.ordinary_slots());
    assert!(
        server
            .connect(READ_ROLE, "postgres", "interlock")
            .await
            .unwrap_err()
            .is_out_of_slots()
    );
    let narrowed = server
        .connect(RESERVED_ROLE, "postgres", "interlock")
        .await
        .unwrap();
    narrowed
        .run(&format!("set role {READ_ROLE}"))
        .await
        .unwrap();
    assert_eq!(
        server
            .clients(&server.superuser().await.unwrap())
            .await
            .unwrap(),
        7 + 1
    );
    assert!(
        narrowed
            .run(&format!("select pg_terminate_backend({})", held[0].pid()))
            .await
            .is_err()
    );
    narrowed
        .run(&format!("set role {WRITE_ROLE}"))
        .await
        .unwrap();
    narrowed
        .run(&format!("select pg_terminate_backend({})", held[0].pid()))
        .await
        .unwrap();
    let log = std::fs::read_to_string(server.log_file()).unwrap();
    assert!(
        log.contains("remaining connection slots are reserved"),
        "{log}"
    );
}

#[tokio::test]
async fn a_server_restarts_on_its_port_and_is_gone_when_dropped() {
    let mut server = Postgres::build().role("checkout").start().await.unwrap();
    let born = "select pg_postmaster_start_time()::text";
    let before: String = server
        .superuser()
        .await
        .unwrap()
        .query_one(born, &[])
        .await
        .unwrap()
        .get(0);
    server.restart().await.unwrap();
    let after: String = server
        .superuser()
        .await
        .unwrap()
        .query_one(born, &[])
        .await
        .unwrap()
        .get(0);
    assert_ne!(before, after);
    server.stop(Ending::Quit);
    assert!(server.superuser().await.is_err());
    server.start_again().await.unwrap();
    let (data, dsn) = (server.data_folder(), server.dsn("checkout", "postgres"));
    drop(server);
    assert!(!data.exists());
    assert!(Session::open(&dsn, "late").await.is_err());
}

#[tokio::test]
async fn a_server_ends_where_its_test_panics() {
    let server = Postgres::build().start().await.unwrap();
    let pid = server.process().unwrap().pid();
    let panicked = tokio::spawn(async move {
        let _held = server;
        panic!("the test failed");
    });
    assert!(panicked.await.is_err());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_missing_program_is_named_with_its_package() {
    let error = ServerError::NotInstalled {
        binary: "prometheus",
        package: "prometheus",
    };
    assert_eq!(
        error.to_string(),
        "`prometheus` is not installed: apt-get install prometheus"
    );
}
