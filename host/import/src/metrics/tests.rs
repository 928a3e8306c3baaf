use super::*;

fn series(text: &str) -> Vec<String> {
    match read(Path::new("m.csv"), text.as_bytes().to_vec()) {
        Ok(set) => {
            let line = |one: &Series| {
                let points = one.points.iter();
                let points: Vec<String> = points
                    .map(|p| format!("{}={}", p.at / 1_000_000, p.value))
                    .collect();
                let name = interlock_bundle::series_text(&one.labels);
                format!("{name} {}", points.join(" "))
            };
            set.series.iter().map(line).chain(set.notes).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn wide_and_long_tables_become_the_same_series() {
    let wide = "timestamp,\"up{job=\"\"web\"\"}\",CPU (%)\n1700000000,1,\n1700000060000,0,2.5\n";
    assert_eq!(
        series(wide),
        [
            "up{job=\"web\"} 1700000000=1 1700000060=0",
            "{__name__=\"CPU (%)\"} 1700000060=2.5"
        ]
    );
    let long = "time,metric,job,value\n2023-11-14T22:13:20Z,up,web,1\n\
                2023-11-14T23:14:20+01:00,up,web,0\n2023-11-14T22:14:20Z,CPU (%),,2.5\n";
    assert_eq!(series(long), series(wide));
}

#[test]
fn a_time_without_an_offset_is_utc_and_that_is_said() {
    let table = "date,up,down\n2023-11-14 22:13:20,1,\n";
    assert_eq!(
        series(table),
        [
            "up 1700000000=1",
            "times without an offset were read as UTC",
            "1 column without a value was left out"
        ]
    );
}

#[test]
fn what_is_no_number_is_told_with_its_line() {
    for (text, expected) in [
        (
            "time,up\n1700000000,1\n1700000060,yes\n",
            "m.csv:3: `yes` is no number",
        ),
        ("time,up\nnoon,1\n", "m.csv:2: `noon` is no time"),
        (
            "time,up\n1700000000\n",
            "m.csv:2: it has 1 cells, and the header 2",
        ),
        (
            "host,up\n",
            "m.csv:1: no column is called `time` or `timestamp`",
        ),
        ("", "`m.csv` is not of the format metrics: it has no header"),
        ("PAR1 and no more", "`m.csv` is not of the format metrics: "),
    ] {
        let told = series(text);
        assert!(told[0].starts_with(expected), "{told:?}");
    }
}

/// A file as pyarrow and others write them: times in a column of their own type.
#[test]
fn parquet_says_what_csv_says() {
    use ::parquet::data_type::{DoubleType, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    let schema = "message m { REQUIRED INT64 time (TIMESTAMP(MILLIS,true)); OPTIONAL DOUBLE up; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(::parquet::basic::Compression::SNAPPY)
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let times = [1_700_000_000_000, 1_700_000_060_000];
    column
        .typed::<Int64Type>()
        .write_batch(&times, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[2.5], Some(&[0, 1]), None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let set = read(Path::new("m.parquet"), bytes.clone()).unwrap();
    assert_eq!(set.series.len(), 1);
    assert_eq!(set.series[0].points.len(), 1);
    assert_eq!(set.series[0].points[0].at, 1_700_000_060_000_000);
    assert_eq!(set.series[0].points[0].value, 2.5);
    // Whatever bytes are wrong, there is an answer.
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0x55;
        let _ = read(Path::new("m.parquet"), broken);
        let _ = read(Path::new("m.parquet"), bytes[..at].to_vec());
    }
}
