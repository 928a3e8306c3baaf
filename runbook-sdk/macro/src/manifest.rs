//! `manifest!`: `runbook.toml` becomes `Inputs` and `Cause`.

use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Ident, Result};
use toml::{Table, Value};

use crate::input::Input;

/// The folder of the runbook that is compiled.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    folder
        .map(PathBuf::from)
        .ok_or_else(|| refuse("cargo did not say which crate this is"))
}

pub(crate) fn refuse(message: impl std::fmt::Display) -> Error {
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

pub(crate) fn identifier(name: &str, what: &str) -> Result<Ident> {
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
