//! Parquet, row by row.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use super::shape::{Cell, Table};
use crate::{Format, ImportError};

/// Most bytes that a file may say it unpacks to.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// Most columns.
const COLUMNS_MAX: usize = 100_000;

/// Reads the rows of a file whose columns are plain.
pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Table, ImportError> {
    // The reader is not ours, and a broken file may make it panic: that is a broken file.
    match catch_unwind(AssertUnwindSafe(|| rows(path, bytes))) {
        Ok(read) => read,
        Err(_panic) => Err(whole(path, "its pages contradict each other")),
    }
}

fn whole(path: &Path, why: &str) -> ImportError {
    ImportError::Whole {
        path: path.to_owned(),
        format: Format::Metrics,
        why: why.to_owned(),
    }
}

fn broken(path: &Path, error: &ParquetError) -> ImportError {
    let text = error.to_string();
    let packed = text.contains("Disabled feature") || text.contains("compression");
    whole(
        path,
        match packed {
            true => "it is packed in another way than Snappy: write it uncompressed or with Snappy",
            false => &text,
        },
    )
}

fn rows(path: &Path, bytes: Vec<u8>) -> Result<Table, ImportError> {
    let broken = |error: ParquetError| self::broken(path, &error);
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(broken)?;
    let metadata = reader.metadata();
    let unpacked = metadata.row_groups().iter().fold(0_u64, |sum, group| {
        sum.saturating_add(u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX))
    });
    if unpacked > UNPACKED_BYTES_MAX {
        return Err(ImportError::TooMuch {
            path: path.to_owned(),
            what: "bytes, unpacked",
            most: UNPACKED_BYTES_MAX,
        });
    }
    let fields = metadata.file_metadata().schema().get_fields();
    if fields.len() > COLUMNS_MAX {
        return Err(ImportError::TooMuch {
            path: path.to_owned(),
            what: "columns",
            most: COLUMNS_MAX as u64,
        });
    }
    if let Some(nested) = fields.iter().find(|field| !field.is_primitive()) {
        let why = format!("column `{}` holds columns of its own", nested.name());
        return Err(whole(path, &why));
    }
    let names = fields.iter().map(|field| field.name().to_owned()).collect();
    let mut table = Table::new(path, 1, names)?;
    for (row, number) in reader.get_row_iter(None).map_err(broken)?.zip(1_u64..) {
        let columns = row.map_err(broken)?.into_columns();
        let cells: Option<Vec<Cell<'_>>> = columns.iter().map(|(_, field)| cell(field)).collect();
        let cells = cells.ok_or_else(|| ImportError::Line {
            path: path.to_owned(),
            line: number,
            why: "a column holds neither numbers, times nor text".to_owned(),
        })?;
        table.row(number, cells.into_iter())?;
    }
    Ok(table)
}

fn cell(field: &Field) -> Option<Cell<'_>> {
    Some(match field {
        Field::Null => Cell::Empty,
        Field::Bool(value) => Cell::Whole(i64::from(*value)),
        Field::Byte(value) => Cell::Whole(i64::from(*value)),
        Field::Short(value) => Cell::Whole(i64::from(*value)),
        Field::Int(value) => Cell::Whole(i64::from(*value)),
        Field::Long(value) => Cell::Whole(*value),
        Field::UByte(value) => Cell::Whole(i64::from(*value)),
        Field::UShort(value) => Cell::Whole(i64::from(*value)),
        Field::UInt(value) => Cell::Whole(i64::from(*value)),
        Field::ULong(value) => Cell::Number(*value as f64),
        Field::Float(value) if value.is_nan() => Cell::Empty,
        Field::Double(value) if value.is_nan() => Cell::Empty,
        Field::Float(value) => Cell::Number(f64::from(*value)),
        Field::Double(value) => Cell::Number(*value),
        Field::Str(text) => Cell::of_text(text),
        Field::Bytes(bytes) => Cell::of_text(std::str::from_utf8(bytes.data()).ok()?),
        Field::TimestampMillis(ms) => Cell::Time(u64::try_from(*ms).ok()?.checked_mul(1000)?),
        Field::TimestampMicros(micros) => Cell::Time(u64::try_from(*micros).ok()?),
        Field::Date(days) => Cell::Time(u64::try_from(*days).ok()?.checked_mul(86_400_000_000)?),
        Field::Float16(_)
        | Field::Decimal(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::Group(_)
        | Field::ListInternal(_)
        | Field::MapInternal(_) => return None,
    })
}
