//! The one escaper for text that somebody else wrote.
//! Two texts print alike only if they are equal: every escape begins with a backslash, and a
//! backslash itself is escaped.

use std::fmt::Write as _;

/// For actions and targets: everything but printable ASCII is escaped.
pub fn strict(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\\' || !(' '..='~').contains(&character) {
            put_escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

/// For foreign text elsewhere: other scripts stay readable; controls, line ends, what turns the
/// direction of writing and what has no width are escaped.
pub fn foreign(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\\' || is_treacherous(character) {
            put_escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

/// [`strict`] text between backticks, which it cannot end from inside.
pub fn quoted(text: &str) -> String {
    format!("`{}`", strict(text).replace('`', "\\u{60}"))
}

/// At most `chars_max` characters of [`foreign`] text; where some are left out, it says how many.
pub fn foreign_short(text: &str, chars_max: usize) -> String {
    let all = text.chars().count();
    if all <= chars_max {
        return foreign(text);
    }
    let head: String = text.chars().take(chars_max).collect();
    format!(
        "{}... ({} characters more)",
        foreign(&head),
        all - chars_max
    )
}

fn put_escape(out: &mut String, character: char) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a `String` cannot fail.
        other => drop(write!(out, "\\u{{{:x}}}", u32::from(other))),
    }
}

/// What could move, hide or reorder its neighbours on a screen.
fn is_treacherous(character: char) -> bool {
    match character {
        // Spaces that are not the space, and what has no width or changes direction.
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}' | '\u{e000}'..='\u{f8ff}'
        // Combining marks stack without bound.
        | '\u{300}'..='\u{34e}' | '\u{350}'..='\u{36f}' | '\u{483}'..='\u{489}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_deceives_is_escaped() {
        assert_eq!(strict("a\u{202e}b\u{e9}\\"), "a\\u{202e}b\\u{e9}\\\\");
        assert_eq!(
            foreign("caf\u{e9}\r\n\u{1b}[2J\u{200b}"),
            "caf\u{e9}\\r\\n\\u{1b}[2J\\u{200b}"
        );
        assert_eq!(foreign_short("abcdef", 3), "abc... (3 characters more)");
    }

    proptest! {
        #[test]
        fn different_texts_never_print_alike(a in "[a\\\\u{}0-9\u{202e}n\n]{0,6}", b in "[a\\\\u{}0-9\u{202e}n\n]{0,6}") {
            prop_assert_eq!(a == b, strict(&a) == strict(&b));
            prop_assert_eq!(a == b, foreign(&a) == foreign(&b));
        }

        #[test]
        fn nothing_but_printable_ascii_is_left_of_any_text(text in any::<String>()) {
            prop_assert!(strict(&text).bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert!(!foreign(&text).chars().any(char::is_control));
        }
    }
}
