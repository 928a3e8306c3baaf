//! The manifest's inputs, typed. [`manifest!`](crate::manifest) writes the
//! struct and its [`Inputs`].

use std::time::Duration;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::{Error, Result};

/// A struct whose fields are the manifest's inputs.
pub trait Inputs: Sized {
    /// The manifest's `[inputs]`, in its order.
    const DECLARED: &'static [Declared];

    /// Reads the fields.
    ///
    /// # Errors
    /// An input is missing or of another type.
    fn read(given: &Given) -> Result<Self>;
}

/// One input, as the manifest declares it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: InputKind,
    /// Where its value comes from when nobody gives one: `alert.labels.server`.
    pub from: Option<&'static str>,
    /// Its value when nobody gives one and `from` gives none.
    pub default: Option<DefaultValue>,
    /// The least value: milliseconds of a duration, else the number itself.
    pub min: Option<i64>,
    /// The largest value, likewise.
    pub max: Option<i64>,
}

/// The types that an input can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A span of time; milliseconds on the wire.
    Duration,
}

/// A default, as the manifest gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// Text.
    String(&'static str),
    /// A whole number, or a duration's milliseconds.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
}

/// The inputs of a run, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Given(Map<String, Value>);

impl Given {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(Error::failed("the inputs are no JSON object")),
            Err(error) => Err(Error::failed(format!("the inputs are no JSON: {error}"))),
        }
    }

    fn value(&self, name: &str) -> Result<&Value> {
        let missing = || Error::failed(format!("the input `{name}` was not given"));
        self.0.get(name).ok_or_else(missing)
    }

    /// A text.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn string(&self, name: &str) -> Result<String> {
        let wrong = || Error::failed(format!("the input `{name}` is no string"));
        self.value(name)?
            .as_str()
            .map(str::to_owned)
            .ok_or_else(wrong)
    }

    /// A whole number.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn integer(&self, name: &str) -> Result<i64> {
        let wrong = || Error::failed(format!("the input `{name}` is no whole number"));
        self.value(name)?.as_i64().ok_or_else(wrong)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn boolean(&self, name: &str) -> Result<bool> {
        let wrong = || Error::failed(format!("the input `{name}` is neither true nor false"));
        self.value(name)?.as_bool().ok_or_else(wrong)
    }

    /// A span of time.
    ///
    /// # Errors
    /// It is missing, of another type or negative.
    pub fn duration(&self, name: &str) -> Result<Duration> {
        let wrong = || Error::failed(format!("the input `{name}` is no number of milliseconds"));
        self.value(name)?
            .as_u64()
            .map(Duration::from_millis)
            .ok_or_else(wrong)
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn resolved<I: Inputs>(ctx: &Context) -> Result<I> {
    I::read(&Given::parse(&ctx.input.inputs)?)
}

/// In a test nobody has resolved them yet: the fake host does so here, where
/// the manifest's declarations are known.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn resolved<I: Inputs>(ctx: &Context) -> Result<I> {
    let given = Given::parse(&ctx.input.inputs)?;
    let resolved = crate::fake::resolve(I::DECLARED, given.0, &ctx.input.incident)?;
    I::read(&Given(resolved))
}
