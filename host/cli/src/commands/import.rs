//! `incidents import`: what other programs keep of an incident, as bundles or attached to one.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_bundle::TimelineLine;
use interlock_import::{Format, ImportError, import as to_bundles, timeline_of};
use interlock_runner::imported::{self, CannotImport};
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
    if read.is_empty() {
        return Err(Failure::of(Exit::Usage, &CannotImport::Empty));
    }
    let count = read.len();
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let mut new = false;
    for lines in files(read) {
        let attached = runner.attach_timeline(incident, format.name(), lines, &caller);
        new |= attached
            .await
            .map_err(|error| Failure::of(Exit::Usage, &error))?;
    }
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

/// The lines of each file apart, since a line is cited by its place in its file. Where a program
/// has written several on one line, each has its number among them instead.
fn files(lines: Vec<TimelineLine>) -> Vec<Vec<imported::TimelineLine>> {
    let mut files: BTreeMap<String, Vec<TimelineLine>> = BTreeMap::new();
    for line in lines {
        files.entry(line.source.clone()).or_default().push(line);
    }
    files.into_values().map(placed).collect()
}

fn placed(mut lines: Vec<TimelineLine>) -> Vec<imported::TimelineLine> {
    lines.sort_by_key(|line| (line.line, line.at));
    let place = |line: u64| u32::try_from(line).ok();
    let apart = lines.windows(2).all(|two| two[0].line < two[1].line);
    let apart = apart && lines.iter().all(|line| place(line.line).is_some());
    let placed = lines.into_iter().zip(1_u32..);
    let placed = placed.map(|(line, number)| imported::TimelineLine {
        at: line.at,
        kind: line.kind,
        author: line.author,
        text: line.text,
        line: match place(line.line) {
            Some(place) if apart => place,
            Some(_) | None => number,
        },
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use interlock_gate::time::Time;

    use super::*;

    fn line(source: &str, line: u64, text: &str) -> TimelineLine {
        TimelineLine {
            at: Time::default(),
            kind: "message".to_owned(),
            source: source.to_owned(),
            author: None,
            text: text.to_owned(),
            line,
        }
    }

    #[test]
    fn each_line_of_a_file_has_a_place_of_its_own() {
        let places = |lines| {
            let files = files(lines).into_iter();
            let places = |file: Vec<imported::TimelineLine>| {
                file.into_iter().map(|it| (it.line, it.text)).collect()
            };
            files.map(places).collect::<Vec<Vec<(u32, String)>>>()
        };
        let told = |line: u32, text: &str| (line, text.to_owned());
        assert_eq!(
            places(vec![
                line("a", 7, "x"),
                line("b", 7, "y"),
                line("a", 3, "z")
            ]),
            [vec![told(3, "z"), told(7, "x")], vec![told(7, "y")]]
        );
        // All on one line, as programs write JSON.
        assert_eq!(
            places(vec![line("a", 1, "x"), line("a", 1, "y")]),
            [vec![told(1, "x"), told(2, "y")]]
        );
    }
}
