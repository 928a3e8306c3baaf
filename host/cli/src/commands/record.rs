//! `incidents record`: a bundle of what the configured sources answer for a window of time.

use std::path::Path;

use interlock_bundle::{
    About, Bundle, Observed, Recording, Unrecorded, alert_given, alerts_listed, calls_of, is_name,
    record,
};
use interlock_capabilities::{Readers, report::Incident};
use interlock_connectors::connect;
use interlock_gate::time::Time;
use interlock_runner::{open::now, record::RunRecord};
use interlock_screens::{json, text};

use super::span::span_seconds;
use crate::{args::RecordArgs, exit::Exit, failure::Failure, output::Output, setup};

/// Least seconds between two values, and most values of a series: a live Prometheus answers
/// 11,000.
const STEP_S: u64 = 15;
const VALUES_MAX: u64 = 10_000;

pub(crate) async fn incidents(args: &RecordArgs, config: Option<&Path>) -> Result<Output, Failure> {
    let now = now();
    let (readers, sources, run) = match &args.run {
        Some(given) => {
            let runner = setup::open(config)?;
            let caller = setup::caller(&runner).await?;
            let run = runner.find_run(given, &caller.requester.via).await?;
            let record = runner.run_record(&run).await?;
            let readers = runner.connected().readers(&nobodys());
            let sources = runner.config().sources.logs.keys().cloned().collect();
            (readers, sources, Some(record))
        }
        None => {
            let mut config = setup::config(config)?;
            // What a database answers has no window: it is kept with a run's own answers only.
            config.sources.postgres.clear();
            let sources = config.sources.logs.keys().cloned().collect();
            (connect(&config).readers(&nobodys()), sources, None)
        }
    };
    let about = about(args, run.as_ref(), now)?;
    let what = recording(args, &about, sources);
    let (observed, missing) = record(&readers, &what, now).await;
    let observed = with_run(observed, run.as_ref());
    write(args, about, observed, &missing, &readers)
}

/// Sources are asked for nobody's incident: its alerts would be told as theirs.
fn nobodys() -> Incident {
    Incident {
        id: "recording".to_owned(),
        service: None,
        severity: None,
        begin: 0,
        end: 1,
        alerts: Vec::new(),
    }
}

fn about(args: &RecordArgs, run: Option<&RunRecord>, now: Time) -> Result<About, Failure> {
    let time = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
    let incident = run.map(|run| &run.incident);
    let micros = |micros: u64| Time::from_micros(micros).unwrap_or(now);
    let begin = match (time(&args.from)?, incident) {
        (Some(from), _) => from,
        (None, Some(incident)) => micros(incident.begin),
        (None, None) => return Err(Failure::usage("name the window with `--from`")),
    };
    let ended = run.map(|run| run.ended_at.unwrap_or(run.opened_at));
    let end = match (time(&args.until)?, ended) {
        (Some(until), _) => until,
        (None, Some(ended)) => ended,
        (None, None) => now,
    };
    if begin >= end {
        return Err(Failure::usage(format!(
            "the window ends, {}, before it begins, {}",
            end.to_seconds_text(),
            begin.to_seconds_text()
        )));
    }
    if end > now {
        let end = end.to_seconds_text();
        return Err(Failure::usage(format!(
            "the window ends in the future: {end}"
        )));
    }
    let id = match (&args.id, incident) {
        (Some(id), _) => id.clone(),
        (None, Some(incident)) => incident.id.clone(),
        (None, None) => {
            let digits = begin.to_seconds_text().replace(['-', ':'], "");
            format!("incident-{digits}")
        }
    };
    if !is_name(&id) {
        return Err(Failure::usage(format!(
            "`{}` cannot name a bundle: up to 64 letters, digits, `.`, `_` and `-`",
            interlock_gate::escape::foreign_short(&id, 80)
        ))
        .help("give it a name with `--id`"));
    }
    let mut about = About::new(&id, begin, end);
    about.title = args.title.clone();
    let of = |given: &Option<String>, known: Option<&Option<String>>| {
        given.clone().or_else(|| known.cloned().flatten())
    };
    about.service = of(&args.service, incident.map(|it| &it.service));
    about.severity = of(&args.severity, incident.map(|it| &it.severity));
    // A run of the bundle stands where the recorded run stood.
    let stood = run
        .and_then(|run| run.steps.first())
        .map(|step| step.cassette.input.now);
    about.now = stood.map_or(end, micros).max(begin);
    about.source = Some("recorded with `interlock incidents record`".to_owned());
    Ok(about)
}

/// A moment in words: RFC 3339, or how long ago.
fn moment(text: &str, now: Time) -> Result<Time, Failure> {
    if let Some(seconds) = span_seconds(text) {
        return Ok(now.minus_seconds(seconds));
    }
    Time::parse_rfc3339(text).map_err(|_| {
        let text = interlock_gate::escape::foreign_short(text, 60);
        Failure::usage(format!("`{text}` is no time"))
            .help("write 2026-11-25T03:00:00Z, or how long ago: `90m`, `2h`, `1d`")
    })
}

fn recording(args: &RecordArgs, about: &About, sources: Vec<String>) -> Recording {
    let span_s = about.end.seconds_since(about.begin);
    let step_s = args
        .step
        .map_or_else(|| STEP_S.max(span_s.div_ceil(VALUES_MAX)), u64::from);
    Recording {
        begin: about.begin,
        end: about.end,
        logs: match args.logs.as_slice() {
            [] => sources,
            some => some.to_vec(),
        },
        queries: args.query.clone(),
        step_ms: step_s.saturating_mul(1000),
    }
}

/// With the answers that the run had, and its alerts where no source tells of them.
fn with_run(mut observed: Observed, run: Option<&RunRecord>) -> Observed {
    let Some(run) = run else {
        return observed;
    };
    let calls = calls_of(run.calls());
    let listed = alerts_listed(&calls).unwrap_or_default().to_vec();
    let given = run.incident.alerts.iter().map(alert_given);
    for alert in listed.into_iter().chain(given) {
        let known = observed.alerts.get_or_insert_default();
        let same = known.iter().any(|one| {
            one.name == alert.name && alert.labels.iter().all(|label| one.labels.contains(label))
        });
        if !same {
            known.push(alert);
        }
    }
    observed.calls.extend(calls);
    observed
}

fn write(
    args: &RecordArgs,
    about: About,
    observed: Observed,
    missing: &[Unrecorded],
    readers: &Readers,
) -> Result<Output, Failure> {
    let place = args.out.join(&about.id);
    let path = place.display().to_string();
    let nothing = observed == Observed::default();
    if nothing {
        let failure = Failure::failed("nothing could be recorded");
        return Err(match missing.first() {
            Some(one) => failure.help(format!("{}: {}", one.what, one.why)),
            None if readers.metrics.is_none() && readers.alerts.is_none() => {
                failure.next("`interlock doctor`: no source is configured that has a past")
            }
            None => failure,
        });
    }
    std::fs::create_dir_all(&args.out).map_err(|why| {
        Failure::failed(format!("`{}` cannot be written: {why}", args.out.display()))
    })?;
    let (begin, end) = (about.begin, about.end);
    let bundle = Bundle::new(about, observed);
    bundle.write(&place).map_err(|error| {
        let failure = Failure::of(Exit::Failed, &error);
        match error.is_taken() {
            true => failure.help("nothing is overwritten: give it another name with `--id`"),
            false => failure,
        }
    })?;
    let observed = bundle.observed();
    let mut told = json::bundles::Recorded::new(&path, begin, end);
    told.alerts = observed.alerts.as_ref().map(Vec::len);
    told.series = observed.metrics.as_ref().map(Vec::len);
    let series = observed.metrics.iter().flatten();
    told.values = series.map(|one| one.points.len()).sum();
    let logs = observed.logs.iter();
    told.logs = logs
        .map(|(source, lines)| json::bundles::LogRecorded {
            source,
            lines: lines.len(),
        })
        .collect();
    told.changes = observed.changes.as_ref().map(Vec::len);
    told.services = observed.topology.as_ref().map(Vec::len);
    told.calls = observed.calls.len();
    let missing = missing.iter();
    told.missing = missing
        .map(|one| json::bundles::Missing {
            what: &one.what,
            why: &one.why,
        })
        .collect();
    let output = Output::new(Exit::Done, text::bundles::recorded(&told), &told);
    Ok(output.next(format!(
        "once the cause is known, write it to {path}/truth.toml: docs/bundles.md"
    )))
}
