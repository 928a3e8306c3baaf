//! One build over one incident, and over all of a corpus on every core.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use interlock_bundle::{Bundle, BundleError, Corpus};
use interlock_capabilities::{Recorded, report::Input};
use interlock_engine::{ClockStart, Ended, Ran, Seed, Source};
use interlock_gate::ids::CallId;
use interlock_runner::{inputs, report};

use crate::{
    build::{Build, ReadStep},
    tried::{End, Tried},
};

/// Why a corpus cannot be run over.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// A bundle cannot be read.
    #[error("the bundle `{name}` cannot be used")]
    Bundle {
        /// The bundle.
        name: String,
        /// Why not.
        #[source]
        why: BundleError,
    },
    /// A thread cannot be made ready.
    #[error("a thread to run on cannot be made")]
    Thread(#[source] std::io::Error),
}

/// One incident as each of the builds saw it.
type OfIncident = Result<Vec<Tried>, NotRun>;

/// Runs each of `builds` over every incident of `corpus`, on `jobs` threads, and tells `done` after
/// each how many are over. The outer list is of the incidents in the corpus's order, the inner one
/// of the builds.
pub fn over(
    corpus: &Corpus,
    builds: &[&Build],
    given: &BTreeMap<String, String>,
    jobs: usize,
    done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Vec<Tried>>, NotRun> {
    let names = corpus.names();
    let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all: Mutex<Vec<Option<OfIncident>>> = Mutex::new((0..names.len()).map(|_| None).collect());
    let work = || -> Result<(), NotRun> {
        let runtime = runtime().map_err(NotRun::Thread)?;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(at) else {
                return Ok(());
            };
            let tried = one(&runtime, corpus, name, builds, given);
            // Nothing panics while it holds this lock.
            all.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(tried);
            done(over.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.clamp(1, names.len().max(1)))
            .map(|_| scope.spawn(work))
            .collect();
        // A thread that panicked leaves its incident out, which is noticed below.
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect::<Result<Vec<()>, NotRun>>()
    })?;
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let lost = || NotRun::Thread(std::io::Error::other("it ended before its work did"));
    all.into_iter()
        .map(|tried| tried.ok_or_else(lost)?)
        .collect()
}

fn one(
    runtime: &tokio::runtime::Runtime,
    corpus: &Corpus,
    name: &str,
    builds: &[&Build],
    given: &BTreeMap<String, String>,
) -> Result<Vec<Tried>, NotRun> {
    let unread = |why| NotRun::Bundle {
        name: name.to_owned(),
        why,
    };
    let bundle = corpus.bundle(name).map_err(unread)?;
    let ran = builds
        .iter()
        .map(|build| runtime.block_on(run(build, name, &bundle, given)));
    let mut tried: Vec<Tried> = ran.collect();
    let truth = corpus.truth(name).map_err(unread)?;
    for one in &mut tried {
        one.judge(truth.clone());
    }
    Ok(tried)
}

/// A runtime that stays on its thread, so that no run wakes another one.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
}

/// Runs one build over one incident; nobody has judged it yet. Needs a tokio runtime with time.
pub async fn run(
    build: &Build,
    name: &str,
    bundle: &Bundle,
    given: &BTreeMap<String, String>,
) -> Tried {
    let began = Instant::now();
    let mut tried = Tried {
        name: name.to_owned(),
        title: bundle.about().title.clone(),
        truth: None,
        end: End::Unresolved("no step concluded".to_owned()),
        ranked: Vec::new(),
        report: None,
        calls: 0,
        gaps: 0,
        micros: 0,
    };
    let incident = bundle.incident();
    let inputs = inputs::resolve(&build.manifest, given, &incident)
        .map_err(|bad| bad.to_string())
        .and_then(|inputs| serde_json::to_string(&inputs).map_err(|bad| bad.to_string()));
    let inputs = match inputs {
        Ok(inputs) => inputs,
        Err(why) => {
            tried.end = End::Failed(why);
            return tried;
        }
    };
    let clock = ClockStart::still(bundle.now());
    let mut input = Input {
        now: clock.start().micros(),
        incident,
        inputs,
        findings: None,
    };
    let mut calls: Vec<Recorded> = Vec::new();
    for step in &build.steps {
        let source = Source::Live {
            readers: bundle.readers(),
            clock,
            // The same each time: a backtest repeats.
            seed: Seed([0; 32]),
            first_call: CallId(calls.len() as u64 + 1),
        };
        let ran = step.linked.run(input.clone(), source, &build.limits).await;
        match took(&mut tried, &mut calls, build, step, ran) {
            Some(findings) => input.findings = findings,
            None => break,
        }
    }
    tried.calls = calls.len();
    tried.gaps = calls.iter().filter(|call| call.answer.is_err()).count();
    tried.micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    tried
}

/// Takes a step's end in; what it hands on, or nothing where the run is over.
#[allow(clippy::option_option)] // The outer one says whether it goes on.
fn took(
    tried: &mut Tried,
    calls: &mut Vec<Recorded>,
    build: &Build,
    step: &ReadStep,
    ran: Ran,
) -> Option<Option<String>> {
    calls.extend(ran.cassette.calls);
    let failed = |why: String| End::Failed(format!("{}: {why}", step.name));
    match ran.end {
        Ok(Ended::Report(found)) => match report::check(&found, &build.manifest, calls) {
            Ok(()) => {
                let findings = found.findings.clone();
                tried.conclude(found, calls);
                return Some(findings);
            }
            Err(bad) => tried.end = failed(bad.to_string()),
        },
        Ok(Ended::CouldNotCheck(unchecked)) => {
            tried.end = End::Unresolved(format!("could not check: {}", unchecked.what));
        }
        Ok(Ended::Failed(why)) => tried.end = failed(why),
        Ok(Ended::Writes(_) | Ended::Verification(_)) => {
            tried.end = failed("it did not diagnose".to_owned());
        }
        Err(fault) => tried.end = failed(fault.to_string()),
    }
    tried.ranked.clear();
    tried.report = None;
    None
}
