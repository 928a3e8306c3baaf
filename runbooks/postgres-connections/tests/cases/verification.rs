use interlock_sdk::wire::Verdict;
use interlock_sdk::{FakeDatabase, FakeHost};

use crate::{bystander, diagnose, remediate, verify};

fn stuck(db: FakeDatabase) -> FakeDatabase {
    rest(db.sessions_like(35, |n, s| {
        s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
    }))
}

fn rest(db: FakeDatabase) -> FakeDatabase {
    db.max_connections(50)
        .sessions_like(12, |n, s| bystander(n, s.pid(900 + n as i32)))
}

#[test]
fn free_slots_and_ended_sessions_are_a_fix_though_the_alert_lags() {
    let before = FakeHost::at("03:12:08Z").database("db", stuck);
    let after = FakeHost::at("03:17:32Z")
        .database("db", rest)
        .logs("db", |l| l)
        .alerts(|a| a.firing("TestAlert", "9m", &[("server", "db")]));
    let run = before
        .run(diagnose)
        .then(remediate)
        .when(&after)
        .verified(verify);
    let verification = run.verification();
    assert_eq!(verification.verdict, Verdict::Fixed);
    assert_eq!(verification.cites.len(), 3);
}

#[test]
fn a_server_that_is_full_again_is_not_fixed() {
    let before = FakeHost::at("03:12:08Z").database("db", stuck);
    let after = FakeHost::at("03:17:32Z").database("db", stuck);
    let run = before.run(diagnose).when(&after).verified(verify);
    assert_eq!(run.verification().verdict, Verdict::NotFixed);
}

#[test]
fn a_server_that_does_not_answer_cannot_be_told() {
    let before = FakeHost::at("03:12:08Z").database("db", stuck);
    let after = FakeHost::at("03:17:32Z").database("db", |db| db.unreachable("refused"));
    let run = before.run(diagnose).when(&after).verified(verify);
    assert_eq!(run.verification().verdict, Verdict::CouldNotTell);
    assert_eq!(run.verification().could_not_check.len(), 1);
}
