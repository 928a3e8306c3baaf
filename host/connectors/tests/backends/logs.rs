//! Log files: by time and pattern, from their ends, and never silently less than was asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use interlock_capabilities::read::Window;
use interlock_capabilities::read::logs::{LogLines, Logs, SearchAsk};
use interlock_capabilities::{AnswerLimit, Gap};
use interlock_connectors::logs::{LogFiles, LogSource};

use super::LIMIT;

/// 2026-11-25T03:00:00Z.
const THREE: u64 = 1_795_575_600_000_000;
const MINUTE: u64 = 60_000_000;

struct Log {
    folder: tempfile::TempDir,
}

impl Log {
    fn new(text: &str) -> Self {
        let log = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(log.path(), text).unwrap();
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("db.log")
    }

    async fn search(&self, from: u64, until: u64, pattern: &str) -> Result<LogLines, Gap> {
        self.search_within(from, until, pattern, 100, LIMIT).await
    }

    /// `from` and `until` in minutes after three o'clock.
    async fn search_within(
        &self,
        from: u64,
        until: u64,
        pattern: &str,
        most: u32,
        limit: AnswerLimit,
    ) -> Result<LogLines, Gap> {
        let source = LogSource {
            files: vec![self.path()],
            offset: None,
        };
        let logs = LogFiles::new(
            BTreeMap::from([("db".to_owned(), source)]),
            Duration::from_secs(10),
        );
        let window = Window {
            begin: THREE + from * MINUTE,
            end: THREE + until * MINUTE,
        };
        let (source, pattern) = ("db".to_owned(), pattern.to_owned());
        logs.search(
            SearchAsk {
                source,
                window,
                pattern,
                most,
            },
            limit,
        )
        .await
    }
}

fn texts(lines: &LogLines) -> Vec<&str> {
    lines.lines.iter().map(|line| line.text.as_str()).collect()
}

const POSTGRES: &str = "\
2026-11-25 03:01:00.000 UTC [1] LOG:  before
2026-11-25 03:02:00.000 UTC [2] FATAL:  sorry, too many clients already
2026-11-25 03:03:00.000 UTC [3] ERROR:  deadlock detected
\tDETAIL: Process 3 waits; too many
2026-11-25 03:04:00.000 UTC [4] FATAL:  sorry, too many clients already
2026-11-25 03:05:00.000 UTC [5] LOG:  after
";

#[tokio::test]
async fn lines_are_found_by_time_and_pattern_oldest_first() {
    let log = Log::new(POSTGRES);
    let found = log.search(2, 5, "too many").await.unwrap();
    assert_eq!((found.matched, found.truncated), (3, false));
    assert!(texts(&found)[0].starts_with("2026-11-25 03:02"));
    assert_eq!(texts(&found)[1], "\tDETAIL: Process 3 waits; too many");
    assert_eq!(found.lines[1].at, None);
    assert_eq!(found.lines[2].at, Some(THREE + 4 * MINUTE));
    // The end of a window is not in it, and its begin is.
    assert_eq!(log.search(2, 4, "FATAL").await.unwrap().matched, 1);
    assert_eq!(log.search(6, 9, "").await.unwrap().matched, 0);
}

#[tokio::test]
async fn the_newest_lines_are_kept_and_all_are_counted() {
    let log = Log::new(POSTGRES);
    let found = log.search_within(0, 9, "", 2, LIMIT).await.unwrap();
    assert_eq!((found.matched, found.truncated), (6, true));
    assert!(texts(&found)[1].ends_with("after"));
    let small = AnswerLimit { bytes_max: 250 };
    let found = log.search_within(0, 9, "", 100, small).await.unwrap();
    assert!(found.truncated && found.lines.len() < 3);
    assert!(texts(&found).last().unwrap().ends_with("after"));
    let found = log.search_within(0, 9, "", 0, LIMIT).await.unwrap();
    assert_eq!(
        (found.matched, found.truncated, found.lines.len()),
        (6, true, 0)
    );
}

#[tokio::test]
async fn a_rotated_log_is_read_on_into_its_predecessor() {
    let log = Log::new("\tgoes on\n2026-11-25 03:09:00 UTC [9] LOG:  new\n");
    fs::write(log.folder.path().join("db.log.1"), POSTGRES).unwrap();
    let found = log.search(4, 10, "").await.unwrap();
    assert_eq!(found.matched, 4);
    assert_eq!(texts(&found)[2], "\tgoes on");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap_and_an_empty_log_is_not() {
    let log = Log::new("");
    assert_eq!(log.search(0, 9, "").await.unwrap().matched, 0);
    for (text, why) in [
        (
            "no time\nhere\n",
            "no line begins with a time that can be read",
        ),
        ("2026-11-25 04:01:00 CET [1] LOG:  x\n", "`CET`"),
    ] {
        fs::write(log.path(), text).unwrap();
        let gap = log.search(0, 9, "").await.unwrap_err();
        assert!(
            matches!(&gap, Gap::Unreachable(w) if w.contains(why)),
            "{gap}"
        );
    }
    fs::remove_file(log.path()).unwrap();
    let gap = log.search(0, 9, "").await.unwrap_err();
    assert!(gap.why().ends_with("does not exist"), "{gap}");
    std::os::unix::fs::symlink("/etc/hostname", log.path()).unwrap();
    let gap = log.search(0, 9, "").await.unwrap_err();
    assert!(gap.why().contains("is a link"), "{gap}");
}

#[tokio::test]
async fn a_pattern_or_window_that_cannot_be_is_refused() {
    let log = Log::new(POSTGRES);
    for pattern in ["(", "(?=x)", "a{1000}{1000}{1000}", &"x".repeat(5000)] {
        assert!(
            matches!(log.search(0, 9, pattern).await, Err(Gap::Refused(_))),
            "{pattern}"
        );
    }
    assert!(matches!(log.search(9, 9, "").await, Err(Gap::Refused(_))));
}

#[tokio::test]
async fn an_old_window_of_a_log_without_years_is_found() {
    // Two lines of today are last year's where the window alone tells the year.
    let log = Log::new("");
    let now = jiff::Timestamp::now();
    let line = |hours: i64, text: &str| {
        let at = now - jiff::SignedDuration::from_hours(hours);
        format!("{} host x: {text}\n", at.strftime("%b %e %H:%M:%S"))
    };
    let text = line(80, "a") + &line(72, "b") + &line(1, "c") + &line(0, "d");
    fs::write(log.path(), text).unwrap();
    let source = LogSource {
        files: vec![log.path()],
        offset: None,
    };
    let sources = BTreeMap::from([("db".to_owned(), source)]);
    let logs = LogFiles::new(sources, Duration::from_secs(10));
    let micros = |hours: i64| {
        let at = now - jiff::SignedDuration::from_hours(hours);
        u64::try_from(at.as_microsecond()).unwrap()
    };
    let window = Window {
        begin: micros(73),
        end: micros(71),
    };
    let ask = SearchAsk {
        source: "db".into(),
        window,
        pattern: String::new(),
        most: 9,
    };
    assert_eq!(logs.search(ask, LIMIT).await.unwrap().matched, 1);
}

#[tokio::test]
async fn one_line_with_an_old_time_hides_nothing() {
    let forged = "2001-01-01 00:00:00 UTC [9] LOG:  what a client wrote\n";
    let log = Log::new(&POSTGRES.replace("\tDETAIL", &format!("{forged}\tDETAIL")));
    assert_eq!(log.search(2, 5, "FATAL").await.unwrap().matched, 2);
}

#[tokio::test]
async fn a_huge_log_is_read_from_its_end_only() {
    let log = Log::new("");
    // A hole of a terabyte, then the lines: reading from the front would never end.
    let file = fs::File::options().write(true).open(log.path()).unwrap();
    file.set_len(1 << 40).unwrap();
    let older = "2026-11-25 02:00:00 UTC [1] LOG:  older\n".repeat(150);
    let end = format!("\n{older}{POSTGRES}");
    std::os::unix::fs::FileExt::write_all_at(&file, end.as_bytes(), 1 << 40).unwrap();
    let found = log.search(3, 9, "FATAL").await.unwrap();
    assert_eq!((found.matched, found.truncated), (1, false));
    // The window begins before the file does: what lies beyond the bound is said to be left out.
    fs::write(log.path(), "").unwrap();
    let line = format!("2026-11-25 03:05:00 UTC [1] LOG:  {}\n", "x".repeat(1000));
    fs::write(log.path(), line.repeat(80_000)).unwrap();
    let found = log.search_within(0, 9, "", 3, LIMIT).await.unwrap();
    assert!(found.truncated && found.matched < 80_000);
}

#[tokio::test]
async fn bytes_that_are_no_text_do_not_end_the_search() {
    let log = Log::new("");
    let mut bytes = b"2026-11-25 03:01:00 UTC [1] LOG:  \xff\xfe\x00 x\r\n".to_vec();
    bytes.extend(b"\xff".repeat(3000));
    bytes.extend(b"\n2026-11-25 03:02:00 UTC [1] LOG:  y");
    fs::write(log.path(), bytes).unwrap();
    let found = log.search(0, 9, "LOG").await.unwrap();
    assert_eq!(found.matched, 2);
    assert!(texts(&found)[0].ends_with(" x"));
    let unknown = LogFiles::new(BTreeMap::new(), Duration::from_secs(1));
    let window = Window { begin: 1, end: 2 };
    let ask = SearchAsk {
        source: "x".into(),
        window,
        pattern: String::new(),
        most: 1,
    };
    assert!(matches!(
        unknown.search(ask, LIMIT).await,
        Err(Gap::NoSource(_))
    ));
}
