//! When a log line was written, told from its beginning.
//! Not a calendar: a zone that is only a word, but for UTC's, is unknown unless the configuration
//! gives the log's offset.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// What a line's beginning says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Microseconds since 1970.
    At(u64),
    /// A time in a zone that is not known, such as `CET`.
    Zone(String),
    /// Nothing: the line goes on from the one above it.
    Nothing,
}

/// What lines leave out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// The log's own offset, where the configuration gives one.
    pub(super) offset: Option<Offset>,
    /// An instant in microseconds that no line is much later than: syslog names no year.
    pub(super) latest: u64,
}

/// A day: how much later than `latest` a syslog line may be before it is last year's.
const DAY_MICROS: u64 = 86_400_000_000;

/// Reads the beginning of a line. It knows `2026-11-25T03:12:08.123Z`, PostgreSQL's
/// `2026-11-25 03:12:08.123 UTC [42]`, nginx's and Go's `2026/11/25 03:12:08`, syslog's
/// `Nov 25 03:12:08` and `<34>1 2026-11-25T03:12:08Z`, and seconds or milliseconds since 1970,
/// each with or without `[` before it.
pub(super) fn when(line: &str, context: Context) -> When {
    let mut text = Text(line);
    if text.eat("<") {
        text.digits(1, 3);
        text.eat(">");
        text.eat("1 ");
    }
    text.eat("[");
    dated(text, context)
        .or_else(|| syslog(text, context))
        .or_else(|| epoch(text))
        .unwrap_or(When::Nothing)
}

fn dated(mut text: Text<'_>, context: Context) -> Option<When> {
    let year = text.number(4)?;
    let separator = if text.eat("-") {
        "-"
    } else {
        text.eat("/").then_some("/")?
    };
    let month = text.number(2)?;
    text.eat(separator).then_some(())?;
    let day = text.number(2)?;
    (text.eat("T") || text.eat(" ")).then_some(())?;
    let time = text.clock()?;
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let offset = match text.zone() {
        Zone::Offset(offset) => offset,
        Zone::None => context.offset.unwrap_or(Offset::UTC),
        Zone::Word(word) => match context.offset {
            Some(offset) => offset,
            None => return Some(When::Zone(word)),
        },
    };
    at(date, time, offset)
}

fn syslog(mut text: Text<'_>, context: Context) -> Option<When> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS.iter().position(|name| text.eat(name))?;
    let month = i8::try_from(month + 1).ok()?;
    text.eat(" ").then_some(())?;
    text.eat(" ");
    let day = text.digits(1, 2)?.parse().ok()?;
    text.eat(" ").then_some(())?;
    let time = text.clock()?;
    let offset = context.offset.unwrap_or(Offset::UTC);
    let latest = context.latest.saturating_add(DAY_MICROS);
    let end = jiff::Timestamp::from_microsecond(i64::try_from(latest).ok()?).ok()?;
    let year = offset.to_datetime(end).year();
    // Two steps back: 29 February may be four years away, and a log that old is not read.
    [year, year - 1].into_iter().find_map(|year| {
        let date = Date::new(year, month, day).ok()?;
        at(date, time, offset).filter(|when| matches!(when, When::At(at) if *at <= latest))
    })
}

fn epoch(mut text: Text<'_>) -> Option<When> {
    let whole = text.digits(10, 16)?;
    let number: u64 = whole.parse().ok()?;
    let micros = match whole.len() {
        10 => number * 1_000_000 + u64::from(text.fraction_micros()),
        13 => number * 1_000,
        16 => number,
        _other => return None,
    };
    let ends = text
        .0
        .chars()
        .next()
        .is_none_or(|c| !c.is_ascii_alphanumeric());
    ends.then_some(When::At(micros))
}

fn at(date: Date, time: Time, offset: Offset) -> Option<When> {
    let stamp = offset.to_timestamp(date.to_datetime(time)).ok()?;
    u64::try_from(stamp.as_microsecond()).ok().map(When::At)
}

/// Words that are zones. Others in that place may be levels.
const ZONES: [&str; 36] = [
    "ACDT", "ACST", "AEDT", "AEST", "AKDT", "AKST", "AST", "AWST", "BRT", "BST", "CAT", "CDT",
    "CEST", "CET", "CST", "EAT", "EDT", "EEST", "EET", "EST", "HKT", "HST", "IST", "JST", "KST",
    "MDT", "MSK", "MST", "NZDT", "NZST", "PDT", "PST", "SAST", "SGT", "WEST", "WET",
];
const LEVELS: [&str; 8] = [
    "ALERT", "CRIT", "DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN",
];

/// PostgreSQL's `%m [%p]`: whatever stands before the process id is the zone.
fn is_before_a_pid(word: &str, rest: &str) -> bool {
    let pid = rest
        .strip_prefix(" [")
        .and_then(|rest| rest.split_once(']'));
    (2..=5).contains(&word.len())
        && !LEVELS.contains(&word)
        && pid.is_some_and(|(pid, _)| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()))
}

enum Zone {
    None,
    Offset(Offset),
    Word(String),
}

/// What is left of a line.
#[derive(Clone, Copy)]
struct Text<'l>(&'l str);

impl<'l> Text<'l> {
    fn eat(&mut self, word: &str) -> bool {
        match self.0.strip_prefix(word) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<&'l str> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if count < min || count > max {
            return None;
        }
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(digits)
    }

    /// A number of exactly `width` digits, of which more may follow.
    fn number(&mut self, width: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(width)?;
        let number = digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())??;
        self.0 = rest;
        Some(number)
    }

    /// `03:12:08`, with a fraction or without.
    fn clock(&mut self) -> Option<Time> {
        let hour = self.number(2)?;
        self.eat(":").then_some(())?;
        let minute = self.number(2)?;
        self.eat(":").then_some(())?;
        let second = self.number(2)?;
        let nanos = i32::try_from(self.fraction_micros()).ok()? * 1000;
        // A leap second is read as the second before it.
        let (hour, minute) = (hour.try_into().ok()?, minute.try_into().ok()?);
        Time::new(hour, minute, second.min(59).try_into().ok()?, nanos).ok()
    }

    /// `.123` or `,123`, in microseconds; 0 without.
    fn fraction_micros(&mut self) -> u32 {
        let mut rest = *self;
        if !(rest.eat(".") || rest.eat(",")) {
            return 0;
        }
        let Some(digits) = rest.digits(1, 12) else {
            return 0;
        };
        self.0 = rest.0;
        let six: String = digits.chars().chain("000000".chars()).take(6).collect();
        six.parse().unwrap_or(0)
    }

    /// `Z`, ` UTC`, `+02:00`, ` +0200`, ` CET`, or nothing.
    fn zone(&mut self) -> Zone {
        if self.eat("Z") {
            return Zone::Offset(Offset::UTC);
        }
        let spaced = self.eat(" ");
        let sign = if self.eat("+") {
            1
        } else if self.eat("-") {
            -1
        } else {
            0
        };
        if sign != 0 {
            return self.offset(sign).map_or(Zone::None, Zone::Offset);
        }
        if !spaced {
            return Zone::None;
        }
        let length = self.0.bytes().take_while(u8::is_ascii_uppercase).count();
        let (word, rest) = self.0.split_at_checked(length).unwrap_or(("", self.0));
        let ends = rest
            .chars()
            .next()
            .is_none_or(|c| !c.is_ascii_alphanumeric() && c != ':');
        match word {
            "UTC" | "GMT" if ends => Zone::Offset(Offset::UTC),
            word if ends && (ZONES.contains(&word) || is_before_a_pid(word, rest)) => {
                Zone::Word(word.to_owned())
            }
            _other => Zone::None,
        }
    }

    fn offset(&mut self, sign: i32) -> Option<Offset> {
        let hours = i32::from(self.number(2).filter(|hours| *hours <= 18)?);
        self.eat(":");
        let minutes = i32::from(self.number(2).unwrap_or(0));
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
    }
}

/// Reads an offset as the configuration writes it: `+01:00`, or `Z`.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let mut text = Text(text);
    match text.zone() {
        Zone::Offset(offset) if text.0.is_empty() => Some(offset),
        Zone::Offset(_) | Zone::None | Zone::Word(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> When {
        let latest = 1_795_577_600_000_000; // 2026-11-25T05:33:20Z
        when(
            line,
            Context {
                offset: None,
                latest,
            },
        )
    }

    fn iso(text: &str) -> When {
        let at: jiff::Timestamp = text.parse().unwrap();
        When::At(u64::try_from(at.as_microsecond()).unwrap())
    }

    #[test]
    fn common_beginnings_are_read() {
        let whole = iso("2026-11-25T03:12:08Z");
        let parts = iso("2026-11-25T03:12:08.123Z");
        for (line, expected) in [
            ("2026-11-25 03:12:08.123 UTC [42] FATAL:  sorry", &parts),
            ("2026-11-25 03:12:08.123 GMT [42] LOG:  x", &parts),
            ("2026-11-25 05:12:08.123 +02 [42] LOG:  x", &parts),
            ("2026-11-25T03:12:08.123Z error", &parts),
            ("2026-11-25T04:12:08,123+01:00 error", &parts),
            ("2026-11-24T22:12:08-0500 error", &whole),
            ("[2026-11-25T03:12:08Z] error", &whole),
            ("2026-11-25 03:12:08 INFO started", &whole),
            ("2026-11-25 03:12:08,000 INFO [main] started", &whole),
            ("2026-11-25 03:12:08 WARN [42] started", &whole),
            ("2026-11-25 03:12:08 UTC,\"checkout\",", &whole),
            ("2026/11/25 03:12:08 [error] 42#0", &whole),
            ("Nov 25 03:12:08 host postgres[42]: x", &whole),
            ("<34>Nov 25 03:12:08 host x", &whole),
            ("<34>1 2026-11-25T03:12:08.123Z host x", &parts),
            ("Dec 31 23:59:59 host x", &iso("2025-12-31T23:59:59Z")),
            ("Nov  5 03:12:08 host x", &iso("2026-11-05T03:12:08Z")),
            ("1795576328 x", &whole),
            ("1795576328.25 x", &iso("2026-11-25T03:12:08.25Z")),
            ("1795576328123 x", &parts),
        ] {
            assert_eq!(&read(line), expected, "{line}");
        }
    }

    #[test]
    fn a_line_that_says_no_time_goes_on() {
        for line in [
            "",
            "\tat com.example.Main",
            "DETAIL:  x",
            "2026-11-25",
            "2026-13-25 03:12:08 x",
            "2026-11-25 25:12:08 x",
            "Nov 31 03:12:08 x",
            "1234 x",
            "17955763281795576328 x",
            "1795576328x",
            "é",
            "<é>",
        ] {
            assert_eq!(read(line), When::Nothing, "{line}");
        }
    }

    #[test]
    fn a_zone_that_is_only_a_word_needs_the_configured_offset() {
        let line = "2026-11-25 04:12:08.123 CET [42] LOG:  x";
        assert_eq!(read(line), When::Zone("CET".into()));
        let context = Context {
            offset: offset("+01:00"),
            latest: u64::MAX / 2,
        };
        assert_eq!(when(line, context), iso("2026-11-25T03:12:08.123Z"));
        for bad in ["", "CET", "1:00", "+25:00", "+01:00 x", "UTC"] {
            assert!(offset(bad).is_none(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_beginning_is_read_without_panic(line in "[<\\[]?[0-9A-Zé:./, +\\-T]{0,40}") {
            _ = read(&line);
        }
    }
}
