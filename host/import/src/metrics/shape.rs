//! What the columns of a table of metrics mean, and the series that its rows become.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use interlock_bundle::{labels_of, series_text};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::metrics::{Point, Series};
use interlock_gate::time::Time;

use super::Set;
use crate::ImportError;

/// Most series, and most values, of a file.
const SERIES_MAX: usize = 100_000;
const POINTS_MAX: usize = 20_000_000;

const TIMES: &[&str] = &["time", "timestamp", "ts", "datetime", "date", "epoch", ""];
const NAMES: &[&str] = &["metric", "series", "name", "__name__"];

/// One cell of a table.
pub(super) enum Cell<'a> {
    /// No value.
    Empty,
    Text(&'a str),
    Number(f64),
    /// Whole, where it may be a time.
    Whole(i64),
    /// Microseconds since 1970.
    Time(u64),
}

impl<'a> Cell<'a> {
    /// What a cell of text says; words for "missing" are none.
    pub(super) fn of_text(text: &'a str) -> Cell<'a> {
        match text.trim() {
            "" | "NaN" | "nan" | "null" | "NULL" | "None" | "NA" => Cell::Empty,
            text => Cell::Text(text),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Cell::Text(text) => text.parse().ok(),
            Cell::Number(value) => Some(*value),
            Cell::Whole(value) => Some(*value as f64),
            Cell::Empty | Cell::Time(_) => None,
        }
    }

    fn words(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => (*text).to_owned(),
            Cell::Number(value) => value.to_string(),
            Cell::Whole(value) => value.to_string(),
            Cell::Time(micros) => micros.to_string(),
        }
    }
}

enum Column {
    Time,
    /// Of the wide form: a series.
    Series(usize),
    /// Of the long form.
    Name,
    Value,
    Label(String),
}

/// A table that is being read.
pub(super) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    series: Vec<Series>,
    known: HashMap<String, usize>,
    points: usize,
    without_offset: bool,
}

impl Table {
    /// By the names of its columns.
    pub(super) fn new(path: &Path, line: u64, names: Vec<String>) -> Result<Table, ImportError> {
        let mut table = Table {
            path: path.to_owned(),
            columns: Vec::new(),
            series: Vec::new(),
            known: HashMap::new(),
            points: 0,
            without_offset: false,
        };
        let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let at = |known: &[&str]| {
            let is = |name: &&str| known.iter().any(|known| name.eq_ignore_ascii_case(known));
            names.iter().position(is)
        };
        let Some(time) = at(TIMES).or_else(|| at(&["__index_level_0__"])) else {
            let why = "no column is called `time` or `timestamp`";
            return Err(table.wrong(line, why.to_owned()));
        };
        let long = at(&["value"]).zip(at(NAMES)).filter(|_| names.len() >= 3);
        for (index, name) in names.iter().enumerate() {
            let column = match long {
                _any if index == time => Column::Time,
                Some((value, _)) if index == value => Column::Value,
                Some((_, name)) if index == name => Column::Name,
                Some(_) => Column::Label((*name).to_owned()),
                None => Column::Series(table.add(labels(name))?),
            };
            table.columns.push(column);
        }
        Ok(table)
    }

    fn wrong(&self, line: u64, why: String) -> ImportError {
        ImportError::Line {
            path: self.path.clone(),
            line,
            why,
        }
    }

    fn too_much(&self, what: &'static str, most: usize) -> ImportError {
        ImportError::TooMuch {
            path: self.path.clone(),
            what,
            most: most as u64,
        }
    }

    fn add(&mut self, labels: Vec<Label>) -> Result<usize, ImportError> {
        if self.series.len() == SERIES_MAX {
            return Err(self.too_much("series", SERIES_MAX));
        }
        self.series.push(Series {
            labels,
            points: Vec::new(),
        });
        Ok(self.series.len() - 1)
    }

    /// One row; `line` is where it stands.
    pub(super) fn row<'a>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = Cell<'a>>,
    ) -> Result<(), ImportError> {
        let cells: Vec<Cell<'a>> = cells.collect();
        if cells.len() != self.columns.len() {
            let (found, most) = (cells.len(), self.columns.len());
            let why = format!("it has {found} cells, and the header {most}");
            return Err(self.wrong(line, why));
        }
        let mut at = None;
        let mut name = String::new();
        let mut labels: Vec<Label> = Vec::new();
        let mut values: Vec<(Option<usize>, &Cell<'a>)> = Vec::new();
        for (column, cell) in self.columns.iter().zip(&cells) {
            match column {
                Column::Time => at = Some(cell),
                Column::Series(index) => values.push((Some(*index), cell)),
                Column::Value => values.push((None, cell)),
                Column::Name => name = cell.words(),
                Column::Label(label) => {
                    let value = cell.words();
                    if !value.is_empty() {
                        labels.push(Label {
                            name: label.clone(),
                            value,
                        });
                    }
                }
            }
        }
        let (at, offset) = match at.and_then(time) {
            Some(found) => found,
            None => {
                let words = at.map(Cell::words).unwrap_or_default();
                return Err(self.wrong(line, format!("`{words}` is no time")));
            }
        };
        self.without_offset |= !offset;
        for (index, cell) in values {
            if matches!(cell, Cell::Empty) {
                continue;
            }
            let Some(value) = cell.number() else {
                return Err(self.wrong(line, format!("`{}` is no number", cell.words())));
            };
            let index = match index {
                Some(index) => index,
                None => self.named(&name, &labels)?,
            };
            self.points += 1;
            if self.points > POINTS_MAX {
                return Err(self.too_much("values", POINTS_MAX));
            }
            if let Some(series) = self.series.get_mut(index) {
                series.points.push(Point { at, value });
            }
        }
        Ok(())
    }

    /// The series of the long form that these words name.
    fn named(&mut self, name: &str, labels: &[Label]) -> Result<usize, ImportError> {
        let mut all = self::labels(name);
        all.extend_from_slice(labels);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.dedup_by(|a, b| a.name == b.name);
        let key = series_text(&all);
        if let Some(index) = self.known.get(&key) {
            return Ok(*index);
        }
        let index = self.add(all)?;
        self.known.insert(key, index);
        Ok(index)
    }

    /// The series; those without a value are left out.
    pub(super) fn finish(self) -> Set {
        let mut notes = Vec::new();
        if self.without_offset {
            notes.push("times without an offset were read as UTC".to_owned());
        }
        let empty = self
            .series
            .iter()
            .filter(|one| one.points.is_empty())
            .count();
        if empty > 0 {
            notes.push(match empty {
                1 => "1 column without a value was left out".to_owned(),
                count => format!("{count} columns without a value were left out"),
            });
        }
        let series = self.series.into_iter();
        Set {
            series: series.filter(|one| !one.points.is_empty()).collect(),
            notes,
        }
    }
}

/// A series' name in PromQL; any other text is the whole name of a metric.
fn labels(name: &str) -> Vec<Label> {
    labels_of(name).unwrap_or_else(|_| {
        vec![Label {
            name: "__name__".to_owned(),
            value: name.to_owned(),
        }]
    })
}

/// The time in microseconds, and whether it named its offset.
fn time(cell: &Cell<'_>) -> Option<(u64, bool)> {
    match cell {
        Cell::Time(micros) => Some((*micros, true)),
        Cell::Whole(number) => since_1970(*number as f64),
        Cell::Number(number) => since_1970(*number),
        Cell::Text(text) => written(text),
        Cell::Empty => None,
    }
}

fn written(text: &str) -> Option<(u64, bool)> {
    if let Ok(number) = text.parse::<f64>() {
        return since_1970(number);
    }
    if let Ok(at) = Time::parse_rfc3339(text) {
        return Some((at.micros(), true));
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let at = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?;
    u64::try_from(at.as_microsecond())
        .ok()
        .map(|at| (at, false))
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by how large they are:
/// each is read as a time between 1973 and 5138.
fn since_1970(number: f64) -> Option<(u64, bool)> {
    let micros = match number {
        n if !(0.0..1e20).contains(&n) => return None,
        n if n < 1e11 => n * 1e6,
        n if n < 1e14 => n * 1e3,
        n if n < 1e17 => n,
        n => n / 1e3,
    };
    // In range; a fraction of a microsecond is dropped.
    Time::from_micros(micros.round() as u64).map(|at| (at.micros(), true))
}
