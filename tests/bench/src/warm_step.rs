//! What our host adds to a step: policy, limits, and the record of every call.

use std::hint::black_box;
use std::time::Duration;

use interlock_system_tests::encode;

use crate::bare::Bare;
use crate::error::{BenchError, setup};
use crate::source::Source;
use crate::step::{WarmStep, check, input};
use crate::turns::{Figure, Measured};

/// Rows of the one answer. Few, since the figure is about a step: a record copies and counts every
/// answer, which no bare host does, so the ratio grows with them.
const SESSIONS: i32 = 2;

const FIGURE: Figure = Figure {
    name: "warm-step",
    about: "instantiate, run, one read of 2 sessions, record in memory, drop; against the same \
            component on bare wasmtime (pooling, async; no fuel, epochs, limits or record)",
    ours: "interlock",
    baseline: "bare wasmtime",
    limit: 1.3,
    warm_up: 500,
    rounds: 5_000,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let component = encode(include_str!("../wat/one_read.wat"))?;
    let source = Source::new(Duration::ZERO, SESSIONS);
    let ours = WarmStep::new(&component, source.readers())?;
    let bare = Bare::new(&component, source)?;
    FIGURE
        .measure(
            async || {
                let ran = black_box(ours.run().await);
                check(&ran, 1)
            },
            async || {
                let end = black_box(bare.run(input()).await);
                match end.map_err(setup("run the component on bare wasmtime"))? {
                    Ok(_report) => Ok(()),
                    Err(failure) => Err(BenchError::Undone {
                        side: "bare wasmtime",
                        why: format!("{failure:?}"),
                    }),
                }
            },
        )
        .await
}
