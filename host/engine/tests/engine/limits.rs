//! Each bound ends the run by an error of its own, with the bound and what was reached.

use std::time::Duration;

use interlock_engine::{Ended, Engine, EngineConfig, Fault, LimitName, Limits, LoadError, Reached};

use crate::world::{Server, hostile, input, linked, live, run};

const MIB: u64 = 1 << 20;

async fn limit(name: &str, limits: Limits) -> Reached {
    match run(name, &limits).await.end {
        Err(Fault::Limit(reached)) => reached,
        end => panic!("{name}: {end:?}"),
    }
}

#[tokio::test]
async fn a_step_within_its_bounds_ends_in_its_report() {
    let ran = run("nothing", &Limits::default()).await;
    let Ok(Ended::Report(report)) = ran.end else {
        panic!("{:?}", ran.end)
    };
    assert!(report.summary.is_empty() && report.hypotheses.is_empty());
}

#[tokio::test]
async fn memory_that_grows_is_bounded() {
    let reached = limit(
        "memory_grows",
        Limits {
            memory_bytes_max: 3 * MIB,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Memory,
            limit: 3 * MIB,
            reached: 3 * MIB + 256 * 1024
        }
    );
}

#[tokio::test]
async fn memory_that_is_declared_is_bounded() {
    let reached = limit("memory_declared", Limits::default()).await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Memory,
            limit: 64 * MIB,
            reached: 2048 * MIB
        }
    );
}

#[tokio::test]
async fn table_elements_are_bounded() {
    let reached = limit(
        "table_grows",
        Limits {
            table_elements_max: 5_000,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        (reached.which, reached.limit),
        (LimitName::TableElements, 5_000)
    );
    assert!((5_001..=6_100).contains(&reached.reached), "{reached}");
}

#[tokio::test]
async fn tables_memories_and_instances_are_counted() {
    let reached = limit(
        "tables",
        Limits {
            tables_max: 1,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!((reached.which, reached.limit), (LimitName::Tables, 1));
    let reached = limit(
        "memories",
        Limits {
            memories_max: 1,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Memories,
            limit: 1,
            reached: 3
        }
    );
    let reached = limit(
        "reads_once",
        Limits {
            instances_max: 1,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Instances,
            limit: 1,
            reached: 2
        }
    );
}

#[tokio::test]
async fn a_loop_runs_out_of_fuel() {
    let reached = limit(
        "spin",
        Limits {
            fuel_max: 1_000_000,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!((reached.which, reached.limit), (LimitName::Fuel, 1_000_000));
}

#[tokio::test]
async fn a_loop_runs_out_of_time() {
    let limits = Limits {
        fuel_max: 1_000_000_000_000,
        wall_time_ms_max: 60,
        ..Limits::default()
    };
    let reached = limit("spin", limits).await;
    assert_eq!((reached.which, reached.limit), (LimitName::WallTime, 60));
    assert!((60..2_000).contains(&reached.reached), "{reached}");
}

#[tokio::test]
async fn a_wait_runs_out_of_time_and_keeps_its_tape() {
    let limits = Limits {
        wall_time_ms_max: 60,
        ..Limits::default()
    };
    let server = Server::new(Duration::from_secs(3600), 1);
    let ran = linked("reads_once")
        .run(input(), live(server.into()), &limits)
        .await;
    assert!(matches!(
        ran.end,
        Err(Fault::Limit(Reached {
            which: LimitName::WallTime,
            limit: 60,
            ..
        }))
    ));
    assert_eq!(ran.cassette.calls.len(), 1);
}

#[tokio::test]
async fn host_calls_are_counted() {
    let reached = limit(
        "clock_loops",
        Limits {
            host_calls_max: 100,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::HostCalls,
            limit: 100,
            reached: 101
        }
    );
    let reached = limit(
        "wasi_clock_loops",
        Limits {
            host_calls_max: 100,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::HostCalls,
            limit: 100,
            reached: 101
        }
    );
}

#[tokio::test]
async fn pending_answers_are_bounded_and_dropped_ones_are_not_pending() {
    let limits = Limits {
        pending_max: 2,
        ..Limits::default()
    };
    let reached = limit("asks_for_ever", limits.clone()).await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Pending,
            limit: 2,
            reached: 3
        }
    );
    assert!(run("asks_and_drops", &limits).await.end.is_ok());
}

#[tokio::test]
async fn one_text_of_output_is_bounded() {
    let limits = Limits {
        output_bytes_max: 99_999,
        ..Limits::default()
    };
    let reached = limit("logs_long", limits.clone()).await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Output,
            limit: 99_999,
            reached: 100_000
        }
    );
    let reached = limit("returns_much", limits).await;
    assert_eq!((reached.which, reached.limit), (LimitName::Output, 99_999));
    assert!(reached.reached > 100_000);
}

#[tokio::test]
async fn what_the_host_copies_out_is_bounded_before_it_is_copied() {
    let limits = Limits {
        lifted_bytes_max: 50_000,
        ..Limits::default()
    };
    for name in ["logs_long", "returns_much"] {
        let reached = limit(name, limits.clone()).await;
        assert_eq!(
            reached,
            Reached {
                which: LimitName::Lifted,
                limit: 50_000,
                reached: 50_001
            },
            "{name}"
        );
    }
    // Three million records in the host's memory, out of none in the guest's.
    let reached = limit(
        "returns_lists",
        Limits {
            memory_bytes_max: 1024 * MIB,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!((reached.which, reached.limit), (LimitName::Lifted, 8 * MIB));
}

#[tokio::test]
async fn what_the_host_keeps_over_calls_is_bounded() {
    let reached = limit(
        "logs_for_ever",
        Limits {
            cassette_bytes_max: 10_500,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Cassette,
            limit: 10_500,
            reached: 11_000
        }
    );
}

#[tokio::test]
async fn an_answer_over_its_limit_is_a_gap_that_says_so() {
    let limits = Limits {
        answer_bytes_max: 1_024,
        ..Limits::default()
    };
    let ran = linked("reads_once")
        .run(
            input(),
            live(Server::new(Duration::ZERO, 100).into()),
            &limits,
        )
        .await;
    assert!(ran.end.is_ok(), "{:?}", ran.end);
    let gap = ran.cassette.calls[0]
        .answer
        .clone()
        .unwrap_err()
        .to_string();
    assert!(gap.starts_with("too large: the answer is "), "{gap}");
    assert!(
        gap.ends_with(" bytes, the limit `answer` is 1024 bytes"),
        "{gap}"
    );
}

#[tokio::test]
async fn writes_are_counted_and_a_plan_has_room_for_a_hundred() {
    let reached = limit(
        "writes_for_ever",
        Limits {
            writes_max: 150,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        reached,
        Reached {
            which: LimitName::Writes,
            limit: 150,
            reached: 151
        }
    );
    let ran = run(
        "writes_for_ever",
        &Limits {
            writes_max: 150,
            ..Limits::default()
        },
    )
    .await;
    assert_eq!(
        ran.cassette
            .writes
            .iter()
            .filter(|write| write.planned.is_some())
            .count(),
        100
    );
    let last = ran.cassette.writes.last().unwrap();
    assert!(
        matches!(
            &last.refused,
            Some(interlock_capabilities::write::Refusal::TooMany(_))
        ),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_component_over_its_size_is_never_compiled() {
    let limits = Limits {
        component_bytes_max: 10,
        ..Limits::default()
    };
    let engine = Engine::new(EngineConfig {
        limits,
        ..EngineConfig::default()
    })
    .unwrap();
    let error = engine.load(&hostile("nothing")).unwrap_err();
    assert!(matches!(
        error,
        LoadError::TooLarge(Reached {
            which: LimitName::Component,
            limit: 10,
            ..
        })
    ));
}
