//! The rules that the fake host keeps, so that a step which passes its tests
//! is not refused by the real one.

use interlock_sdk::wire::{Gap, Verdict};
use interlock_sdk::{
    CauseName, Context, Error, FakeHost, OnlyIf, Report, Result, State, Verification, Window,
};

#[derive(Clone, Copy)]
struct Full;

impl CauseName for Full {
    fn name(self) -> &'static str {
        "full"
    }
}

fn host() -> FakeHost {
    FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(5)
            .session(|s| s.pid(101).role("web").idle_in_transaction("14m"))
            .session(|s| s.pid(102).role("web").aborted("6m"))
            .session(|s| s.pid(103).role("api").idle("2h"))
    })
}

fn names_the_first_session(ctx: &Context) -> Result<Report> {
    let sessions = ctx.database("db").sessions().get()?;
    let mut report = Report::new();
    let web = sessions.items().largest_group_by(|s| s.role.clone());
    report.hypothesis(Full).supports(&web, "most of them");
    report.findings(&web.iter().map(|s| s.key()).collect::<Vec<_>>())?;
    Ok(report)
}

fn ends_all(ctx: &Context) -> Result<()> {
    let sessions = ctx.database("db").sessions().get()?;
    for session in sessions.items() {
        let only_if = OnlyIf::observed(session.state.as_deref()).unwrap_or(OnlyIf::AnyState);
        ctx.database_write().terminate(session, only_if)?;
    }
    Ok(())
}

#[test]
fn a_plan_names_the_sessions_that_were_cited_and_the_state_each_is_bound_to() {
    let run = host().run(names_the_first_session).then(ends_all);
    assert_eq!(run.causes(), ["full"]);
    assert_eq!(run.report().hypotheses[0].supports[0].items, [0, 1]);
    assert_eq!(run.plan().pids(), [101, 102, 103]);
    assert_eq!(
        run.plan().only_if(),
        [
            "idle in transaction",
            "idle in transaction (aborted)",
            "idle"
        ]
    );
    // Calls count over the whole run: the second step's is c2.
    assert_eq!(
        run.calls(),
        ["database.sessions db", "database.sessions db"]
    );
}

#[test]
fn a_question_without_an_answer_ends_unresolved_and_is_no_fault_of_the_step() {
    let down = FakeHost::at("03:12:08Z").database("db", |db| db.unreachable("timed out"));
    let run = down.run(names_the_first_session);
    assert!(
        run.unresolved()
            .is_some_and(|why| why.contains("timed out"))
    );
    assert!(matches!(
        run.failure(),
        Some(Error::CouldNotCheck { call: Some(1), .. })
    ));
}

#[test]
fn a_source_that_was_not_described_is_a_gap_and_not_an_empty_answer() {
    let ask_all = |ctx: &Context| {
        let window = Window::before(ctx.now(), std::time::Duration::from_secs(60));
        assert!(matches!(
            ctx.metrics().instant("up").get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            ctx.alerts().list().get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            ctx.changes().list(window).get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            ctx.topology().services().get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            ctx.incidents().similar(3).get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            ctx.http_probe("front").probe().get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        let workloads = ctx.workloads("east", "prod");
        assert!(matches!(
            workloads.list().get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        assert!(matches!(
            workloads.events(window).get().unwrap_err().why,
            Gap::NoSource(_)
        ));
        let logs = ctx.logs("db").search(window, "FATAL", 5);
        assert!(matches!(logs.get().unwrap_err().why, Gap::NoSource(_)));
        Ok(Report::new().unresolved("nothing answers"))
    };
    assert_eq!(
        host().run(ask_all).unresolved().as_deref(),
        Some("nothing answers")
    );
}

#[test]
#[should_panic(expected = "reads after its first write")]
fn a_read_after_a_write_is_refused() {
    let _ = host().run(names_the_first_session).then(|ctx| {
        ends_all(ctx)?;
        assert!(ctx.database("db").sessions().get().is_err());
        Ok(())
    });
}

#[test]
#[should_panic(expected = "this run did not make it")]
fn a_citation_of_a_call_that_was_not_made_is_refused() {
    let other = std::cell::RefCell::new(None);
    host().run(|ctx| {
        let (_, second) = (ctx.database("db").sessions(), ctx.database("db").sessions());
        *other.borrow_mut() = Some(second.get()?);
        names_the_first_session(ctx)
    });
    host().run(|ctx| {
        let mut report = names_the_first_session(ctx)?;
        if let Some(answer) = other.take() {
            report
                .hypothesis(Full)
                .supports(&answer, "from another run");
        }
        Ok(report)
    });
}

#[test]
fn a_write_to_what_is_no_session_is_refused() {
    let run = host()
        .alerts(|a| a.firing("High", "5m", &[]))
        .run(names_the_first_session);
    let run = run.then(|ctx| {
        let alerts = ctx.alerts().list().get()?;
        for alert in alerts.items() {
            ctx.alerts_write().silence(alert, 30, "known")?;
            ctx.notify_write().notify(alert, "oncall", "look at this")?;
        }
        Ok(())
    });
    assert_eq!(
        run.plan().capabilities(),
        ["alerts.silence", "notify.notify"]
    );
    assert_eq!(run.plan().says(), ["30m: known", "oncall: look at this"]);
}

#[test]
fn ages_are_counted_by_the_servers_clock_and_failed_transactions_have_one() {
    let run = host().run(|ctx| {
        let sessions = ctx.database("db").sessions().get()?;
        let ages: Vec<_> = sessions
            .items()
            .iter()
            .map(|s| s.idle_in_transaction_for().map(|d| d.as_secs()))
            .collect();
        assert_eq!(ages, [Some(840), Some(360), None]);
        let failed = sessions
            .items()
            .filter(|s| s.doing() == Some(State::IdleInTransactionAborted));
        assert_eq!(
            failed
                .first()
                .and_then(|s| s.in_transaction_for())
                .map(|d| d.as_secs()),
            Some(360)
        );
        assert_eq!(failed.first().and_then(|s| s.transaction_began()), None);
        names_the_first_session(ctx)
    });
    assert!(run.failure().is_none());
}

#[test]
fn a_check_that_could_not_be_made_is_listed_once_and_passes_nothing() {
    let run = host().run(|ctx| {
        let (sessions, rate) = (ctx.database("db").sessions(), ctx.metrics().instant("rate"));
        let (sessions, rate) = (sessions.get()?, rate.get());
        let mut report = Report::new();
        report
            .hypothesis(Full)
            .supports(&sessions, "all")
            .unless("more work than usual", &rate, |r| {
                r.value().map(|value| value > 1.0)
            })
            .unless("less work than usual", &rate, |r| {
                r.value().map(|value| value < 1.0)
            })
            .unless("there are none", Ok(sessions.clone()), |s| s.is_empty());
        Ok(report)
    });
    let report = run.report();
    let outcomes: Vec<String> = report.hypotheses[0]
        .checks
        .iter()
        .map(|check| format!("{:?}", check.outcome))
        .collect();
    assert!(outcomes[0].contains("NotMade") && outcomes[1].contains("NotMade"));
    assert!(outcomes[2].contains("Passed"));
    assert_eq!(report.could_not_check.len(), 1);
}

#[test]
fn an_empty_series_decides_nothing() {
    let run = host().metrics(|m| m).run(|ctx| {
        let (sessions, rate) = (
            ctx.database("db").sessions(),
            ctx.metrics().range("rate", ctx.window()),
        );
        let mut report = Report::new();
        let hypothesis = report.hypothesis(Full).supports(&sessions.get()?, "all");
        hypothesis.unless("a rise", rate.get(), |r| {
            Some(r.last()? > 1.5 * r.median()?)
        });
        Ok(report)
    });
    assert!(format!("{:?}", run.report().hypotheses[0].checks[0].outcome).contains("NotMade"));
}

#[test]
fn verification_sees_the_systems_as_they_are_afterwards() {
    let after = FakeHost::at("03:17:00Z").database("db", |db| db.max_connections(5));
    let run = host()
        .run(names_the_first_session)
        .then(ends_all)
        .when(&after)
        .verified(|ctx| {
            let sessions = ctx.database("db").sessions().get()?;
            assert!(sessions.is_empty());
            Ok(Verification::fixed("all gone").shown_by(&sessions, "none left"))
        });
    assert_eq!(run.verification().verdict, Verdict::Fixed);
    assert_eq!(run.plan().len(), 3);
}
