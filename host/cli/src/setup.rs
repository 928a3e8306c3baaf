//! From the command line to an open host: which configuration, which caller, which incident.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use interlock_capabilities::{
    read::Label,
    report::{Alert, Incident},
};
use interlock_connectors::{
    config::Config,
    document::{FileError, Mistakes},
    files::{self, OpenError},
};
use interlock_gate::plan::Plan;
use interlock_runner::{
    caller::Caller,
    error::RunError,
    evidence::{BadEvidence, EVIDENCE_BYTES_MAX, Evidence},
    open::Runner,
};

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    place::Quote,
};

/// The places where a configuration is looked for, in order.
pub(crate) fn places(given: Option<&Path>) -> Vec<(String, Option<PathBuf>)> {
    if let Some(given) = given {
        return vec![(given.display().to_string(), Some(given.to_owned()))];
    }
    let variable = std::env::var_os("INTERLOCK_CONFIG").filter(|value| !value.is_empty());
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let xdg_home = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| home.map(|home| home.join(".config")));
    let xdg_dirs = std::env::var("XDG_CONFIG_DIRS")
        .ok()
        .filter(|value| !value.is_empty());
    let mut places = vec![(
        "./interlock.toml".to_owned(),
        Some(PathBuf::from("interlock.toml")),
    )];
    places.push(match variable {
        Some(value) => (
            format!("$INTERLOCK_CONFIG ({})", value.to_string_lossy()),
            Some(value.into()),
        ),
        None => ("$INTERLOCK_CONFIG (unset)".to_owned(), None),
    });
    let xdg_dirs = xdg_dirs.unwrap_or_else(|| "/etc/xdg".to_owned());
    let xdg = xdg_home
        .into_iter()
        .chain(xdg_dirs.split(':').map(PathBuf::from));
    for folder in xdg {
        let path = folder.join("interlock").join("interlock.toml");
        places.push((path.display().to_string(), Some(path)));
    }
    places
}

/// Finds and reads the configuration.
pub(crate) fn config(given: Option<&Path>) -> Result<Config, Failure> {
    let places = places(given);
    // A variable that names a file which is not there is a mistake, not an empty place.
    let named = |place: &str| given.is_some() || place.starts_with("$INTERLOCK_CONFIG");
    let found = places
        .iter()
        .find_map(|(place, path)| path.as_ref().filter(|path| named(place) || path.exists()));
    match found {
        Some(path) => Config::read(path).map_err(|error| match &error {
            FileError::Open(open) => open_error(open),
            // A value may be a password that somebody put where it must not be.
            FileError::Mistakes(mistakes) => of_mistakes(mistakes, Quote::Keys),
        }),
        None => {
            let looked: Vec<&str> = places.iter().map(|(place, _)| place.as_str()).collect();
            Err(Failure::usage("no interlock.toml")
                .help(format!("looked at: {}", looked.join(", ")))
                .next(
                    "`interlock doctor --write-config interlock.toml`, or name one with \
                     `--config FILE`",
                ))
        }
    }
}

/// Opens the host.
pub(crate) fn open(given: Option<&Path>) -> Result<Runner, Failure> {
    open_with(given, Runner::open)
}

/// Opens the host for a server: many steps at once, most of them waiting.
pub(crate) fn open_to_serve(given: Option<&Path>) -> Result<Runner, Failure> {
    open_with(given, Runner::open_to_serve)
}

/// Opens the host for a run, which goes on where nothing can be journalled, and says so.
pub(crate) fn open_to_read(given: Option<&Path>) -> Result<Runner, Failure> {
    open_with(given, Runner::open_to_read)
}

fn open_with(
    given: Option<&Path>,
    open: impl FnOnce(Config) -> Result<Runner, RunError>,
) -> Result<Runner, Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let config = config(given)?;
    let me = rustix::process::geteuid().as_raw();
    if let Ok(found) = std::fs::metadata(&config.state_dir)
        && found.uid() != me
    {
        return Err(Failure::denied(format!(
            "{} belongs to uid {}, and you are uid {me}",
            config.state_dir.display(),
            found.uid()
        ))
        .help(
            "run as the user that keeps the journal; to approve as somebody else, take the files \
             of `plan export`",
        ));
    }
    open(config).map_err(Failure::from)
}

/// Who runs this, by the real uid.
pub(crate) async fn caller(runner: &Runner) -> Result<Caller, Failure> {
    let uid = rustix::process::getuid().as_raw();
    runner.caller_of_uid(uid).await.map_err(Failure::from)
}

/// `key=value` arguments.
pub(crate) fn inputs(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut inputs = BTreeMap::new();
    for argument in given {
        let Some((key, value)) = argument.split_once('=') else {
            return Err(Failure::usage(format!(
                "`{}` is not `key=value`",
                argument.escape_debug()
            )));
        };
        if inputs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(format!(
                "the input `{}` is given twice",
                key.escape_debug()
            )));
        }
    }
    Ok(inputs)
}

/// The incident of a run: a file, one that ran here before, or none at all.
pub(crate) async fn incident(
    runner: &Runner,
    given: Option<&str>,
    id: Option<&str>,
) -> Result<Incident, Failure> {
    let now = runner.now();
    let Some(given) = given else {
        return Ok(Incident {
            id: id.unwrap_or("none").to_owned(),
            service: None,
            severity: None,
            begin: now.minus_seconds(30 * 60).micros(),
            end: now.micros(),
            alerts: Vec::new(),
        });
    };
    let path = Path::new(given);
    // A name without a folder or an ending is an id, whatever lies in this folder.
    let looks_like_a_file =
        given.contains('/') || given.ends_with(".toml") || given.ends_with(".json");
    if !looks_like_a_file {
        return earlier(runner, given).await;
    }
    match interlock_connectors::incident::Incident::read(path, now) {
        Ok(read) => Ok(of_file(read)),
        Err(error) => Err(file(&error)),
    }
}

fn of_file(read: interlock_connectors::incident::Incident) -> Incident {
    let labels = |pairs: Vec<(String, String)>| {
        pairs
            .into_iter()
            .map(|(name, value)| Label { name, value })
            .collect()
    };
    let alerts = read.alerts.into_iter().map(|alert| Alert {
        name: alert.name,
        starts_at: alert.starts_at.micros(),
        labels: labels(alert.labels),
        annotations: labels(alert.annotations),
    });
    Incident {
        id: read.id,
        service: read.service,
        severity: read.severity,
        begin: read.begin.micros(),
        end: read.end.micros(),
        alerts: alerts.collect(),
    }
}

/// An incident that a run was about before.
async fn earlier(runner: &Runner, id: &str) -> Result<Incident, Failure> {
    use interlock_store::Store as _;
    let runs = runner.store().runs(1000).await.map_err(RunError::from)?;
    for line in runs {
        let record = runner.run_record(&line.run).await?;
        if record.incident.id == id {
            return Ok(record.incident);
        }
    }
    Err(Failure::usage(format!(
        "no run here was about the incident `{}`",
        id.escape_debug()
    ))
    .help("`--incident` takes a file, or the id of an incident that ran here before"))
}

/// A plan with everything that an approver reads beside it.
pub(crate) struct Shown {
    pub(crate) plan: Arc<Plan>,
    /// The host, where the plan is this host's own and not a file.
    pub(crate) runner: Option<Runner>,
    /// From the file beside an exported plan, or from this host's journal.
    pub(crate) evidence: Evidence,
    pub(crate) policy: interlock_gate::policy::Policy,
}

/// The plan that `given` names: an exported file (on a machine that needs no store), or an id.
pub(crate) async fn plan(given: &str, config: Option<&Path>) -> Result<Shown, Failure> {
    let path = Path::new(given);
    // Never by what lies in this folder: a planted file must not stand in for an id.
    if given.contains('/') || given.ends_with(".json") {
        return exported(path);
    }
    let runner = open(config)?;
    let plan = runner.find_plan(given).await?;
    let evidence = runner.evidence(&plan).await?;
    let policy = runner.policy().await?.as_ref().clone();
    Ok(Shown {
        plan,
        runner: Some(runner),
        evidence,
        policy,
    })
}

fn exported(path: &Path) -> Result<Shown, Failure> {
    let bytes = files::read_plain(path, interlock_gate::canonical::DOCUMENT_BYTES_MAX)
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let plan = Plan::read(&bytes)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let beside = evidence_path(path);
    let bytes = files::read_plain(&beside, EVIDENCE_BYTES_MAX).map_err(|error| {
        Failure::usage(chain(&error))
            .help("the evidence of an exported plan lies beside it, as `plan export` writes it")
    })?;
    let (evidence, policy) = Evidence::read(&bytes, &plan).map_err(|error| {
        let said = format!("{}: {}", beside.display(), chain(&error));
        match error {
            BadEvidence::Form(_) | BadEvidence::Schema(_) => Failure::usage(said),
            BadEvidence::OtherPlan { .. }
            | BadEvidence::Call { .. }
            | BadEvidence::Count { .. }
            | BadEvidence::Report
            | BadEvidence::Action { .. }
            | BadEvidence::Policy
            | BadEvidence::Rule { .. } => Failure::denied(said).help(
                "what is shown would not be what the plan cites: nothing can be signed on it",
            ),
        }
    })?;
    Ok(Shown {
        plan: Arc::new(plan),
        runner: None,
        evidence,
        policy,
    })
}

/// `PLAN.json` lies beside `PLAN.evidence.json`.
pub(crate) fn evidence_path(plan: &Path) -> PathBuf {
    let name = plan.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    plan.with_file_name(format!("{stem}.evidence.json"))
}

/// A file of people's text that cannot be used.
pub(crate) fn file(error: &FileError) -> Failure {
    match error {
        FileError::Open(open) => open_error(open),
        FileError::Mistakes(mistakes) => of_mistakes(mistakes, Quote::Whole),
    }
}

pub(crate) fn open_error(error: &OpenError) -> Failure {
    Failure::of(Exit::Usage, error)
}

fn of_mistakes(mistakes: &Mistakes, quote: Quote) -> Failure {
    let problems = mistakes.iter().map(|one| {
        (
            one.message(),
            Some(one.span.clone()),
            one.label(),
            one.problem.help(),
        )
    });
    let name = mistakes.file().display().to_string();
    Failure::quoting(quote, Exit::Usage, &name, mistakes.text(), problems)
}
