//! Whether reads of one step wait for each other.

use std::hint::black_box;
use std::time::Duration;

use interlock_capabilities::AnswerLimit;
use interlock_capabilities::read::database::{Database, DatabaseAsk};

use interlock_system_tests::encode;

use crate::error::BenchError;
use crate::source::{SERVER, Source};
use crate::step::{WarmStep, check};
use crate::turns::{Figure, Measured};

const SESSIONS: i32 = 10;
const READS: usize = 20;
const DELAY: Duration = Duration::from_millis(50);

const FIGURE: Figure = Figure {
    name: "overlap",
    about: "a step with 20 reads of 50 ms each; against one such read, without a step",
    ours: "20 reads in a step",
    baseline: "one read",
    limit: 1.5,
    warm_up: 3,
    rounds: 40,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let component = encode(include_str!("../wat/twenty_reads.wat"))?;
    let source = Source::new(DELAY, SESSIONS);
    let ours = WarmStep::new(&component, source.readers())?;
    let limit = AnswerLimit {
        bytes_max: interlock_engine::Limits::default().answer_bytes_max,
    };
    FIGURE
        .measure(
            async || {
                let ran = black_box(ours.run().await);
                check(&ran, READS)
            },
            async || {
                let ask = DatabaseAsk {
                    server: SERVER.to_owned(),
                };
                let answer = black_box(source.sessions(ask, limit).await);
                answer.map(drop).map_err(|gap| BenchError::Undone {
                    side: "one read",
                    why: gap.to_string(),
                })
            },
        )
        .await
}
