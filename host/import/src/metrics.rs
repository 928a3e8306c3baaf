//! Sets of metrics: CSV, wide (`time`, then a column a series) or long (`time`, `metric`, `value`,
//! and columns that are labels), and the same as Parquet.

mod parquet;
mod shape;
#[cfg(test)]
mod tests;

use std::path::Path;

use interlock_bundle::{About, Bundle, Observed};
use interlock_capabilities::read::metrics::Series;
use interlock_gate::time::Time;

use crate::source::{file, name_of_path};
use crate::{Format, ImportError, Imported, Progress};
use shape::{Cell, Table};

/// What a Parquet file begins with.
const PARQUET_MARK: &[u8] = b"PAR1";

/// Series of a file, and what to say of how it was read.
struct Set {
    series: Vec<Series>,
    notes: Vec<String>,
}

fn read(path: &Path, bytes: Vec<u8>) -> Result<Set, ImportError> {
    let table = if bytes.starts_with(PARQUET_MARK) {
        parquet::read(path, bytes)?
    } else {
        csv(path, &bytes)?
    };
    Ok(table.finish())
}

fn csv(path: &Path, bytes: &[u8]) -> Result<Table, ImportError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut row = csv::StringRecord::new();
    let mut table: Option<Table> = None;
    loop {
        let more = rows.read_record(&mut row).map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            ImportError::Line {
                path: path.to_owned(),
                line,
                why: "it is not UTF-8 text".to_owned(),
            }
        })?;
        if !more {
            break;
        }
        let line = row.position().map_or(1, csv::Position::line);
        match &mut table {
            None => {
                table = Some(Table::new(
                    path,
                    line,
                    row.iter().map(str::to_owned).collect(),
                )?)
            }
            Some(table) => table.row(line, row.iter().map(Cell::of_text))?,
        }
    }
    table.ok_or_else(|| ImportError::Whole {
        path: path.to_owned(),
        format: Format::Metrics,
        why: "it has no header".to_owned(),
    })
}

pub(crate) fn import(
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let set = read(path, file(path)?)?;
    let times = || {
        let points = set.series.iter().flat_map(|one| &one.points);
        points.map(|point| point.at)
    };
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Err(ImportError::Whole {
            path: path.to_owned(),
            format: Format::Metrics,
            why: "it holds no value".to_owned(),
        });
    };
    let name = name_of_path(path);
    let time = |micros| Time::from_micros(micros).unwrap_or_default();
    // The last value is part of the window, whose end is not.
    let about = About::new(&name, time(first), time(last).plus_seconds(1));
    let observed = Observed {
        metrics: Some(set.series),
        ..Observed::default()
    };
    Bundle::new(about, observed).write(&out.join(&name))?;
    progress(1, Some(1), &name);
    Ok(Imported {
        bundles: vec![name],
        truths: 0,
        notes: set.notes,
    })
}
