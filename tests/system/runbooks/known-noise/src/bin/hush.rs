//! Proposes to silence the alerts that were found.

use interlock_sdk::{Context, Result, step};
use known_noise::{Inputs, Noise};

#[step(remediate)]
fn hush(ctx: &Context) -> Result<()> {
    let input: Inputs = ctx.inputs()?;
    let Some(noise) = ctx.findings::<Noise>()? else {
        return Ok(());
    };
    let alerts = ctx.alerts().list().get()?;
    let minutes = u32::try_from(input.minutes).unwrap_or(1);
    for alert in alerts.items() {
        if alert.state == "firing" && noise.fingerprints.contains(&alert.fingerprint) {
            ctx.alerts_write()
                .silence(alert, minutes, "known noise of the nightly job")?;
        }
    }
    Ok(())
}
