//! Sessions that are kept, lost, found again or refused.

use interlock_capabilities::Gap;

use super::*;
use crate::health::Health;

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
async fn the_check_tells_good_logins_from_others() {
    let server = server().await;
    let health = &both(&server).postgres.check().await[0].health;
    // All that can be said against them: who may read the files, and that neither is a superuser.
    let harmless = |w: &String| w.contains("chmod") || w.contains("gets no reserved slot");
    assert!(
        matches!(health, Health::Poor { warnings, .. } if warnings.iter().all(harmless)),
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
