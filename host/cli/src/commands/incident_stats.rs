//! `incidents stats`: the headers of post-mortems counted, beside what the journal knows.

use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_gate::time::Time;
use interlock_postmortem::{
    draft::DOCUMENT_BYTES_MAX,
    stats::{self, Asked, By, Known},
};
use interlock_screens::{json, text};

use crate::{
    args::{CountBy, IncidentStatsArgs},
    exit::Exit,
    failure::Failure,
    output::Output,
    setup,
};

/// Files of a folder that are looked at.
const FILES_MAX: usize = 10_000;
/// The folder beside the configuration where post-mortems lie.
const FOLDER: &str = "postmortems";

pub(crate) async fn stats(
    args: &IncidentStatsArgs,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let since = since(&args.since, runner.now())?;
    let (folder, given) = match &args.dir {
        Some(dir) => (dir.clone(), true),
        None => (beside(config), false),
    };
    let read = read(&folder, given)?;
    let (filed, not_counted) = stats::filed(read);
    let known = Known::all(&runner).await?;
    let asked = Asked {
        by: match args.by {
            CountBy::Factor => By::Factor,
            CountBy::Cause => By::Cause,
            CountBy::Service => By::Service,
            CountBy::Severity => By::Severity,
        },
        since: Some(since),
        severity: args.severity.clone(),
    };
    let counted = stats::count(asked, &filed, &known, not_counted);
    let document = json::postmortem::stats(&counted);
    let exit = if counted.not_counted.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    let mut output = Output::new(exit, text::postmortem::stats(&counted), &document);
    for one in &counted.not_counted {
        output = output.error(text::words::foreign(&one.to_string()));
    }
    if let Some(first) = counted.without.first() {
        let id = text::words::foreign_short(&first.incident, 64);
        output = output.next(format!(
            "`interlock postmortem {id} --out {FOLDER}/{id}.md`"
        ));
    }
    Ok(output)
}

/// `90d`, `12h`, `4w` before now.
pub(super) fn since(text: &str, now: Time) -> Result<Time, Failure> {
    const HELP: &str = "a number with `h`, `d` or `w` behind it, such as `90d`";
    let bad = || Failure::usage(format!("`{}` is no span of time", text.escape_debug())).help(HELP);
    let unit = text.chars().next_back().ok_or_else(bad)?;
    let hours: u64 = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return Err(bad()),
    };
    let digits = &text[..text.len() - 1];
    let number: u64 = digits.parse().map_err(|_| bad())?;
    if number == 0 || number > 100_000 {
        return Err(bad());
    }
    Ok(now.minus_seconds(number * hours * 3_600))
}

/// The folder beside the configuration in use.
fn beside(config: Option<&Path>) -> PathBuf {
    let places = setup::places(config);
    let found = places
        .into_iter()
        .filter_map(|(_, path)| path)
        .find(|path| path.exists());
    let folder = found.and_then(|path| path.parent().map(Path::to_owned));
    folder.unwrap_or_default().join(FOLDER)
}

/// The Markdown files of a folder, in the order of their names. One that is not there holds none,
/// unless it was named.
fn read(folder: &Path, given: bool) -> Result<Vec<(PathBuf, String)>, Failure> {
    let shown = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = match std::fs::read_dir(shown) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !given => {
            return Ok(Vec::new());
        }
        Err(error) => {
            let said = format!("{} cannot be read: {error}", shown.display());
            return Err(Failure::usage(said));
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::failed(format!("{}: {error}", shown.display())))?
            .path();
        if path.extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            let said = format!(
                "{} holds more than {FILES_MAX} post-mortems",
                shown.display()
            );
            return Err(Failure::usage(said));
        }
    }
    paths.sort();
    let text = |path: PathBuf| {
        let text = files::read_plain_text(&path, DOCUMENT_BYTES_MAX);
        let text = text.map_err(|error| setup::open_error(&error))?;
        Ok((path, text))
    };
    paths.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        let now = Time::parse_rfc3339("2026-11-25T12:00:00Z").unwrap();
        let since = |text| since(text, now).map(|at| at.to_seconds_text()).ok();
        assert_eq!(since("12h").as_deref(), Some("2026-11-25T00:00:00Z"));
        assert_eq!(since("90d").as_deref(), Some("2026-08-27T12:00:00Z"));
        assert_eq!(since("1w").as_deref(), Some("2026-11-18T12:00:00Z"));
        for bad in [
            "",
            "d",
            "90",
            "0d",
            "-1d",
            "1y",
            "9999999999999999999d",
            "90ä",
        ] {
            assert_eq!(since(bad), None, "{bad}");
        }
    }
}
