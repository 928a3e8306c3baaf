//! The macros of `interlock-sdk`; use them from there.
//!
//! Not a framework: each writes what an author would otherwise write by hand,
//! and nothing that is looked up at run time. [`macro@step`] turns a function
//! into a step, [`manifest!`] turns `runbook.toml` into types, and [`steps!`]
//! lets a test call the steps of its runbook.
//!
//! What always holds: a mistake in a step's signature or in the manifest is a
//! compile error that names it, never a surprise in an incident.

#![forbid(unsafe_code)]

mod duration;
mod input;
mod manifest;
mod step;
mod steps;

use proc_macro::TokenStream;

/// Turns the one function of a file in `src/bin/` into a step.
///
/// Its kind is its name, or is given: `#[step(diagnose)]`. A `diagnose` is
/// `fn(&Context) -> Result<Report>`, a `remediate` `fn(&Context) -> Result<()>`,
/// a `verify` `fn(&Context) -> Result<Verification>`.
///
/// For WebAssembly it becomes the component's export; elsewhere it stays a
/// function that tests call, with a `main` that says what it is.
#[proc_macro_attribute]
pub fn step(kind: TokenStream, function: TokenStream) -> TokenStream {
    step::expand(kind.into(), function.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Reads `runbook.toml` beside `Cargo.toml` and makes `Inputs` and `Cause`.
#[proc_macro]
pub fn manifest(nothing: TokenStream) -> TokenStream {
    manifest::expand(nothing.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Brings steps of this runbook into a test, as functions:
/// `interlock_sdk::steps!(diagnose, remediate);`
#[proc_macro]
pub fn steps(names: TokenStream) -> TokenStream {
    steps::expand(names.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
