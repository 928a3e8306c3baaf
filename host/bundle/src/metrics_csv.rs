//! `metrics.csv`: wide (`time`, then a column a series) or long (`time,series,value`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use interlock_capabilities::read::metrics::{Point, Series};
use interlock_gate::time::Time;

use crate::BundleError;
use crate::series::{labels_of, series_text};

/// Most series of a bundle.
pub(crate) const SERIES_MAX: usize = 100_000;

/// Most values of a bundle.
pub(crate) const POINTS_MAX: usize = 20_000_000;

/// Reads either form; which, the header tells.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Series>, BundleError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut row = csv::StringRecord::new();
    let at = |line: u64, why: String| BundleError::Line {
        path: path.to_owned(),
        line,
        why,
    };
    let mut next = |row: &mut csv::StringRecord| match rows.read_record(row) {
        Ok(more) => Ok(more.then(|| row.position().map_or(1, csv::Position::line))),
        Err(error) => {
            let line = error.position().map_or(1, csv::Position::line);
            Err(at(line, "it is not UTF-8 text".to_owned()))
        }
    };
    let Some(first) = next(&mut row)? else {
        return Err(at(1, "it has no header".to_owned()));
    };
    if row.get(0).map(str::trim) != Some("time") {
        return Err(at(first, "the first column is not `time`".to_owned()));
    }
    let long = row.iter().skip(1).map(str::trim).eq(["series", "value"]);
    let mut all = Columns::new(path);
    if !long {
        for name in row.iter().skip(1) {
            all.column(first, name.trim())?;
        }
    }
    let width = row.len();
    while let Some(line) = next(&mut row)? {
        if row.len() != width {
            let why = format!("it has {} cells, and the header {width}", row.len());
            return Err(at(line, why));
        }
        let when = row.get(0).unwrap_or_default();
        let when = time(when).ok_or_else(|| at(line, format!("`{when}` is no time")))?;
        if long {
            let column = all.known(line, row.get(1).unwrap_or_default().trim())?;
            all.put(line, column, when, row.get(2).unwrap_or_default())?;
        } else {
            for (column, cell) in row.iter().skip(1).enumerate() {
                all.put(line, column, when, cell)?;
            }
        }
    }
    Ok(all.series)
}

struct Columns<'a> {
    path: &'a Path,
    series: Vec<Series>,
    known: HashMap<String, usize>,
    points: usize,
}

impl<'a> Columns<'a> {
    fn new(path: &'a Path) -> Self {
        Columns {
            path,
            series: Vec::new(),
            known: HashMap::new(),
            points: 0,
        }
    }

    fn too_much(&self, what: &'static str, most: usize) -> BundleError {
        BundleError::TooMuch {
            path: self.path.to_owned(),
            what,
            most: most as u64,
        }
    }

    fn at(&self, line: u64, why: String) -> BundleError {
        BundleError::Line {
            path: self.path.to_owned(),
            line,
            why,
        }
    }

    fn column(&mut self, line: u64, name: &str) -> Result<usize, BundleError> {
        if self.series.len() == SERIES_MAX {
            return Err(self.too_much("series", SERIES_MAX));
        }
        let labels = labels_of(name).map_err(|error| self.at(line, error.to_string()))?;
        self.series.push(Series {
            labels,
            points: Vec::new(),
        });
        Ok(self.series.len() - 1)
    }

    fn known(&mut self, line: u64, name: &str) -> Result<usize, BundleError> {
        if let Some(column) = self.known.get(name) {
            return Ok(*column);
        }
        let column = self.column(line, name)?;
        self.known.insert(name.to_owned(), column);
        Ok(column)
    }

    fn put(&mut self, line: u64, column: usize, at: Time, cell: &str) -> Result<(), BundleError> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Ok(());
        }
        let Ok(value) = cell.parse() else {
            return Err(self.at(line, format!("`{cell}` is no number")));
        };
        self.points += 1;
        if self.points > POINTS_MAX {
            return Err(self.too_much("values", POINTS_MAX));
        }
        // Each row has as many cells as the header, so the column stands.
        if let Some(series) = self.series.get_mut(column) {
            series.points.push(Point {
                at: at.micros(),
                value,
            });
        }
        Ok(())
    }
}

/// RFC 3339 with an offset, or seconds since 1970 with up to six digits of a fraction.
fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return Time::parse_rfc3339(text).ok();
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    let seconds: u64 = whole.parse().ok()?;
    Time::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?)
}

fn time_text(micros: u64) -> String {
    match Time::from_micros(micros) {
        Some(at) if micros.is_multiple_of(1_000_000) => at.to_seconds_text(),
        Some(at) => at.to_string(),
        None => (micros / 1_000_000).to_string(),
    }
}

fn value_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if value != 0.0 && !(1e-5..1e16).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// The shorter of the two forms.
pub(crate) fn write(series: &[Series]) -> Vec<u8> {
    let mut rows: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (column, one) in series.iter().enumerate() {
        for point in &one.points {
            rows.entry(point.at)
                .or_default()
                .push((column, point.value));
        }
    }
    let names: Vec<String> = series.iter().map(|one| series_text(&one.labels)).collect();
    let points: usize = rows.values().map(Vec::len).sum();
    let cells = rows.len().saturating_mul(series.len());
    // A series without a value has a column and no row.
    let wide = cells / 8 <= points || series.iter().any(|one| one.points.is_empty());
    let mut out = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and every record is as long as the first.
    let _ = match wide {
        true => write_wide(&mut out, &names, &rows),
        false => write_long(&mut out, &names, &rows),
    };
    out.into_inner().unwrap_or_default()
}

type Rows = BTreeMap<u64, Vec<(usize, f64)>>;

fn write_wide(
    out: &mut csv::Writer<Vec<u8>>,
    names: &[String],
    rows: &Rows,
) -> Result<(), csv::Error> {
    out.write_field("time")?;
    out.write_record(names)?;
    for (at, cells) in rows {
        out.write_field(time_text(*at))?;
        let mut row = vec![String::new(); names.len()];
        for (column, value) in cells {
            if let Some(cell) = row.get_mut(*column) {
                *cell = value_text(*value);
            }
        }
        out.write_record(&row)?;
    }
    Ok(())
}

fn write_long(
    out: &mut csv::Writer<Vec<u8>>,
    names: &[String],
    rows: &Rows,
) -> Result<(), csv::Error> {
    out.write_record(["time", "series", "value"])?;
    for (at, cells) in rows {
        let at = time_text(*at);
        for (column, value) in cells {
            if let Some(name) = names.get(*column) {
                out.write_record([&at, name, &value_text(*value)])?;
            }
        }
    }
    Ok(())
}
