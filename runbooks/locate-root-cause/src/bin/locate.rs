//! Asks for the topology and for every component's golden signals, and names suspects.

use interlock_sdk::{Context, Report, Result, step};
use locate_root_cause::{Facts, Inputs, conclude};

#[step(diagnose)]
fn locate(ctx: &Context) -> Result<Report> {
    let input: Inputs = ctx.inputs()?;
    conclude(&Facts::ask(ctx, &input))
}
