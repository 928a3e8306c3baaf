//! `backtest`: a runbook over incidents whose causes are known.
//!
//! No source is asked, nothing is proposed, and without `--keep` no journal is opened.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use interlock_backtest::{Build, Comparison, NotBuilt, Outcome, Saved, compare, engine, over};
use interlock_bundle::Corpus;
use interlock_connectors::{config::Config, files};
use interlock_engine::{Engine, Limits};
use interlock_gate::canonical;
use interlock_runner::{
    installed::{self, NotInstalled, Runbook},
    open::{Runner, read_policy},
};
use interlock_screens::{exit::Exit, json, plot, text};
use interlock_store::{Store as _, entry::Entry, store::ANY_SIZE};

use crate::{
    args::BacktestArgs,
    failure::{Failure, chain},
    output::{Output, Screen},
    setup,
};

/// A saved result's most bytes.
const SAVED_BYTES_MAX: usize = 256 * 1024 * 1024;

pub(crate) async fn backtest(
    args: &BacktestArgs,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let given = setup::inputs(&args.input)?;
    let config = host(args, config)?;
    let runbook = runbook(&args.runbook, config.as_ref())?;
    let limits = limits(config.as_ref())?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or(cores, usize::from);
    let cache = config.as_ref().map(|config| {
        let folder = config.state_dir.join("cache");
        (folder, config.state_dir.join("cache.key"))
    });
    // Only where the host has one already: a backtest makes no host.
    let cache = cache.filter(|(folder, key)| folder.is_dir() && key.is_file());
    let cache = cache.as_ref().map(|(folder, key)| (&**folder, &**key));
    let engine = engine(&limits, jobs, cache).map_err(|error| not_built(&error.into()))?;
    let build = Build::of(&engine, &runbook, &limits).map_err(|error| not_built(&error))?;
    let baseline = match &args.against {
        None => None,
        Some(path) => Some(baseline(path, &engine, &runbook, &limits)?),
    };
    let unusable = |error: &dyn std::error::Error| {
        Failure::usage(chain(error))
            .next("`interlock incidents import --format F PATH --out DIR` makes a corpus")
    };
    let corpus = Corpus::open(&args.corpus).map_err(|error| unusable(&error))?;
    let digest = corpus.digest().map_err(|error| unusable(&error))?;
    let mut builds = vec![&build];
    if let Some(Baseline::Build(other)) = &baseline {
        builds.push(other);
    }
    let bar = bar(corpus.names().len(), screen);
    let done = |over: usize| {
        if let Some(bar) = &bar {
            bar.set_position(over as u64);
        }
    };
    let tried = over(&corpus, &builds, &given, jobs, &done);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let tried = tried.map_err(|error| unusable(&error))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for mut of_incident in tried {
        theirs.extend((of_incident.len() > 1).then(|| of_incident.pop()).flatten());
        ours.extend(of_incident.pop());
    }
    let outcome = Outcome::of(&build, digest, ours);
    let before = baseline.map(|baseline| match baseline {
        Baseline::Build(other) => Saved::of(&Outcome::of(&other, digest, theirs)),
        Baseline::Saved(saved) => saved,
    });
    let against = before.map(|before| compare(&before, &Saved::of(&outcome)));
    finish(args, config, &outcome, against.as_ref()).await
}

/// Draws it, and writes and keeps what is asked for.
async fn finish(
    args: &BacktestArgs,
    config: Option<Config>,
    outcome: &Outcome,
    against: Option<&Comparison>,
) -> Result<Output, Failure> {
    let judged = outcome.recall(1).of;
    if let Some(path) = &args.svg {
        let Some(measured) = &outcome.calibrated.measured else {
            return Err(Failure::usage(
                "there is nothing to plot: no first cause has a probability",
            )
            .help("a corpus needs incidents whose cause is known, in both of its halves"));
        };
        let title = format!("{} {}", outcome.runbook, outcome.version);
        write_new(path, plot::reliability(measured, &title).as_bytes())?;
    }
    if args.keep {
        // `host` has seen to it that there is one.
        if let Some(config) = config {
            keep(config, outcome, judged).await?;
        }
    }
    let place = args.corpus.display().to_string();
    let mut human = text::backtest::screen(outcome, &place, against);
    if args.keep {
        human.push_str("\nkept in the journal\n");
    }
    let document = json::backtest::document(outcome, against, args.keep, Exit::Done);
    let mut output = Output::new(Exit::Done, human, &document);
    if let Some(path) = &args.svg {
        output = output.next(format!("open `{}` for the plot", path.display()));
    }
    if !args.keep && judged > 0 {
        output = output.next(
            "`--keep` has the journal keep it: policy may demand it, and confidence rests on it",
        );
    }
    Ok(output)
}

async fn keep(config: Config, outcome: &Outcome, judged: u64) -> Result<(), Failure> {
    if judged == 0 {
        return Err(Failure::usage(
            "nothing is kept: no incident's cause is known, so none is judged",
        )
        .help("`truth.toml` in a bundle's folder says its cause"));
    }
    let runner = Runner::open(config)?;
    let caller = setup::caller(&runner).await?;
    let most = interlock_store::store::BLOB_BYTES_MAX;
    let bytes = canonical::to_bytes_within(&Saved::of(outcome), most)
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    let store = runner.store();
    let refused = |error| Failure::from(interlock_runner::error::RunError::Journal(error));
    let report = store.keep(bytes).await.map_err(refused)?;
    let entry = Entry::Backtested {
        runbook: outcome.runbook.clone(),
        version: outcome.version.clone(),
        components: outcome.components.clone(),
        corpus: outcome.corpus,
        cases: outcome.cases.len() as u64,
        by: caller.requester,
        report,
        summary: outcome.summary(),
    };
    store.record(entry, ANY_SIZE).await.map_err(refused)?;
    Ok(())
}

/// The host's configuration: needed to find a runbook by its name and to keep the result.
fn host(args: &BacktestArgs, config: Option<&Path>) -> Result<Option<Config>, Failure> {
    let needed = args.keep || !is_folder(&args.runbook) || config.is_some();
    needed.then(|| setup::config(config)).transpose()
}

fn is_folder(given: &str) -> bool {
    given.contains('/')
}

fn runbook(given: &str, config: Option<&Config>) -> Result<Runbook, Failure> {
    let found = match config {
        _ if is_folder(given) => load(Path::new(given)),
        Some(config) => installed::find(&config.runbooks, given),
        None => Err(NotInstalled::Unknown {
            name: given.to_owned(),
            known: Vec::new(),
            folders: Vec::new(),
        }),
    };
    found.map_err(|error| not_built(&error.into()))
}

fn load(folder: &Path) -> Result<Runbook, NotInstalled> {
    let manifest = installed::manifest(folder)?;
    installed::load(folder.to_owned(), manifest)
}

/// What a run may use: as the policy says, where there is one.
fn limits(config: Option<&Config>) -> Result<Limits, Failure> {
    match config {
        Some(config) if config.policy.exists() => {
            Ok(read_policy(&config.policy, None)?.sandbox().clone())
        }
        _ => Ok(Limits::default()),
    }
}

/// What a build is held against.
enum Baseline {
    Build(Build),
    Saved(Saved),
}

fn baseline(
    path: &Path,
    engine: &Engine,
    runbook: &Runbook,
    limits: &Limits,
) -> Result<Baseline, Failure> {
    if !path.is_dir() {
        let bytes =
            files::read_plain(path, SAVED_BYTES_MAX).map_err(|error| setup::open_error(&error))?;
        let saved = Saved::read(&bytes).map_err(|error| {
            Failure::usage(format!("{}: {}", path.display(), chain(&error)))
                .help("`--against` takes what `interlock backtest --json` printed, or a folder")
        })?;
        if saved.runbook != runbook.manifest.name {
            let theirs = interlock_gate::escape::strict(&saved.runbook);
            let ours = &runbook.manifest.name;
            return Err(Failure::usage(format!(
                "{} is of the runbook `{theirs}`, not of `{ours}`",
                path.display()
            )));
        }
        return Ok(Baseline::Saved(saved));
    }
    let other = if path.join("runbook.toml").is_file() {
        load(path)
    } else {
        components(path, runbook)
    };
    let other = other.map_err(|error| not_built(&error.into()))?;
    let build = Build::of(engine, &other, limits).map_err(|error| not_built(&error))?;
    Ok(Baseline::Build(build))
}

/// Another build of the same steps: a folder of components.
fn components(folder: &Path, runbook: &Runbook) -> Result<Runbook, NotInstalled> {
    let mut other = runbook.clone();
    other.manifest.version = format!("{} of {}", runbook.manifest.version, folder.display());
    for step in &mut other.steps {
        let path: PathBuf = folder.join(format!("{}.wasm", step.name));
        // A step that a backtest does not run need not be there.
        let read = files::read_private(&path, installed::COMPONENT_BYTES_MAX);
        match read {
            Ok(private) => {
                step.digest = interlock_gate::ids::ComponentDigest::of(&private.bytes);
                step.bytes = private.bytes;
            }
            Err(_) if !path.exists() => step.bytes.clear(),
            Err(error) => {
                return Err(NotInstalled::Unreadable {
                    path,
                    why: error.to_string(),
                });
            }
        }
    }
    other.steps.retain(|step| !step.bytes.is_empty());
    Ok(other)
}

fn not_built(error: &NotBuilt) -> Failure {
    let failure = Failure::usage(chain(error));
    match error {
        NotBuilt::NotInstalled(NotInstalled::NotBuilt { .. }) => {
            failure.next("`interlock build DIR` builds its steps")
        }
        NotBuilt::NotInstalled(NotInstalled::Unknown { known, .. }) if !known.is_empty() => {
            failure.help(format!("installed are: {}", known.join(", ")))
        }
        _ => failure,
    }
}

/// On a terminal, how far it is.
fn bar(incidents: usize, screen: Screen) -> Option<ProgressBar> {
    if !screen.progress {
        return None;
    }
    let bar = ProgressBar::new(incidents as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} incidents, {eta} left")
    {
        bar.set_style(style);
    }
    Some(bar)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes)
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))
}
