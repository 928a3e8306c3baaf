//! Slack's markup as plain words.

use super::Users;

/// `<@U1>` by name, `<#C1|ops>` as `#ops`, a link as its words and its address.
pub(super) fn plain(text: &str, users: &Users) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out += &entities(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            rest = &rest[open..];
            out += &entities(rest);
            return out;
        };
        out += &reference(&rest[open + 1..open + close], users);
        rest = &rest[open + close + 1..];
    }
    out += &entities(rest);
    out
}

fn reference(inner: &str, users: &Users) -> String {
    let (target, words) = match inner.split_once('|') {
        Some((target, words)) => (target, Some(entities(words))),
        None => (inner, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        let name = users.get(id).cloned().or(words);
        format!("@{}", name.unwrap_or_else(|| id.to_owned()))
    } else if let Some(id) = target.strip_prefix('#') {
        format!("#{}", words.unwrap_or_else(|| id.to_owned()))
    } else if let Some(whom) = target.strip_prefix('!') {
        // `!subteam^S1|@sre`, `!here`, `!date^...|words`.
        let words = words.unwrap_or_else(|| whom.to_owned());
        match words.starts_with('@') || whom.starts_with("date^") {
            true => words,
            false => format!("@{words}"),
        }
    } else {
        let address = entities(target);
        match words {
            Some(words) if words != address => format!("{words} ({address})"),
            Some(_) | None => address,
        }
    }
}

/// The three characters that Slack escapes.
fn entities(text: &str) -> String {
    // `&amp;` last: it may stand before one of the others.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
