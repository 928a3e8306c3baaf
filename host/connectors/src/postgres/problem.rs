//! PostgreSQL's errors as gaps: its words and its code, never a connection string.

use std::{error::Error as _, io};

use interlock_capabilities::Gap;
use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
};

use crate::words::quote;

/// The server's own words, with its code.
pub(super) fn words(error: &DbError) -> String {
    let message = quote(error.message());
    let code = error.code().code();
    match error.detail() {
        Some(detail) => format!("{message}: {} ({code})", quote(detail)),
        None => format!("{message} ({code})"),
    }
}

/// Why a question has no answer.
pub(super) fn gap(error: &Error) -> Gap {
    let Some(said) = error.as_db_error() else {
        return Gap::Unreachable(broken(error));
    };
    if *said.code() == SqlState::QUERY_CANCELED {
        return Gap::Unreachable(format!("the server gave the question up: {}", words(said)));
    }
    // Connection, resource and operator classes: the server is not there for us now.
    let passing = ["08", "53", "57", "58", "XX"];
    if passing
        .iter()
        .any(|class| said.code().code().starts_with(class))
    {
        Gap::Unreachable(words(said))
    } else {
        Gap::Refused(words(said))
    }
}

/// The session ended under a question.
pub(super) fn lost() -> Gap {
    Gap::Unreachable("the connection was lost".to_owned())
}

/// What came cannot be the answer of a PostgreSQL.
pub(super) fn no_answer() -> Gap {
    Gap::Unreachable("the server's answer could not be read".to_owned())
}

/// How the system's look-up of a name fails; its kind alone says nothing.
const NO_SUCH_NAME: &str = "failed to lookup address information";

fn broken(error: &Error) -> String {
    let text = error.to_string();
    if text.contains("TLS") {
        return "no TLS with a certificate that this machine trusts".to_owned();
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe => "the connection was lost".to_owned(),
                _ if io.to_string().starts_with(NO_SUCH_NAME) => {
                    "the host's name is not known here".to_owned()
                }
                kind => quote(&kind.to_string()),
            };
        }
        source = inner.source();
    }
    if error.is_closed() {
        return "the connection was lost".to_owned();
    }
    // A fixed phrase of the client's, such as `error connecting to server`.
    quote(&text)
}
