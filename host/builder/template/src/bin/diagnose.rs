//! Which service rang first, and did something change just before?

use interlock_sdk::{Context, Report, Result, Time, label, step, wire};
use {{crate}}::{Cause, Inputs};

#[step]
fn diagnose(ctx: &Context) -> Result<Report> {
    let input: Inputs = ctx.inputs()?;
    // Ask all, then read: the step lasts as long as its slowest answer.
    let (alerts, changes) = (ctx.alerts().list(), ctx.changes().list(ctx.window()));
    // `?` on an answer that did not come ends the run as `could not check`, not as a fault.
    let alerts = alerts.get()?;
    let changes = changes.get();

    let mut report = Report::new();
    let firing = alerts.items().filter(|alert| alert.state == "firing");
    let Some(first) = firing.iter().min_by_key(|alert| alert.starts_at) else {
        return Ok(report.unresolved("no alert fires"));
    };
    let began = Time::from_micros(first.starts_at);
    let origin = service(&first);
    let early = firing.filter(|alert| {
        Time::from_micros(alert.starts_at).since(began) < input.together
    });
    let others = early.filter(|alert| service(alert) != origin);

    if others.is_empty() {
        report.summary(format!("`{origin}` rang first, at {began}."));
        report
            .hypothesis(Cause::OneOrigin)
            .path("it fails, and what depends on it rings after it")
            .supports(&first, format!("`{}` rang first, at {began}", first.name))
            // A check that could not be made is listed by itself and caps the confidence.
            .unless("something else changed just before", &changes, |changes| {
                changes.items().iter().any(|change| {
                    change.service.as_deref() != Some(origin)
                        && began.since(Time::from_micros(change.at)) < input.together
                        && change.at < first.starts_at
                })
            });
        report.tried(Cause::NoSingleOrigin);
    } else {
        report.summary(format!("several services rang at once, at {began}."));
        report
            .hypothesis(Cause::NoSingleOrigin)
            .path("they share something that fails")
            .supports(&early, format!("{} alerts within {:?}", early.len(), input.together));
        report.tried(Cause::OneOrigin);
    }
    Ok(report)
}

fn service(alert: &wire::Alert) -> &str {
    label(&alert.labels, "service").unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::diagnose;
    use interlock_sdk::FakeHost;

    #[test]
    fn the_service_that_rang_first_is_the_origin() {
        let host = FakeHost::at("03:12:08Z").alerts(|alerts| {
            alerts
                .firing("ErrorRateHigh", "4m", &[("service", "checkout")])
                .firing("ErrorRateHigh", "1m", &[("service", "storefront")])
        });
        assert_eq!(host.run(diagnose).causes(), ["one_origin"]);
    }
}
