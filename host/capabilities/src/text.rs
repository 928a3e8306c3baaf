//! How numbers and times are written in a record: canonical JSON knows no
//! floats and no integers beyond 2^53, so both are strings.
//!
//! Every value has one text and only that text is read back, so a record that
//! was read and written again has the same digest.

use std::fmt;

use interlock_gate::time::Time;
use serde::{Serialize, Serializer};

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`; a time past the year 9999 (a step may ask for
/// any) is its decimal number, so that writing never fails.
pub(crate) fn time_text(micros: u64) -> TimeText {
    Time::from_micros(micros).map_or(TimeText::Beyond(micros), TimeText::At)
}

/// A time's text, not made before it is written: an answer holds thousands.
pub(crate) enum TimeText {
    At(Time),
    Beyond(u64),
}

impl fmt::Display for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeText::At(time) => time.fmt(f),
            TimeText::Beyond(micros) => micros.fmt(f),
        }
    }
}

impl Serialize for TimeText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            TimeText::At(time) => time.serialize(to),
            TimeText::Beyond(micros) => to.collect_str(micros),
        }
    }
}

pub(crate) fn time_value(text: &str) -> Option<u64> {
    let micros = match text.parse::<Time>() {
        Ok(at) => at.micros(),
        Err(_) => text.parse().ok()?,
    };
    (time_text(micros).to_string() == text).then_some(micros)
}

pub(crate) fn float_text(value: f64) -> String {
    let plain = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    if plain || !value.is_finite() {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

pub(crate) fn float_value(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (float_text(value) == text).then_some(value)
}

pub(crate) fn count_value(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

pub(crate) fn count_text(value: u64) -> String {
    value.to_string()
}

/// Makes the serde module of one kind of text.
macro_rules! text {
    ($name:ident: $value:ty = $write:path, $read:path, $what:literal) => {
        pub(crate) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            pub(crate) fn serialize<S: Serializer>(
                value: &$value,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                $write(*value).serialize(to)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<$value, D::Error> {
                let text = String::deserialize(from)?;
                $read(&text).ok_or_else(|| D::Error::custom(concat!("not ", $what)))
            }
        }
    };
}

/// The same for a value that may be absent.
macro_rules! text_option {
    ($name:ident: $value:ty = $write:path, $read:path, $what:literal) => {
        pub(crate) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            pub(crate) fn serialize<S: Serializer>(
                value: &Option<$value>,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                value.map($write).serialize(to)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<Option<$value>, D::Error> {
                let Some(text) = Option::<String>::deserialize(from)? else {
                    return Ok(None);
                };
                let value = $read(&text);
                value
                    .map(Some)
                    .ok_or_else(|| D::Error::custom(concat!("not ", $what)))
            }
        }
    };
}

text!(time: u64 = crate::text::time_text, crate::text::time_value, "a time");
text!(float: f64 = crate::text::float_text, crate::text::float_value, "a number");
text!(count: u64 = crate::text::count_text, crate::text::count_value, "a count");
text_option!(time_option: u64 = crate::text::time_text, crate::text::time_value, "a time");
text_option!(count_option: u64 = crate::text::count_text, crate::text::count_value, "a count");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_one_text_and_comes_back() {
        for micros in [
            0,
            1,
            1_795_569_128_000_004,
            253_402_300_799_999_999,
            253_402_300_800_000_000,
            u64::MAX,
        ] {
            assert_eq!(
                time_value(&time_text(micros).to_string()),
                Some(micros),
                "{}",
                time_text(micros)
            );
        }
        assert_eq!(
            time_text(1_000_000).to_string(),
            "1970-01-01T00:00:01.000000Z"
        );
        for other in [
            "1970-01-01T00:00:01Z",
            "1970-01-01T01:00:01.000000+01:00",
            "12",
            "-1",
            "",
        ] {
            assert_eq!(time_value(other), None, "{other}");
        }
    }

    #[test]
    fn every_number_has_one_text_and_comes_back() {
        for value in [
            0.0,
            -0.0,
            1.0,
            0.1,
            47.0,
            1e300,
            -1e-300,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let text = float_text(value);
            assert_eq!(
                float_value(&text).map(f64::to_bits),
                Some(value.to_bits()),
                "{text}"
            );
        }
        assert_eq!(float_text(f64::NAN), "NaN");
        assert!(float_value("NaN").is_some_and(f64::is_nan));
        assert_eq!(float_text(47.0), "47");
        for other in ["47.0", "+1", "1e0", "0x1", "nan", ""] {
            assert!(float_value(other).is_none(), "{other}");
        }
        assert_eq!(count_value("07"), None);
    }
}
