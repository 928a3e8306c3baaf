//! Reads alerts, topology, changes and past incidents, and groups the alerts into cases.

use correlate_alerts::{Facts, Inputs, conclude};
use interlock_sdk::{Context, Report, Result, step};

#[step(diagnose)]
fn correlate(ctx: &Context) -> Result<Report> {
    let input: Inputs = ctx.inputs()?;
    conclude(&Facts::ask(ctx, &input))
}
