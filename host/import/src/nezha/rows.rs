//! The set's CSV files: a header that names the columns, and rows under it.

use std::path::PathBuf;

use interlock_bundle::{Folder, Room};
use interlock_gate::time::Time;

use crate::ImportError;

/// Most bytes of one file.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// One file's rows.
pub(super) struct Rows {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// One row, and the columns' names.
pub(super) struct Row<'a> {
    path: &'a PathBuf,
    header: &'a csv::StringRecord,
    cells: &'a csv::StringRecord,
    line: u64,
}

impl Rows {
    /// Opens a file of a folder; `None`: there is none.
    pub(super) fn open(folder: &Folder, name: &str) -> Result<Option<Rows>, ImportError> {
        let bytes = folder.read(name, &mut Room::new(FILE_BYTES_MAX))?;
        Ok(bytes.map(|bytes| Rows {
            path: folder.path().join(name),
            bytes,
        }))
    }

    /// Gives every row to `each`.
    pub(super) fn each(
        &self,
        mut each: impl FnMut(&Row<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(self.bytes.as_slice());
        let bad = |error: csv::Error| ImportError::Line {
            path: self.path.clone(),
            line: error.position().map_or(1, csv::Position::line),
            why: error.to_string(),
        };
        let text = csv::StringRecord::from_byte_record_lossy;
        let header = text(reader.byte_headers().map_err(bad)?.clone());
        let mut bytes = csv::ByteRecord::new();
        // What programs log need not be UTF-8.
        while reader.read_byte_record(&mut bytes).map_err(bad)? {
            let line = bytes.position().map_or(1, csv::Position::line);
            each(&Row {
                path: &self.path,
                header: &header,
                cells: &text(bytes.clone()),
                line,
            })?;
        }
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// The cell of a column; an error where the file has no such column.
    pub(super) fn cell(&self, column: &str) -> Result<&'a str, ImportError> {
        self.maybe(column)
            .ok_or_else(|| self.wrong(format!("there is no column `{column}`")))
    }

    /// The same; nothing where there is no such column.
    pub(super) fn maybe(&self, column: &str) -> Option<&'a str> {
        let at = self.header.iter().position(|name| name.trim() == column)?;
        self.cells.get(at).map(str::trim)
    }

    /// Every column's name with its cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let cells = self.cells.iter().map(str::trim);
        self.header.iter().map(str::trim).zip(cells)
    }

    /// A whole number.
    pub(super) fn whole(&self, column: &str) -> Result<u64, ImportError> {
        let cell = self.cell(column)?;
        cell.parse()
            .map_err(|_| self.wrong(format!("`{cell}` in `{column}` is no whole number")))
    }

    /// The time of a row of metrics. Its text, not its number: of some pods the number is years off.
    pub(super) fn time(&self) -> Result<u64, ImportError> {
        let cell = self.maybe("Time").or_else(|| self.maybe("time"));
        let cell = cell.ok_or_else(|| self.wrong("there is no column `Time`".to_owned()))?;
        utc(cell).ok_or_else(|| self.wrong(format!("`{cell}` is no time")))
    }

    /// An error about this row.
    pub(super) fn wrong(&self, why: String) -> ImportError {
        ImportError::Line {
            path: self.path.clone(),
            line: self.line,
            why,
        }
    }
}

/// A number; nothing of an empty cell or one that is no number.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `2023-01-29 08:41:10`, and what may follow of a fraction and a zone, in whole seconds of UTC, as
/// microseconds since 1970.
pub(super) fn utc(text: &str) -> Option<u64> {
    let (date, rest) = text.trim().split_once([' ', 'T'])?;
    let clock = rest.get(..8)?;
    let time = Time::parse_rfc3339(&format!("{date}T{clock}Z")).ok()?;
    Some(time.micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_utc_whatever_follows_its_seconds() {
        let at = Time::parse_rfc3339("2023-01-29T08:41:10Z")
            .map(Time::micros)
            .ok();
        assert_eq!(utc("2023-01-29 08:41:10"), at);
        assert_eq!(
            utc("2023-01-29 08:41:10.649486457 +0000 UTC m=+1.725648324"),
            at
        );
        assert_eq!(utc("2023-01-29"), None);
        assert_eq!(utc("2023-01-29 08:4é:10"), None);
    }
}
