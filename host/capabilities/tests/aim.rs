//! A write call becomes an action only by what was observed.

use interlock_capabilities::{Answer, Ask, CannotAim, Gap, Recorded, WriteArgs, aim, read::*};
use interlock_gate::{action::AnyAction, canonical, ids::CallId, revision::Revision, time::Time};

const SECOND: u64 = 1_000_000;
const READ_AT: u64 = 10_000 * SECOND;

fn recorded(answer: Result<Answer, Gap>) -> Recorded {
    let at = Time::from_micros(READ_AT).expect("a time before the year 10000");
    let ask = match &answer {
        Ok(Answer::AlertsList(_)) => Ask::AlertsList(alerts::AlertsAsk {}),
        Ok(Answer::WorkloadsDescribe(_)) => Ask::WorkloadsDescribe(workloads::DescribeAsk {
            cluster: "prod".to_owned(),
            namespace: "shop".to_owned(),
            name: None,
        }),
        _ => Ask::DatabaseSessions(database::DatabaseAsk {
            server: "orders-db".to_owned(),
        }),
    };
    Recorded {
        id: CallId(14),
        ask,
        answer,
        asked_at: at,
        answered_at: at,
    }
}

fn stuck() -> database::Session {
    database::Session {
        pid: 101,
        backend_type: Some("client backend".to_owned()),
        role: Some("checkout".to_owned()),
        database: Some("orders".to_owned()),
        application_name: Some("postgres/*".to_owned()),
        client_addr: None,
        backend_start: Some(1_000 * SECOND),
        xact_start: Some(READ_AT - 842 * SECOND - 1),
        query_start: None,
        state: Some("idle in transaction".to_owned()),
        state_change: Some(READ_AT - 9 * SECOND),
        wait_event_type: None,
        wait_event: None,
        backend_xid: None,
        backend_xmin: None,
        leader_pid: None,
        superuser: Some(false),
        query: None,
        ours: false,
    }
}

fn sessions(sessions: Vec<database::Session>) -> Recorded {
    recorded(Ok(Answer::DatabaseSessions(database::Sessions {
        server: "orders-db".to_owned(),
        read_at: READ_AT,
        postmaster_start: 500 * SECOND,
        system_identifier: "7301".to_owned(),
        sessions,
    })))
}

fn terminate() -> WriteArgs {
    WriteArgs::Terminate {
        only_if_state: Some("idle in transaction".to_owned()),
    }
}

#[test]
fn a_session_is_aimed_at_by_what_was_observed_alone() {
    let aimed = aim(&sessions(vec![stuck()]), 0, terminate()).unwrap();
    assert_eq!(aimed.action.target().as_str(), "orders-db/client");
    let text = canonical::to_bytes(&(aimed.action.arguments(), &aimed.seen, &aimed.cites)).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        concat!(
            r#"[{"database":"orders","only_if_state":"idle in transaction","pid":101,"role":"checkout","#,
            r#""transaction_age_s":842},{"backend_start":"1970-01-01T00:16:40.000000Z","pid":101,"#,
            r#""postmaster_start":"1970-01-01T00:08:20.000000Z","system_identifier":"7301","#,
            r#""xact_start":"1970-01-01T02:32:37.999999Z"},{"call":"c14","item":0}]"#,
        )
    );
    assert!(aimed.action.undo().is_none());
}

#[test]
fn an_aborted_transaction_is_as_old_as_its_state() {
    let mut session = stuck();
    session.xact_start = None;
    session.state = Some("idle in transaction (aborted)".to_owned());
    let age = |session| {
        let aimed = aim(&sessions(vec![session]), 0, terminate()).unwrap();
        let AnyAction::Terminate(action) = aimed.action else {
            panic!("{aimed:?}")
        };
        action.arguments.transaction_age_s
    };
    assert_eq!(age(session.clone()), Some(9));
    session.state = Some("idle".to_owned());
    assert_eq!(age(session), None);
}

#[test]
fn what_cannot_be_identified_cannot_be_aimed_at() {
    let with = |change: fn(&mut database::Session)| {
        let mut session = stuck();
        change(&mut session);
        aim(&sessions(vec![session]), 0, terminate()).unwrap_err()
    };
    let unidentified = |why| matches!(why, CannotAim::NotIdentified { .. });
    assert!(unidentified(with(|s| s.backend_start = None)));
    assert!(unidentified(with(|s| s.backend_type = None)));
    assert!(unidentified(with(|s| s.backend_start = Some(u64::MAX))));
    assert!(unidentified(with(|s| s.pid = 0)));
    assert!(matches!(
        with(|s| s.ours = true),
        CannotAim::WrongKind { .. }
    ));
    assert!(matches!(
        with(|s| s.leader_pid = Some(7)),
        CannotAim::WrongKind { .. }
    ));
}

#[test]
fn an_item_that_was_not_answered_is_refused() {
    let one = sessions(vec![stuck()]);
    assert!(matches!(
        aim(&one, 1, terminate()),
        Err(CannotAim::NoSuchItem { item: 1, .. })
    ));
    let gap = recorded(Err(Gap::Refused("no".to_owned())));
    assert!(matches!(
        aim(&gap, 0, terminate()),
        Err(CannotAim::NoAnswer { .. })
    ));
    let wrong = aim(&one, 0, WriteArgs::Restart {});
    assert!(matches!(wrong, Err(CannotAim::WrongCall { .. })));
}

#[test]
fn an_argument_out_of_its_bounds_is_refused() {
    let one = sessions(vec![stuck()]);
    let state = |text: &str| WriteArgs::Cancel {
        only_if_state: Some(text.to_owned()),
    };
    assert!(aim(&one, 0, state("active")).is_ok());
    assert!(matches!(
        aim(&one, 0, state("Active")),
        Err(CannotAim::BadArgument { .. })
    ));
    let notify = |message: String| WriteArgs::Notify {
        channel: "ops".to_owned(),
        message,
    };
    assert!(aim(&one, 0, notify("x".repeat(1022))).is_ok());
    let long = aim(&one, 0, notify("x".repeat(1023)));
    assert!(matches!(
        long,
        Err(CannotAim::BadArgument {
            name: "message",
            ..
        })
    ));
}

#[test]
fn a_silence_matches_every_label_that_was_observed() {
    let label = |name: &str| Label {
        name: name.to_owned(),
        value: "x".to_owned(),
    };
    let alert = |labels| alerts::Alert {
        name: "Full".to_owned(),
        state: "firing".to_owned(),
        starts_at: 1,
        ends_at: None,
        fingerprint: "f".to_owned(),
        labels,
        annotations: Vec::new(),
        source: "alertmanager".to_owned(),
    };
    let alerts = vec![alert(vec![label("a"), label("b")]), alert(vec![])];
    let list = recorded(Ok(Answer::AlertsList(alerts::AlertList { alerts })));
    let args = |minutes| WriteArgs::Silence {
        minutes,
        reason: "known".to_owned(),
    };
    let aimed = aim(&list, 0, args(60)).unwrap();
    assert_eq!(aimed.seen, Revision::Unconditional);
    let AnyAction::Silence(silence) = aimed.action else {
        panic!("{aimed:?}")
    };
    assert_eq!(silence.arguments.labels.len(), 2);
    // An alert without labels would silence everything.
    assert!(matches!(
        aim(&list, 1, args(60)),
        Err(CannotAim::NotIdentified { .. })
    ));
    assert!(matches!(
        aim(&list, 0, args(0)),
        Err(CannotAim::BadArgument { .. })
    ));
}

#[test]
fn a_scale_carries_the_count_observed_and_its_own_undo() {
    let workload = workloads::Workload {
        cluster: "prod".to_owned(),
        namespace: "shop".to_owned(),
        kind: "Deployment".to_owned(),
        name: "checkout".to_owned(),
        uid: "u".to_owned(),
        resource_version: "41".to_owned(),
        replicas: Some(4),
        ready: Some(4),
        revision: Some("7".to_owned()),
        previous_revision: None,
        images: Vec::new(),
    };
    let list = workloads::WorkloadList {
        workloads: vec![workload],
    };
    let list = recorded(Ok(Answer::WorkloadsDescribe(list)));
    let aimed = aim(&list, 0, WriteArgs::Scale { replicas: 8 }).unwrap();
    assert_eq!(aimed.action.target().as_str(), "prod/checkout");
    assert_eq!(aimed.action.arguments()["observed_replicas"], 4);
    assert_eq!(aimed.action.undo().unwrap().arguments()["replicas"], 4);
    let back = aim(&list, 0, WriteArgs::Rollback {});
    assert!(matches!(back, Err(CannotAim::NotIdentified { .. })));
}
