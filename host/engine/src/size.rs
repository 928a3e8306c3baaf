//! How long a value is as JSON, without writing it: every answer is counted against its limit, and
//! a text that nobody reads would cost more than the answer.

use std::fmt::{self, Display, Write};

use serde::ser::{self, Serialize};

/// The length of `value` as JSON, in bytes, as serde_json would write it without spaces.
pub(crate) fn json_bytes<T: Serialize + ?Sized>(value: &T) -> Result<u64, NotJson> {
    let mut size = Size(0);
    value.serialize(&mut size)?;
    Ok(size.0)
}

/// A value that refuses to be serialised.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotJson(String);

impl ser::Error for NotJson {
    fn custom<T: Display>(why: T) -> NotJson {
        NotJson(why.to_string())
    }
}

/// Bytes so far.
struct Size(u64);

impl Size {
    fn add(&mut self, bytes: usize) -> Result<(), NotJson> {
        self.0 += bytes as u64;
        Ok(())
    }

    fn integer(&mut self, magnitude: u64, negative: bool) -> Result<(), NotJson> {
        let digits = magnitude
            .checked_ilog10()
            .map_or(1, |digits| digits as usize + 1);
        self.add(digits + usize::from(negative))
    }

    fn text(&mut self, text: &str) {
        let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
        let special = text.len() - text.bytes().filter(plain).count();
        self.0 += text.len() as u64;
        if special > 0 {
            self.0 += text.bytes().map(escape).sum::<u64>();
        }
    }
}

/// Bytes that an escape adds.
fn escape(byte: u8) -> u64 {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _plain => 0,
    }
}

/// Text that is formatted into the count.
impl Write for Size {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

/// The parts of a list or an object.
struct Parts<'a> {
    size: &'a mut Size,
    empty: bool,
    /// Brackets that close it.
    close: usize,
}

impl<'a> Parts<'a> {
    fn open(size: &'a mut Size, brackets: usize) -> Result<Parts<'a>, NotJson> {
        size.add(brackets)?;
        Ok(Parts {
            size,
            empty: true,
            close: brackets,
        })
    }

    fn variant(size: &'a mut Size, name: &str) -> Result<Parts<'a>, NotJson> {
        size.text(name);
        size.add("\"\":".len())?;
        Parts::open(size, 2)
    }

    fn next(&mut self) -> Result<(), NotJson> {
        self.size.add(usize::from(!std::mem::take(&mut self.empty)))
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.next()?;
        value.serialize(&mut *self.size)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), NotJson> {
        self.next()?;
        self.size.add(key.len() + "\"\":".len())?;
        value.serialize(&mut *self.size)
    }

    fn end(self) -> Result<(), NotJson> {
        self.size.add(self.close)
    }
}

macro_rules! integers {
    ($($method:ident $int:ty),*) => {$(
        fn $method(self, value: $int) -> Result<(), NotJson> {
            self.integer(u64::from(value), false)
        }
    )*};
}

macro_rules! signed {
    ($($method:ident $int:ty),*) => {$(
        fn $method(self, value: $int) -> Result<(), NotJson> {
            self.integer(u64::from(value.unsigned_abs()), value < 0)
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Size {
    type Ok = ();
    type Error = NotJson;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    integers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64);
    signed!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64);

    fn serialize_bool(self, value: bool) -> Result<(), NotJson> {
        self.add(if value { 4 } else { 5 })
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotJson> {
        self.serialize_f64(f64::from(value))
    }

    /// The records hold none: numbers that are no integers are texts. So this may be slow.
    fn serialize_f64(self, value: f64) -> Result<(), NotJson> {
        let text = serde_json::to_string(&value).map_err(ser::Error::custom)?;
        self.add(text.len())
    }

    fn serialize_char(self, value: char) -> Result<(), NotJson> {
        self.collect_str(&value)
    }

    fn serialize_str(self, text: &str) -> Result<(), NotJson> {
        self.text(text);
        self.add(2)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), NotJson> {
        write!(self, "{value}").map_err(ser::Error::custom)?;
        self.add(2)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), NotJson> {
        bytes.serialize(self)
    }

    fn serialize_none(self) -> Result<(), NotJson> {
        self.add(4)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotJson> {
        self.add(4)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotJson> {
        self.add(4)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotJson> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        self.text(variant);
        self.add("{\"\":}".len())?;
        value.serialize(self)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Parts<'a>, NotJson> {
        Parts::open(self, 1)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Parts<'a>, NotJson> {
        Parts::open(self, 1)
    }

    fn serialize_tuple_struct(self, _: &'static str, _len: usize) -> Result<Parts<'a>, NotJson> {
        Parts::open(self, 1)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'a>, NotJson> {
        Parts::variant(self, variant)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Parts<'a>, NotJson> {
        Parts::open(self, 1)
    }

    fn serialize_struct(self, _: &'static str, _len: usize) -> Result<Parts<'a>, NotJson> {
        Parts::open(self, 1)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'a>, NotJson> {
        Parts::variant(self, variant)
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = NotJson;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
                self.item(value)
            }

            fn end(self) -> Result<(), NotJson> {
                Parts::end(self)
            }
        }
    )*};
}

macro_rules! objects {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = NotJson;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), NotJson> {
                self.field(key, value)
            }

            fn end(self) -> Result<(), NotJson> {
                Parts::end(self)
            }
        }
    )*};
}

lists!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);
objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotJson> {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.size.add(1)?;
        value.serialize(&mut *self.size)
    }

    fn end(self) -> Result<(), NotJson> {
        Parts::end(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, serde::Serialize)]
    enum Any {
        Unit,
        New(String),
        Tuple(i64, u8),
        Struct {
            text: Option<String>,
            list: Vec<i32>,
            map: BTreeMap<String, bool>,
            unit: (),
        },
    }

    fn any_value() -> impl Strategy<Value = Any> {
        prop_oneof![
            Just(Any::Unit),
            any::<String>().prop_map(Any::New),
            any::<(i64, u8)>().prop_map(|(a, b)| Any::Tuple(a, b)),
            any::<(Option<String>, Vec<i32>, BTreeMap<String, bool>)>().prop_map(
                |(text, list, map)| Any::Struct {
                    text,
                    list,
                    map,
                    unit: ()
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn the_count_is_the_length_that_serde_json_writes(values in prop::collection::vec(any_value(), 0..4), c: char) {
            let value = (values, c, 0_u64, 1.5_f64, f64::NAN);
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(json_bytes(&value).unwrap(), text.len() as u64, "{}", text);
        }
    }
}
