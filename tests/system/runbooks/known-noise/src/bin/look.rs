//! Which alerts of the kind ring, and does anything else?

use interlock_sdk::{Context, Report, Result, step};
use known_noise::{ALERT, Cause, Noise};

#[step(diagnose)]
fn look(ctx: &Context) -> Result<Report> {
    let alerts = ctx.alerts().list();
    let changes = ctx.changes().list(ctx.window());
    let alerts = alerts.get()?;
    let mut report = Report::new();
    let noise = alerts
        .items()
        .filter(|alert| alert.state == "firing" && alert.name == ALERT);
    if noise.is_empty() {
        return Ok(report.unresolved("no such alert fires"));
    }
    report.summary(format!("{} such alerts ring.", noise.len()));
    report
        .hypothesis(Cause::KnownNoise)
        .path("the job is slow every night; nobody waits for it")
        .supports(&noise, format!("{} of `{ALERT}` ring", noise.len()))
        .unless(
            "something changed in the window",
            changes.get(),
            |changes| changes.items().iter().next().is_some(),
        );
    report.tried(Cause::SomethingElse);
    let fingerprints = noise.iter().map(|alert| alert.fingerprint.clone());
    report.findings(&Noise {
        fingerprints: fingerprints.collect(),
    })?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::look;
    use interlock_sdk::FakeHost;

    #[test]
    fn what_rings_every_night_is_known() {
        let host = FakeHost::at("03:12:08Z")
            .alerts(|alerts| alerts.firing("NightlyJobSlow", "4m", &[("job", "backup")]));
        assert_eq!(host.run(look).causes(), ["known_noise"]);
    }
}
