//! Small words: plurals, ages, columns, and foreign text made safe.

use interlock_gate::{escape, plan::Requester, time::Time};

/// Characters of a line.
pub const WIDTH: usize = 100;

/// Text that somebody else wrote, on one line: controls, carriage returns, bidi and zero width
/// characters cannot move the cursor or the reader.
pub fn foreign(text: &str) -> String {
    escape::foreign(text)
}

/// [`foreign`] text of at most `chars_max` characters; where some are left out, it says how many.
pub fn foreign_short(text: &str, chars_max: usize) -> String {
    escape::foreign_short(text, chars_max)
}

/// [`foreign`] text of at most `chars_max` characters, between quotation marks, which it cannot
/// end from inside: data, whatever it says.
pub fn quoted(text: &str, chars_max: usize) -> String {
    let shown = escape::foreign_short(text, chars_max).replace('"', "\\u{22}");
    format!("\"{shown}\"")
}

/// `1 call`, `13 calls`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// Who asked: the caller's name, or how they came where no line of the policy maps them.
pub fn asker(requester: &Requester) -> &str {
    requester.caller.as_deref().unwrap_or(&requester.via)
}

/// `0.4 s`.
pub fn span(from: Time, until: Time) -> String {
    let micros = until.micros().saturating_sub(from.micros());
    format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000)
}

/// Lines of at most `width` characters, broken at spaces; the first is led by `lead`, the others
/// by as many spaces.
pub fn wrapped(lead: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(lead.chars().count());
    let mut out = String::from(lead);
    let mut column = lead.chars().count();
    let mut first = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !first && column + 1 + length > width {
            out.push('\n');
            out.push_str(&indent);
            column = indent.len();
            first = true;
        }
        if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        first = false;
    }
    out.push('\n');
    out
}

/// Lines over `width` characters, broken at spaces and carried on under the eleventh column. Unlike
/// [`wrapped`] it loses nothing: not one space of what is signed.
pub fn folded(text: &str, width: usize) -> String {
    const INDENT: &str = "           ";
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.starts_with(' ') {
            // A row of a table: broken, its columns would no longer stand under each other.
            out.push_str(line);
            continue;
        }
        let mut rest = line;
        let mut room = width;
        while rest.trim_end_matches('\n').chars().count() > room {
            let end = rest
                .char_indices()
                .nth(room)
                .map_or(rest.len(), |(at, _)| at);
            let indented = rest.len() - rest.trim_start_matches(' ').len();
            let Some(space) = rest[..end]
                .rfind(' ')
                .filter(|space| *space > indented + 11)
            else {
                break;
            };
            out.push_str(&rest[..space]);
            out.push('\n');
            out.push_str(INDENT);
            rest = &rest[space + 1..];
            room = width - INDENT.len();
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(1, "call"), "1 call");
        assert_eq!(count(0, "call"), "0 calls");
    }

    #[test]
    fn folding_loses_nothing_but_the_space_it_breaks_at() {
        let long = "same for all 13: role  x, database y, only z\nshort\n";
        let folded = folded(long, 30);
        assert_eq!(
            folded,
            "same for all 13: role  x,\n           database y, only z\nshort\n"
        );
        assert_eq!(folded.replace("\n           ", " "), long);
    }

    #[test]
    fn long_lines_keep_their_lead() {
        assert_eq!(
            wrapped("  path   ", "a bb ccc", 14),
            "  path   a bb\n         ccc\n"
        );
    }
}
