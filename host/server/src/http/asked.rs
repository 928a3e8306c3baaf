//! The parts of a request that handlers take, each refused with a document where it does not fit.

use axum::extract::{FromRequestParts, Path, Query};
use http::{StatusCode, request::Parts};
use interlock_gate::escape;
use serde::de::DeserializeOwned;

use super::answer::Refused;
use crate::{admit::Admitted, desk::Code};

/// Who asks; the guard has put it there.
pub(super) struct Who(pub(super) Admitted);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Who, Refused> {
        let who = parts.extensions.get::<Admitted>().cloned();
        // Were a route mounted without its guard, this denies.
        who.map(Who).ok_or_else(|| {
            Refused::new(
                StatusCode::UNAUTHORIZED,
                Code::NotAllowed,
                "a caller's token is needed",
            )
        })
    }
}

/// The parameters of the path: one text, or a tuple of them.
pub(super) struct Named<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Named<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named<T>, Refused> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Named(named)),
            Err(_) => Err(Refused::new(
                StatusCode::BAD_REQUEST,
                Code::BadInput,
                "the path is not UTF-8 text",
            )),
        }
    }
}

/// What stands behind the question mark.
pub(super) struct Asked<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Asked<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Refused> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Asked(asked)),
            Err(error) => {
                let why = error.body_text();
                let why = why.rsplit(": ").next().unwrap_or_default();
                Err(Refused::new(
                    StatusCode::BAD_REQUEST,
                    Code::BadInput,
                    format!(
                        "the query does not fit: {}",
                        escape::foreign_short(why, 200)
                    ),
                ))
            }
        }
    }
}
