//! The set's two tables: the call graph, and metrics under three header rows.

use std::path::Path;

use interlock_bundle::BundleError;
use interlock_capabilities::read::Label;
use interlock_capabilities::read::metrics::{Point, Series};
use interlock_capabilities::read::topology::Service;

/// Most components of a graph.
const NODES_MAX: usize = 2_000;
/// Most columns of a table.
const COLUMNS_MAX: usize = 20_000;

type Row = (u64, csv::StringRecord);

fn rows(path: &Path, bytes: &[u8]) -> Result<Vec<Row>, BundleError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            bad(path, line, "it is not UTF-8 text")
        })?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.len() > COLUMNS_MAX {
            return Err(bad(path, line, "it has over 20000 columns"));
        }
        rows.push((line, record));
    }
    Ok(rows)
}

fn bad(path: &Path, line: u64, why: impl Into<String>) -> BundleError {
    BundleError::Line {
        path: path.to_owned(),
        line,
        why: why.into(),
    }
}

/// `graph.csv`: a row calls those columns that are not 0.
pub(super) fn graph(path: &Path, bytes: &[u8]) -> Result<Vec<Service>, BundleError> {
    let rows = rows(path, bytes)?;
    let Some(((line, header), rows)) = rows.split_first() else {
        return Err(bad(path, 1, "it has no header"));
    };
    if header.len() > NODES_MAX {
        return Err(bad(path, *line, "it has over 2000 components"));
    }
    let mut services: Vec<Service> = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        if row.len() != header.len() {
            let why = format!(
                "it has {} cells, and the header {}",
                row.len(),
                header.len()
            );
            return Err(bad(path, *line, why));
        }
        let name = row.get(0).unwrap_or_default();
        let mut depends_on = Vec::new();
        for (callee, cell) in header.iter().zip(row).skip(1) {
            let calls: f64 = cell
                .trim()
                .parse()
                .map_err(|_| bad(path, *line, format!("`{cell}` is no number")))?;
            if calls != 0.0 && callee != name {
                depends_on.push(callee.to_owned());
            }
        }
        services.push(Service {
            name: name.to_owned(),
            depends_on,
            databases: Vec::new(),
        });
    }
    Ok(services)
}

/// `metrics.csv`: microservice, metric and statistic over each column, then rows by epoch seconds.
pub(super) fn metrics(path: &Path, bytes: &[u8]) -> Result<Vec<Series>, BundleError> {
    let rows = rows(path, bytes)?;
    let [(_, service), (_, metric), (_, stat), rest @ ..] = rows.as_slice() else {
        return Err(bad(path, 1, "it has no three header rows"));
    };
    let width = service.len();
    let mut all: Vec<(f64, Series)> = service
        .iter()
        .zip(metric)
        .zip(stat)
        .skip(1)
        .map(|((service, metric), stat)| series(service, metric, stat))
        .collect();
    for (line, row) in rest {
        let when = row.get(0).unwrap_or_default();
        // The row that names the index has no values.
        if when == "unix_timestamp" {
            continue;
        }
        if row.len() != width {
            let why = format!("it has {} cells, and the header {width}", row.len());
            return Err(bad(path, *line, why));
        }
        let at = micros(when).ok_or_else(|| bad(path, *line, format!("`{when}` is no time")))?;
        for ((factor, series), cell) in all.iter_mut().zip(row.iter().skip(1)) {
            if cell.is_empty() {
                continue;
            }
            let value: f64 = cell
                .parse()
                .map_err(|_| bad(path, *line, format!("`{cell}` is no number")))?;
            if value.is_finite() {
                let value = value * *factor;
                series.points.push(Point { at, value });
            }
        }
    }
    let mut series: Vec<Series> = all.into_iter().map(|(_, series)| series).collect();
    series.retain(|series| !series.points.is_empty());
    Ok(series)
}

/// Epoch seconds, to the whole second.
pub(super) fn micros(text: &str) -> Option<u64> {
    let seconds: f64 = text.trim().parse().ok()?;
    let whole = (0.0..1e11)
        .contains(&seconds)
        .then(|| seconds.round() as u64)?;
    whole.checked_mul(1_000_000)
}

/// The golden signal that a metric of the set belongs to.
pub(super) fn kind(metric: &str) -> Option<&'static str> {
    match metric {
        "latency" => Some("latency"),
        "requests" => Some("traffic"),
        "availability" => Some("errors"),
        _ => None,
    }
}

/// The series of a column, and what its values are multiplied by: the set counts in percent.
fn series(service: &str, metric: &str, stat: &str) -> (f64, Series) {
    let (name, factor) = match metric {
        "latency" => ("latency_seconds".to_owned(), 1.0),
        "availability" => ("availability_ratio".to_owned(), 0.01),
        other => (word(other), 1.0),
    };
    let label = |name: &str, value: String| Label {
        name: name.to_owned(),
        value,
    };
    let mut labels = vec![
        label("__name__", name),
        label("service", service.to_owned()),
        label("stat", stat.to_lowercase()),
    ];
    if let Some(kind) = kind(metric) {
        labels.push(label("kind", kind.to_owned()));
    }
    let points = Vec::new();
    (factor, Series { labels, points })
}

/// A metric's name of any text.
fn word(text: &str) -> String {
    let good = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let word: String = text.chars().map(good).take(100).collect();
    match word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => word,
        false => format!("metric_{word}"),
    }
}
