//! What each page says, as plain values made from the records: pure functions, no I/O.
//! Not HTML: templates draw these. Text of others is [`super::quoted::Foreign`] from here on.

pub(crate) mod answer;
pub(crate) mod call;
pub(crate) mod hypothesis;
pub(crate) mod incident;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod seats;
pub(crate) mod signed;
pub(crate) mod status;
pub(crate) mod timeline;

/// `1 call`, `13 calls`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}
