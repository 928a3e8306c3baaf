//! `steps!`: a test calls the steps of its runbook.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Result, Token};

use crate::manifest::folder;

pub(crate) fn expand(names: TokenStream) -> Result<TokenStream> {
    let names = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(names)?;
    let folder = folder()?;
    names
        .iter()
        .map(|name| {
            let path = folder.join("src/bin").join(format!("{name}.rs"));
            if !path.is_file() {
                let message = format!("this runbook has no step `{name}`: no src/bin/{name}.rs");
                return Err(Error::new(name.span(), message));
            }
            let path = path.display().to_string();
            Ok(quote! {
                #[path = #path]
                mod #name;
                use self::#name::#name;
            })
        })
        .collect()
}
