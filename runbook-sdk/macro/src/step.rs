//! `#[step]`: one function becomes one component.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, FnArg, Ident, ItemFn, Result, ReturnType, Visibility, parse_quote};

#[derive(Clone, Copy)]
enum Kind {
    Diagnose,
    Remediate,
    Verify,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Diagnose, Kind::Remediate, Kind::Verify];

    fn name(self) -> &'static str {
        match self {
            Kind::Diagnose => "diagnose",
            Kind::Remediate => "remediate",
            Kind::Verify => "verify",
        }
    }

    fn output(self) -> &'static str {
        match self {
            Kind::Diagnose => "Report",
            Kind::Remediate => "()",
            Kind::Verify => "Verification",
        }
    }

    fn signature(self) -> String {
        format!(
            "`fn {}(ctx: &Context) -> Result<{}>`",
            self.name(),
            self.output()
        )
    }

    fn does(self) -> &'static str {
        match self {
            Kind::Diagnose => "it observes and concludes",
            Kind::Remediate => "it proposes a change",
            Kind::Verify => "it observes whether a change has helped",
        }
    }
}

pub(crate) fn expand(kind: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(function)
        .map_err(|error| Error::new(error.span(), "#[step] stands before a function"))?;
    let kind = kind_of(kind, &function.sig.ident)?;
    check(kind, &function)?;
    if matches!(function.vis, Visibility::Inherited) {
        // A test that brings the file in with `steps!` calls it from outside.
        function.vis = parse_quote!(pub(crate));
    }
    let name = &function.sig.ident;
    let export_macro = format_ident!("export_{}", kind.name());
    let kind_module = format_ident!("{}", kind.name());
    let output = match kind {
        Kind::Diagnose => quote!(::interlock_sdk::Report),
        Kind::Remediate => quote!(()),
        Kind::Verify => quote!(::interlock_sdk::Verification),
    };
    let wire_output = match kind {
        Kind::Diagnose => quote!(::interlock_sdk::wire::Report),
        Kind::Remediate => quote!(()),
        Kind::Verify => quote!(::interlock_sdk::wire::Verification),
    };
    let says = format!(
        "This is the step `{name}` of a runbook: {}. It runs as a WebAssembly component inside \
         Interlock; build it with `interlock build`.",
        kind.does()
    );
    Ok(quote! {
        #function

        const _: fn(&::interlock_sdk::Context) -> ::interlock_sdk::Result<#output> = #name;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Step;

            impl ::interlock_sdk::bindings::#kind_module::exports::interlock::step::#kind_module::Guest
                for Step
            {
                fn run(
                    input: ::interlock_sdk::wire::Input,
                ) -> ::core::result::Result<#wire_output, ::interlock_sdk::wire::Failure> {
                    ::interlock_sdk::__private::#kind_module(input, #name)
                }
            }

            ::interlock_sdk::bindings::#kind_module::#export_macro!(
                Step with_types_in ::interlock_sdk::bindings::#kind_module
            );
        };

        #[cfg(target_arch = "wasm32")]
        fn main() {}

        #[cfg(all(not(target_arch = "wasm32"), not(test)))]
        fn main() {
            ::std::println!("{}", #says);
        }
    })
}

fn kind_of(given: TokenStream, name: &Ident) -> Result<Kind> {
    let by_name = |text: &str| Kind::ALL.into_iter().find(|kind| kind.name() == text);
    if given.is_empty() {
        let unknown = || {
            Error::new(
                name.span(),
                format!(
                    "`{name}` is no kind of step: name the function `diagnose`, `remediate` or \
                     `verify`, or say which it is, as in `#[step(diagnose)]`"
                ),
            )
        };
        return by_name(&name.to_string()).ok_or_else(unknown);
    }
    let given: Ident = syn::parse2(given)?;
    by_name(&given.to_string()).ok_or_else(|| {
        Error::new(
            given.span(),
            format!("`{given}` is no kind of step: it is `diagnose`, `remediate` or `verify`"),
        )
    })
}

fn check(kind: Kind, function: &ItemFn) -> Result<()> {
    let refuse = |span: Span, what: &str| {
        Err(Error::new(
            span,
            format!("{what}; this step is {}", kind.signature()),
        ))
    };
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        return refuse(
            token.span,
            "a step is not async: ask first and `get` the answers later",
        );
    }
    if !signature.generics.params.is_empty() {
        return refuse(signature.ident.span(), "a step has no generic parameters");
    }
    match signature.inputs.first() {
        Some(FnArg::Typed(_)) if signature.inputs.len() == 1 => {}
        _ => {
            return refuse(
                signature.ident.span(),
                "a step takes one argument, its context",
            );
        }
    }
    if matches!(signature.output, ReturnType::Default) {
        return refuse(signature.ident.span(), "a step returns what it concludes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::expand;

    fn error(kind: TokenStream, function: TokenStream) -> String {
        expand(kind, function)
            .map(|made| made.to_string())
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn the_kind_is_the_name_or_is_given() {
        let named = quote! { fn verify(ctx: &Context) -> Result<Verification> { todo() } };
        assert!(error(quote!(), named).contains("export_verify"));
        let given = quote! { fn look(ctx: &Context) -> Result<Report> { todo() } };
        assert!(error(quote!(diagnose), given).contains("export_diagnose"));
    }

    #[test]
    fn each_mistake_in_a_step_is_named() {
        let result = quote!(-> Result<Report>);
        for (kind, function, says) in [
            (
                quote!(),
                quote!(
                    struct Step;
                ),
                "stands before a function",
            ),
            (
                quote!(),
                quote!(fn look(c: &Context) #result {}),
                "`look` is no kind of step",
            ),
            (
                quote!(fix),
                quote!(fn look(c: &Context) #result {}),
                "`fix` is no kind of step",
            ),
            (
                quote!(),
                quote!(async fn diagnose(c: &Context) #result {}),
                "is not async",
            ),
            (
                quote!(),
                quote!(fn diagnose<T>(c: &T) #result {}),
                "no generic parameters",
            ),
            (quote!(), quote!(fn diagnose() #result {}), "one argument"),
            (
                quote!(),
                quote!(
                    fn diagnose(c: &Context) {}
                ),
                "returns what it concludes",
            ),
            (
                quote!(),
                quote!(
                    fn remediate() -> Result<()> {}
                ),
                "`fn remediate(ctx: &Context) -> Result<()>`",
            ),
        ] {
            let error = error(kind, function);
            assert!(error.contains(says), "{says}: {error}");
        }
    }
}
