//! Observes the server, its metrics, its logs and what was changed, and
//! concludes why it runs out of connections.

use interlock_sdk::{Context, Report, Result, step};
use postgres_connections::{Facts, Inputs, conclude};

#[step]
fn diagnose(ctx: &Context) -> Result<Report> {
    let input: Inputs = ctx.inputs()?;
    conclude(&Facts::ask(ctx, &input))
}
