//! `manifest!`: `runbook.toml` becomes `Inputs` and `Cause`.

use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Ident, Result};
use toml::{Table, Value};

use crate::duration::millis;

/// The folder of the runbook that is compiled.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    folder
        .map(PathBuf::from)
        .ok_or_else(|| refuse("cargo did not say which crate this is"))
}

fn refuse(message: impl std::fmt::Display) -> Error {
    Error::new(Span::call_site(), message)
}

pub(crate) fn expand(nothing: TokenStream) -> Result<TokenStream> {
    if !nothing.is_empty() {
        return Err(refuse(
            "`manifest!` takes nothing: it reads `runbook.toml` beside `Cargo.toml`",
        ));
    }
    let path = folder()?.join("runbook.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| refuse(format!("`runbook.toml` beside `Cargo.toml`: {error}")))?;
    let types = types(&text)?;
    Ok(quote! {
        // The compiler reads the file too, so that a change of it is seen.
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/runbook.toml"));
        #types
    })
}

/// `Inputs` and `Cause` of a manifest's text.
fn types(text: &str) -> Result<TokenStream> {
    let manifest: Table = text
        .parse()
        .map_err(|error| refuse(format!("`runbook.toml` is not TOML: {error}")))?;
    let inputs = inputs(&manifest)?;
    let causes = causes(&manifest)?;
    Ok(quote! { #inputs #causes })
}

fn table<'a>(manifest: &'a Table, name: &str) -> Result<Option<&'a Table>> {
    match manifest.get(name) {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(table)),
        Some(_) => Err(refuse(format!("`{name}` of `runbook.toml` is no table"))),
    }
}

fn identifier(name: &str, what: &str) -> Result<Ident> {
    let lower = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !lower {
        let message = format!("{what} `{name}`: a name is lower case letters, digits and `_`");
        return Err(refuse(message));
    }
    syn::parse_str(name).map_err(|_| refuse(format!("{what} `{name}` is a word of Rust")))
}

fn causes(manifest: &Table) -> Result<TokenStream> {
    let Some(causes) = table(manifest, "causes")?.filter(|causes| !causes.is_empty()) else {
        return Err(refuse("`runbook.toml` names no cause: add `[causes]`"));
    };
    let mut variants = Vec::new();
    let mut names = Vec::new();
    for (name, says) in causes {
        identifier(name, "the cause")?;
        let Value::String(says) = says else {
            return Err(refuse(format!(
                "the cause `{name}` is described by a string"
            )));
        };
        let variant = format_ident!("{}", camel(name));
        variants.push(quote! { #[doc = #says] #variant });
        names.push(quote! { Self::#variant => #name });
    }
    Ok(quote! {
        /// The causes that this runbook can name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause { #(#variants),* }

        impl ::interlock_sdk::CauseName for Cause {
            fn name(self) -> &'static str {
                match self { #(#names),* }
            }
        }
    })
}

fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('_').filter_map(capital).collect()
}

/// One input, read and checked.
struct Input {
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
    fn read(name: &str, value: &Value) -> Result<Self> {
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

    fn field(&self) -> Result<TokenStream> {
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

    fn reading(&self) -> TokenStream {
        let (name, field) = (&self.name, format_ident!("{}", self.name));
        let reader = match self.kind {
            Kind::String => quote!(string),
            Kind::Integer => quote!(integer),
            Kind::Boolean => quote!(boolean),
            Kind::Duration => quote!(duration),
        };
        quote! { #field: given.#reader(#name)? }
    }

    fn declared(&self) -> Result<TokenStream> {
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

fn inputs(manifest: &Table) -> Result<TokenStream> {
    let none = Table::new();
    let inputs = table(manifest, "inputs")?.unwrap_or(&none);
    let inputs: Vec<Input> = inputs
        .iter()
        .map(|(name, value)| Input::read(name, value))
        .collect::<Result<_>>()?;
    let fields = inputs
        .iter()
        .map(Input::field)
        .collect::<Result<Vec<_>>>()?;
    let readings = inputs.iter().map(Input::reading);
    let declared = inputs
        .iter()
        .map(Input::declared)
        .collect::<Result<Vec<_>>>()?;
    let given = if inputs.is_empty() {
        quote!(_given)
    } else {
        quote!(given)
    };
    Ok(quote! {
        /// The inputs of this runbook, resolved.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Inputs { #(#fields),* }

        impl ::interlock_sdk::Inputs for Inputs {
            const DECLARED: &'static [::interlock_sdk::Declared] = &[#(#declared),*];

            fn read(#given: &::interlock_sdk::Given) -> ::interlock_sdk::Result<Self> {
                ::core::result::Result::Ok(Self { #(#readings),* })
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::types;

    const GOOD: &str = r#"
[inputs]
server = { type = "string", from = "alert.labels.server" }
stuck_after = { type = "duration", default = "5m", min = "1m", help = "how long" }
most = { type = "integer", default = 3, one_of = [3, 5] }
[causes]
idle_in_transaction = "says what"
"#;

    #[test]
    fn a_manifest_becomes_typed_inputs_and_an_enum_of_causes() {
        let made = types(GOOD)
            .map(|made| made.to_string())
            .unwrap_or_else(|e| e.to_string());
        for part in [
            "pub server : :: std :: string :: String",
            "pub stuck_after : :: std :: time :: Duration",
            "pub most : i64",
            "IdleInTransaction",
            "Self :: IdleInTransaction => \"idle_in_transaction\"",
            "300000i64",
        ] {
            assert!(made.contains(part), "{part} in {made}");
        }
    }

    #[test]
    fn each_mistake_in_a_manifest_is_named() {
        for (from, to, says) in [
            ("[causes]", "[cause]", "names no cause"),
            ("[inputs]", "[inputs", "is not TOML"),
            ("idle_in_transaction =", "Idle =", "lower case"),
            ("server =", "type =", "is a word of Rust"),
            (
                "type = \"string\"",
                "type = \"text\"",
                "`string`, `integer`",
            ),
            ("from =", "form =", "`form` is no key"),
            ("\"5m\"", "5", "is a duration"),
            ("\"5m\"", "\"5 minutes\"", "is no duration"),
            ("\"5m\"", "\"5s\"", "out of its bounds"),
            ("default = 3", "default = 4", "none of its `one_of`"),
            ("default = 3", "default = true", "none of its `one_of`"),
            ("[3, 5]", "[]", "lists values"),
            ("\"says what\"", "3", "described by a string"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from}");
            let error = types(&text)
                .map(|made| made.to_string())
                .map_err(|e| e.to_string());
            assert!(
                error.as_ref().is_err_and(|error| error.contains(says)),
                "{says}: {error:?}"
            );
        }
    }
}
