//! The steps on a fake host.

use interlock_sdk::FakeHost;

interlock_sdk::steps!(diagnose, remediate);

#[test]
fn an_idle_session_that_holds_nothing_is_left_alone() {
    let host = FakeHost::at("03:12:08Z").database("orders-db", |db| {
        db.max_connections(5)
            .session(|s| s.pid(101).role("checkout").idle_in_transaction("14m"))
            .session(|s| s.pid(102).role("checkout").idle_in_transaction("6m"))
            .session(|s| s.pid(103).role("orders_api").idle("2h"))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), [101, 102]);
}
