//! One input of the manifest: checked by the rules of the host, then written as
//! a field, its reading and its declaration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Result;
use toml::{Table, Value};

use crate::duration::millis;
use crate::manifest::{identifier, refuse};

/// One input, read and checked.
pub(crate) struct Input {
    name: String,
    kind: Kind,
    from: Option<String>,
    default: Option<Value>,
    min: Option<i64>,
    max: Option<i64>,
    one_of: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    String,
    Integer,
    Boolean,
    Duration,
}

const KEYS: [&str; 7] = ["type", "from", "default", "min", "max", "one_of", "help"];

impl Input {
    pub(crate) fn read(name: &str, value: &Value) -> Result<Self> {
        let Value::Table(table) = value else {
            let example = "{ type = \"duration\", default = \"5m\" }";
            return Err(refuse(format!(
                "the input `{name}` is a table, as in `{example}`"
            )));
        };
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let known = KEYS.join("`, `");
            return Err(refuse(format!(
                "`{key}` is no key of the input `{name}`: it has `{known}`"
            )));
        }
        let kind = match table.get("type").and_then(Value::as_str) {
            Some("string") => Kind::String,
            Some("integer") => Kind::Integer,
            Some("boolean") => Kind::Boolean,
            Some("duration") => Kind::Duration,
            _ => {
                return Err(refuse(format!(
                    "the `type` of the input `{name}` is `string`, `integer`, `boolean` or \
                     `duration`"
                )));
            }
        };
        let bound = |key: &str| {
            table
                .get(key)
                .map(|value| number(name, key, kind, value))
                .transpose()
        };
        let input = Self {
            name: name.to_owned(),
            kind,
            from: text(table, name, "from")?,
            default: table.get("default").cloned(),
            min: bound("min")?,
            max: bound("max")?,
            one_of: one_of(table, name, kind)?,
        };
        input.check_default()?;
        Ok(input)
    }

    fn check_default(&self) -> Result<()> {
        let Some(default) = &self.default else {
            return Ok(());
        };
        let name = &self.name;
        if !self.one_of.is_empty() && !self.one_of.contains(default) {
            let message = format!("the default of the input `{name}` is none of its `one_of`");
            return Err(refuse(message));
        }
        match (self.kind, default) {
            (Kind::String, Value::String(_)) | (Kind::Boolean, Value::Boolean(_)) => Ok(()),
            (Kind::Integer | Kind::Duration, default) => {
                let value = number(name, "default", self.kind, default)?;
                let low = self.min.is_some_and(|min| value < min);
                let high = self.max.is_some_and(|max| value > max);
                if low || high {
                    let message = format!("the default of the input `{name}` is out of its bounds");
                    return Err(refuse(message));
                }
                Ok(())
            }
            _ => Err(refuse(format!(
                "the default of the input `{name}` is of another type"
            ))),
        }
    }

    pub(crate) fn field(&self) -> Result<TokenStream> {
        let name = identifier(&self.name, "the input")?;
        let doc = format!("The input `{}` of `runbook.toml`.", self.name);
        let of = match self.kind {
            Kind::String => quote!(::std::string::String),
            Kind::Integer => quote!(i64),
            Kind::Boolean => quote!(bool),
            Kind::Duration => quote!(::std::time::Duration),
        };
        Ok(quote! { #[doc = #doc] pub #name: #of })
    }

    pub(crate) fn reading(&self) -> TokenStream {
        let (name, field) = (&self.name, format_ident!("{}", self.name));
        let reader = match self.kind {
            Kind::String => quote!(string),
            Kind::Integer => quote!(integer),
            Kind::Boolean => quote!(boolean),
            Kind::Duration => quote!(duration),
        };
        quote! { #field: given.#reader(#name)? }
    }

    pub(crate) fn declared(&self) -> Result<TokenStream> {
        let name = &self.name;
        let kind = match self.kind {
            Kind::String => quote!(String),
            Kind::Integer => quote!(Integer),
            Kind::Boolean => quote!(Boolean),
            Kind::Duration => quote!(Duration),
        };
        let default = match &self.default {
            None => quote!(::core::option::Option::None),
            Some(Value::Boolean(value)) => {
                quote!(::core::option::Option::Some(::interlock_sdk::DefaultValue::Boolean(#value)))
            }
            Some(Value::String(text)) if self.kind == Kind::String => {
                quote!(::core::option::Option::Some(::interlock_sdk::DefaultValue::String(#text)))
            }
            Some(value) => {
                let value = number(name, "default", self.kind, value)?;
                quote!(::core::option::Option::Some(::interlock_sdk::DefaultValue::Integer(#value)))
            }
        };
        let (from, min, max) = (
            optional(&self.from),
            optional(&self.min),
            optional(&self.max),
        );
        Ok(quote! {
            ::interlock_sdk::Declared {
                name: #name,
                kind: ::interlock_sdk::InputKind::#kind,
                from: #from,
                default: #default,
                min: #min,
                max: #max,
            }
        })
    }
}

fn optional<T: quote::ToTokens>(value: &Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn text(table: &Table, name: &str, key: &str) -> Result<Option<String>> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refuse(format!("`{key}` of the input `{name}` is a string"))),
    }
}

fn one_of(table: &Table, name: &str, kind: Kind) -> Result<Vec<Value>> {
    let Some(list) = table.get("one_of") else {
        return Ok(Vec::new());
    };
    let fits = |value: &Value| match (kind, value) {
        (Kind::String, Value::String(_)) | (Kind::Boolean, Value::Boolean(_)) => true,
        (Kind::Integer | Kind::Duration, value) => number(name, "one_of", kind, value).is_ok(),
        _ => false,
    };
    match list.as_array() {
        Some(list) if !list.is_empty() && list.iter().all(fits) => Ok(list.clone()),
        _ => Err(refuse(format!(
            "`one_of` of the input `{name}` lists values of its type"
        ))),
    }
}

fn number(name: &str, key: &str, kind: Kind, value: &Value) -> Result<i64> {
    match (kind, value) {
        (Kind::Integer, Value::Integer(value)) => Ok(*value),
        (Kind::Duration, Value::String(text)) => {
            millis(text).map_err(|why| refuse(format!("`{key}` of the input `{name}`: {why}")))
        }
        (Kind::Duration, _) => Err(refuse(format!(
            "`{key}` of the input `{name}` is a duration, such as `\"5m\"`"
        ))),
        (Kind::Integer, _) => Err(refuse(format!(
            "`{key}` of the input `{name}` is a whole number"
        ))),
        _ => Err(refuse(format!(
            "the input `{name}` can have no `{key}`: it is no number"
        ))),
    }
}
