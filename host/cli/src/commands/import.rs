//! `incidents import`: what other programs keep of an incident, as bundles or attached to one.

use std::path::Path;

use interlock_import::{Format, ImportError, import as to_bundles, timeline_of};
use interlock_runner::imported::TimelineLine;
use interlock_screens::{
    json::bundles::{Attached, Imported},
    text,
};

use crate::{
    args::ImportArgs, exit::Exit, failure::Failure, output::Output, output::Screen, setup,
};

pub(crate) async fn import(
    args: &ImportArgs,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let format: Format = args
        .format
        .parse()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    match (&args.incident, &args.out) {
        (Some(incident), _) => attach(format, &args.path, incident, config).await,
        (None, Some(out)) => bundles(format, &args.path, out, screen),
        // The grammar asks for one of them.
        (None, None) => Err(Failure::usage("neither `--incident` nor `--out` is given")),
    }
}

fn failed(error: &ImportError) -> Failure {
    Failure::of(Exit::Usage, error)
}

/// The lines of a chat or a paging log, attached to an incident so that they can be cited.
async fn attach(
    format: Format,
    path: &Path,
    incident: &str,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let read = timeline_of(format, path).map_err(|error| failed(&error))?;
    let lines: Vec<TimelineLine> = read
        .into_iter()
        .map(|line| TimelineLine {
            at: line.at,
            kind: line.kind,
            author: line.author,
            text: line.text,
            line: u32::try_from(line.line).unwrap_or(u32::MAX),
        })
        .collect();
    let count = lines.len();
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let new = runner
        .attach_timeline(incident, format.name(), lines, &caller)
        .await
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let document = Attached::new(incident, format.name(), count, new);
    let human = text::bundles::attached(&document);
    let output = Output::new(Exit::Done, human, &document);
    Ok(output.next(format!(
        "`interlock postmortem {}` cites them",
        text::words::foreign_short(incident, 64)
    )))
}

/// Bundles in a folder, for backtests.
fn bundles(format: Format, path: &Path, out: &Path, screen: Screen) -> Result<Output, Failure> {
    let mut told = |done: usize, of: Option<usize>, name: &str| {
        if screen.verbose {
            let of = of.map_or(String::new(), |of| format!(" of {of}"));
            screen.talk(&format!("{done}{of}: {}\n", text::words::foreign(name)));
        }
    };
    let made = to_bundles(format, path, out, &mut told).map_err(|error| failed(&error))?;
    let folder = out.display().to_string();
    let mut document = Imported::new(format.name(), &folder);
    document.bundles = &made.bundles;
    document.truths = made.truths;
    document.notes = &made.notes;
    let human = text::bundles::imported(&document);
    Ok(Output::new(Exit::Done, human, &document))
}
