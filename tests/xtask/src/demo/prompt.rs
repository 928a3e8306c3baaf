//! What the person at the terminal says.

use std::io::{IsTerminal, Write, stdin, stdout};

/// Whether there is a terminal with somebody at it.
pub(super) fn somebody() -> bool {
    stdin().is_terminal()
}

/// Asks a question; without a terminal there is nobody to answer, and that is a no.
pub(super) fn yes(question: &str) -> bool {
    if !stdin().is_terminal() {
        return false;
    }
    print!("{question} [y/N] ");
    let _ = stdout().flush();
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok()
        && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// Waits for the Enter key; without a terminal it waits for nothing.
pub(super) fn enter() {
    if stdin().is_terminal() {
        let mut line = String::new();
        // The end of the input is as good as Enter.
        let _ = stdin().read_line(&mut line);
    }
}
